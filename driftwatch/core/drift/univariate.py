"""The drift tests of a single column: each a small value with parameters and a call."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from driftwatch.core.drift import distances
from driftwatch.core.drift.evidence import Evidence
from driftwatch.core.drift.sides import CategorySides, Cells, NumericSides, Sides
from driftwatch.core.drift.significance import (
    Divergence,
    chi2_family_bound,
    chi2_family_p,
    chi2_family_size,
    effective_size,
    kolmogorov_critical,
    kolmogorov_p,
    kolmogorov_size,
)
from driftwatch.core.report import Levels

__all__ = [
    "ChiSquared",
    "Hellinger",
    "JensenShannon",
    "KolmogorovSmirnov",
    "PopulationStability",
    "TotalVariation",
    "Wasserstein",
]

Smoothing = Literal["half", "floor"]
Terms = Callable[[NDArray[np.float64], NDArray[np.float64]], NDArray[np.float64]]


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
            p_effect=_both(effect, p),
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
            p_effect=_both(effect, p),
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


@dataclass(frozen=True, slots=True)
class PopulationStability:
    """Population stability index: ``sum (p - q) ln(p / q)`` over cells, in nats.

    Numeric columns use ten quantile bins of the reference, open at both ends, heavy values
    in bins of their own; categorical ones their categories, those expected in fewer than 5
    rows pooled. Half a row is added to every cell on both sides (``smoothing="half"``); a
    floor of 1e-4 instead (``"floor"``) is what most calculators do. P-values are
    noncentral chi-squared, so 0.1 means the same effect at 200 rows and at 10 million.

    Attributes:
        smoothing: Treatment of empty cells.
        pool: Whether rare categories share a cell.
        edges: Bins to use for numeric columns instead of the reference's.
    """

    name: str = "psi"
    smoothing: Smoothing = "half"
    pool: bool = True
    edges: tuple[float, ...] | None = None

    def applies(self, sides: Sides, /) -> bool:
        """Every column that has at least two cells."""
        return self._cells(sides).size >= 2

    def _cells(self, sides: Sides) -> Cells:
        if isinstance(sides, NumericSides) and self.edges is not None:
            return sides.cells_at(np.asarray(self.edges))
        return _cells_of(sides, pool=self.pool)

    def __call__(self, sides: Sides, /, *, effect: Levels, level: float) -> Evidence:
        cells = self._cells(sides)
        return _divergence(
            self.name, "psi", distances.psi_terms, sides, cells, effect, self.smoothing
        )


@dataclass(frozen=True, slots=True)
class JensenShannon:
    """Jensen-Shannon distance: the root of the divergence in nats, between 0 and 0.83.

    On the cells of the PSI; p-values as there, with ``8 N`` times the divergence.
    """

    name: str = "jensen_shannon"

    def applies(self, sides: Sides, /) -> bool:
        """Every column that has at least two cells."""
        return _cells_of(sides).size >= 2

    def __call__(self, sides: Sides, /, *, effect: Levels, level: float) -> Evidence:
        terms = distances.jensen_shannon_terms
        return _divergence(
            self.name, "jensen_shannon", terms, sides, _cells_of(sides), effect, "half"
        )


@dataclass(frozen=True, slots=True)
class Hellinger:
    """Hellinger distance: ``sqrt(1 - sum sqrt(p q))``, between 0 and 1.

    On the cells of the PSI; p-values as there, with ``8 N`` times the squared distance.
    """

    name: str = "hellinger"

    def applies(self, sides: Sides, /) -> bool:
        """Every column that has at least two cells."""
        return _cells_of(sides).size >= 2

    def __call__(self, sides: Sides, /, *, effect: Levels, level: float) -> Evidence:
        terms = distances.hellinger_terms
        return _divergence(self.name, "hellinger", terms, sides, _cells_of(sides), effect, "half")


@dataclass(frozen=True, slots=True)
class ChiSquared:
    """Pearson's chi-squared test of homogeneity of the two sides' categories.

    Both sides are samples, neither is taken as the truth. Categories expected in fewer
    than 5 rows are pooled. The effect size is ``X**2 / N``, locally the same as PSI.

    Attributes:
        pool: Whether rare categories share a cell.
    """

    name: str = "chi2"
    pool: bool = True

    def applies(self, sides: Sides, /) -> bool:
        """Categorical columns with at least two cells."""
        return isinstance(sides, CategorySides) and _cells_of(sides, pool=self.pool).size >= 2

    def __call__(self, sides: Sides, /, *, effect: Levels, level: float) -> Evidence:
        cells = _cells_of(sides, pool=self.pool)
        statistic = distances.chi_squared(
            cells.reference.astype(np.int64), cells.current.astype(np.int64)
        )
        size = effective_size(sides.n, sides.m)
        ratio = statistic / size
        low, upper, high = (
            chi2_family_bound("chi2", ratio, size, cells.size, confidence=confidence)
            for confidence in (0.025, 0.95, 0.975)
        )
        needed = chi2_family_size("chi2", effect.warning, cells.size)
        return Evidence(
            method=self.name,
            statistic=statistic,
            interval=(statistic, statistic),
            confidence_interval=(low * size, high * size),
            p_value=chi2_family_p("chi2", ratio, size, cells.size),
            p_effect=_both(
                effect, lambda delta: chi2_family_p("chi2", ratio, size, cells.size, effect=delta)
            ),
            effect=effect,
            upper=upper,
            rows=(sides.n, sides.m),
            size_needed=needed,
            details={
                "source": sides.source,
                "cells": cells.description,
                "df": cells.size - 1,
                "effect": ratio,
                "nulls": "left out",
            },
        )


@dataclass(frozen=True, slots=True)
class TotalVariation:
    """Total variation distance: the share of rows that would have to change cell.

    ``sum |p - q| / 2``, unsmoothed: over every category, or over the bins of the PSI.
    P-values are bounds: by the triangle inequality the distance exceeds the population's
    by no more than its sampling noise, whose mean is at most
    ``sum sqrt(p (1-p) / n + q (1-q) / m) / 2`` and whose excess over the mean has the tail
    ``exp(-2 N t**2)`` (McDiarmid 1989).
    """

    name: str = "tvd"

    def applies(self, sides: Sides, /) -> bool:
        """Every column."""
        return _tvd_cells(sides).size >= 1

    def __call__(self, sides: Sides, /, *, effect: Levels, level: float) -> Evidence:
        cells = _tvd_cells(sides)
        p, q = cells.reference / sides.n, cells.current / sides.m
        statistic = float(distances.total_variation_terms(p, q).sum())
        slack = cells.reference_error + cells.current_error
        low = float((np.maximum(np.abs(p - q) - slack, 0) / 2).sum())
        high = min(1.0, float((np.abs(p - q) + slack).sum()) / 2)
        size = effective_size(sides.n, sides.m)
        noise = float(np.sqrt(p * (1 - p) / sides.n + q * (1 - q) / sides.m).sum()) / 2

        def tail(delta: float) -> float:
            return math.exp(-2 * size * max(0.0, low - delta - noise) ** 2)

        tail_95 = math.sqrt(math.log(1 / 0.05) / 2)
        upper = min(1.0, high + noise + tail_95 / math.sqrt(size))
        error = high - statistic
        needed = None
        if effect.warning > error:
            # Noise falls with the root of the size; at this size it leaves room for none.
            tail_level = math.sqrt(math.log(1 / level) / 2)
            spread = 2 * noise * math.sqrt(size) + tail_95 + tail_level
            needed = (spread / (effect.warning - error)) ** 2
        return Evidence(
            method=self.name,
            statistic=statistic,
            interval=(low, high),
            p_value=tail(0.0),
            p_effect=_both(effect, tail),
            effect=effect,
            upper=upper,
            rows=(sides.n, sides.m),
            size_needed=needed,
            details={
                "source": sides.source,
                "cells": cells.description,
                "smoothing": None,
                "nulls": "left out",
            },
        )


def _cells_of(sides: Sides, *, pool: bool = True) -> Cells:
    if isinstance(sides, NumericSides) or pool:
        return sides.cells
    return sides.all_cells


def _tvd_cells(sides: Sides) -> Cells:
    return sides.cells if isinstance(sides, NumericSides) else sides.all_cells


def _both(effect: Levels, p: Callable[[float], float]) -> Levels:
    return Levels(p(effect.warning), p(effect.critical))


def _divergence(
    name: str,
    kind: Divergence,
    terms: Terms,
    sides: Sides,
    cells: Cells,
    effect: Levels,
    smoothing: Smoothing,
) -> Evidence:
    """Statistic, certified interval and noncentral chi-squared p-values of a divergence."""
    n, m = sides.n, sides.m
    smooth = distances.smoothed if smoothing == "half" else distances.floored
    p, q = smooth(cells.reference), smooth(cells.current)
    value = float(terms(p, q).sum())
    low, high = _box(terms, p, q, cells.reference_error, cells.current_error)
    # PSI is reported as it is; the other two as distances, the root of the divergence.
    show, power = (float, 1) if kind == "psi" else (math.sqrt, 2)
    size = effective_size(n, m)
    least = chi2_family_bound(kind, low, size, cells.size, confidence=0.025)
    most = chi2_family_bound(kind, high, size, cells.size, confidence=0.975)
    upper = chi2_family_bound(kind, high, size, cells.size, confidence=0.95)
    details: dict[str, Any] = {
        "source": sides.source,
        "cells": cells.description,
        "smoothing": "half a row a cell" if smoothing == "half" else "floor 1e-4",
        "nulls": "left out",
    }
    return Evidence(
        method=name,
        statistic=show(max(value, 0.0)),
        interval=(show(max(min(low, value), 0.0)), show(max(high, value, 0.0))),
        confidence_interval=(show(least), show(most)),
        p_value=chi2_family_p(kind, low, size, cells.size),
        p_effect=_both(
            effect, lambda delta: chi2_family_p(kind, low, size, cells.size, effect=delta**power)
        ),
        effect=effect,
        upper=show(upper),
        rows=(n, m),
        size_needed=chi2_family_size(kind, effect.warning**power, cells.size),
        details=details,
    )


def _box(
    terms: Terms, p: NDArray[np.float64], q: NDArray[np.float64], a: float, b: float
) -> tuple[float, float]:
    """Smallest and largest sum of terms where each share may be off by `a` and `b`.

    Every term is jointly convex, zero on the diagonal and growing away from it: the
    largest value is at a corner of the box, the smallest on the diagonal or at the corner
    nearest to it.
    """
    if a == 0.0 and b == 0.0:
        value = float(terms(p, q).sum())
        return value, value
    tiny = 1e-6
    p_low, p_high = np.maximum(p - a, np.minimum(p, tiny)), p + a
    q_low, q_high = np.maximum(q - b, np.minimum(q, tiny)), q + b
    corners = [terms(x, y) for x in (p_low, p_high) for y in (q_low, q_high)]
    high = float(np.max(corners, axis=0).sum())
    nearest = np.where(p_high < q_low, terms(p_high, q_low), terms(p_low, q_high))
    apart = (p_high < q_low) | (q_high < p_low)
    low = float(np.where(apart, nearest, 0.0).sum())
    return low, high
