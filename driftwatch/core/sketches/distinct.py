"""How many distinct categories a column has, and how many two columns share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from driftwatch.errors import MergeError, ProfileFormatError

__all__ = ["DistinctSketch"]

_SPAN = float(1 << 64)


@dataclass(slots=True)
class DistinctSketch:
    """The k smallest 64-bit hashes of a column: a theta sketch in its bottom-k form.

    Exact up to k distinct values; beyond, ``(k - 1) / theta`` estimates their number,
    where theta is the k-th smallest hash as a share of the hash range, with a relative
    standard error of ``1 / sqrt(k - 2)``. The union of two sketches is again one, so
    merging is exact, associative and commutative.

    Built in numpy rather than on `datasketches`, whose theta sketch takes one scalar at a
    time (110 ns each): here a batch costs a comparison a value, and most values end there.

    Cost: 8 k bytes.

    Reference:
        Z. Bar-Yossef and others. Counting distinct elements in a data stream. RANDOM 2002.
        A. Dasgupta, K. Lang, L. Rhodes, J. Thaler. A framework for estimating stream
        expression cardinalities. ICDT 2016, arXiv:1510.01455.

    Example:
        >>> sketch = DistinctSketch(16)
        >>> sketch.update(np.array([7, 7, 9], dtype=np.uint64))
        >>> sketch.estimate()
        2.0
    """

    k: int
    hashes: NDArray[np.uint64]

    def __init__(self, k: int) -> None:
        self.k = k
        self.hashes = np.empty(0, dtype=np.uint64)

    @property
    def is_exact(self) -> bool:
        """Whether every distinct hash is still kept."""
        return self.hashes.size < self.k

    def update(self, hashes: NDArray[np.uint64], /) -> None:
        """Fold in the hashes of some values; repetitions change nothing."""
        if not self.is_exact:
            hashes = hashes[hashes < self.hashes[-1]]
        if hashes.size:
            self.hashes = np.unique(np.concatenate((self.hashes, hashes)))[: self.k]

    def merge(self, other: Self, /) -> None:
        """Fold in another column's values; `other` is left as it was.

        Raises:
            MergeError: If the sketches have different k.
        """
        if other.k != self.k:
            raise MergeError(f"cannot merge {other.k} kept hashes into {self.k}")
        self.update(other.hashes)

    def copy(self) -> Self:
        """Return a sketch that can change without this changing; hashes are never written."""
        twin = type(self)(self.k)
        twin.hashes = self.hashes
        return twin

    def estimate(self) -> float:
        """Estimated number of distinct values."""
        if self.is_exact:
            return float(self.hashes.size)
        return (self.k - 1) / (float(self.hashes[-1]) / _SPAN)

    @property
    def relative_error(self) -> float:
        """Relative standard error of `estimate`; 0 while exact."""
        return 0.0 if self.is_exact else 1.0 / np.sqrt(self.k - 2)

    def share_known(self, other: Self, /) -> float | None:
        """Estimated share of this column's distinct values that `other` has too.

        None where this column has no values.
        """
        theta = min(_theta(self), _theta(other))
        mine = self.hashes[self.hashes <= theta]
        if not mine.size:
            return None
        return float(np.isin(mine, other.hashes, assume_unique=True).mean())

    def to_bytes(self) -> bytes:
        """Serialize the kept hashes."""
        return self.hashes.astype("<u8", copy=False).tobytes()

    @classmethod
    def from_bytes(cls, data: bytes, /, *, k: int) -> Self:
        """Rebuild a sketch from `to_bytes`.

        Raises:
            ProfileFormatError: If the bytes are not kept hashes.
        """
        if len(data) % 8 or len(data) > 8 * k:
            raise ProfileFormatError(f"kept hashes refused: {len(data)} bytes for k={k}")
        sketch = cls(k)
        sketch.hashes = np.frombuffer(data, "<u8").astype(np.uint64)
        if (sketch.hashes[1:] <= sketch.hashes[:-1]).any():
            raise ProfileFormatError("kept hashes refused: they are not ascending")
        return sketch


def _theta(sketch: DistinctSketch) -> int:
    return (1 << 64) - 1 if sketch.is_exact else int(sketch.hashes[-1])
