"""Values of Arrow arrays as numpy's, and back, in ways that do not load pandas.

``pa.array``, ``pa.scalar`` and ``to_numpy`` of pyarrow import pandas where it is installed, which
takes a quarter of a second: a quarter of what a check of small files takes as a whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["array_of_texts", "mask", "places", "plain_values", "taken", "truths"]

_FLOATS = {"halffloat": "float16", "float": "float32", "double": "float64"}
"""What numpy calls Arrow's types; integers have the same names. ``to_pandas_dtype`` of pyarrow
below 19 asks for pandas."""


def plain_values(array: pa.Array, /) -> NDArray[Any]:
    """The non-null values as a numpy array, without a copy where there are no nulls."""
    import pyarrow.types as t

    if array.null_count:
        array = array.drop_null()
    if t.is_integer(array.type) or t.is_floating(array.type):
        name = str(array.type)
        data, dtype = array.buffers()[1], np.dtype(_FLOATS.get(name, name))
        if data is None or not len(array):
            return np.empty(0, dtype)
        return np.frombuffer(data, dtype, len(array), array.offset * dtype.itemsize)
    values: NDArray[Any] = array.to_numpy(zero_copy_only=False)
    return values


def truths(array: pa.Array, /) -> NDArray[np.bool_]:
    """The non-null truth values.

    Example:
        >>> import pyarrow as pa
        >>> truths(pa.array([1, None]).is_valid()).tolist()
        [True, False]
    """
    import pyarrow as pa

    return plain_values(array.cast(pa.uint8())).astype(bool)


def mask(kept: NDArray[np.bool_], /) -> pa.Array:
    """Truth values for Arrow's `filter`.

    Example:
        >>> mask(np.array([True, False])).to_pylist()
        [True, False]
    """
    import pyarrow as pa

    bits = pa.py_buffer(np.packbits(kept, bitorder="little").tobytes())
    return pa.Array.from_buffers(pa.bool_(), kept.size, [None, bits])


def places(rows: NDArray[np.intp], /) -> pa.Array:
    """Places of rows for Arrow's `take`.

    Example:
        >>> import pyarrow as pa
        >>> pa.array(["a", "b", "c"]).take(places(np.array([0, 2]))).to_pylist()
        ['a', 'c']
    """
    import pyarrow as pa

    numbers = np.ascontiguousarray(rows, dtype=np.int64)
    return pa.Array.from_buffers(pa.int64(), numbers.size, [None, pa.py_buffer(numbers)])


def taken(array: pa.Array, rows: NDArray[np.intp], /) -> pa.Array:
    """Some rows of an array; of numbers and dictionaries without nulls without Arrow's functions.

    Example:
        >>> import pyarrow as pa
        >>> taken(pa.array([1.0, 2.0, 3.0]), np.array([0, 2])).to_pylist()
        [1.0, 3.0]
    """
    import pyarrow as pa
    import pyarrow.types as t

    if not array.null_count and t.is_dictionary(array.type):
        return pa.DictionaryArray.from_arrays(
            taken(array.indices, rows), array.dictionary, ordered=array.type.ordered
        )
    if not array.null_count and (t.is_integer(array.type) or t.is_floating(array.type)):
        data = pa.py_buffer(plain_values(array)[rows])
        return pa.Array.from_buffers(array.type, rows.size, [None, data])
    return array.take(places(rows))


def array_of_texts(values: Sequence[str], /) -> pa.Array:
    """Texts for Arrow's functions that compare with some.

    Example:
        >>> array_of_texts(["yes", "ja"]).to_pylist()
        ['yes', 'ja']
    """
    import pyarrow as pa

    encoded = [value.encode() for value in values]
    ends = np.cumsum([0, *map(len, encoded)], dtype=np.int64)
    buffers = [None, pa.py_buffer(ends), pa.py_buffer(b"".join(encoded))]
    return pa.Array.from_buffers(pa.large_string(), len(encoded), buffers)
