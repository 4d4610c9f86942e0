"""How much a reference varies by itself: rhythm and slow wandering that are no drift.

Rows of a running system are not independent: a night is not like a day, and neighbouring
hours are alike. A reference that kept its counts by pane of time knows how far one stretch
of it can be from the rest, and a verdict takes that as the least drift that matters.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from driftwatch.core.statistics.distances import hellinger_terms, jensen_shannon_terms, psi_terms
from driftwatch.core.statistics.shares import cohens_h

__all__ = ["NaturalVariability", "block_distances", "overdispersion"]

_SCALES = (1, 6, 24, 72, 168)
_LEAST_BLOCKS = 4
_EXPECTED = 5.0
_LEAST_SHARE = 0.01

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class NaturalVariability:
    """What stretches of the reference do without any drift.

    Attributes:
        distances: By test, the largest distance of any stretch from the rest.
        overdispersion: How many times larger the variance of shares is from stretch to
            stretch than that of independent rows; at least 1.
        panes: Panes of a stretch.
    """

    distances: Mapping[str, float]
    overdispersion: float
    panes: int


def block_distances(
    counts: Counts,
    /,
    *,
    panes: int,
    ordered: bool,
    bins: NDArray[np.intp] | None = None,
    atoms: NDArray[np.bool_] | None = None,
) -> dict[str, float]:
    """The largest distance of a stretch of panes from all other panes, by test.

    ``max over stretches s of T(s, reference without s)``, over every run of `panes`
    neighbouring panes. Sampling noise is in it: stretches of independent rows differ by
    it as well.

    Args:
        counts: Rows by pane, in order of time, and by cell.
        panes: Length of a stretch; at most half of the panes are taken.
        ordered: Whether the cells are ordered, as those of numbers are.
        bins: First cell of each bin that the divergences compare; every cell if not given.
        atoms: Which cells hold a single value.

    Returns:
        Distances in the units of the reports; none where there are fewer than two panes.

    Example:
        >>> hours = np.array([[90, 10], [50, 50], [10, 90], [50, 50]])
        >>> block_distances(hours, panes=1, ordered=True)["ks"].__round__(3)
        0.533
    """
    length = min(panes, counts.shape[0] // 2)
    if length < 1:
        return {}
    ends = np.cumsum(counts, axis=0)
    starts = np.vstack((np.zeros_like(ends[:1]), ends[:-length]))
    blocks = ends[length - 1 :] - starts
    rests = ends[-1] - blocks
    usable = (blocks.sum(axis=1) > 0) & (rests.sum(axis=1) > 0)
    if not usable.any():
        return {}
    blocks, rests = blocks[usable], rests[usable]
    distances = {}
    if ordered:
        gaps = np.cumsum(_shares(blocks) - _shares(rests), axis=1)
        distances["ks"] = float(np.abs(gaps).max())
        distances["out_of_range"] = _outside(blocks, rests)
    if atoms is not None and atoms.any():
        shares, others = _shares(blocks)[:, atoms], _shares(rests)[:, atoms]
        heavy = np.maximum(shares, others) >= _LEAST_SHARE
        distances["atoms"] = float(np.where(heavy, cohens_h(others, shares), 0.0).max())
    if bins is not None:
        blocks, rests = (np.add.reduceat(side, bins, axis=1) for side in (blocks, rests))
    distances["tvd"] = float(np.abs(_shares(blocks) - _shares(rests)).sum(axis=1).max() / 2)
    if not ordered:
        blocks, rests = _pooled(blocks, rests)
    if blocks.shape[1] < 2:
        return distances
    p, q = _smoothed(rests), _smoothed(blocks)

    def largest(terms: Callable[[Floats, Floats], Floats]) -> float:
        return float(terms(p, q).sum(axis=1).max())

    distances["psi"] = distances["chi2"] = largest(psi_terms)
    distances["jensen_shannon"] = float(np.sqrt(max(0.0, largest(jensen_shannon_terms))))
    distances["hellinger"] = float(np.sqrt(max(0.0, largest(hellinger_terms))))
    return distances


def _outside(blocks: Counts, rests: Counts) -> float:
    """The largest share of a stretch that lies beyond all cells of the rest."""
    cells = rests.shape[1]
    first = np.argmax(rests > 0, axis=1)[:, None]
    last = cells - 1 - np.argmax(rests[:, ::-1] > 0, axis=1)[:, None]
    places = np.arange(cells)
    outside = np.where((places < first) | (places > last), blocks, 0)
    return float((outside.sum(axis=1) / blocks.sum(axis=1)).max())


def overdispersion(counts: Counts, /, *, panes: int, ordered: bool) -> float:
    """Variance of shares between stretches over that of independent rows; at least 1.

    ``sum_i n_i (P_ij - P_j)**2 / (P_j (1 - P_j)) / (R - 1)`` for each cut (ordered cells)
    or each cell j; of these the 90 % quantile; of that the largest over stretches of 1, 6,
    24, 72, 168 panes up to `panes`, as long as there are four of them.

    Args:
        counts: Rows by pane, in order of time, and by cell.
        panes: The longest stretch to look at.
        ordered: Whether the cells are ordered.
    """
    worst = 1.0
    for scale in (*(s for s in _SCALES if s < panes), panes):
        if counts.shape[0] < _LEAST_BLOCKS * scale:
            break
        blocks = np.add.reduceat(counts, np.arange(0, counts.shape[0], scale), axis=0)
        worst = max(worst, _dispersion(blocks, ordered=ordered))
    return worst


def _dispersion(blocks: Counts, *, ordered: bool) -> float:
    rows = blocks.sum(axis=1)
    blocks, rows = blocks[rows > 0], rows[rows > 0]
    parts = np.cumsum(blocks, axis=1)[:, :-1] if ordered else blocks
    if rows.size < 2 or parts.shape[1] == 0:
        return 1.0
    typical = parts.sum(axis=0) / rows.sum()
    varies = (typical * rows.sum() >= _EXPECTED) & ((1 - typical) * rows.sum() >= _EXPECTED)
    if not varies.any():
        return 1.0
    typical = typical[varies]
    shares = parts[:, varies] / rows[:, None]
    spread = (rows[:, None] * np.square(shares - typical)).sum(axis=0)
    ratios = spread / (typical * (1 - typical)) / (rows.size - 1)
    return float(np.quantile(ratios, 0.9))


def _shares(counts: Counts) -> Floats:
    shares: Floats = counts / counts.sum(axis=1, keepdims=True)
    return shares


def _smoothed(counts: Counts) -> Floats:
    shares: Floats = (counts + 0.5) / (counts.sum(axis=1, keepdims=True) + counts.shape[1] / 2)
    return shares


def _pooled(blocks: Counts, rests: Counts) -> tuple[Counts, Counts]:
    """Join the categories that are too rare in a typical stretch, as the tests do."""
    total = blocks[0] + rests[0]
    smaller = min(np.median(blocks.sum(axis=1)), np.median(rests.sum(axis=1)))
    kept = total / total.sum() * smaller >= _EXPECTED
    pooled = [
        np.hstack((s[:, kept], s[:, ~kept].sum(axis=1, keepdims=True))) for s in (blocks, rests)
    ]
    if not (pooled[0][:, -1] + pooled[1][:, -1]).any():
        pooled = [side[:, :-1] for side in pooled]
    return pooled[0], pooled[1]
