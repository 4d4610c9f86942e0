"""Numbers in sorted pieces, which is how every sketch of a numeric column reads them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["CHUNK", "NotFinite", "sorted_chunks"]

CHUNK = 65_536
"""Values sorted at a time; few enough for the second-level cache."""


@dataclass(slots=True)
class NotFinite:
    """How many values were none that a sketch can take.

    Attributes:
        nan: Not-a-number.
        positive_infinity: Infinite.
        negative_infinity: The same, below.
    """

    nan: int = 0
    positive_infinity: int = 0
    negative_infinity: int = 0


def sorted_chunks(
    values: NDArray[np.floating[Any]], aside: NotFinite, /
) -> Iterator[NDArray[np.float64]]:
    """Cut numbers into pieces, each sorted, finite and without -0.0.

    Order tells what is not finite: -inf lies first, +inf and NaN last. So two comparisons a piece
    replace a pass over all of it, and the least and the greatest value are its ends.

    Args:
        values: Doubles, or numbers of less precision, which are sorted as they are: that is exact,
            and twice as fast.
        aside: Counts what is left out.

    Yields:
        Arrays of at most `CHUNK` doubles that may be written to; none is empty.

    Cost: 11 to 20 ns a value, nearly all of it the sort.

    Example:
        >>> aside = NotFinite()
        >>> [c.tolist() for c in sorted_chunks(np.array([2.0, np.nan, -0.0, np.inf]), aside)]
        [[0.0, 2.0]]
        >>> aside.nan, aside.positive_infinity
        (1, 1)
    """
    for start in range(0, values.size, CHUNK):
        chunk = values[start : start + CHUNK] + values.dtype.type(0)  # a copy; -0.0 becomes 0.0
        chunk.sort()
        if not (np.isfinite(chunk[0]) and np.isfinite(chunk[-1])):
            chunk = _finite(chunk, aside)
        if chunk.size:
            yield chunk.astype(np.float64, copy=False)


def _finite(chunk: NDArray[np.floating[Any]], aside: NotFinite) -> NDArray[np.floating[Any]]:
    """What lies between the infinities of a sorted array."""
    dtype = chunk.dtype.type
    first = int(chunk.searchsorted(dtype(-np.inf), "right"))
    last = int(chunk.searchsorted(dtype(np.inf), "left"))
    numbers = int(chunk.searchsorted(dtype(np.nan), "left"))
    aside.negative_infinity += first
    aside.positive_infinity += numbers - last
    aside.nan += chunk.size - numbers
    return chunk[first:last]
