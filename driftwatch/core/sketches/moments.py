"""Count, sum, mean, variance and range of a numeric stream in constant memory."""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from driftwatch.errors import EmptySketchError, ProfileFormatError

__all__ = ["Moments"]

_LAYOUT = struct.Struct("<Qdddd")
_BLOCK = 8192  # numpy's library for dot products would take several threads for more than 10,000


@dataclass(slots=True)
class Moments:
    """Running moments of the finite values of a column.

    Merging two sketches gives the sketch of both streams together, up to rounding, in any
    order; count, minimum and maximum are exact, and so is the sum of integers below 2**53.
    Holds five numbers; ``update`` is O(n) and ``merge`` O(1).

    Values must be finite: a `Batch` sets missing and infinite values aside and counts
    them before any sketch sees a column.

    Reference:
        T. Chan, G. Golub, R. LeVeque. Updating formulae and a pairwise algorithm for
        computing sample variances. Stanford CS-79-773, 1979.

    Example:
        >>> left, right = Moments(), Moments()
        >>> left.update(np.array([1.0, 2.0]))
        >>> right.update(np.array([3.0, 4.0]))
        >>> left.merge(right)
        >>> left.count, left.mean, left.variance
        (4, 2.5, 1.25)
    """

    count: int = 0
    total: float = 0.0
    m2: float = 0.0  # sum of squared deviations from the mean
    minimum: float = math.inf
    maximum: float = -math.inf

    def update(self, values: NDArray[np.float64], /) -> None:
        """Fold a batch of finite values into the sketch."""
        if values.size:
            self._fold(values, float(values.min()), float(values.max()))

    def update_sorted(self, values: NDArray[np.float64], /) -> None:
        """Fold in a sorted batch, whose ends are its range."""
        if values.size:
            self._fold(values, float(values[0]), float(values[-1]))

    def _fold(self, values: NDArray[np.float64], minimum: float, maximum: float) -> None:
        # Values near the end of the double range overflow to inf, which is the honest
        # answer for a sum or a variance that no double can hold.
        with np.errstate(over="ignore", invalid="ignore"):
            total = float(values.sum())
            squares = _squares(values, total / values.size)
            self.merge(type(self)(values.size, total, squares, minimum, maximum))

    def merge(self, other: Self, /) -> None:
        """Fold another sketch into this one; `other` is left as it was."""
        if other.count == 0:
            return
        if self.count:
            delta = other.mean - self.mean
            share = other.count / (self.count + other.count)
            # The spread between the two means; without it a merge of two tight clusters
            # would report no variance between them.
            self.m2 += delta * delta * self.count * share
        self.m2 += other.m2
        self.total += other.total
        self.count += other.count
        self.minimum = min(self.minimum, other.minimum)
        self.maximum = max(self.maximum, other.maximum)

    @property
    def mean(self) -> float:
        """Arithmetic mean.

        Raises:
            EmptySketchError: If the sketch has seen no values.
        """
        if self.count == 0:
            raise EmptySketchError("Moments", "mean")
        return self.total / self.count

    @property
    def variance(self) -> float:
        """Population variance (divides by ``count``).

        Raises:
            EmptySketchError: If the sketch has seen no values.
        """
        if self.count == 0:
            raise EmptySketchError("Moments", "variance")
        return self.m2 / self.count

    def to_bytes(self) -> bytes:
        """Return the five numbers that define the sketch, 40 bytes."""
        return _LAYOUT.pack(self.count, self.total, self.m2, self.minimum, self.maximum)

    @classmethod
    def from_bytes(cls, data: bytes, /) -> Self:
        """Rebuild a sketch from `to_bytes`.

        Raises:
            ProfileFormatError: If the bytes are not moments.
        """
        if len(data) != _LAYOUT.size:
            raise ProfileFormatError(f"moments of {len(data)} bytes; expected {_LAYOUT.size}")
        moments = cls(*_LAYOUT.unpack(data))
        if moments.count and not moments.minimum <= moments.maximum:
            raise ProfileFormatError("moments refused: their range is empty")
        if not moments.count and moments != cls():
            raise ProfileFormatError("moments refused: values without a count")
        return moments


def _squares(values: NDArray[np.float64], centre: float) -> float:
    """Sum of squared deviations, a block at a time so that temporaries stay in the cache."""
    total = 0.0
    for start in range(0, values.size, _BLOCK):
        deviations = values[start : start + _BLOCK] - centre
        total += float(deviations @ deviations)
    return total
