"""Drift tests on numbers: Kolmogorov-Smirnov and Wasserstein."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from driftwatch.core.data.schema import ORDERED, Kind
from driftwatch.core.drift.evidence import Evidence
from driftwatch.core.drift.sides import NumericSides, Sides
from driftwatch.core.reports.report import Levels
from driftwatch.core.statistics.kolmogorov import (
    contact_p,
    kolmogorov_band_size,
    kolmogorov_critical,
    kolmogorov_p,
    kolmogorov_size,
    kolmogorov_upper,
    likely_distance,
    pooled_heights,
)
from driftwatch.core.statistics.significance import effective_size

__all__ = ["KolmogorovSmirnov", "Wasserstein"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class KolmogorovSmirnov:
    """Kolmogorov-Smirnov: the largest gap between the two distribution functions.

    The statistic is ``max |F - G|``. Its interval adds the rank errors of the two
    sketches as independent, ``hypot(e1, e2)`` (coverage 1.0000 in 4,240 simulated pairs),
    and is narrowed by the exact counts on the reference's grid where there are any: the
    gap at the edges from below, the gap across each cell from above. P-values use the
    lower end, so that sketch noise never looks like drift. Where values repeat, "no drift"
    is judged by a law of its own (`TiedNull`). "No more drift than the effect" is judged by
    where the largest gap may be (`contact_p`), its upper bound by the noise of the gap there
    (`kolmogorov_upper`).

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
        cells = _across_cells(sides)
        low, high = _ks_interval(sides, abs(gap), cells)
        statistic = min(max(_ks_estimate(sides, abs(gap)), low), high)
        size = effective_size(sides.n, sides.m)
        noise = kolmogorov_critical(0.05) / math.sqrt(size)
        steps, tied = sides.steps, sides.reference.tied_null
        gaps = steps.reference - steps.current
        heights = pooled_heights(steps.reference, steps.current, sides.n, sides.m)

        def p(delta: float) -> float:
            if delta == 0.0:
                return kolmogorov_p(low, size) if tied is None else tied.p(low, size)
            return contact_p(gaps, heights, low, size, effect=delta, error=sides.error)

        plain = kolmogorov_p(statistic, size) if tied is None else tied.p(statistic, size)
        return Evidence(
            method=self.name,
            statistic=statistic,
            interval=(low, high),
            confidence_interval=(max(0.0, low - noise), min(1.0, high + noise)),
            p_value=p(0.0),
            p_effect=effect.map(p),
            effect=effect,
            upper=_ks_upper(sides, np.abs(gaps), size, cells),
            rows=(sides.n, sides.m),
            likely=likely_distance(statistic, size),
            size_needed=kolmogorov_size(
                statistic, size, effect=effect.warning, error=(high - low) / 2, level=level
            ),
            plain_p_value=plain,
            details={"source": sides.source, "at": at, "moved": "up" if gap > 0 else "down"},
        )


def _ks_estimate(sides: NumericSides, gap: float) -> float:
    """Of the two estimates the one without the noise of the current side's sketch."""
    if sides.source == "exact" or sides.on_grid is None:
        return gap
    before, after = sides.on_grid
    return float(np.abs(before - after).max(initial=0.0))


@dataclass(frozen=True, slots=True)
class _Cells:
    """Both functions over the cells of the reference's grid.

    Attributes:
        at_edges: Largest gap at an edge.
        across: The largest gap that each cell may hide: inside, one function may have risen fully
            while the other has not at all.
        starts: Heights of both where each cell begins.
        ends: Heights of both where each cell ends.
    """

    at_edges: float
    across: Floats
    starts: Floats
    ends: Floats


def _across_cells(sides: NumericSides) -> _Cells | None:
    """The cells, where they say more than the sketches."""
    if not sides.error or sides.on_grid is None:
        return None
    edges = np.stack(sides.on_grid)
    starts = np.zeros((2, edges.shape[1] + 1))
    ends = np.ones(starts.shape)
    starts[:, 1:] = ends[:, :-1] = edges
    across = np.maximum(ends[0] - starts[1], ends[1] - starts[0])
    return _Cells(float(np.abs(edges[0] - edges[1]).max(initial=0.0)), across, starts, ends)


def _ks_interval(sides: NumericSides, gap: float, cells: _Cells | None) -> tuple[float, float]:
    low, high = gap - sides.error, gap + sides.error
    if cells is not None:
        low = max(low, cells.at_edges - sides.before.error)
        high = min(high, float(cells.across.max()) + sides.before.error)
    return max(0.0, low), min(1.0, high)


def _ks_upper(sides: NumericSides, gaps: Floats, size: float, cells: _Cells | None) -> float:
    """Upper bound of the distance; by the grid as well, where it is exact and so sharper."""
    n, m, steps = sides.n, sides.m, sides.steps
    before, after = steps.reference, steps.current
    spreads = np.sqrt(before * (1 - before) / n + after * (1 - after) / m)
    upper = kolmogorov_upper(gaps, spreads, size, error=sides.error)
    if cells is None:
        return upper
    # F (1 - F) is largest at the height nearest to one half.
    nearest = np.clip(0.5, cells.starts, cells.ends)
    spread = nearest * (1 - nearest)
    spreads = np.sqrt(spread[0] / n + spread[1] / m)
    return min(upper, kolmogorov_upper(cells.across, spreads, size, error=sides.before.error))


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
        """Numeric columns whose reference is not constant, and no wider than a double."""
        return isinstance(sides, NumericSides) and 0 < sides.reference.spread < math.inf

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
            likely=likely_distance(statistic / reach, size) * reach,
            size_needed=kolmogorov_band_size(
                statistic / reach,
                size,
                effect=effect.warning / reach,
                error=sides.error,
                level=level,
            ),
            details={
                "source": "exact" if sides.error == 0 else "kll",
                "clip": [low, high],
                "scale": scale,
                "raw": raw,
            },
        )
