"""Drift in shares of rows: missing values, and categories that the reference lacks."""

from __future__ import annotations

import math

from driftwatch.core.drift.evidence import Evidence
from driftwatch.core.drift.sides import CategorySides
from driftwatch.core.profiles.column_profile import ColumnProfile
from driftwatch.core.reports.report import Levels
from driftwatch.core.statistics.significance import binomial_sf, normal_sf

__all__ = ["missing_rate", "unseen_categories"]

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
    change = after - before
    smooth_before = (reference.missing.total + 0.5) / (n + 1)
    smooth_after = (current.missing.total + 0.5) / (m + 1)
    spread = math.sqrt(
        smooth_before * (1 - smooth_before) / n + smooth_after * (1 - smooth_after) / m
    )

    def p(delta: float) -> float:
        return min(1.0, 2 * normal_sf((abs(change) - delta) / spread))

    rate = max(smooth_before, smooth_after)
    size = rate * (1 - rate) * ((2 * _Z95) / effect.warning) ** 2 if effect.warning else None
    return Evidence(
        method="missing",
        statistic=abs(change),
        interval=(abs(change), abs(change)),
        confidence_interval=(
            max(0.0, abs(change) - _Z975 * spread),
            min(1.0, abs(change) + _Z975 * spread),
        ),
        p_value=p(0.0) if change else 1.0,
        p_effect=Levels(p(effect.warning), p(effect.critical)),
        effect=effect,
        upper=abs(change) + _Z95 * spread,
        rows=(n, m),
        size_needed=size,
        details={"source": "exact", "reference": before, "production": after},
    )


def unseen_categories(sides: CategorySides, /, *, effect: Levels) -> Evidence | None:
    """Test whether more rows than expected hold categories the reference never saw.

    One-sided binomial test against ``u0 + effect``, where ``u0``, the share of rows with
    new categories that more reference rows would have brought, is Good and Turing's
    ``(singletons + 1) / (n + 1)``.

    Returns:
        What was found; None where the reference did not count all its categories.
    """
    frequencies = sides.reference.profile.categories
    if frequencies is None or frequencies.frequencies is None:
        return None
    singletons = frequencies.frequencies.singletons
    if singletons is None:
        return None
    n, m = sides.n, sides.m
    certain = int(sides.after[:-1][sides.before[:-1] == 0].sum())
    possible = certain + (0 if sides.complete else int(sides.after[-1]))
    expected = min(1.0, (singletons + 1) / (n + 1))

    def p(delta: float) -> float:
        return binomial_sf(certain, m, min(1.0, expected + delta))

    upper = _upper_share(possible, m)
    enough = math.ceil(math.log(0.05) / math.log1p(-effect.warning)) if effect.warning else None
    return Evidence(
        method="unseen",
        statistic=certain / m,
        interval=(certain / m, possible / m),
        p_value=p(0.0),
        p_effect=Levels(p(effect.warning), p(effect.critical)),
        effect=effect,
        upper=max(0.0, upper - expected),
        rows=(n, m),
        size_needed=n * enough / (n + enough) if enough else None,
        details={"source": sides.source, "expected": expected, "nulls": "left out"},
    )


def _upper_share(successes: int, trials: int) -> float:
    """Clopper and Pearson's upper 95 % bound on a share."""
    from scipy.special import betaincinv

    if successes >= trials:
        return 1.0
    return float(betaincinv(successes + 1, trials - successes, 0.95))
