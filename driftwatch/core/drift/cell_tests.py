"""The drift tests of a single column: each a small value with parameters and a call."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from driftwatch.core.data.schema import DISCRETE, EVERY, Kind
from driftwatch.core.drift.evidence import Evidence
from driftwatch.core.drift.sides import CategorySides, Cells, NumericSides, Sides
from driftwatch.core.reports.report import Levels
from driftwatch.core.statistics import distances
from driftwatch.core.statistics.significance import (
    Divergence,
    chi2_family_bound,
    chi2_family_likely,
    chi2_family_p,
    chi2_family_size,
    effective_size,
)

__all__ = ["ChiSquared", "Hellinger", "JensenShannon", "PopulationStability", "TotalVariation"]

Smoothing = Literal["half", "floor"]
Terms = Callable[[NDArray[np.float64], NDArray[np.float64]], NDArray[np.float64]]


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
    kinds: frozenset[Kind] = EVERY
    effect: Levels = Levels(0.02, 0.10)
    smoothing: Smoothing = "half"
    pool: bool = True
    edges: tuple[float, ...] | None = None

    def applies(self, sides: Sides, /) -> bool:
        """Every column that has at least two cells."""
        return _can_differ(sides, self._cells(sides))

    def _cells(self, sides: Sides) -> Cells:
        if isinstance(sides, NumericSides) and self.edges is not None:
            return sides.cells_at(np.asarray(self.edges))
        return _cells_of(sides, pool=self.pool)

    def __call__(self, sides: Sides, /, *, effect: Levels, level: float) -> Evidence:
        cells = self._cells(sides)
        return _divergence(
            self.name, "psi", distances.psi_terms, sides, cells, effect, level, self.smoothing
        )


@dataclass(frozen=True, slots=True)
class JensenShannon:
    """Jensen-Shannon distance: the root of the divergence in nats, between 0 and 0.83.

    On the cells of the PSI; p-values as there, with ``8 N`` times the divergence.
    """

    name: str = "jensen_shannon"
    kinds: frozenset[Kind] = EVERY
    effect: Levels = Levels(0.05, 0.10)

    def applies(self, sides: Sides, /) -> bool:
        """Every column that has at least two cells."""
        return _can_differ(sides, _cells_of(sides))

    def __call__(self, sides: Sides, /, *, effect: Levels, level: float) -> Evidence:
        terms = distances.jensen_shannon_terms
        return _divergence(
            self.name, "jensen_shannon", terms, sides, _cells_of(sides), effect, level, "half"
        )


@dataclass(frozen=True, slots=True)
class Hellinger:
    """Hellinger distance: ``sqrt(1 - sum sqrt(p q))``, between 0 and 1.

    On the cells of the PSI; p-values as there, with ``8 N`` times the squared distance.
    """

    name: str = "hellinger"
    kinds: frozenset[Kind] = EVERY
    effect: Levels = Levels(0.05, 0.10)

    def applies(self, sides: Sides, /) -> bool:
        """Every column that has at least two cells."""
        return _can_differ(sides, _cells_of(sides))

    def __call__(self, sides: Sides, /, *, effect: Levels, level: float) -> Evidence:
        terms = distances.hellinger_terms
        return _divergence(
            self.name, "hellinger", terms, sides, _cells_of(sides), effect, level, "half"
        )


@dataclass(frozen=True, slots=True)
class ChiSquared:
    """Pearson's chi-squared test of homogeneity of the two sides' categories.

    Both sides are samples, neither is taken as the truth. Categories expected in fewer
    than 5 rows are pooled. The effect size is ``X**2 / N``, locally the same as PSI.

    Attributes:
        pool: Whether rare categories share a cell.
    """

    name: str = "chi2"
    kinds: frozenset[Kind] = DISCRETE
    effect: Levels = Levels(0.02, 0.10)
    pool: bool = True

    def applies(self, sides: Sides, /) -> bool:
        """Categorical columns with at least two cells."""
        if not isinstance(sides, CategorySides):
            return False
        return _can_differ(sides, _cells_of(sides, pool=self.pool))

    def __call__(self, sides: Sides, /, *, effect: Levels, level: float) -> Evidence:
        cells = _cells_of(sides, pool=self.pool)
        assert isinstance(sides, CategorySides)  # noqa: S101 - `applies` said so
        apart = sides.apart(cells)
        statistic, most = (
            distances.chi_squared(side.reference.astype(np.int64), side.current.astype(np.int64))
            for side in (cells, apart)
        )
        size = effective_size(sides.n, sides.m)
        ratio = statistic / size
        low = chi2_family_bound("chi2", ratio, size, cells.size, confidence=0.025)
        upper, high = (
            chi2_family_bound("chi2", most / size, size, apart.size, confidence=confidence)
            for confidence in (0.95, 0.975)
        )
        likely = chi2_family_likely("chi2", ratio, size, cells.size)
        needed = chi2_family_size("chi2", effect.warning, cells.size, likely=likely, level=level)
        return Evidence(
            method=self.name,
            statistic=statistic,
            interval=(statistic, most),
            confidence_interval=(low * size, high * size),
            p_value=chi2_family_p("chi2", ratio, size, cells.size),
            p_effect=effect.map(
                lambda delta: chi2_family_p("chi2", ratio, size, cells.size, effect=delta)
            ),
            effect=effect,
            upper=upper,
            rows=(sides.n, sides.m),
            likely=likely,
            size_needed=math.inf if sides.others_may_differ else needed,
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
    kinds: frozenset[Kind] = EVERY
    effect: Levels = Levels(0.05, 0.10)

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
        unknown = isinstance(sides, CategorySides) and sides.others_may_differ
        if isinstance(sides, CategorySides) and unknown:
            apart = sides.apart(cells)
            most = distances.total_variation_terms(
                apart.reference / sides.n, apart.current / sides.m
            )
            high = float(most.sum())
        size = effective_size(sides.n, sides.m)
        noise = float(np.sqrt(p * (1 - p) / sides.n + q * (1 - q) / sides.m).sum()) / 2

        def tail(delta: float) -> float:
            return math.exp(-2 * size * max(0.0, low - delta - noise) ** 2)

        tail_95 = math.sqrt(math.log(1 / 0.05) / 2)
        upper = min(1.0, high + noise + tail_95 / math.sqrt(size))
        error = high - statistic
        likely = max(0.0, statistic - noise)
        room = abs(likely - effect.warning) - error
        # Noise falls with the root of the size; at this size it leaves room for none.
        tail_level = math.sqrt(math.log(1 / level) / 2)
        spread = 2 * noise * math.sqrt(size) + tail_95 + tail_level
        needed = (spread / room) ** 2 if room > 0 else math.inf
        return Evidence(
            method=self.name,
            statistic=statistic,
            interval=(low, high),
            p_value=tail(0.0),
            p_effect=effect.map(tail),
            effect=effect,
            upper=upper,
            rows=(sides.n, sides.m),
            likely=likely,
            size_needed=(math.inf if unknown else needed) if effect.warning else None,
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


def _can_differ(sides: Sides, cells: Cells) -> bool:
    """Whether there are two cells, or one of which something is known.

    That is one category that all rows of both sides hold, or the others of a dictionary, which may
    differ; rare categories that were all pooled into one cell say nothing.
    """
    if cells.size >= 2:
        return True
    if not isinstance(sides, CategorySides):
        return False
    return sides.others_may_differ or (sides.complete and len(sides.texts) == 1)


def _tvd_cells(sides: Sides) -> Cells:
    return sides.cells if isinstance(sides, NumericSides) else sides.all_cells


def _divergence(
    name: str,
    kind: Divergence,
    terms: Terms,
    sides: Sides,
    cells: Cells,
    effect: Levels,
    level: float,
    smoothing: Smoothing,
) -> Evidence:
    """Statistic, certified interval and noncentral chi-squared p-values of a divergence."""
    n, m = sides.n, sides.m
    smooth = distances.smoothed if smoothing == "half" else distances.floored
    p, q = cells.shares_by(smooth)
    value = float(terms(p, q).sum())
    low, high = _box(terms, p, q, cells.reference_error, cells.current_error)
    unknown = isinstance(sides, CategorySides) and sides.others_may_differ
    most_cells = cells.size
    if isinstance(sides, CategorySides) and unknown:
        apart = sides.apart(cells)
        high = float(terms(smooth(apart.reference), smooth(apart.current)).sum())
        most_cells = apart.size
    # PSI is reported as it is; the other two as distances, the root of the divergence.
    show, power = (float, 1) if kind == "psi" else (math.sqrt, 2)
    size = effective_size(n, m)
    least = chi2_family_bound(kind, low, size, cells.size, confidence=0.025)
    most = chi2_family_bound(kind, high, size, most_cells, confidence=0.975)
    upper = chi2_family_bound(kind, high, size, most_cells, confidence=0.95)
    likely = chi2_family_likely(kind, value, size, cells.size)
    needed = chi2_family_size(kind, effect.warning**power, cells.size, likely=likely, level=level)
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
        p_effect=effect.map(
            lambda delta: chi2_family_p(kind, low, size, cells.size, effect=delta**power)
        ),
        effect=effect,
        upper=show(upper),
        rows=(n, m),
        likely=show(likely),
        size_needed=math.inf if unknown else needed,
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
    # All four corners in one call: low and low, low and high, high and low, high and high.
    corners = terms(np.array([p_low, p_low, p_high, p_high]), np.array([q_low, q_high] * 2))
    high = float(corners.max(axis=0).sum())
    low = float((corners[2] * (p_high < q_low) + corners[1] * (q_high < p_low)).sum())
    return low, high
