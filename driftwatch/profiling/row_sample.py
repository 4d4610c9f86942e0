"""Some rows from everywhere in a data set, which say more of its columns than the first do."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from typing import TYPE_CHECKING

import numpy as np

from driftwatch.core.data.batch import Batch
from driftwatch.core.data.mixed import joined

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["RowSample"]

_MOST_ROWS = 65_536
_FEWEST_ROWS = 4_096
_MOST_VALUES = 1 << 24
"""Of a data set with many columns fewer rows are kept."""


class RowSample:
    """Keeps every n-th row of batches that pass by; all of them while they are few.

    The distance doubles when too many are kept, so that all parts of the data have the same weight.

    Cost: some tens of thousands of rows are kept, and about as often as the data double they are
    copied.
    """

    def __init__(self) -> None:
        self._kept: list[Batch] = []
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
        most = max(_FEWEST_ROWS, min(_MOST_ROWS, _MOST_VALUES // max(1, len(batch.arrays))))
        while self._rows + batch.rows // self._step > most:
            self._step *= 2
            self._thin()
        chosen = np.arange(-self.seen % self._step, batch.rows, self._step, dtype=np.intp)
        self._keep(batch if chosen.size == batch.rows else batch.take(chosen))
        self.seen += batch.rows

    def _thin(self) -> None:
        """Leave out every other row."""
        kept, self._kept, self._rows = self._kept, [], 0
        before = 0
        for batch in kept:
            self._keep(batch.take(np.arange(before % 2, batch.rows, 2, dtype=np.intp)))
            before += batch.rows

    def _keep(self, batch: Batch) -> None:
        self._kept.append(batch)
        self._rows += batch.rows

    def together(self) -> Batch:
        """The rows as one batch; columns that a batch lacks are absent from its rows."""
        arrays: dict[str, pa.Array] = {}
        for name in dict.fromkeys(name for batch in self._kept for name in batch.arrays):
            arrays[name] = joined([b.arrays[name] for b in self._kept if name in b.arrays])
        return Batch(self._rows, arrays, any(batch.untyped for batch in self._kept))
