"""Parquet files as batches of Arrow arrays."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from driftwatch.core.data.batch import BATCH_ROWS, Batch, is_index
from driftwatch.core.data.byte_texts import with_valid_texts
from driftwatch.core.data.pandas_types import with_types_of_notes
from driftwatch.profiling.locations import RemoteFile
from driftwatch.profiling.opened import COMPRESSED, Source, file_on_disk

__all__ = ["announced", "file_of", "read_parquet", "texts_in", "typed"]

_READ_AHEAD = 64 << 20


def read_parquet(source: Source, wanted: Collection[str] | None, /) -> Iterator[Batch]:
    """Read a file batch by batch; the first announces its columns, and has no rows.

    Args:
        source: The file.
        wanted: Columns to read; all if None.
    """
    if isinstance(source, RemoteFile) and (file := _in_place(source)) is not None:
        with file:
            yield from _parquet_elsewhere(file, source.size or 0, wanted)
        return
    with file_on_disk(source) as path:
        yield from _parquet_here(path, wanted)


def _in_place(source: RemoteFile) -> Any | None:
    return None if source.suffix.lower() in COMPRESSED else source.in_place()


def _parquet_here(path: Path, wanted: Collection[str] | None) -> Iterator[Batch]:
    import pyarrow.parquet as pq

    metadata = pq.read_metadata(path)
    schema = metadata.schema.to_arrow_schema()
    with file_of(path, metadata, texts_in(schema), buffer=1 << 20) as file:
        names, columns = announced(schema, wanted)
        yield columns
        per_row = path.stat().st_size / max(1, metadata.num_rows)
        for batch in file.iter_batches(batch_size=BATCH_ROWS, columns=names):
            yield typed(batch, round(per_row * batch.num_rows))


def _parquet_elsewhere(raw: Any, size: int, wanted: Collection[str] | None) -> Iterator[Batch]:
    """A file of which every read is a request: some row groups are read ahead at a time."""
    import pyarrow.parquet as pq

    metadata = pq.read_metadata(raw)
    schema = metadata.schema.to_arrow_schema()
    file = pq.ParquetFile(raw, metadata=metadata, read_dictionary=texts_in(schema), pre_buffer=True)
    names, columns = announced(schema, wanted)
    yield columns
    per_row = size / max(1, metadata.num_rows)
    for groups in _row_groups(metadata):
        for batch in file.iter_batches(batch_size=BATCH_ROWS, row_groups=groups, columns=names):
            yield typed(batch, round(per_row * batch.num_rows))


def _row_groups(metadata: Any) -> Iterator[list[int]]:
    """Row groups that follow each other, of some megabytes together, or one that has more."""
    groups: list[int] = []
    size = 0
    for number in range(metadata.num_row_groups):
        own = metadata.row_group(number).total_byte_size
        if groups and size + own > _READ_AHEAD:
            yield groups
            groups, size = [], 0
        groups.append(number)
        size += own
    if groups:
        yield groups


def file_of(path: Path, metadata: Any, texts: list[str], /, *, buffer: int) -> Any:
    """Open a file on disk whose footer is known.

    Reading ahead would hold the whole file in memory; dictionary pages of texts are taken as they
    are, which spares decoding every string.

    Args:
        path: The file.
        metadata: Its footer.
        texts: Names of its columns of texts.
        buffer: Bytes of a column that are read at a time.
    """
    import pyarrow.parquet as pq

    return pq.ParquetFile(
        path, metadata=metadata, read_dictionary=texts, pre_buffer=False, buffer_size=buffer
    )


def texts_in(schema: Any, /) -> list[str]:
    """Names of the columns that are texts, which are read with their dictionaries."""
    import pyarrow.types as t

    return [field.name for field in schema if t.is_string(field.type)]


def announced(schema: Any, wanted: Collection[str] | None, /) -> tuple[list[str], Batch]:
    """The columns to read, and a batch that announces all, whether they are read or not."""
    import pyarrow as pa

    fields = [field for field in schema if not is_index(field.name)]
    names = [field.name for field in fields if wanted is None or field.name in wanted]
    nothing = [pa.nulls(0, field.type) for field in fields]
    return names, typed(pa.record_batch(nothing, schema=pa.schema(fields)), 0)


def typed(batch: Any, size_bytes: int, /) -> Batch:
    """A batch of columns that are what they hold, and not only what Arrow knows of them."""
    return Batch.of_arrow(with_valid_texts(with_types_of_notes(batch)), size_bytes=size_bytes)
