"""How far apart two distributions are: pure functions on arrays.

Shares are non-negative arrays over the same cells, adding up to one a side.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from driftwatch.core.sketches.cdf import Cdf
from driftwatch.core.statistics.special import special

__all__ = [
    "Steps",
    "chi_squared",
    "floored",
    "hellinger_terms",
    "jensen_shannon_terms",
    "psi_terms",
    "smoothed",
    "total_variation_terms",
]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Steps:
    """Two distribution functions at every point where either steps up.

    Attributes:
        points: Ascending; a point where both step up is there twice.
        reference: The reference's function at each of them.
        current: The other's.
    """

    points: Floats
    reference: Floats
    current: Floats

    @classmethod
    def of(cls, reference: Cdf, current: Cdf, /) -> Self:
        """Lay two functions over each other. O(size log size)."""
        points = np.concatenate((reference.values, current.values))
        before = np.concatenate((reference.cumulative, reference.at(current.values)))
        after = np.concatenate((current.at(reference.values), current.cumulative))
        order = np.argsort(points, kind="stable")  # merges the two ascending runs
        return cls(points[order], before[order], after[order])

    def ks(self) -> tuple[float, float]:
        """Kolmogorov-Smirnov distance ``max |F - G|`` and where it is reached.

        Exact for the two step functions, ties included.

        Returns:
            The signed distance, positive where the reference has more mass at or below
            the point (values moved up), and the point.

        Example:
            >>> a = Cdf.of_counts(np.array([1.0, 2.0, 5.0]), np.array([2, 2, 4]))
            >>> b = Cdf.of_counts(np.array([2.0, 3.0, 5.0]), np.array([1, 1, 2]))
            >>> Steps.of(a, b).ks()
            (0.25, 1.0)
        """
        gaps = self.reference - self.current
        at = int(np.argmax(np.abs(gaps)))
        return float(gaps[at]), float(self.points[at])

    def wasserstein(self, low: float, high: float, /) -> float:
        """First Wasserstein distance after clipping both sides to ``[low, high]``.

        ``integral of |F(x) - G(x)| dx`` over the range; in the units of the values. With
        the range at the extremes of the data it is the unclipped distance.

        Example:
            >>> a = Cdf.of_counts(np.array([0.0, 1.0, 3.0]), np.array([3, 1, 1]))
            >>> b = Cdf.of_counts(np.array([5.0, 6.0, 8.0]), np.array([1, 1, 3]))
            >>> round(Steps.of(a, b).wasserstein(0.0, 8.0), 10)
            6.2
        """
        # Of the points below the range only the last keeps a width, and has the height there.
        widths = np.diff(np.clip(self.points, low, high))
        # Not a dot product: BLAS would wake its threads for it, which costs more than the sum.
        return float((np.abs(self.reference - self.current)[:-1] * widths).sum())


def smoothed(counts: NDArray[np.int64] | Floats, /) -> Floats:
    """Shares with half a row added to every cell, ``(c + 1/2) / (n + cells / 2)``.

    Keeps logarithms finite on empty cells and, unlike a fixed share for empty cells only,
    keeps the null law of PSI right from about 200 rows on.
    """
    shares: Floats = (counts + 0.5) / (counts.sum() + counts.size / 2)
    return shares


def floored(counts: NDArray[np.int64] | Floats, /, *, floor: float = 1e-4) -> Floats:
    """Shares, none below `floor`: the convention of most PSI calculators."""
    total = counts.sum()
    return np.maximum(counts / total if total else np.zeros(counts.shape), floor)


def psi_terms(p: Floats, q: Floats, /) -> Floats:
    """Population stability index by cell, ``(p - q) ln(p / q)``; add up for the index.

    Example:
        >>> p = np.full(10, 0.1)
        >>> q = np.array([0.05, 0.08, 0.09, 0.1, 0.1, 0.1, 0.1, 0.11, 0.12, 0.15])
        >>> round(float(psi_terms(p, q).sum()), 10)
        0.0650466236
    """
    terms: Floats = (p - q) * np.log(p / q)
    return terms


def jensen_shannon_terms(p: Floats, q: Floats, /) -> Floats:
    """Jensen-Shannon divergence by cell, in nats; the distance is the root of the sum."""
    middle = (p + q) / 2
    terms: Floats = (special().rel_entr(p, middle) + special().rel_entr(q, middle)) / 2
    return terms


def hellinger_terms(p: Floats, q: Floats, /) -> Floats:
    """Squared Hellinger distance by cell, ``(sqrt p - sqrt q)**2 / 2``."""
    terms: Floats = np.square(np.sqrt(p) - np.sqrt(q)) / 2
    return terms


def total_variation_terms(p: Floats, q: Floats, /) -> Floats:
    """Total variation distance by cell, ``|p - q| / 2``.

    The sum is the share of rows that would have to change cell.
    """
    terms: Floats = np.abs(p - q) / 2
    return terms


def chi_squared(reference: NDArray[np.int64], current: NDArray[np.int64], /) -> float:
    """Pearson's statistic of the 2 x cells table, ``sum (O - E)**2 / E``, uncorrected.

    Cells empty on both sides do not count.

    Example:
        >>> round(chi_squared(np.array([500, 300, 200]), np.array([60, 25, 15])), 10)
        3.7177357526
    """
    table = np.array([reference, current], dtype=np.float64)
    table = table[:, table.sum(axis=0) > 0]
    expected = table.sum(axis=1, keepdims=True) * table.sum(axis=0) / table.sum()
    return float((np.square(table - expected) / expected).sum())
