"""Sums of several numbers a row and of their products: means with their covariance."""

from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import NDArray

from driftwatch.errors import MergeError, ProfileFormatError

__all__ = ["PairedSums"]

Floats = NDArray[np.float64]
_MOST = 1e300


class PairedSums:
    """Weighted sums of the columns of a matrix and of the products of every two.

    Enough for the mean of every column and, by the delta method, for the variance of every smooth
    function of these means. Exact up to rounding, in any order, and additive.

    Args:
        size: Numbers a row.

    Example:
        >>> sums = PairedSums(1)
        >>> sums.update(np.array([[1.0], [2.0], [6.0]]))
        >>> sums.means.tolist(), round(float(sums.variance(np.array([1.0]))), 4)
        ([3.0], 1.5556)
    """

    __slots__ = ("_numbers", "rows", "size")

    def __init__(self, size: int, /) -> None:
        self.size = size
        self.rows = 0
        # weights, their squares, w x, w^2 x, and w^2 x x'
        self._numbers = np.zeros(2 + 2 * size + size * size)

    @property
    def weight(self) -> float:
        """Sum of the weights."""
        return float(self._numbers[0])

    @property
    def effective_rows(self) -> float:
        """Rows of equal weight that say as much: ``(sum w)**2 / sum w**2``."""
        return self.weight**2 / float(self._numbers[1]) if self._numbers[1] else 0.0

    @property
    def total_squares(self) -> float:
        """Sum of the squared weights."""
        return float(self._numbers[1])

    @property
    def tilted(self) -> Floats:
        """Sums of ``w**2 x``."""
        return self._numbers[2 + self.size : 2 + 2 * self.size]

    @property
    def products(self) -> Floats:
        """Sums of ``w**2 x x'``."""
        return self._numbers[2 + 2 * self.size :].reshape(self.size, self.size)

    @property
    def means(self) -> Floats:
        """Weighted mean of every column; NaN without rows."""
        with np.errstate(invalid="ignore", divide="ignore"):
            means: Floats = self._numbers[2 : 2 + self.size] / self.weight
        return means

    def update(self, values: Floats, weights: Floats | None = None, /) -> None:
        """Add rows.

        Args:
            values: Rows by columns, all finite.
            weights: One a row; 1 if not given.
        """
        if not len(values):
            return
        self.rows += len(values)
        with np.errstate(over="ignore", invalid="ignore"):
            squares = values if weights is None else values * np.square(weights)[:, None]
            totals = np.full(2, float(len(values)))
            sums = values.sum(axis=0)
            if weights is not None:
                totals = np.array([weights.sum(), weights @ weights])
                sums = weights @ values
            products = (squares.T @ values).ravel()
            self._numbers += np.concatenate((totals, sums, squares.sum(axis=0), products))

    def merge(self, other: Self, /) -> None:
        """Add the rows of other sums."""
        if other.size != self.size:
            raise MergeError(f"sums of {other.size} numbers do not merge into {self.size}")
        self.rows += other.rows
        self._numbers = self._numbers + other._numbers

    def variance(self, gradient: Floats, /) -> float:
        """Variance of a smooth function of the means.

        Args:
            gradient: Its derivatives by the means.
        """
        if not self.weight:
            return float("nan")
        with np.errstate(over="ignore", invalid="ignore"):
            scatter = self.scatter()
            used = gradient != 0  # what does not matter may be too large to be known
            chosen = gradient[used] @ scatter[np.ix_(used, used)] @ gradient[used]
            return float(np.maximum(chosen, 0.0)) / self.weight**2

    def scatter(self) -> Floats:
        """Sums of ``w**2 (x - mean) (x - mean)'``."""
        means = self.means
        shifted = np.outer(self.tilted, means)
        scatter: Floats = (
            self.products - shifted - shifted.T + self._numbers[1] * np.outer(means, means)
        )
        return scatter

    def copy(self) -> Self:
        """Return sums that can change without these changing."""
        twin = type(self)(self.size)
        twin.merge(self)
        return twin

    def to_bytes(self) -> bytes:
        """Serialize the rows and the sums."""
        return self.rows.to_bytes(8, "little") + self._numbers.astype("<f8").tobytes()

    @classmethod
    def from_bytes(cls, data: bytes, size: int, /) -> Self:
        """Rebuild sums from `to_bytes`.

        Raises:
            ProfileFormatError: If the bytes are not sums of so many numbers.
        """
        sums = cls(size)
        if len(data) != 8 + 8 * sums._numbers.size:
            raise ProfileFormatError(f"sums refused: {len(data)} bytes")
        sums.rows = int.from_bytes(data[:8], "little")
        sums._numbers = np.frombuffer(data, "<f8", sums._numbers.size, 8).astype(np.float64)
        weights = sums._numbers[:2]
        known = (weights > 0).all() if sums.rows else not sums._numbers.any()
        if sums.rows > 1 << 53 or not known or not (np.abs(sums._numbers) <= _MOST).all():
            raise ProfileFormatError("sums refused: a number is out of range")
        if weights[0] ** 2 > sums.rows * weights[1] * (1 + 1e-9):
            raise ProfileFormatError("sums refused: rows and weights contradict each other")
        if sums.rows and not 1e-60 < weights.min() <= weights.max() < 1e60:
            raise ProfileFormatError("sums refused: a weight is out of range")
        return sums
