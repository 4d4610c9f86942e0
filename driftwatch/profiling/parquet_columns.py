"""Parquet files on disk, of which every column is read by itself."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from driftwatch.core.data.batch import BATCH_ROWS, Batch
from driftwatch.profiling.files import (
    DataFiles,
    explained,
    partition_of,
    texts_in_folders,
    with_partition,
)
from driftwatch.profiling.opened import COMPRESSED
from driftwatch.profiling.parquet import announced, file_of, texts_in, typed

__all__ = ["ParquetColumns"]

_NUMBERS_AT_ONCE = 65_536
"""Rows of a column of numbers that are read at once: as many as are sorted at once, so that they
stay in the cache of a core from the page to the sketch."""

_TEXTS_AT_ONCE = 1 << 20
"""The same of texts: each batch of them comes with the dictionary of its row group."""

_FEWEST_ROWS = BATCH_ROWS
_FEWEST_ROWS_A_FILE = 65_536
_MOST_BYTES_OF_FOOTERS = 32 << 20
_LOOKED_AT = 8
"""Files after which it is told whether they are so small that opening them is most of the work."""
_BUFFER = 1 << 16


@dataclass(frozen=True, slots=True)
class _File:
    path: Path
    metadata: Any
    schema: Any
    names: frozenset[str]
    texts: frozenset[str]
    partition: Mapping[str, str | None]

    @classmethod
    def at(cls, path: Path) -> Self:
        import pyarrow.parquet as pq

        with explained(path):
            metadata = pq.read_metadata(path)
            schema = metadata.schema.to_arrow_schema()
        names, texts = frozenset(schema.names), frozenset(texts_in(schema))
        return cls(path, metadata, schema, names, texts, partition_of(path))

    @property
    def rows(self) -> int:
        return int(self.metadata.num_rows)


class ParquetColumns:
    """The columns of some Parquet files, each to be read by itself, in any thread.

    A column that one thread reads and sketches stays in the cache of its core, and no thread waits
    for another, as all do for the slowest column where rows are read together.

    Attributes:
        rows: Rows of all files.
        size_bytes: Bytes of all files.

    Cost: the footers of the files are kept in memory; each thread opens each file once.
    """

    def __init__(self, files: list[_File], size_bytes: int) -> None:
        self._files = files
        self._texts = texts_in_folders([file.partition for file in files])
        self._local = threading.local()
        self._opened: list[Any] = []
        self.rows = sum(file.rows for file in files)
        self.size_bytes = size_bytes

    @classmethod
    def of(cls, files: DataFiles, /) -> Self | None:
        """The columns of files that can be read so; None of all others, and of few rows.

        Raises:
            DataError: If a file is no Parquet.
        """
        paths = [path for path in files.paths if isinstance(path, Path)]
        compressed = any(path.suffix.lower() in COMPRESSED for path in paths)
        if files.format != "parquet" or compressed or len(paths) < len(files.paths):
            return None
        found: list[_File] = []
        rows = footers = 0
        for path in paths:
            found.append(_File.at(path))
            rows += found[-1].rows
            footers += found[-1].metadata.serialized_size
            are_small = len(found) >= _LOOKED_AT and rows < _FEWEST_ROWS_A_FILE * len(found)
            if are_small or footers > _MOST_BYTES_OF_FOOTERS:
                return None
        enough = max(_FEWEST_ROWS, _FEWEST_ROWS_A_FILE * len(found))
        return cls(found, files.size_bytes) if rows > enough else None

    def announced(self) -> Iterator[tuple[Batch, int]]:
        """A batch a file, without rows and with all of its columns; and how many rows it has."""
        for file in self._files:
            with explained(file.path):
                columns = announced(file.schema, None)[1]
            yield self._with_folders(columns, file), file.rows

    def first_rows(self, rows: int, wanted: Collection[str] | None, /) -> Iterator[Batch]:
        """Batches of the first rows, at least as many as asked for if there are."""
        for file in self._files:
            names, columns = announced(file.schema, wanted)
            yield self._with_folders(columns, file)
            with explained(file.path):
                whole = self._reader(file)
                for batch in whole.iter_batches(rows, columns=names, use_threads=False):
                    yield self._with_folders(typed(batch, 0), file)
                    rows -= batch.num_rows
                    if rows <= 0:
                        return

    def batches(self, name: str, /) -> Iterator[Batch]:
        """The rows of one column; of files that lack it batches without columns.

        Raises:
            DataError: If a file cannot be read.
        """
        for file in self._files:
            if name not in file.names:
                for start in range(0, file.rows, BATCH_ROWS):
                    rows = min(BATCH_ROWS, file.rows - start)
                    whole = self._with_folders(Batch(rows, {}), file)
                    kept = {n: array for n, array in whole.arrays.items() if n == name}
                    yield Batch(rows, kept)
                continue
            at_once = _TEXTS_AT_ONCE if name in file.texts else _NUMBERS_AT_ONCE
            with explained(file.path):
                reader = self._reader(file)
                for batch in reader.iter_batches(at_once, columns=[name], use_threads=False):
                    yield typed(batch, 0)

    def close(self) -> None:
        """Close the files; nothing may be read any more."""
        for reader in self._opened:
            reader.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _with_folders(self, batch: Batch, file: _File) -> Batch:
        return with_partition(batch, file.partition, self._texts) if file.partition else batch

    def _reader(self, file: _File) -> Any:
        """The file as this thread has opened it."""
        mine: dict[Path, Any] = self._local.__dict__.setdefault("readers", {})
        if file.path not in mine:
            opened = file_of(file.path, file.metadata, sorted(file.texts), buffer=_BUFFER)
            mine[file.path] = opened
            self._opened.append(opened)
        return mine[file.path]
