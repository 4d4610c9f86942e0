"""Files in Arrow's own format -> batches; what a file says of its bytes is checked before use."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING

from driftwatch.core.data.batch import BATCH_ROWS, Batch
from driftwatch.core.data.numpy_values import plain_values
from driftwatch.core.data.storage import is_text
from driftwatch.profiling.opened import (
    COMPRESSED,
    Source,
    ZipMember,
    file_on_disk,
    opened,
    pieces,
)
from driftwatch.profiling.parquet import announced, typed

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["read_arrow"]


def read_arrow(path: Source, wanted: Collection[str] | None, /) -> Iterator[Batch]:
    """A file, or a stream, in Arrow's own format, which Feather is too.

    Raises:
        pyarrow.ArrowInvalid: If it is none, or if it says of its bytes what cannot be: Arrow reads
            such files without looking, and its functions would read memory that is not theirs.
    """
    import pyarrow as pa
    from pyarrow import ipc

    with ExitStack() as stack:
        if isinstance(path, ZipMember) or path.suffix.lower() in COMPRESSED:
            path = stack.enter_context(file_on_disk(path))
        whole = stack.enter_context(opened(path)[0])
        try:
            reader = ipc.open_file(whole)
            batches = (reader.get_batch(number) for number in range(reader.num_record_batches))
        except pa.ArrowInvalid:
            whole.seek(0)
            reader = batches = ipc.open_stream(whole)
        schema = reader.schema
        _, columns = announced(schema, wanted)
        yield columns
        names = [name for name in schema.names if wanted is None or name in wanted]
        at = 0
        for batch in batches:
            now = whole.tell()
            chosen = batch.select(names)
            for name, column in zip(names, chosen.columns, strict=True):
                _check(name, column)
            for piece in pieces(chosen, BATCH_ROWS):
                yield typed(piece, max(0, now - at))
                at = now


def _check(name: str, column: pa.Array) -> None:
    """Do nothing, or raise an error for values that lie elsewhere than in their column's bytes."""
    import pyarrow as pa
    import pyarrow.types as t

    texts = column.dictionary if t.is_dictionary(column.type) else column
    try:
        if not is_text(texts.type) or t.is_string_view(texts.type):
            column.validate(full=True)
            return
        # Texts are checked as bytes: what is no UTF-8 is read as hexadecimal digits.
        _as_bytes(texts).validate(full=True)
        if t.is_dictionary(column.type):
            column.indices.validate(full=True)
            _check_indices(column)
    except (pa.ArrowInvalid, ValueError) as error:
        raise pa.ArrowInvalid(f"column {name!r} is damaged: {error}") from error


def _as_bytes(texts: pa.Array) -> pa.Array:
    import pyarrow as pa

    is_large = pa.types.is_large_string(texts.type)
    texts.validate()  # that there are as many places as texts
    return pa.Array.from_buffers(
        pa.large_binary() if is_large else pa.binary(),
        len(texts),
        texts.buffers(),
        texts.null_count,
        texts.offset,
    )


def _check_indices(column: pa.DictionaryArray) -> None:
    values = plain_values(column.indices)
    if values.size and not 0 <= int(values.min()) <= int(values.max()) < len(column.dictionary):
        raise ValueError("a place in its dictionary is not there")
