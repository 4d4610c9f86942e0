"""Quantiles of a numeric stream: KLL, fed with sorted chunks instead of single values."""

from __future__ import annotations

import random
from copy import copy
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray

from driftwatch.core.sketches.binary import build_kll, read_kll
from driftwatch.core.sketches.cdf import Cdf
from driftwatch.errors import EmptySketchError, MergeError

if TYPE_CHECKING:
    from datasketches import kll_doubles_sketch

__all__ = ["QuantileSketch", "rank_error"]

_CHANCE = random.SystemRandom()
"""Of the system: no state of a host process is moved, and none is shared after a fork."""


def rank_error(k: int, *, interval: bool = False) -> float:
    """Error of the ranks of a KLL, at 99 % confidence and for all ranks at once.

    ``2.296 / k**0.9723``; with `interval`, the error of the mass of one interval,
    ``2.446 / k**0.9433``. Both are DataSketches' empirical fits to the 99th percentile of
    the maximum error.

    Example:
        >>> round(rank_error(800), 5), round(rank_error(800, interval=True), 5)
        (0.00345, 0.00447)
    """
    return float(2.446 / k**0.9433 if interval else 2.296 / k**0.9723)


class QuantileSketch:
    """KLL sketch of finite values: every quantile and rank within `rank_error`.

    Exact while it has seen no more than about `k` values. Merging adds the streams up and
    keeps the error: n, minimum and maximum are exact and independent of the order,
    quantiles stay within the bound. The compaction inside is random and cannot be seeded.

    Sorted chunks take a short cut. Every 2**h-th value of a sorted chunk of n values,
    from a random offset, is an unbiased sample whose ranks are off by less than 2**h, and
    a KLL may hold values of weight 2**h at level h. So `update_sorted` writes them as a
    KLL image and merges it, with the largest 2**h <= 0.6 * eps(k) * n; that is 2 to 4
    times as fast as feeding values one by one, sort included, and no less accurate.

    Cost: about 24 k bytes at k = 800; O(n) to update, O(k) to merge or query.

    Reference:
        Z. Karnin, K. Lang, E. Liberty. Optimal quantile approximation in streams.
        FOCS 2016, arXiv:1603.05346.

    Example:
        >>> sketch = QuantileSketch(200)
        >>> sketch.update_sorted(np.arange(100.0))
        >>> float(sketch.cdf().quantile(0.5)), sketch.count, sketch.is_exact
        (49.0, 100, True)
    """

    __slots__ = ("_kll", "k")

    def __init__(self, k: int) -> None:
        from datasketches import kll_doubles_sketch

        self.k = k
        self._kll: kll_doubles_sketch = kll_doubles_sketch(k)

    @property
    def count(self) -> int:
        """Values seen."""
        return int(self._kll.n)

    @property
    def is_exact(self) -> bool:
        """Whether every value is still retained."""
        return not self._kll.is_estimation_mode()

    @property
    def rank_error(self) -> float:
        """Bound on the error of all ranks at once; 0 while exact."""
        if self.is_exact:
            return 0.0
        return float(self._kll.normalized_rank_error(as_pmf=False))

    @property
    def minimum(self) -> float:
        """Smallest value seen.

        Raises:
            EmptySketchError: If there is none.
        """
        if self.count == 0:
            raise EmptySketchError("QuantileSketch", "minimum")
        return float(self._kll.get_min_value())

    @property
    def maximum(self) -> float:
        """Largest value seen.

        Raises:
            EmptySketchError: If there is none.
        """
        if self.count == 0:
            raise EmptySketchError("QuantileSketch", "maximum")
        return float(self._kll.get_max_value())

    def update_sorted(self, chunk: NDArray[np.float64], /) -> None:
        """Fold in a sorted array of finite values."""
        height = self._height(chunk.size)
        if height < 1 or self.count + chunk.size <= self.k:
            self._feed(chunk)
            return
        low, high = float(chunk[0]), float(chunk[-1])
        loose = chunk.size & ((1 << height) - 1)
        if loose:
            # What does not fill a stride goes in by itself; picked at random, so that
            # neither end of the range is favoured.
            picked = np.zeros(chunk.size, dtype=bool)
            chance = random.Random(_CHANCE.getrandbits(128))  # noqa: S311 - to spread, not to hide
            picked[chance.sample(range(chunk.size), loose)] = True
            self._feed(chunk[picked])
            chunk = chunk[~picked]
        self._merge_image(chunk[_CHANCE.getrandbits(height) :: 1 << height], height, low, high)

    def merge(self, other: Self, /) -> None:
        """Fold another sketch into this one; `other` is left as it was.

        Raises:
            MergeError: If the sketches have different k.
        """
        if other.k != self.k:
            raise MergeError(f"cannot merge a KLL of k={other.k} into one of k={self.k}")
        if other.count:
            self._kll.merge(other._kll)

    def copy(self) -> Self:
        """Return a sketch that can change without this changing. O(k)."""
        twin = type(self)(self.k)
        twin._kll = copy(self._kll)  # noqa: SLF001 - a twin
        return twin

    def cdf(self) -> Cdf:
        """Return the distribution, with its error bound. O(k log k).

        Raises:
            EmptySketchError: If the sketch has seen no values.
        """
        if self.count == 0:
            raise EmptySketchError("QuantileSketch", "cdf")
        image = read_kll(self._kll.serialize(), k=self.k)
        order = np.argsort(image.items)
        values, weights = image.items[order], image.weights[order]
        if values[0] > image.minimum:
            # The extremes are exact even where no item of theirs was retained.
            values = np.concatenate(([image.minimum], values))
            weights = np.concatenate(([0], weights))
        return Cdf.of_counts(values, weights, error=self.rank_error)

    def to_bytes(self) -> bytes:
        """Serialize in DataSketches' own format."""
        return bytes(self._kll.serialize())

    @classmethod
    def from_bytes(cls, data: bytes, /, *, k: int) -> Self:
        """Rebuild a sketch; the bytes are validated before native code sees them.

        Raises:
            ProfileFormatError: If they are not a sound KLL of parameter `k`.
        """
        from datasketches import kll_doubles_sketch

        read_kll(data, k=k)
        sketch = cls(k)
        sketch._kll = kll_doubles_sketch.deserialize(data)
        return sketch

    def _height(self, size: int) -> int:
        stride = int(0.6 * rank_error(self.k) * size)
        return stride.bit_length() - 1

    def _feed(self, values: NDArray[np.float64]) -> None:
        if values.size:
            # The binding takes writable arrays only; Arrow's buffers are not.
            self._kll.update(values if values.flags.writeable else values.copy())

    def _merge_image(
        self, items: NDArray[np.float64], height: int, low: float, high: float
    ) -> None:
        from datasketches import kll_doubles_sketch

        self._kll.merge(kll_doubles_sketch.deserialize(build_kll(self.k, height, items, low, high)))
