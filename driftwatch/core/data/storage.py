"""What an Arrow array really holds, below extension types and run-length encoding."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["is_binary", "is_number", "is_text", "plain_array", "plain_type"]


def plain_array(array: pa.Array, /) -> pa.Array:
    """The array below extension types, run-length encoding and dictionaries of these.

    Intervals of pandas, which `pandas.cut` gives, are their texts, such as ``(0, 10]``; periods
    are the times at which they begin.
    """
    import pyarrow as pa
    import pyarrow.types as t

    if isinstance(array.type, pa.Bool8Type):
        return array.storage.cast(pa.bool_())
    if isinstance(array, pa.ExtensionArray):
        of_pandas = _OF_PANDAS.get(array.type.extension_name)
        return plain_array(array.storage) if of_pandas is None else of_pandas[0](array)
    if t.is_run_end_encoded(array.type):
        import pyarrow.compute as pc

        return plain_array(pc.run_end_decode(array))
    if t.is_dictionary(array.type) and plain_type(array.type.value_type) != array.type.value_type:
        return pa.DictionaryArray.from_arrays(array.indices, plain_array(array.dictionary))
    return array


def plain_type(dtype: pa.DataType, /) -> pa.DataType:
    """The type that `plain_array` gives."""
    import pyarrow as pa
    import pyarrow.types as t

    if isinstance(dtype, pa.Bool8Type):
        return pa.bool_()
    if isinstance(dtype, pa.BaseExtensionType):
        of_pandas = _OF_PANDAS.get(dtype.extension_name)
        return plain_type(dtype.storage_type) if of_pandas is None else of_pandas[1]()
    if t.is_run_end_encoded(dtype):
        return plain_type(dtype.value_type)
    if t.is_dictionary(dtype):
        return pa.dictionary(dtype.index_type, plain_type(dtype.value_type), dtype.ordered)
    return dtype


def _interval_texts(array: pa.Array) -> pa.Array:
    import pyarrow as pa

    closed = array.type.closed
    opening = "[" if closed in ("left", "both") else "("
    closing = "]" if closed in ("right", "both") else ")"
    texts = [
        None if ends is None else f"{opening}{ends['left']}, {ends['right']}{closing}"
        for ends in array.storage.to_pylist()
    ]
    return pa.array(texts, pa.large_string())


def _period_starts(array: pa.Array) -> pa.Array:
    import pyarrow as pa

    starts = array.to_pandas().dt.to_timestamp().to_numpy("datetime64[us]")
    return pa.array(starts)


def _large_string() -> pa.DataType:
    import pyarrow as pa

    return pa.large_string()


def _timestamp() -> pa.DataType:
    import pyarrow as pa

    return pa.timestamp("us")


_OF_PANDAS: Mapping[str, tuple[Callable[[pa.Array], pa.Array], Callable[[], pa.DataType]]] = {
    "pandas.interval": (_interval_texts, _large_string),
    "pandas.period": (_period_starts, _timestamp),
}
"""What extension types of pandas hold, which Arrow cannot read, and the type of that."""


def is_number(dtype: pa.DataType, /) -> bool:
    """Whether values are numbers."""
    import pyarrow.types as t

    return bool(t.is_floating(dtype) or t.is_integer(dtype) or t.is_decimal(dtype))


def is_text(dtype: pa.DataType, /) -> bool:
    """Whether values are texts."""
    import pyarrow.types as t

    return bool(t.is_string(dtype) or t.is_large_string(dtype) or t.is_string_view(dtype))


def is_binary(dtype: pa.DataType, /) -> bool:
    """Whether values are bytes."""
    import pyarrow.types as t

    return bool(
        t.is_binary(dtype)
        or t.is_large_binary(dtype)
        or t.is_fixed_size_binary(dtype)
        or t.is_binary_view(dtype)
    )
