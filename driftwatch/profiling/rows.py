"""Rows of a data set: a frame, files, or a part of either, as batches."""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from driftwatch.core.data.batch import Batch, batches_of, table_of
from driftwatch.errors import DataError
from driftwatch.profiling.files import DataFiles, find_files
from driftwatch.profiling.locations import RemoteFile, is_url

__all__ = [
    "DataSlice",
    "DerivedData",
    "Progress",
    "batches_in",
    "column_names",
    "count_rows",
    "is_path",
    "located",
    "read_batches",
]


Progress = Callable[[int, int], None]
"""Called after every batch with the rows and the bytes of the source it took."""


@dataclass(frozen=True, slots=True)
class DataSlice:
    """Some rows of a data set, in its order.

    Attributes:
        data: The data, or its paths.
        start: First row.
        stop: The row after the last; None for all that follow.
    """

    data: Any
    start: int = 0
    stop: int | None = None


@dataclass(frozen=True, slots=True)
class DerivedData:
    """A data set with columns that are computed from its rows as they are read.

    Attributes:
        data: The data, or its paths.
        derive: A batch to the batch with more columns.
        adds: Names of the columns it adds.
        needs: Names of the columns it reads.
    """

    data: Any
    derive: Callable[[Batch], Batch]
    adds: frozenset[str]
    needs: frozenset[str]

    def batches(self, wanted: set[str] | None) -> Generator[Batch]:
        """The batches; what is not wanted is computed only if something else needs it."""
        if wanted is not None and not wanted & self.adds:
            yield from batches_in(self.data, wanted)
            return
        more = None if wanted is None else wanted | self.needs
        for batch in batches_in(self.data, more):
            derived = self.derive(batch)
            kept = wanted is None or not is_path(self.data)
            arrays = {n: a for n, a in derived.arrays.items() if kept or n in (wanted or ())}
            yield replace(derived, arrays=arrays)


def column_names(data: Any, /) -> list[str]:
    """Names of the columns of a data set.

    Raises:
        DataError: If it cannot be read.
    """
    if not is_path(data):
        return [str(name) for name in table_of(data).column_names]
    batches = batches_in(data, None)
    try:
        return list(next(batches).arrays)
    finally:
        batches.close()


def count_rows(data: Any, /) -> int:
    """How many rows there are; reads the files where their format does not say."""
    if not is_path(data):
        return int(table_of(data).num_rows)
    return sum(batch.rows for batch in find_files(data).batches(frozenset()))


def read_batches(data: Any, wanted: Collection[str] | None = None, /) -> Generator[Batch]:
    """Read a data set, or a slice of it, batch by batch.

    Args:
        data: As for `profile_data`, or a `DataSlice`.
        wanted: Columns to read, where the format allows to read only some.

    Raises:
        DataError: If it cannot be read.
    """
    if isinstance(data, DataSlice):
        return _sliced(data, wanted)
    return batches_in(data, None if wanted is None else set(wanted))


def is_path(data: object, /) -> bool:
    """Whether data is given by a path, or by several, or by files that were found."""
    if isinstance(data, str | Path | DataFiles | RemoteFile):
        return True
    return isinstance(data, list | tuple) and bool(data) and all(map(is_path, data))


def located(data: Any, /) -> Any:
    """Data whose URLs were looked up: what is read several times is asked for once.

    Raises:
        DataError: If it cannot be found.
        MissingDependencyError: If a library is missing for such a URL.
    """
    if isinstance(data, DataSlice):
        return replace(data, data=located(data.data))
    several = data if isinstance(data, list | tuple) and is_path(data) else [data]
    return find_files(data) if any(map(is_url, several)) else data


def _sliced(part: DataSlice, wanted: Collection[str] | None) -> Generator[Batch]:
    position = 0
    yielded = False
    batches = read_batches(part.data, wanted)
    try:
        for batch in batches:
            first = max(part.start - position, 0)
            last = batch.rows if part.stop is None else min(part.stop - position, batch.rows)
            position += batch.rows
            if first == 0 and last == batch.rows:
                yielded = True
                yield batch
            elif first < last:
                yielded = True
                share = (last - first) / batch.rows
                part_of_it = batch.take(np.arange(first, last))
                yield replace(part_of_it, size_bytes=int(batch.size_bytes * share))
            elif not yielded and part.stop is not None and position >= part.stop:
                yield batch.take(np.arange(0))  # no row, but the columns are known
            if part.stop is not None and position >= part.stop:
                return
    finally:
        batches.close()


def batches_in(data: Any, wanted: set[str] | None) -> Generator[Batch]:
    """Batches of a frame, of files, or of a part of either.

    Raises:
        DataError: If the data cannot be read, or is a profile, which has no rows.
    """
    if isinstance(data, DataSlice):
        return _sliced(data, wanted)
    if isinstance(data, DerivedData):
        return data.batches(wanted)
    if not is_path(data):
        return batches_of(data)
    files = find_files(data)
    if files.format == "profile":
        raise DataError(
            f"{files.label} is a profile; its rows are not in it any more", code="DW049"
        )
    return files.batches(wanted)
