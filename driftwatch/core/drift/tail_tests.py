"""Drift tests on numbers that see what rank tests do not: ranges, single values, the mean."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from driftwatch.core.data.schema import ORDERED, Kind
from driftwatch.core.drift.evidence import Evidence
from driftwatch.core.drift.sides import NumericSides, Sides
from driftwatch.core.reports.results import Levels
from driftwatch.core.statistics.kolmogorov import normal_quantile
from driftwatch.core.statistics.shares import (
    jump_p,
    left_outside,
    share_rows,
    upper_share,
)
from driftwatch.core.statistics.significance import binomial_sf, effective_size, normal_sf

__all__ = ["Atoms", "MeanShift", "OutOfRange"]

_ENOUGH = 300
_LEAST_SHARE = 0.01

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class OutOfRange:
    """Share of rows beyond the least and the greatest value of the reference.

    A rank test cannot see the last few rows, which is where faults of a unit, a scale or a default
    often are. One-sided binomial test of "no more than ``effect + q``", q the 99.9 % quantile of
    Beta(2, n - 1): so much n rows of a reference may leave outside of their range without drift.
    Exact where the reference's grid counted its extremes; else bounded by the sketch.

    With fewer than 300 rows of reference the test shows drift, but never counts for OK.

    Cost: O(log k).
    """

    name: str = "out_of_range"
    kinds: frozenset[Kind] = ORDERED
    effect: Levels = Levels(0.01, 0.05)

    def applies(self, sides: Sides, /) -> bool:
        """Numeric columns."""
        return isinstance(sides, NumericSides)

    def __call__(self, sides: Sides, /, *, effect: Levels, level: float) -> Evidence:
        assert isinstance(sides, NumericSides)  # noqa: S101 - `applies` said so
        n, m = sides.n, sides.m
        (low, share, high), below = sides.outside, sides.outside_below
        least, most = math.floor(low * m + 1e-6), math.ceil(high * m - 1e-6)
        allowed = left_outside(n)

        def p(delta: float) -> float:
            return binomial_sf(least, m, min(1.0, allowed + delta))

        likely = max(0.0, share - 2 / (n + 1))
        # The band of a share is about as wide for one that is at the threshold.
        needed = share_rows(likely, allowed + effect.warning, level=level)
        return Evidence(
            method=self.name,
            statistic=share,
            interval=(low, high),
            p_value=p(0.0),
            p_effect=effect.map(p),
            effect=effect,
            upper=max(0.0, upper_share(most, m) - allowed),
            rows=(n, m),
            likely=likely,
            size_needed=None if needed is None else effective_size(n, math.ceil(needed)),
            proves_ok=n >= _ENOUGH,
            details={
                "source": "exact" if low == high else "kll",
                "range": list(sides.reference_range),
                "expected": 2 / (n + 1),
                "below": below,
                "above": max(0.0, share - below),
            },
        )


@dataclass(frozen=True, slots=True)
class Atoms:
    """Single values whose share of the rows jumps: a default, a sentinel, a frozen sensor.

    The effect is Cohen's ``h = |2 asin sqrt(p1) - 2 asin sqrt(p0)|`` of the value that changed
    most, among those that carry at least 1 % of the rows of a side: 0 to 1 % of the rows is 0.20,
    10 to 15 % is 0.15, 47 to 54.5 % is 0.15. P-values are those of `jump_p`; what the sketches may
    be off by is counted against drift, and they are Bonferroni's over the values that were looked
    at, at most 32.

    Reference:
        J. Cohen. Statistical power analysis for the behavioral sciences. 1988, chapter 6.

    Cost: O(log k) a value.
    """

    name: str = "atoms"
    kinds: frozenset[Kind] = ORDERED
    effect: Levels = Levels(0.15, 0.30)

    def applies(self, sides: Sides, /) -> bool:
        """Numeric columns with a value that repeats."""
        return isinstance(sides, NumericSides) and sides.atoms.values.size > 0

    def __call__(self, sides: Sides, /, *, effect: Levels, level: float) -> Evidence:
        assert isinstance(sides, NumericSides)  # noqa: S101 - `applies` said so
        n, m, atoms = sides.n, sides.m, sides.atoms
        low, middle, high = atoms.changes()
        # A value that carries next to nothing on both sides is no jump, however large its h.
        counts = np.maximum(atoms.before - atoms.before_error, atoms.after - atoms.after_error)
        low = np.where(counts >= _LEAST_SHARE, low, 0.0)
        possible = np.maximum(atoms.before + atoms.before_error, atoms.after + atoms.after_error)
        high = np.where(possible >= _LEAST_SHARE, high, 0.0)
        place = int(np.argmax(np.where(low.any(), low, middle)))
        spread = math.sqrt(1 / n + 1 / m)
        values, nearest = atoms.values.size, atoms.nearest()

        def p(delta: float) -> float:
            p_values = np.where(low > 0, jump_p(*nearest, n, m, effect=delta), 1.0)
            return min(1.0, values * float(p_values.min()))

        z = normal_quantile(0.05)
        bound = float(high.max())
        room = abs(float(middle[place]) - effect.warning)
        strictness = normal_quantile(level / values) + z
        return Evidence(
            method=self.name,
            statistic=float(middle[place]),
            interval=(float(low[place]), max(float(middle[place]), float(high[place]))),
            p_value=p(0.0),
            p_effect=effect.map(p),
            effect=effect,
            upper=bound + z * spread if bound else 0.0,
            rows=(n, m),
            size_needed=(strictness / room) ** 2 if effect.warning and room else None,
            details={
                "source": "exact" if not atoms.after_error.any() else "kll",
                "value": float(atoms.values[place]),
                "reference": float(atoms.before[place]),
                "production": float(atoms.after[place]),
                "values": values,
            },
        )


@dataclass(frozen=True, slots=True)
class MeanShift:
    """Distance of the means in standard deviations of the reference.

    ``|mean1 - mean0| / sd0``; about normal of variance ``1 / n + (sd1 / sd0)**2 / m``. Exact:
    means and deviations are kept without error. Decides where thresholds name it.
    """

    name: str = "mean_shift"
    kinds: frozenset[Kind] = ORDERED
    effect: Levels = Levels(0.20, 0.40)

    def applies(self, sides: Sides, /) -> bool:
        """Numeric columns whose reference is not constant and has finite moments."""
        if not isinstance(sides, NumericSides):
            return False
        before, after = sides.moments
        spreads = (before.variance, after.variance, before.mean, after.mean)
        return before.variance > 0 and all(map(math.isfinite, spreads))

    def __call__(self, sides: Sides, /, *, effect: Levels, level: float) -> Evidence:
        assert isinstance(sides, NumericSides)  # noqa: S101 - `applies` said so
        before, after = sides.moments
        shift = abs(after.mean - before.mean) / math.sqrt(before.variance)
        spread = math.sqrt(1 / sides.n + after.variance / before.variance / sides.m)

        def p(delta: float) -> float:
            beyond = normal_sf((shift - delta) / spread) + normal_sf((shift + delta) / spread)
            return min(1.0, beyond)

        room = abs(shift - effect.warning)
        strictness = normal_quantile(level) + normal_quantile(0.05)
        half = normal_quantile(0.025) * spread
        return Evidence(
            method=self.name,
            statistic=shift,
            interval=(shift, shift),
            confidence_interval=(max(0.0, shift - half), shift + half),
            p_value=p(0.0),
            p_effect=effect.map(p),
            effect=effect,
            upper=shift + normal_quantile(0.05) * spread,
            rows=(sides.n, sides.m),
            size_needed=(strictness / room) ** 2 if effect.warning and room else None,
            details={
                "source": "exact",
                "reference": before.mean,
                "production": after.mean,
                "raw": after.mean - before.mean,
            },
        )
