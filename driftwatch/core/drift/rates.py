"""Drift in shares of rows: missing values, and categories that the reference lacks."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from driftwatch.core.drift.evidence import Evidence
from driftwatch.core.drift.sides import CategorySides
from driftwatch.core.profiles.column_profile import ColumnProfile
from driftwatch.core.reports.report import Levels
from driftwatch.core.statistics.shares import share_rows, upper_share
from driftwatch.core.statistics.significance import binomial_sf, normal_sf

__all__ = ["changed_share", "missing_rate", "unseen_categories"]

_Z95 = 1.6448536269514722
_Z975 = 1.959963984540054


def missing_rate(
    reference: ColumnProfile, current: ColumnProfile, /, *, effect: Levels
) -> Evidence | None:
    """Test whether the share of rows without a usable value changed by more than `effect`.

    ``z = (|r - r0| - effect) / sqrt(r0 (1 - r0) / n + r (1 - r) / m)``, the rates in the
    variance with half a row added on both sides so that a rate of zero has some. Null,
    NaN, infinite and unreadable values all count as missing.

    Returns:
        What was found; None where a side has no rows.
    """
    n, m = reference.rows, current.rows
    if not n or not m:
        return None
    before, after = reference.missing.total / n, current.missing.total / m
    return changed_share(
        "missing",
        ((before, before, before), n),
        ((after, after, after), m),
        effect=effect,
        details={"source": "exact", "reference": before, "production": after},
    )


Share = tuple[float, float, float]


def changed_share(
    method: str,
    before: tuple[Share, int],
    after: tuple[Share, int],
    /,
    *,
    effect: Levels,
    details: Mapping[str, Any],
) -> Evidence:
    """Test whether a share of rows changed by more than `effect`, by the normal law.

    Args:
        method: Name of the test.
        before: Least, estimated and largest share of the reference, and its rows.
        after: The same of the current side.
        effect: The changes that are tolerated.
        details: For the report.
    """
    (low_before, r0, high_before), n = before
    (low_after, r1, high_after), m = after
    change = abs(r1 - r0)
    slack = (high_before - low_before) + (high_after - low_after)
    least, most = max(0.0, change - slack), min(1.0, change + slack)
    smooth_before, smooth_after = (r0 * n + 0.5) / (n + 1), (r1 * m + 0.5) / (m + 1)
    spread = math.sqrt(
        smooth_before * (1 - smooth_before) / n + smooth_after * (1 - smooth_after) / m
    )

    def p(delta: float) -> float:
        return min(1.0, 2 * normal_sf((least - delta) / spread))

    rate = max(smooth_before, smooth_after)
    room = abs(change - effect.warning) - slack
    size = rate * (1 - rate) * (2 * _Z95 / room) ** 2 if room > 0 else math.inf
    return Evidence(
        method=method,
        statistic=change,
        interval=(least, most),
        confidence_interval=(
            max(0.0, least - _Z975 * spread),
            min(1.0, most + _Z975 * spread),
        ),
        p_value=p(0.0) if least else 1.0,
        p_effect=Levels(p(effect.warning), p(effect.critical)),
        effect=effect,
        upper=most + _Z95 * spread,
        rows=(n, m),
        size_needed=size if effect.warning else None,
        details=details,
    )


def unseen_categories(sides: CategorySides, /, *, effect: Levels) -> Evidence:
    """Test whether more rows than expected hold categories the reference never saw.

    Against ``u0 + effect``, where ``u0``, the share of rows with new categories that more
    reference rows would have brought, is Good and Turing's ``(singletons + 1) / (n + 1)``. A
    one-sided binomial test where every category was counted, with the variance of that estimate
    (Esty 1983). Beyond, the sampled categories that
    both sides keep with their counts say which rows are unseen: their share is estimated with the
    variance that a sample of categories has, so that one heavy category is not taken for many.
    """
    if sides.complete:
        return _counted_unseen(sides, effect)
    return _sampled_unseen(sides, effect)


def _counted_unseen(sides: CategorySides, effect: Levels) -> Evidence:
    n, m = sides.n, sides.m
    unseen = int(sides.after[sides.before == 0].sum())
    once, twice = (int((sides.before[:-1] == count).sum()) for count in (1, 2))
    expected = min(1.0, (once + 1) / (n + 1))
    # Of Good and Turing's estimate: variance (f1 + 2 f2) / n**2, with a category to spare.
    doubt = math.sqrt(once + 1 + 2 * twice) / n

    def p(delta: float) -> float:
        bound = min(1.0, expected + delta)
        counted = binomial_sf(unseen, m, bound)
        noise = math.hypot(math.sqrt(bound * (1 - bound) / m), doubt)
        return max(counted, normal_sf((unseen / m - bound) / noise)) if unseen else 1.0

    likely = max(0.0, unseen / m - expected)
    enough = share_rows(likely, effect.warning, level=0.05)
    least = max(0.0, expected - _Z95 * doubt) if unseen else expected
    return Evidence(
        method="unseen",
        statistic=unseen / m,
        interval=(unseen / m, unseen / m),
        p_value=p(0.0),
        p_effect=effect.map(p),
        effect=effect,
        upper=max(0.0, upper_share(unseen, m) - least),
        rows=(n, m),
        likely=likely,
        size_needed=n * enough / (n + enough) if enough else None,
        details={"source": "exact", "expected": expected, "nulls": "left out"},
    )


def _sampled_unseen(sides: CategorySides, effect: Levels) -> Evidence:
    n, m = sides.n, sides.m
    before, after = sides.reference.profile.categories, sides.current.categories
    assert before is not None and after is not None  # noqa: S101, PT018 - both have values
    unknown, once = after.distinct.unknown_to(before.distinct), before.distinct.singletons
    # A dictionary cell that the other side counted and never saw is unseen for certain.
    certain = float(sides.after[:-1][sides.before[:-1] == 0].sum()) / m
    possible = min(1.0, certain + float(sides.after[-1]) / m)
    if unknown is None or once is None:  # of a version that kept no counts
        return Evidence(
            method="unseen",
            statistic=certain,
            interval=(certain, possible),
            p_value=1.0,
            p_effect=Levels(1.0, 1.0),
            effect=effect,
            upper=possible,
            rows=(n, m),
            size_needed=math.inf,
            details={"source": "dictionary", "expected": None, "nulls": "left out"},
        )
    rows, theta = unknown
    share = min(possible, float(rows.sum()) / (theta * m))
    # Every category comes or stays away as a whole: its rows count as one.
    spread = math.sqrt(float(np.square(rows).sum())) / (theta * m)
    kept, singletons = once
    expected = min(1.0, (singletons + 1) / (n + 1))
    expected_spread = math.sqrt(kept) / (before.distinct.theta * n)
    noise = math.hypot(spread, expected_spread)

    def p(delta: float) -> float:
        return normal_sf((share - expected - delta) / noise) if noise and rows.size else 1.0

    upper = share + _Z95 * noise + _Z95**2 / (theta * m)
    return Evidence(
        method="unseen",
        statistic=share,
        interval=(
            max(0.0, share - 3 * spread),
            min(possible, share + 3 * spread + 5 / (theta * m)),
        ),
        p_value=p(0.0),
        p_effect=effect.map(p),
        effect=effect,
        upper=max(0.0, min(possible, upper) - expected),
        rows=(n, m),
        likely=max(0.0, share - expected),
        size_needed=math.inf,
        details={
            "source": "sample",
            "categories": int(rows.size),
            "expected": expected,
            "nulls": "left out",
        },
    )
