"""Drift tests on numbers: Kolmogorov-Smirnov and Wasserstein."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from driftwatch.core.data.schema import ORDERED, Kind
from driftwatch.core.drift.evidence import Evidence
from driftwatch.core.drift.sides import NumericSides, Sides
from driftwatch.core.reports.report import Levels
from driftwatch.core.statistics.significance import (
    effective_size,
    kolmogorov_critical,
    kolmogorov_p,
    kolmogorov_size,
)

__all__ = ["KolmogorovSmirnov", "Wasserstein"]


@dataclass(frozen=True, slots=True)
class KolmogorovSmirnov:
    """Kolmogorov-Smirnov: the largest gap between the two distribution functions.

    The statistic is ``max |F - G|``. Its interval adds the rank errors of the two
    sketches as independent, ``hypot(e1, e2)`` (coverage 1.0000 in 4,240 simulated pairs),
    and is narrowed by the exact counts on the reference's grid where there are any: the
    gap at the edges from below, the gap across each cell from above. P-values use the
    lower end, so that sketch noise never looks like drift. Where values repeat, "no drift"
    is judged by a law of its own (`TiedNull`); with a tolerated effect ties only make the
    p-values conservative.

    Cost: O(k log k).
    """

    name: str = "ks"
    kinds: frozenset[Kind] = ORDERED
    effect: Levels = Levels(0.05, 0.10)

    def applies(self, sides: Sides, /) -> bool:
        """Numeric columns."""
        return isinstance(sides, NumericSides)

    def __call__(self, sides: Sides, /, *, effect: Levels, level: float) -> Evidence:
        assert isinstance(sides, NumericSides)  # noqa: S101 - `applies` said so
        gap, at = sides.ks
        low, high = _ks_interval(sides, abs(gap))
        statistic = min(max(_ks_estimate(sides, abs(gap)), low), high)
        size = effective_size(sides.n, sides.m)
        noise = kolmogorov_critical(0.05) / math.sqrt(size)
        needed = kolmogorov_size(effect.warning, (high - low) / 2, level)
        tied = sides.reference.tied_null

        def p(delta: float) -> float:
            if delta == 0.0 and tied is not None:
                return tied.p(low, size)
            return kolmogorov_p(low, size, effect=delta)

        return Evidence(
            method=self.name,
            statistic=statistic,
            interval=(low, high),
            confidence_interval=(max(0.0, low - noise), min(1.0, high + noise)),
            p_value=p(0.0),
            p_effect=effect.map(p),
            effect=effect,
            upper=min(1.0, high + noise),
            rows=(sides.n, sides.m),
            size_needed=needed,
            plain_p_value=kolmogorov_p(statistic, size),
            details={"source": sides.source, "at": at, "moved": "up" if gap > 0 else "down"},
        )


def _ks_estimate(sides: NumericSides, gap: float) -> float:
    """Of the two estimates the one without the noise of the current side's sketch."""
    if sides.source == "exact" or sides.on_grid is None:
        return gap
    before, after = sides.on_grid
    return float(np.abs(before - after).max(initial=0.0))


def _ks_interval(sides: NumericSides, gap: float) -> tuple[float, float]:
    low, high = gap - sides.error, gap + sides.error
    if sides.error and sides.on_grid is not None:
        before, after = sides.on_grid
        error = sides.before.error
        low = max(low, float(np.abs(before - after).max(initial=0.0)) - error)
        # Inside a cell one function may have risen fully while the other has not at all.
        before_ends, after_ends = np.append(before, 1.0), np.append(after, 1.0)
        before_starts, after_starts = np.append(0.0, before), np.append(0.0, after)
        across = np.maximum(before_ends - after_starts, after_ends - before_starts)
        high = min(high, float(across.max()) + error)
    return max(0.0, low), min(1.0, high)


@dataclass(frozen=True, slots=True)
class Wasserstein:
    """First Wasserstein distance, clipped to the reference's 1 % .. 99 % quantiles.

    ``integral |F - G| dx`` over the clipped range, divided by the reference's
    interquartile range; the raw units are in the details. Clipping bounds the sketch error
    by ``E (b - a)``; without it a heavy tail makes the estimate meaningless (error 0.47
    IQR at an exact distance of 0.14, lognormal, sigma 2). P-values are bounds: the clipped
    distance divided by ``b - a`` is no larger than Kolmogorov's.

    Does not apply where the reference has no width: a constant cannot be clipped.
    """

    name: str = "wasserstein"
    kinds: frozenset[Kind] = ORDERED
    effect: Levels = Levels(0.10, 0.20)

    def applies(self, sides: Sides, /) -> bool:
        """Numeric columns whose reference is not constant."""
        return isinstance(sides, NumericSides) and sides.reference.spread > 0

    def __call__(self, sides: Sides, /, *, effect: Levels, level: float) -> Evidence:
        assert isinstance(sides, NumericSides)  # noqa: S101 - `applies` said so
        low, high = sides.reference.clip
        scale = sides.reference.spread
        raw = sides.steps.wasserstein(low, high)
        reach = (high - low) / scale
        error = sides.error * reach
        statistic = raw / scale
        floor, ceiling = max(0.0, statistic - error), min(reach, statistic + error)
        size = effective_size(sides.n, sides.m)
        noise = kolmogorov_critical(0.05) / math.sqrt(size) * reach

        def p(delta: float) -> float:
            return kolmogorov_p(floor / reach, size, effect=delta / reach)

        needed = kolmogorov_size(effect.warning / reach, sides.error, level)
        return Evidence(
            method=self.name,
            statistic=statistic,
            interval=(floor, ceiling),
            confidence_interval=(max(0.0, floor - noise), min(reach, ceiling + noise)),
            p_value=p(0.0),
            p_effect=effect.map(p),
            effect=effect,
            upper=min(reach, ceiling + noise),
            rows=(sides.n, sides.m),
            size_needed=needed,
            details={
                "source": "exact" if sides.error == 0 else "kll",
                "clip": [low, high],
                "scale": scale,
                "raw": raw,
            },
        )
