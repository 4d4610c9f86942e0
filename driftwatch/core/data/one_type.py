"""Python values that are all of one type -> an Arrow array, in a third of the time that
``pa.array`` takes, which looks at each of them for what else it may be.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from driftwatch.core.data.numpy_values import mask

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["array_of_doubles", "array_of_integers", "array_of_one_type", "packed_doubles"]

_MOST = 65_536
"""Values that are packed in one call, whose arguments they are."""


def array_of_one_type(values: Sequence[Any], kind: type, /) -> pa.Array | None:
    """The array that ``pa.array(values, from_pandas=True)`` would make.

    Args:
        values: All of one type.
        kind: That type.

    Returns:
        None where only Arrow itself can make it.

    Example:
        >>> array_of_one_type([1.5, float("nan")], float).to_pylist()
        [1.5, None]
        >>> print(array_of_one_type(["a", "b"], str).type, array_of_one_type([[0]], list))
        string None
    """
    make = _MAKERS.get(kind)
    return make(values) if make is not None and 0 < len(values) <= _MOST else None


def packed_doubles(values: Sequence[Any], /) -> NDArray[np.float64]:
    """Numbers as doubles; of other types than floats those nearest to them.

    Args:
        values: At most some ten thousand.

    Raises:
        struct.error: If one is no number.

    Cost: 10 ns a value.
    """
    return np.frombuffer(struct.pack(f"{len(values)}d", *values))


def array_of_doubles(values: NDArray[np.float64], /) -> pa.Array:
    """Doubles as an Arrow array, in which NaN are nulls.

    Args:
        values: Not to be changed any more: they are not copied.

    Example:
        >>> array_of_doubles(np.array([0.5, np.nan])).to_pylist()
        [0.5, None]
    """
    import pyarrow as pa

    values = np.ascontiguousarray(values)
    valid = _valid(values == values)  # noqa: PLR0124 - not NaN
    return pa.Array.from_buffers(pa.float64(), values.size, [valid, pa.py_buffer(values)])


def array_of_integers(values: NDArray[np.float64], /) -> pa.Array:
    """Doubles that are integers as 64-bit integers, in which NaN are nulls.

    Example:
        >>> array_of_integers(np.array([5.0, np.nan])).to_pylist()
        [5, None]
    """
    import pyarrow as pa

    there = values == values  # noqa: PLR0124 - not NaN
    whole = np.where(there, values, 0.0).astype(np.int64)
    return pa.Array.from_buffers(pa.int64(), values.size, [_valid(there), pa.py_buffer(whole)])


def _valid(there: NDArray[np.bool_]) -> pa.Buffer | None:
    """Which values are there, as Arrow has it; None if all are."""
    return None if there.all() else mask(there).buffers()[1]


def _of_floats(values: Sequence[float]) -> pa.Array:
    import pyarrow as pa

    array = array_of_doubles(packed_doubles(values))
    return pa.nulls(len(array)) if array.null_count == len(array) else array


def _of_integers(values: Sequence[int]) -> pa.Array | None:
    import pyarrow as pa

    try:
        packed = struct.pack(f"{len(values)}q", *values)
    except struct.error:  # more than 64 bits
        return None
    return pa.Array.from_buffers(pa.int64(), len(values), [None, pa.py_buffer(packed)])


def _of_truths(values: Sequence[bool]) -> pa.Array:
    return mask(np.frombuffer(bytes(values), np.bool_))


def _of_texts(values: Sequence[str]) -> pa.Array | None:
    import pyarrow as pa

    text = "".join(values)
    if not text.isascii() or len(text) >= 1 << 31:
        return None
    ends = np.zeros(len(values) + 1, np.int32)
    np.cumsum(np.fromiter(map(len, values), np.int32, len(values)), out=ends[1:])
    buffers = [None, pa.py_buffer(ends), pa.py_buffer(text.encode())]
    return pa.Array.from_buffers(pa.string(), len(values), buffers)


_MAKERS: dict[type, Callable[[Sequence[Any]], pa.Array | None]] = {
    float: _of_floats,
    int: _of_integers,
    bool: _of_truths,
    str: _of_texts,
}
