"""Rows whose values break a rule that the owner of a column gave."""

from __future__ import annotations

import math

import numpy as np

from driftwatch.core.data.rule import Rule
from driftwatch.core.drift.evidence import Evidence
from driftwatch.core.drift.rates import changed_share
from driftwatch.core.profiles.column_profile import ColumnProfile
from driftwatch.core.profiles.reference import ReferenceColumn
from driftwatch.core.reports.results import Levels
from driftwatch.core.sketches.quantiles import rank_error

__all__ = ["broken_rule"]

Bounds = tuple[float, float]


def broken_rule(
    reference: ReferenceColumn, current: ColumnProfile, /, *, effect: Levels
) -> Evidence | None:
    """Test whether the share of rows that break a column's rule changed by more than `effect`.

    Exact where all values were counted, or the reference's grid has the bounds of the rule as
    edges, or its dictionary the allowed categories; else within the sketches' rank error.

    Returns:
        The evidence; None where there is no rule, or a side has no rows.
    """
    rule = reference.profile.column.rule
    if rule is None or not reference.profile.rows or not current.rows:
        return None
    before = _share(rule, reference.profile, reference)
    after = _share(rule, current, reference)
    return changed_share(
        "rule",
        (before, reference.profile.rows),
        (after, current.rows),
        effect=effect,
        details={
            "source": "exact" if before[0] == before[2] and after[0] == after[2] else "kll",
            "rule": str(rule),
            "reference": before[1],
            "production": after[1],
        },
    )


def _share(
    rule: Rule, profile: ColumnProfile, reference: ReferenceColumn
) -> tuple[float, float, float]:
    """Least, estimated and largest share of rows that break the rule."""
    if not profile.count:
        return 0.0, 0.0, 0.0
    of_rows = profile.count / profile.rows
    if rule.allowed is not None:
        low, high = _outside_of_set(profile, reference.allowed)
        return low * of_rows, low * of_rows, high * of_rows
    low, middle, high = _outside_of_bounds(rule, profile)
    return low * of_rows, middle * of_rows, high * of_rows


def _outside_of_set(profile: ColumnProfile, allowed: tuple[str, ...]) -> Bounds:
    categories = profile.categories
    if categories is None or categories.frequencies is None:
        return 0.0, 1.0
    counts = categories.frequencies.counts
    inside = sum(counts.get(text, 0) for text in allowed)
    outside = 1 - inside / profile.count
    known = categories.frequencies.is_exact or all(text in counts for text in allowed)
    return (outside if known else max(0.0, outside - _others(profile))), outside


def _others(profile: ColumnProfile) -> float:
    categories = profile.categories
    assert categories is not None and categories.frequencies is not None  # noqa: S101, PT018
    return categories.frequencies.other / profile.count


def _outside_of_bounds(rule: Rule, profile: ColumnProfile) -> tuple[float, float, float]:
    numbers = profile.numbers
    if numbers is None:
        return 0.0, 0.0, 1.0
    moments, cdf = numbers.moments, numbers.cdf()
    least, middle, most = 0.0, 0.0, 0.0
    error = 0.0 if cdf.is_exact else rank_error(numbers.quantiles.k)
    for bound, is_low in ((rule.low, True), (rule.high, False)):
        if bound is None or (moments.minimum >= bound if is_low else moments.maximum <= bound):
            continue
        edge = float(np.nextafter(bound, -math.inf)) if is_low else bound
        height, slack = float(cdf.at(edge)), error
        if numbers.grid is not None and not cdf.is_exact:
            edges = numbers.grid.grid.edges
            place = int(np.searchsorted(edges, edge))
            if place < edges.size and edges[place] == edge:
                height, slack = float(numbers.grid.cumulative()[place]), 0.0
        share = height if is_low else 1 - height
        least += max(1 / profile.count, share - slack)
        middle += share
        most += min(1.0, share + slack)
    return least, min(max(middle, least), most), min(1.0, most)
