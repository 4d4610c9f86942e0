"""One column on the way to its verdict: which tests decide, and the evidence of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from driftwatch.core.data.schema import Column, Role
from driftwatch.core.drift.evidence import Evidence
from driftwatch.core.drift.policy import Policy
from driftwatch.core.drift.rates import missing_rate, unseen_categories
from driftwatch.core.drift.rules import broken_rule
from driftwatch.core.drift.schema_changes import why_skipped
from driftwatch.core.drift.sides import CategorySides, Sides, compare_sides
from driftwatch.core.profiles.column_profile import ColumnProfile
from driftwatch.core.profiles.profile import Profile
from driftwatch.core.profiles.reference import Reference
from driftwatch.core.reports.results import Levels
from driftwatch.core.statistics.variability import NaturalVariability
from driftwatch.protocols import DriftTest

__all__ = ["Comparison", "beside_values", "compare_column", "deciding_tests"]


@dataclass(frozen=True, slots=True)
class Comparison:
    """One column on the way to its verdict."""

    reference: ColumnProfile
    current: ColumnProfile
    sides: Sides | None
    evidence: list[tuple[Evidence, bool]]


def compare_column(
    reference: Reference,
    current: ColumnProfile,
    policy: Policy,
    stretch: int,
    *,
    counts_missing: bool,
) -> Comparison:
    """Run every test on a column.

    Args:
        reference: The reference.
        current: The current side of the column.
        policy: The rules.
        stretch: Panes of the reference that last as long as the current side.
        counts_missing: Whether missing values decide.
    """
    name = current.column.name
    column = reference.columns[name]
    sides = compare_sides(column, current)
    natural = column.natural(stretch)
    effects = policy.effects_above(natural, name)
    gating = _gating(reference, column.profile.column, policy)
    evidence: list[tuple[Evidence, bool]] = []
    if sides is not None:
        for test in policy.tests(name):
            if test.applies(sides):
                item = _tested(test, sides, effects[test.name], policy, natural)
                evidence.append((item, test.name in gating))
    missing = missing_rate(column.profile, current, effect=effects["missing"])
    if missing is not None:
        evidence.append((missing, counts_missing))
    broken = broken_rule(column, current, effect=effects["rule"])
    if broken is not None:
        evidence.append((broken, True))
    if isinstance(sides, CategorySides):
        evidence.append((unseen_categories(sides, effect=effects["unseen"]), True))
    return Comparison(column.profile, current, sides, evidence)


def _tested(
    test: DriftTest,
    sides: Sides,
    effect: Levels,
    policy: Policy,
    natural: NaturalVariability | None,
) -> Evidence:
    """The evidence of a test, beside what the reference does by itself."""
    level = policy.level_of(test.name)
    item = test(sides, effect=effect, level=level)
    least = None if natural is None else natural.distances.get(test.name)
    if natural is None or least is None:
        return item
    by_itself = {"distance": least, "panes": natural.panes}
    p_value = item.p_value
    if test.name in policy.levels and policy.budget is not None and least > 0:
        # A window of a stream is never quite like the whole reference: "no drift" is no more
        # than the reference does by itself.
        p_value = test(sides, effect=Levels(least, least), level=level).p_effect.warning
    return replace(item, p_value=p_value, details={**item.details, "natural": by_itself})


def beside_values(
    reference: Reference, current: Profile, policy: Policy, /, *, is_stream: bool
) -> list[tuple[Column, Evidence]]:
    """The evidence on columns that are not tested for their values.

    Their rules, where they have one; of files, what is missing from their times and ids.

    Args:
        reference: The reference.
        current: The current side.
        policy: The rules of the verdict.
        is_stream: Whether the current side is a window of a stream, where the absence of an id is
            coverage.
    """
    evidence: list[tuple[Column, Evidence | None]] = []
    for column in reference.schema:
        # A profile may have seen a column, and been made without it.
        if column.name not in current.seen or column.name not in current.columns:
            continue
        if why_skipped(column) is None:
            continue
        before, after = reference.columns[column.name], current.columns[column.name]
        effects = policy.effects_above(None, column.name)
        if column.role in (Role.TIME, Role.ID) and not is_stream:
            missing = missing_rate(before.profile, after, effect=effects["missing"])
            evidence.append((column, missing))
        evidence.append((column, broken_rule(before, after, effect=effects["rule"])))
    return [(column, item) for column, item in evidence if item is not None]


def deciding_tests(reference: Reference, tested: Sequence[Column], policy: Policy) -> int:
    """Tests that can alarm, of all columns together: of values, and of shares of rows.

    Rules count on every column that has one: they are judged where values are not tested, too.
    """
    of_tested = sum(
        len(_gating(reference, column, policy)) + (1 if column.kind.is_ordered else 2)
        for column in tested
    )
    return of_tested + sum(column.rule is not None for column in reference.schema)


def _gating(reference: Reference, column: Column, policy: Policy) -> tuple[str, ...]:
    # Of scores the shares of the reference's deciles decide, too, as the field is used to.
    few = reference.columns[column.name].has_few_values or column.role is Role.SCORE
    return policy.gating(column.name, column.kind, few_values=few)
