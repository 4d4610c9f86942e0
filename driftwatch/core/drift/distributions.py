"""Both sides of a column over cells that are good to look at."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from driftwatch.core.drift.sides import CategorySides, NumericSides, Sides
from driftwatch.core.reports.results import QUANTILES, Distribution
from driftwatch.core.sketches.cdf import Cdf

__all__ = ["distribution_of"]

_BARS = 30
_NAMED = 12
_TAIL = 1.0
"""Beyond the middle 90 % of the rows no more is drawn than this, in its widths."""
_WIDEST = float(np.finfo(np.float64).max)
_WHOLE = 2.0**50
"""Beyond it a half is lost in the rounding of a double."""


def distribution_of(sides: Sides, /) -> Distribution:
    """Both sides over cells that are good to look at."""
    return _bars(sides) if isinstance(sides, NumericSides) else _names(sides)


def _bars(sides: NumericSides) -> Distribution:
    low, high = _range(sides)
    if high / 4 - low / 4 > _WIDEST / 4:  # wider than a double can say
        low, high = low / 2, high / 2
    narrow = high - low <= _BARS and max(abs(low), abs(high)) < _WHOLE
    if narrow and _are_whole(sides.before.values) and _are_whole(sides.after.values):
        edges = np.arange(low - 0.5, high + 1.0)
    elif high > low:
        edges = np.linspace(low, high, _BARS + 1)
    else:
        width = max(abs(low), 1.0)
        with np.errstate(over="ignore"):
            edges = np.clip([low - width / 2, low + width / 2], -_WIDEST, _WIDEST)
    return Distribution(
        reference=_shares(sides.before.at(edges), float(sides.before.below(edges[0]))),
        current=_shares(sides.after.at(edges), float(sides.after.below(edges[0]))),
        edges=tuple(_short(edge) for edge in edges.tolist()),
        beyond=(_beyond(sides.before, edges), _beyond(sides.after, edges)),
        quantiles=(_quantiles(sides.before), _quantiles(sides.after)),
    )


def _are_whole(values: NDArray[np.float64]) -> bool:
    return bool((values == np.floor(values)).all())


def _beyond(side: Cdf, edges: NDArray[np.float64]) -> tuple[float, float]:
    """Shares of a side below and above all cells."""
    below, above = float(side.below(edges[0])), 1 - float(side.at(edges[-1]))
    return round(below, 5), round(max(above, 0.0), 5)


def _quantiles(side: Cdf) -> tuple[float, ...]:
    return tuple(_short(value, 10) for value in side.quantile(QUANTILES).tolist())


def _short(value: float, digits: int = 6) -> float:
    return float(f"{value:.{digits}g}")


def _range(sides: NumericSides) -> tuple[float, float]:
    """Ends of what is drawn: 99 % of the rows, less where a tail would flatten the rest."""
    points = np.array([0.005, 0.05, 0.95, 0.995])
    old, new = sides.before.quantile(points), sides.after.quantile(points)
    lows, highs = np.minimum(old, new), np.maximum(old, new)
    with np.errstate(over="ignore"):
        reach = _TAIL * (highs[2] - lows[1])
    if not 0 < reach < np.inf:
        return float(lows[0]), float(highs[3])
    return float(max(lows[0], lows[1] - reach)), float(min(highs[3], highs[2] + reach))


def _shares(
    heights: np.ndarray[tuple[int, ...], np.dtype[np.float64]], start: float
) -> tuple[float, ...]:
    steps = heights[1:] - heights[:-1]
    steps[0] += heights[0] - start  # the first bar holds its left end as well
    return tuple(np.round(steps, 5).tolist())


def _names(sides: CategorySides) -> Distribution:
    before, after = sides.before / sides.n, sides.after / sides.m
    order = np.argsort(-np.maximum(before, after)[:-1], kind="stable")[:_NAMED].tolist()
    labels = [sides.label(place) for place in order]
    old, new = [float(before[place]) for place in order], [float(after[place]) for place in order]
    if 1 - sum(old) > 1e-9 or 1 - sum(new) > 1e-9:
        labels.append("(other)")
        old.append(1 - sum(old))
        new.append(1 - sum(new))
    return Distribution(
        reference=tuple(round(share, 5) for share in old),
        current=tuple(round(share, 5) for share in new),
        labels=tuple(labels),
    )
