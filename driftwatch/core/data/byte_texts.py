"""Bytes as texts: those of binary columns, and of text columns whose writer did not look."""

from __future__ import annotations

from typing import TYPE_CHECKING

from driftwatch.core.data.storage import is_text
from driftwatch.core.data.text_layout import parts_of_texts

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["texts_of_bytes", "with_valid_texts"]

_FIRST_OF_OTHERS = 128
"""Bytes from here on are of other texts than ASCII."""


def texts_of_bytes(array: pa.Array, /) -> pa.Array:
    r"""Bytes as ``large_string``; those that are no UTF-8 as hexadecimal digits.

    Example:
        >>> import pyarrow as pa
        >>> texts_of_bytes(pa.array([b"pro", b"\xff", None])).to_pylist()
        ['pro', 'ff', None]
    """
    import pyarrow as pa
    import pyarrow.types as t

    if not t.is_large_binary(array.type):
        array = array.cast(pa.large_binary())
    try:
        return array.cast(pa.large_string())
    except pa.ArrowInvalid:
        return pa.array(list(map(_readable, array.to_pylist())), pa.large_string())


def _readable(value: bytes | None) -> str | None:
    try:
        return None if value is None else value.decode()
    except UnicodeDecodeError:
        return value.hex() if value is not None else None


def with_valid_texts(batch: pa.RecordBatch, /) -> pa.RecordBatch:
    """The same, with hexadecimal digits for what is no UTF-8 in columns of texts.

    Files of Parquet and Arrow may have it, since their readers do not look.

    Cost: a look at each byte; some ten nanoseconds a text where one is not ASCII.
    """
    import pyarrow as pa

    columns = list(map(_valid, batch.columns))
    if all(after is before for after, before in zip(columns, batch.columns, strict=True)):
        return batch
    return pa.record_batch(columns, names=batch.schema.names)


def _valid(array: pa.Array) -> pa.Array:
    import pyarrow as pa

    is_dictionary = pa.types.is_dictionary(array.type)
    texts = array.dictionary if is_dictionary else array
    if not is_text(texts.type) or _is_ascii(texts):
        return array
    try:
        texts.validate(full=True)
    except pa.ArrowInvalid:
        texts = texts_of_bytes(texts.cast(pa.large_binary()))
        return pa.DictionaryArray.from_arrays(array.indices, texts) if is_dictionary else texts
    return array


def _is_ascii(texts: pa.Array) -> bool:
    """Whether all texts are ASCII, told by their bytes at once; false of those in pieces."""
    parts = parts_of_texts(texts)
    if parts is None:
        return False
    ends, data = parts
    used = data[ends[0] : ends[-1]]
    return not used.size or int(used.max()) < _FIRST_OF_OTHERS
