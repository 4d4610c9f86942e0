"""What an Arrow array really holds, below extension types and run-length encoding."""

from __future__ import annotations

from typing import TYPE_CHECKING

from driftwatch.core.data.pandas_types import is_of_pandas, of_extension, type_of_extension

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
        if is_of_pandas(array.type.extension_name):
            return of_extension(array)
        return plain_array(array.storage)
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
        if is_of_pandas(dtype.extension_name):
            return type_of_extension(dtype.extension_name)
        return plain_type(dtype.storage_type)
    if t.is_run_end_encoded(dtype):
        return plain_type(dtype.value_type)
    if t.is_dictionary(dtype):
        return pa.dictionary(dtype.index_type, plain_type(dtype.value_type), dtype.ordered)
    return dtype


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
