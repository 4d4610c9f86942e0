"""Some rows from everywhere in a data set, which say more of its columns than the first do."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from driftwatch.core.data.batch import Batch
from driftwatch.core.data.mixed import joined
from driftwatch.core.data.numpy_values import taken

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["ColumnSample", "RowSample"]

_MOST_ROWS = 65_536
_FEWEST_ROWS = 4_096
_MOST_VALUES = 1 << 24
"""Of a data set with many columns fewer rows are kept."""


class RowSample:
    """Keeps rows of batches that pass by, chosen by a hash of their number; all while they are few.

    A half of those that are kept goes when they are too many, so that all parts of the data have
    the same weight, rows that take turns too, however the data are cut into batches.

    Cost: some tens of thousands of rows are kept, and about as often as the data double they are
    copied; some nanoseconds a row to choose.
    """

    def __init__(self) -> None:
        self._kept: list[tuple[Batch, NDArray[np.uint32]]] = []
        self._rows = 0
        self._step = 1
        self.seen = 0
        """Rows that passed by."""

    def watching(self, batches: Iterable[Batch], /) -> Generator[Batch]:
        """The same batches, while rows of them are kept."""
        for batch in batches:
            self.add(batch)
            yield batch

    def add(self, batch: Batch, /) -> None:
        """Keep some rows of a batch."""
        most = _most_rows(len(batch.arrays))
        while self._rows + batch.rows // self._step > most:
            self._step *= 2
            self._thin()
        self._keep(batch, _hashes(self.seen, batch.rows))
        self.seen += batch.rows

    def _thin(self) -> None:
        """Leave out every other row."""
        kept, self._kept, self._rows = self._kept, [], 0
        for batch, hashes in kept:
            self._keep(batch, hashes)

    def _keep(self, batch: Batch, hashes: NDArray[np.uint32]) -> None:
        """Keep the rows whose hashes say so; a batch without rows for its columns."""
        chosen = np.flatnonzero(hashes & np.uint32(self._step - 1) == 0)
        if chosen.size != batch.rows:
            batch, hashes = batch.take(chosen), hashes[chosen]
        self._kept.append((batch, hashes))
        self._rows += batch.rows

    def together(self) -> Batch:
        """The rows as one batch; columns that a batch lacks are absent from its rows."""
        arrays: dict[str, pa.Array] = {}
        kept = [batch for batch, _ in self._kept]
        for name in dict.fromkeys(name for batch in kept for name in batch.arrays):
            arrays[name] = joined([b.arrays[name] for b in kept if name in b.arrays])
        return Batch(self._rows, arrays, any(batch.untyped for batch in kept))


class ColumnSample:
    """Keeps the same rows of columns that are read one after another, or at the same time.

    One row is chosen of each stretch of as many, so that all parts of the data have the same
    weight, and at a place in it that a hash gives, so that rows that take turns have it too.

    Args:
        rows: Rows of the data.
        columns: Columns of which rows are kept.

    Cost: some tens of thousands of rows are kept, and fewer of many columns.
    """

    def __init__(self, rows: int, columns: int) -> None:
        kept = min(rows, _most_rows(columns))
        within = _hashes(0, kept) / float(1 << 32)
        chosen = ((np.arange(kept) + within) * (rows / max(1, kept))).astype(np.int64)
        self._places = chosen[np.append(True, np.diff(chosen) > 0)[: chosen.size]]
        self._columns: dict[str, list[pa.Array]] = {}

    def watching(self, name: str, batches: Iterable[Batch], /) -> Generator[Batch]:
        """The same batches of a column, while rows of them are kept."""
        kept = self._columns.setdefault(name, [])
        seen = 0
        for batch in batches:
            first, last = np.searchsorted(self._places, (seen, seen + batch.rows))
            if name in batch.arrays and last > first:
                kept.append(taken(batch.arrays[name], self._places[first:last] - seen))
            seen += batch.rows
            yield batch

    def together(self) -> Batch:
        """The rows as one batch; columns that a batch lacks are absent from its rows."""
        arrays = {name: joined(parts) for name, parts in self._columns.items() if parts}
        return Batch(self._places.size, arrays)


def _most_rows(columns: int) -> int:
    return max(_FEWEST_ROWS, min(_MOST_ROWS, _MOST_VALUES // max(1, columns)))


def _hashes(first: int, rows: int) -> NDArray[np.uint32]:
    """Hashes of the numbers of some rows: those of 32 bits by the end of MurmurHash3, which is
    half the work of 64 bits, and repeats itself after four billion rows.
    """
    words = np.arange(rows, dtype=np.uint32) + np.uint32(first % (1 << 32))
    scratch = np.empty_like(words)
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35), (16, 1)):
        np.right_shift(words, np.uint32(shift), out=scratch)
        np.bitwise_xor(words, scratch, out=words)
        np.multiply(words, np.uint32(factor), out=words)
    return words
