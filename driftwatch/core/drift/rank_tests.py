"""Drift tests on numbers that add up the whole gap: Cramér-von Mises and Anderson-Darling."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from driftwatch.core.data.schema import ORDERED, Kind
from driftwatch.core.drift.evidence import Evidence
from driftwatch.core.drift.sides import NumericSides, Sides
from driftwatch.core.reports.report import Levels
from driftwatch.core.statistics.quadratic import (
    RankStatistic,
    quadratic_critical,
    quadratic_p,
    quadratic_size,
)
from driftwatch.core.statistics.significance import effective_size

__all__ = ["AndersonDarling", "CramerVonMises"]

Floats = NDArray[np.float64]
_GAUSS, _WEIGHTS = np.polynomial.legendre.leggauss(8)


@dataclass(frozen=True, slots=True)
class CramerVonMises:
    """Two-sample Cramér-von Mises: ``T = N sum d**2 dH``, d = F - G, H that of all values.

    The effect is ``T / N``, the mean squared gap: a gap of 0.05 everywhere is 0.0025. Counts
    small gaps over the whole range, where Kolmogorov-Smirnov sees the largest alone. The
    interval bounds T where every gap may be off by the sketches' rank errors; it is wide for
    small T. P-values are bounds from the lower end, by the triangle inequality in the norm
    ``sqrt(sum d**2 dH)``. Equal values lower T, so that ties make p-values larger.

    Cost: O(k log k).
    """

    name: RankStatistic = "cramer_von_mises"
    kinds: frozenset[Kind] = ORDERED
    effect: Levels = Levels(0.00125, 0.005)

    def applies(self, sides: Sides, /) -> bool:
        """Numeric columns."""
        return isinstance(sides, NumericSides)

    def __call__(self, sides: Sides, /, *, effect: Levels, level: float) -> Evidence:
        assert isinstance(sides, NumericSides)  # noqa: S101 - `applies` said so
        return _quadratic(self.name, sides, effect, level)


@dataclass(frozen=True, slots=True)
class AndersonDarling:
    """Two-sample Anderson-Darling: ``A2 = N sum d**2 / (H (1 - H)) dH``.

    As `CramerVonMises`, with the gaps in both tails weighed up to what they are there by
    chance; the effect is ``A2 / N``. SciPy's ``anderson_ksamp`` of two samples, with
    ``variant="right"``, is ``(A2 - 1) / sigma``.

    Reference:
        F. Scholz, M. Stephens. K-sample Anderson-Darling tests. JASA 82, 1987.

    Cost: O(k log k).
    """

    name: RankStatistic = "anderson_darling"
    kinds: frozenset[Kind] = ORDERED
    effect: Levels = Levels(0.0075, 0.03)

    def applies(self, sides: Sides, /) -> bool:
        """Numeric columns."""
        return isinstance(sides, NumericSides)

    def __call__(self, sides: Sides, /, *, effect: Levels, level: float) -> Evidence:
        assert isinstance(sides, NumericSides)  # noqa: S101 - `applies` said so
        return _quadratic(self.name, sides, effect, level)


def _quadratic(name: RankStatistic, sides: NumericSides, effect: Levels, level: float) -> Evidence:
    size = effective_size(sides.n, sides.m)
    low, ratio, high = _on_steps(name, sides)
    if sides.source == "grid":
        grid_low, ratio, grid_high = _on_grid(name, sides)
        low, high = max(low, grid_low), min(high, grid_high)
    ratio = min(max(ratio, low), high)
    noise = math.sqrt(quadratic_critical(name, 0.05) / size)

    def p(delta: float) -> float:
        beyond = max(0.0, math.sqrt(low) - math.sqrt(delta))
        return quadratic_p(name, size * beyond**2)

    upper = (math.sqrt(high) + noise) ** 2
    return Evidence(
        method=name,
        statistic=size * ratio,
        interval=(size * low, size * high),
        confidence_interval=(size * max(0.0, math.sqrt(low) - noise) ** 2, size * upper),
        p_value=p(0.0),
        p_effect=effect.map(p),
        effect=effect,
        upper=upper,
        rows=(sides.n, sides.m),
        size_needed=quadratic_size(name, effect.warning, level),
        details={"source": sides.source, "effect": ratio},
    )


def _weights(name: RankStatistic, pooled: Floats) -> Floats:
    if name == "cramer_von_mises":
        return np.ones(pooled.shape)
    spread = pooled * (1 - pooled)
    # At the last value H is 1 and d is 0: nothing to weigh.
    return np.divide(1.0, spread, out=np.zeros(pooled.shape), where=spread > 1e-15)


def _on_steps(name: RankStatistic, sides: NumericSides) -> tuple[float, float, float]:
    """Smallest, estimated and largest mean squared gap, from the two distribution functions."""
    steps, error = sides.steps, sides.error
    last = np.append(steps.points[1:] != steps.points[:-1], True)
    before, after = steps.reference[last], steps.current[last]
    pooled = (sides.n * before + sides.m * after) / (sides.n + sides.m)
    weight = _weights(name, pooled) * np.diff(pooled, prepend=0.0)
    gap = np.abs(before - after)
    # Neither function can be beyond 0 or 1, and so neither can their gap.
    most = np.minimum(gap + error, np.maximum(np.maximum(before, after), 1 - pooled))
    least = np.maximum(gap - error, 0.0)
    return tuple(float((weight * d**2).sum()) for d in (least, gap, most))  # type: ignore[return-value]


def _on_grid(name: RankStatistic, sides: NumericSides) -> tuple[float, float, float]:
    """The same from the counts in the reference's cells; within one the gap is linear in H."""
    assert sides.on_grid is not None  # noqa: S101 - the source says so
    before, after = (np.concatenate(([0.0], side, [1.0])) for side in sides.on_grid)
    pooled = (sides.n * before + sides.m * after) / (sides.n + sides.m)
    widths, gaps = np.diff(pooled), before - after
    inside = (1 + _GAUSS) / 2
    at = pooled[:-1, None] + widths[:, None] * inside
    d = gaps[:-1, None] + np.diff(gaps)[:, None] * inside
    weight = _weights(name, at)
    masses = widths[:, None] * _WEIGHTS / 2 * weight
    error = sides.before.error
    lowest = np.maximum(before[:-1] - after[1:], after[:-1] - before[1:]) - error
    highest = np.maximum(before[1:] - after[:-1], after[1:] - before[:-1]) + error
    bounds = (np.clip(lowest, 0.0, None), np.clip(highest, 0.0, 1.0))
    least, most = ((masses.sum(axis=1) * bound**2).sum() for bound in bounds)
    return float(least), float((masses * d**2).sum()), float(most)
