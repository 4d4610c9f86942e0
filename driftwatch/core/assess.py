"""The heart of every edge: a reference and a current profile in, a report out. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from driftwatch.core.data.schema import Column
from driftwatch.core.drift.dependence import dependence_drift
from driftwatch.core.drift.distributions import distribution_of
from driftwatch.core.drift.evidence import Evidence
from driftwatch.core.drift.explain import explain, moved_most
from driftwatch.core.drift.policy import Policy
from driftwatch.core.drift.rates import missing_rate, unseen_categories
from driftwatch.core.drift.schema_changes import schema_changes, why_skipped
from driftwatch.core.drift.sides import CategorySides, Sides, compare_sides
from driftwatch.core.drift.verdict import global_status, judge, primary_test, worst
from driftwatch.core.profiles.column_profile import ColumnProfile
from driftwatch.core.profiles.profile import Profile
from driftwatch.core.profiles.reference import Reference
from driftwatch.core.reports.report import (
    DatasetDrift,
    DependenceDrift,
    DriftReport,
    DriftResult,
    FeatureDrift,
    SchemaChange,
    Status,
    WindowFacts,
)
from driftwatch.core.sketches.cross import FourthMoments
from driftwatch.core.statistics.significance import cauchy_combination
from driftwatch.core.subject import Subject

__all__ = ["assess"]

_LEAST_WEIGHT = 0.01


@dataclass(frozen=True, slots=True)
class _Comparison:
    """One column on the way to its verdict."""

    reference: ColumnProfile
    current: ColumnProfile
    sides: Sides | None
    evidence: list[tuple[Evidence, bool]]


def assess(
    subject: Subject,
    current: Profile,
    /,
    *,
    policy: Policy,
    created_at: datetime,
    window: WindowFacts | None = None,
) -> DriftReport:
    """Compare a profile with a reference.

    Pure: neither side changes, no clock is read, and equal input gives equal output.

    Args:
        subject: The reference, and what is known of the model.
        current: Sketches of the rows in question; best built with ``reference.frame``, so
            that they were counted in the reference's cells.
        policy: The rules of the verdict.
        created_at: When the question was asked.
        window: The window of a stream that the profile is, for the report and to know how
            long it lasted.

    Returns:
        The report, worst feature first. Cost: about a millisecond a feature.
    """
    reference = subject.reference
    changes = schema_changes(reference.profile, current, ignore_new=subject.features is not None)
    tested = [c for c in reference.schema if why_skipped(c) is None]
    policy = policy.shared_by([column.kind for column in tested])
    stretch = reference.panes_like(current, window.period if window else None)
    comparisons = {
        column.name: _compare(reference, current.columns[column.name], policy, stretch)
        for column in tested
        if column.name in current.columns and (column.name in current.seen or not current.rows)
    }
    every = [pair for comparison in comparisons.values() for pair in comparison.evidence]
    judged = iter(judge(every, policy))
    weights = _normalised(subject.importances, [column.name for column in tested])
    by_column = {change.column: change for change in changes}
    features = []
    for column in tested:
        comparison = comparisons.get(column.name)
        results = (
            {found.method: next(judged) for found, _ in comparison.evidence} if comparison else {}
        )
        features.append(
            _feature(
                column, comparison, results, by_column.get(column.name), weights.get(column.name)
            )
        )
    features.sort(key=partial(_rank, weighted=bool(weights)))
    dependence = _dependence(reference, current, policy, stretch)
    beside = [change.status for change in changes] + ([dependence.status] if dependence else [])
    if window is not None and window.unreadable:
        beside.append(Status.WARNING)
    return DriftReport(
        monitor=subject.monitor,
        global_status=global_status(
            [result for feature in features for result in feature.tests.values()],
            beside,
        ),
        features=tuple(features),
        created_at=created_at,
        rows_reference=reference.profile.rows,
        rows_current=current.rows,
        reference_data_hash=reference.profile.content_hash,
        production_data_hash=current.content_hash,
        skipped={c.name: why for c in reference.schema if (why := why_skipped(c))},
        schema_changes=tuple(changes),
        dataset=_dataset(features, weights),
        reference_period=reference.profile.period,
        current_period=current.period,
        model_version=subject.model_version,
        policy=policy.to_dict(),
        multivariate=dependence,
        window=window,
    )


def _dependence(
    reference: Reference, current: Profile, policy: Policy, stretch: int
) -> DependenceDrift | None:
    spec, before, after = reference.scores, reference.profile.cross, current.cross
    if spec is None or after is None or after.label != spec.id:
        return None
    if not isinstance(before, FourthMoments):
        return None
    variation = [reference.columns[name].natural(stretch) for name in spec.columns]
    phi = max((natural.overdispersion for natural in variation if natural), default=1.0)
    return dependence_drift(spec, before, after, level=policy.level, overdispersion=phi)


def _compare(
    reference: Reference, current: ColumnProfile, policy: Policy, stretch: int
) -> _Comparison:
    column = reference.columns[current.column.name]
    sides = compare_sides(column, current)
    natural = column.natural(stretch)
    effects = policy.effects_above(natural)
    gating = policy.gating(column.profile.column.kind)
    evidence: list[tuple[Evidence, bool]] = []
    if sides is not None:
        for test in policy.tests():
            if test.applies(sides):
                level = policy.level_of(test.name)
                found = test(sides, effect=effects[test.name], level=level)
                if natural is not None and test.name in natural.distances:
                    by_itself = {"distance": natural.distances[test.name], "panes": natural.panes}
                    found = replace(found, details={**found.details, "natural": by_itself})
                evidence.append((found, test.name in gating))
    missing = missing_rate(column.profile, current, effect=effects["missing"])
    if missing is not None:
        evidence.append((missing, True))
    if isinstance(sides, CategorySides):
        unseen = unseen_categories(sides, effect=effects["unseen"])
        if unseen is not None:
            evidence.append((unseen, True))
    return _Comparison(column.profile, current, sides, evidence)


def _feature(
    column: Column,
    comparison: _Comparison | None,
    results: Mapping[str, DriftResult],
    change: SchemaChange | None,
    importance: float | None,
) -> FeatureDrift:
    if comparison is None:
        return FeatureDrift(
            name=column.name,
            kind=column.kind.value,
            role=column.role.value,
            status=change.status if change else Status.INSUFFICIENT_DATA,
            primary_test=None,
            missing_reference=None,
            missing_current=None,
            explanation="the column is gone" if change else "no rows to compare",
            importance=importance,
            tests={},
        )
    statuses = [result.status for result in results.values() if result.status is not None]
    if comparison.sides is None:
        # Without values only their absence can be judged, and that it is unchanged says
        # nothing about the values.
        statuses = [s for s in statuses if s.is_drift] or [Status.INSUFFICIENT_DATA]
    status = worst([*statuses, change.status] if change else statuses)
    primary = primary_test(results)
    return FeatureDrift(
        name=column.name,
        kind=column.kind.value,
        role=column.role.value,
        status=status,
        primary_test=primary,
        missing_reference=_share_missing(comparison.reference),
        missing_current=_share_missing(comparison.current),
        explanation=_explanation(status, primary, results, comparison, change),
        importance=importance,
        tests=results,
        distribution=distribution_of(comparison.sides) if comparison.sides else None,
    )


def _explanation(
    status: Status,
    primary: str | None,
    results: Mapping[str, DriftResult],
    comparison: _Comparison,
    change: SchemaChange | None,
) -> str:
    sentence = explain(
        status,
        results[primary] if primary else None,
        comparison.sides,
        comparison.reference,
        comparison.current,
    )
    if change is not None and change.change == "type_changed":
        return f"was {change.reference}, is now {change.current}; {sentence}"
    return sentence


def _share_missing(profile: ColumnProfile) -> float | None:
    return profile.missing.total / profile.rows if profile.rows else None


def _rank(feature: FeatureDrift, *, weighted: bool) -> tuple[int, float, str]:
    """Severity, then drift times importance; a feature that the model does not use is last."""
    weight = (feature.importance or 0.0) if weighted else 1.0
    return (-feature.status.severity, -weight * moved_most(feature.tests), feature.name)


def _normalised(importances: Mapping[str, float], names: list[str]) -> dict[str, float]:
    known = {name: abs(importances[name]) for name in names if name in importances}
    total = sum(known.values())
    return {name: value / total for name, value in known.items()} if total > 0 else {}


def _dataset(features: Iterable[FeatureDrift], weights: Mapping[str, float]) -> DatasetDrift:
    features = list(features)
    if not features:
        return DatasetDrift(None, None, None)
    drifted = [feature.name for feature in features if feature.status.is_drift]
    p_values = {
        feature.name: feature.primary.p_effect.warning
        for feature in features
        if feature.primary is not None and feature.primary.p_effect is not None
    }
    # A feature the model does not use still counts a little: its source may be broken.
    shares = [max(weights.get(name, 0.0), _LEAST_WEIGHT) for name in p_values]
    return DatasetDrift(
        share_drifted=len(drifted) / len(features),
        weighted_share_drifted=sum(weights.get(n, 0.0) for n in drifted) if weights else None,
        p_value=(
            cauchy_combination(list(p_values.values()), weights=shares if weights else None)
            if p_values
            else None
        ),
    )
