"""The heart of every edge: a reference and a current profile in, a report out. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial

from driftwatch.core.data.schema import Column, Role
from driftwatch.core.drift.comparison import (
    Comparison,
    beside_values,
    compare_column,
    deciding_tests,
)
from driftwatch.core.drift.dependence import dependence_drift
from driftwatch.core.drift.distributions import distribution_of
from driftwatch.core.drift.explain import explain, moved_most
from driftwatch.core.drift.methods import ALWAYS
from driftwatch.core.drift.policy import Policy
from driftwatch.core.drift.schema_changes import (
    repeated_ids,
    schema_changes,
    why_not_comparable,
    why_skipped,
)
from driftwatch.core.drift.together import leaders
from driftwatch.core.drift.verdict import global_status, judge, primary_test, worst
from driftwatch.core.drift.volume import volume_of
from driftwatch.core.performance.compare import deciding_count, performance_of
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
    Summary,
    WindowFacts,
)
from driftwatch.core.reports.schema_change import type_in_words
from driftwatch.core.sketches.cross import FourthMoments
from driftwatch.core.statistics.significance import cauchy_combination
from driftwatch.core.subject import Subject

__all__ = ["assess"]

_MOST_NOT_USED = 0.05
"""Share of the rows that came above which those that could not be used make a warning."""
_LEAST_WEIGHT = 0.01
_OF_SHARES = frozenset({"missing", "unseen", "rule", *ALWAYS})
"""Tests that decide about shares of rows, not about the values as a whole."""


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
    changes = schema_changes(
        reference.profile,
        current,
        ignore_new=subject.features is not None,
        exclude=subject.exclude,
    )
    # What is computed can be compared where it was; that it could not be is no drift.
    tested = [
        c
        for c in reference.schema
        if why_skipped(c) is None
        and why_not_comparable(current, c) is None
        and (not c.is_computed or _has_values(current, c.name))
    ]
    stretch = reference.panes_like(current, window.period if window else None)
    policy = policy.shared_by(
        deciding_tests(reference, tested, policy) + deciding_count(reference, policy.metrics)
    )
    # In a stream predictions and scores come with some records: their absence is coverage.
    partial_roles = {Role.ERROR} if window is None else {Role.ERROR, Role.PREDICTION, Role.SCORE}
    comparisons = {
        column.name: compare_column(
            reference,
            current.columns[column.name],
            policy,
            stretch,
            counts_missing=column.role not in partial_roles,
        )
        for column in tested
        if column.name in current.columns and (column.name in current.seen or not current.rows)
    }
    beside_them = beside_values(reference, current, policy, is_stream=window is not None)
    every = [pair for comparison in comparisons.values() for pair in comparison.evidence]
    judged = iter(judge([*every, *((item, True) for _, item in beside_them)], policy))
    weights = _normalised(subject.importances, [column.name for column in tested])
    by_column = {change.column: change for change in changes}
    features = []
    for column in tested:
        comparison = comparisons.get(column.name)
        results = (
            {item.method: next(judged) for item, _ in comparison.evidence} if comparison else {}
        )
        features.append(
            _feature(
                column, comparison, results, by_column.get(column.name), weights.get(column.name)
            )
        )
    volume = None
    if policy.watches_volume:
        volume = volume_of(reference, current.rows, stretch, effect=policy.effects["rows"])
    dataset = replace(_dataset(features, weights), volume=volume)
    lost: dict[str, FeatureDrift] = {}
    for (column, _), result in zip(beside_them, judged, strict=True):
        if result.status is not None and result.status.is_drift:
            feature = _beside_values(column, reference, current, result)
            known = lost.get(column.name)
            if known is None or feature.status > known.status:
                lost[column.name] = feature
    features = sorted([*features, *lost.values()], key=partial(_rank, weighted=bool(weights)))
    if reference.scores is not None and reference.profile.cross is not None:
        follows = leaders(features, reference.scores, reference.profile.cross)
        features = [replace(f, follows=follows.get(f.name)) for f in features]
    dependence = _dependence(reference, current, policy, stretch)
    performance = performance_of(reference, current, policy.of_performance, stretch=stretch)
    beside = [change.status for change in changes] + ([dependence.status] if dependence else [])
    if performance is not None:
        beside.append(performance.status)
    if volume is not None:
        beside.append(volume.status)
    if window is not None and (window.unreadable or _many_not_used(window, current.rows)):
        beside.append(Status.WARNING)
    return DriftReport(
        monitor=subject.monitor,
        global_status=global_status(features, beside, dataset, policy.share_drifted),
        features=tuple(features),
        created_at=created_at,
        rows_reference=reference.profile.rows,
        rows_current=current.rows,
        reference_data_hash=reference.data_hash,
        production_data_hash=current.content_hash,
        skipped={
            column.name: why + repeated_ids(reference.profile, current, column)
            for column in reference.schema
            if (why := why_skipped(column) or why_not_comparable(current, column))
        }
        | dict.fromkeys(subject.exclude, "excluded"),
        schema_changes=tuple(changes),
        dataset=dataset,
        reference_period=reference.profile.period,
        current_period=current.period,
        model_version=subject.model_version,
        policy=policy.to_dict(),
        multivariate=dependence,
        window=window,
        performance=performance,
    )


def _has_values(profile: Profile, name: str) -> bool:
    return name in profile.seen and name in profile.columns and profile.columns[name].count > 0


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


def _beside_values(
    column: Column, reference: Reference, current: Profile, result: DriftResult
) -> FeatureDrift:
    """A column that is not tested for its values: some are missing, or break a rule."""
    before, after = reference.columns[column.name].profile, current.columns[column.name]
    assert result.status is not None  # noqa: S101 - only drift is reported
    return FeatureDrift(
        name=column.name,
        kind=column.kind.value,
        role=column.role.value,
        status=result.status,
        primary_test=result.method,
        missing_reference=_share_missing(before),
        missing_current=_share_missing(after),
        explanation=explain(result.status, result, None, before, after),
        importance=None,
        tests={result.method: result},
    )


def _feature(
    column: Column,
    comparison: Comparison | None,
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
    if not any(r.status is not None for name, r in results.items() if name not in _OF_SHARES):
        # Without a test of values only other things can be judged, and that these are unchanged
        # says nothing about the values.
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
        summary_reference=_summary(comparison.reference),
        summary_current=_summary(comparison.current),
    )


def _summary(profile: ColumnProfile) -> Summary | None:
    if profile.numbers is None or not profile.numbers.count:
        return None
    moments = profile.numbers.moments
    numbers = (
        moments.mean,
        math.sqrt(moments.variance) if moments.variance >= 0 else math.nan,
        moments.minimum,
        moments.maximum,
    )
    return Summary(*(number if math.isfinite(number) else None for number in numbers))


def _explanation(
    status: Status,
    primary: str | None,
    results: Mapping[str, DriftResult],
    comparison: Comparison,
    change: SchemaChange | None,
) -> str:
    deciding = results[primary] if primary else None
    if deciding is not None and deciding.rows_needed is not None:
        # What decides one test may leave another open.
        needed = [r.rows_needed for r in results.values() if r.rows_needed is not None]
        deciding = replace(deciding, rows_needed=max(needed))
    sentence = explain(
        status,
        deciding,
        comparison.sides,
        comparison.reference,
        comparison.current,
    )
    if change is not None and change.change == "type_changed":
        was, now = type_in_words(change.reference), type_in_words(change.current)
        return f"held {was}, now holds {now}; {sentence}"
    return sentence


def _share_missing(profile: ColumnProfile) -> float | None:
    return profile.missing.total / profile.rows if profile.rows else None


def _rank(feature: FeatureDrift, *, weighted: bool) -> tuple[int, float, str]:
    """Severity, then drift times importance; a feature that the model does not use is last."""
    weight = (feature.importance or 0.0) if weighted else 1.0
    return (-feature.status.severity, -weight * moved_most(feature.tests), feature.name)


def _many_not_used(window: WindowFacts, used: int) -> bool:
    """Whether more than a few of the rows that came could not be used."""
    lost = sum(window.not_used.values())
    return lost > _MOST_NOT_USED * (lost + used)


def _normalised(importances: Mapping[str, float], names: list[str]) -> dict[str, float]:
    known = {name: abs(importances[name]) for name in names if name in importances}
    total = sum(known.values())
    return {name: value / total for name, value in known.items()} if total > 0 else {}


def _dataset(features: Iterable[FeatureDrift], weights: Mapping[str, float]) -> DatasetDrift:
    features = [feature for feature in features if feature.role != Role.ERROR.value]
    if not features:
        return DatasetDrift(None, None, None)
    drifted = [feature.name for feature in features if feature.status.is_drift]
    p_values = {
        feature.name: feature.primary.p_effect.warning
        for feature in features
        if feature.primary is not None and feature.primary.p_effect is not None
    }
    open_ = [f for f in features if f.status in (Status.UNDECIDED, Status.INSUFFICIENT_DATA)]
    # A feature the model does not use still counts a little: its source may be broken.
    shares = [max(weights.get(name, 0.0), _LEAST_WEIGHT) for name in p_values]
    return DatasetDrift(
        share_drifted=len(drifted) / len(features),
        weighted_share_drifted=sum(weights.get(n, 0.0) for n in drifted) if weights else None,
        undecided_share=(
            sum(weights.get(feature.name, 0.0) for feature in open_)
            if weights
            else len(open_) / len(features)
        ),
        p_value=(
            cauchy_combination(list(p_values.values()), weights=shares if weights else None)
            if p_values
            else None
        ),
    )
