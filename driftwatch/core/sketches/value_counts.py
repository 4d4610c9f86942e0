"""Exact counts of every distinct value of a numeric column, while there are few."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from driftwatch.core.sketches.cdf import Cdf
from driftwatch.errors import MergeError, ProfileFormatError

__all__ = ["ValueCounts"]


@dataclass(slots=True)
class ValueCounts:
    """How often each distinct value was seen, given up beyond `limit` of them.

    Codes, counts, ages, ratings and rounded amounts have few distinct values; counting
    them makes every statistic of such a column exact, ties included. A column with more
    distinct values than `limit` drops its counts for good (`overflowed`) and costs
    nothing from then on. Whether it does depends only on the set of values seen, so
    merging is associative and commutative.

    Cost: 16 bytes a distinct value; O(n) to update a sorted chunk.

    Example:
        >>> seen = ValueCounts(limit=3)
        >>> seen.update_sorted(np.array([1.0, 1.0, 2.0]))
        >>> seen.values.tolist(), seen.counts.tolist()
        ([1.0, 2.0], [2, 1])
    """

    limit: int
    values: NDArray[np.float64]
    counts: NDArray[np.int64]
    overflowed: bool

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.overflowed = False
        self._clear()

    def _clear(self) -> None:
        self.values = np.empty(0)
        self.counts = np.empty(0, dtype=np.int64)

    @property
    def count(self) -> int:
        """Values counted; 0 after an overflow."""
        return int(self.counts.sum())

    def update_sorted(self, chunk: NDArray[np.float64], /) -> None:
        """Count a sorted array of finite values."""
        if self.overflowed or chunk.size == 0:
            return
        starts = np.flatnonzero(np.append(True, chunk[1:] != chunk[:-1]))
        self._add(chunk[starts], np.diff(starts, append=chunk.size))

    def merge(self, other: Self, /) -> None:
        """Add the counts of another column; `other` is left as it was."""
        if other.limit != self.limit:
            raise MergeError(f"value counts up to {other.limit} do not merge into {self.limit}")
        if other.overflowed:
            self.overflowed = True
            self._clear()
        if not self.overflowed and other.values.size:
            self._add(other.values, other.counts)

    def copy(self) -> Self:
        """Return a sketch that can change without this changing; arrays are never written."""
        twin = type(self)(self.limit)
        twin.values, twin.counts, twin.overflowed = self.values, self.counts, self.overflowed
        return twin

    def _add(self, values: NDArray[np.float64], counts: NDArray[np.int64]) -> None:
        if values.size <= self.limit:
            values, inverse = np.unique(np.concatenate((self.values, values)), return_inverse=True)
            # Sums by index in int64; bincount's weights would go through doubles.
            totals = np.zeros(values.size, dtype=np.int64)
            np.add.at(totals, inverse, np.concatenate((self.counts, counts)))
            self.values, self.counts = values, totals
        if values.size > self.limit:
            self.overflowed = True
            self._clear()

    def cdf(self) -> Cdf:
        """Return the exact distribution; only meaningful before an overflow."""
        return Cdf.of_counts(self.values, self.counts)

    def to_bytes(self) -> bytes:
        """Serialize values and counts; only meaningful before an overflow."""
        return (
            self.values.astype("<f8", copy=False).tobytes()
            + self.counts.astype("<i8", copy=False).tobytes()
        )

    @classmethod
    def from_bytes(cls, data: bytes | None, /, *, limit: int) -> Self:
        """Rebuild the sketch from `to_bytes`; None stands for one that overflowed.

        Raises:
            ProfileFormatError: If the bytes are not value counts.
        """
        sketch = cls(limit)
        if data is None:
            sketch.overflowed = True
            return sketch
        size, odd = divmod(len(data), 16)
        if odd or size > limit:
            raise ProfileFormatError(f"value counts refused: {len(data)} bytes")
        sketch.values = np.frombuffer(data, "<f8", size).astype(np.float64)
        sketch.counts = np.frombuffer(data, "<i8", size, 8 * size).astype(np.int64)
        ascending = sketch.values[1:] > sketch.values[:-1]
        if not np.isfinite(sketch.values).all() or not ascending.all():
            raise ProfileFormatError("value counts refused: values are not ascending numbers")
        if (sketch.counts < 1).any() or (sketch.counts > 1 << 53).any():
            raise ProfileFormatError("value counts refused: a count is out of range")
        return sketch
