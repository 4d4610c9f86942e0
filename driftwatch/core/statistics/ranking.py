"""How well scores rank positives above negatives, from counts by cell of the score.

Throughout, `positives` and `negatives` are counts (or sums of weights) by cell, in order of rising
score, and `single` says which cells hold one score only. Within another cell the order of its rows
is not known: values count it as evenly mixed, and a bracket holds every order.

Sources: E. DeLong, D. DeLong, D. Clarke-Pearson, Biometrics 44 (1988) for the variance of the AUC;
R. Newcombe, Statistics in Medicine 25 (2006), method 5, for its interval with few rows. The
variance of average precision is the infinitesimal jackknife's.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from driftwatch.core.statistics.special import special

__all__ = [
    "auc",
    "auc_bracket",
    "auc_variance",
    "average_precision",
    "average_precision_bracket",
    "average_precision_variance",
    "newcombe_interval",
    "smooth_average_precision",
]

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

_STEPS = 16
"""Positives of a cell up to which each is looked at."""


def auc(positives: Floats, negatives: Floats, /) -> float:
    """Area under the ROC curve; NaN without positives or without negatives.

    Example:
        >>> round(auc(np.array([1.0, 2, 4, 8]), np.array([9.0, 6, 3, 1])), 10)
        0.850877193
    """
    pairs = positives.sum() * negatives.sum()
    below = np.cumsum(negatives) - negatives
    return float(positives @ (below + negatives / 2) / pairs) if pairs else math.nan


def auc_bracket(positives: Floats, negatives: Floats, single: Bools, /) -> tuple[float, float]:
    """The least and the greatest AUC that the counts allow."""
    value = auc(positives, negatives)
    inside = np.where(single, 0.0, positives * negatives).sum()
    room = float(inside / (2 * positives.sum() * negatives.sum())) if inside else 0.0
    return max(0.0, value - room), min(1.0, value + room)


def auc_variance(
    positives: Floats,
    negatives: Floats,
    /,
    *,
    rows: tuple[float, float] | None = None,
) -> float:
    """DeLong's variance of the AUC.

    Args:
        positives: Counts by cell.
        negatives: Counts by cell.
        rows: Effective number of positives and negatives, where the counts are sums of weights.

    Example:
        >>> round(auc_variance(np.array([1.0, 2, 4, 8]), np.array([9.0, 6, 3, 1])), 10)
        0.0044866552
    """
    area, variance = auc(positives, negatives), 0.0
    total_p, total_q = positives.sum(), negatives.sum()
    rows = (float(total_p), float(total_q)) if rows is None else rows
    if not math.isfinite(area) or min(rows) <= 1:
        return math.nan
    above_negatives = (np.cumsum(negatives) - negatives / 2) / total_q
    below_positives = 1 - (np.cumsum(positives) - positives / 2) / total_p
    variance += positives @ (above_negatives - area) ** 2 / total_p / (rows[0] - 1)
    variance += negatives @ (below_positives - area) ** 2 / total_q / (rows[1] - 1)
    return float(variance)


def newcombe_interval(area: float, positives: float, negatives: float, z: float, /) -> Floats:
    """Newcombe's interval of an AUC, by its method 5.

    Example:
        >>> newcombe_interval(0.850877193, 15, 19, 1.959963985).round(4).tolist()
        [0.666, 0.938]
    """
    grid = np.linspace(0.0, 1.0, 100_001)[1:-1]
    mean = (positives + negatives) / 2 - 1
    spread = 1 + mean * (1 - grid) / (2 - grid) + mean * grid / (1 + grid)
    reach = z * np.sqrt(grid * (1 - grid) * spread / (positives * negatives))
    inside = grid[np.abs(area - grid) <= reach]
    return np.array([inside[0], inside[-1]]) if inside.size else np.array([area, area])


def average_precision(positives: Floats, negatives: Floats, single: Bools, /) -> float:
    """Average precision of counted rows; NaN without positives.

    Rows of a cell with several scores count as evenly mixed, one after the other; rows of one
    score as scikit-learn has them, all at the end of the tie.

    Example:
        >>> p, q = np.array([1.0, 2, 4, 8]), np.array([9.0, 6, 3, 1])
        >>> round(average_precision(p, q, np.full(4, True)), 10)
        0.7812636166
        >>> round(average_precision(p, q, np.full(4, False)), 10)
        0.8182733135
    """
    higher_p, higher_q = _higher(positives), _higher(negatives)
    total = 0.0
    few = ~single & (positives <= _STEPS)
    for step in range(1, _STEPS + 1):
        counts = few & (positives >= step)
        mixed = negatives * step / (positives + 1)
        seen = higher_p + step
        total += float((seen / (seen + higher_q + mixed))[counts].sum())
    many = ~single & ~few
    for step in range(_STEPS):
        part = (step + 0.5) / _STEPS
        seen = higher_p[many] + positives[many] * part
        before = higher_q[many] + negatives[many] * part
        total += float((positives[many] / _STEPS * seen / (seen + before)).sum())
    total += float(_ends(positives, negatives, higher_p, higher_q)[single].sum())
    every = positives.sum()
    return total / float(every) if every else math.nan


def smooth_average_precision(positives: Floats, negatives: Floats, single: Bools, /) -> float:
    """Average precision of sums of weights: rows of a cell are spread evenly over it.

    Example:
        >>> p, q = np.array([1.0, 2, 4, 8]), np.array([9.0, 6, 3, 1])
        >>> round(smooth_average_precision(p, q, np.full(4, False)), 10)
        0.8100774274
    """
    higher_p, higher_q = _higher(positives), _higher(negatives)
    points, weights = np.polynomial.legendre.leggauss(8)
    spread = np.zeros_like(positives)
    for point, weight in zip((points + 1) / 2, weights / 2, strict=True):
        seen = higher_p + positives * point
        rows = seen + higher_q + negatives * point
        spread += weight * positives * np.divide(seen, rows, out=np.ones_like(rows), where=rows > 0)
    ends = _ends(positives, negatives, higher_p, higher_q)
    every = positives.sum()
    return float(np.where(single, ends, spread).sum() / every) if every else math.nan


def average_precision_bracket(
    positives: Floats, negatives: Floats, single: Bools, /, *, smooth: bool = False
) -> tuple[float, float]:
    """The least and the greatest average precision that the counts allow.

    Args:
        positives: Counts by cell.
        negatives: Counts by cell.
        single: Which cells hold one score only.
        smooth: Whether counts are sums of weights, of rows as small as may be.

    Example:
        >>> p, q = np.array([1.0, 2, 4, 8]), np.array([9.0, 6, 3, 1])
        >>> low, high = average_precision_bracket(p, q, np.full(4, False))
        >>> round(low, 10), round(high, 10)
        (0.7100457121, 0.9231908832)
    """
    higher_p, higher_q = _higher(positives), _higher(negatives)
    every = positives.sum()
    if not every:
        return math.nan, math.nan
    # All negatives of the cell come before its positives, one after the other; or all after them.
    rows = higher_p + higher_q + negatives
    # sum of (A + i) / (A + i + B + Q) for i = 1 .. P is P less (B + Q) times a harmonic sum.
    if smooth:
        harmonic = np.log1p(positives / np.maximum(rows, 1e-300))
    else:
        harmonic = special().psi(rows + positives + 1) - special().psi(rows + 1)
    least = positives - (higher_q + negatives) * harmonic
    with np.errstate(invalid="ignore", divide="ignore"):
        most = positives * (higher_p + positives) / (higher_p + positives + higher_q)
    most = np.where(positives > 0, most, 0.0)
    ends = _ends(positives, negatives, higher_p, higher_q)
    low = float(np.where(single, ends, least).sum() / every)
    high = float(np.where(single, ends, most).sum() / every)
    return low, high


def average_precision_variance(
    positives: Floats,
    negatives: Floats,
    /,
    *,
    rows: tuple[float, float] | None = None,
) -> float:
    """Variance of average precision by its influence function, cells taken as ties.

    What one more row changes, squared and summed over the rows (the infinitesimal jackknife).

    Args:
        positives: Counts by cell.
        negatives: Counts by cell.
        rows: Effective number of positives and negatives, where the counts are sums of weights.

    Example:
        >>> p, q = np.array([1.0, 2, 4, 8]), np.array([9.0, 6, 3, 1])
        >>> round(average_precision_variance(p, q), 10)
        0.0101546848
    """
    total_p, total_q = float(positives.sum()), float(negatives.sum())
    if not total_p:
        return math.nan
    rows = (total_p, total_q) if rows is None else rows
    seen = _higher(positives) + positives
    every = np.maximum(seen + _higher(negatives) + negatives, 1e-12)  # empty cells have no weight
    precision = np.minimum(seen / every, 1.0)
    value = float(positives @ precision) / total_p
    falls = np.cumsum(positives * precision / every)
    rises = np.cumsum(positives / every)
    of_positives = (precision + rises - falls - value) / total_p
    of_negatives = -falls / total_p
    variance = float(positives @ of_positives**2) * total_p / rows[0]
    return variance + (float(negatives @ of_negatives**2) * total_q / rows[1] if rows[1] else 0.0)


def _higher(counts: Floats) -> Floats:
    """Rows of the cells above each cell."""
    higher: Floats = counts.sum() - np.cumsum(counts)
    return np.maximum(higher, 0.0)


def _ends(positives: Floats, negatives: Floats, higher_p: Floats, higher_q: Floats) -> Floats:
    """What the positives of each cell add, all at the end of a tie."""
    seen, rows = higher_p + positives, higher_p + positives + higher_q + negatives
    ends: Floats = positives * np.divide(seen, rows, out=np.zeros_like(rows), where=rows > 0)
    return ends
