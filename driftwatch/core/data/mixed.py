"""A column whose values have several types, each kept as what it is: an Arrow union.

Arrow gives a column one type. Where Python values have several, making texts of all of them would
spell a number by its neighbours (``1.0`` for ``1``) and call a column of numbers with one odd text
a column of texts. A union array keeps the values of each type in an array of that type, so that
each is read by itself.
"""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from enum import Enum
from functools import partial
from numbers import Number
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from driftwatch.core.data.storage import plain_array

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["children_of", "is_mixed", "joined", "mixed_array", "types_in"]


def types_in(values: Sequence[Any], /) -> set[type]:
    """The types of some Python values.

    Cost: 10 ns a value where all are of one type, 20 ns where not.
    """
    types = list(map(type, values))
    if types and types.count(types[0]) == len(types):  # faster than a set, and nearly always so
        return {types[0]}
    return set(types)


def mixed_array(values: Sequence[Any], /) -> pa.Array:
    """Python values of any types as an Arrow array: a union where they have several.

    None, NaN and the missing values of pandas are nulls. Integers, floats and decimals are numbers
    together. Lists, records and objects that have no text of their own cannot be used: they are
    an array of empty lists. Enum members count as their values.

    Example:
        >>> from decimal import Decimal
        >>> mixed_array([1, 2.5, Decimal("3"), None]).to_pylist()
        [1.0, 2.5, 3.0, None]
        >>> array = mixed_array([1, "one", True, [0]])
        >>> [(str(child.type), child.to_pylist()) for rows, child in children_of(array)]
        [('int64', [1]), ('large_string', ['one']), ('bool', [True]), ('list<item: null>', [[]])]
    """
    import pyarrow as pa

    groups: dict[str, list[Any]] = {}
    codes = np.empty(len(values), np.int8)
    offsets = np.empty(len(values), np.int32)
    missing: list[int] = []
    names: dict[str, int] = {}
    family_of: dict[type, Callable[[Any], str]] = {}
    for row, value in enumerate(values):
        value = _unwrapped(value)  # noqa: PLW2901
        find = family_of.get(type(value))
        if find is None:
            find = family_of[type(value)] = _family_of(type(value))
        family = find(value)
        if not family:
            missing.append(row)
            continue
        members = groups.setdefault(family, [])
        codes[row], offsets[row] = names.setdefault(family, len(names)), len(members)
        members.append(value)
    children = [_child(family, members) for family, members in groups.items()]
    if not children:
        return pa.nulls(len(values))
    if len(children) == 1:
        return _with_nulls(children[0], missing, len(values))
    codes[missing], offsets[missing] = 0, len(children[0])
    if missing:
        children[0] = pa.concat_arrays([children[0], pa.nulls(1, children[0].type)])
    return pa.UnionArray.from_dense(pa.array(codes), pa.array(offsets), children, list(groups))


def _with_nulls(child: pa.Array, missing: list[int], rows: int) -> pa.Array:
    import pyarrow as pa

    if not missing:
        return child
    places = np.zeros(rows, np.int64)
    there = np.ones(rows, bool)
    there[missing] = False
    places[there] = np.arange(len(child))
    return child.take(pa.array(places, mask=~there))


def _unwrapped(value: Any) -> Any:
    """The value itself, of Enum members and of arrays without dimensions."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, np.ndarray) and value.ndim == 0:
        return value.item()
    return value


def _family_of(kind: type) -> Callable[[Any], str]:
    """How the family of a value of a type is found; an empty one is of a missing value."""
    if kind is type(None) or kind.__name__ in ("NAType", "NaTType"):
        return lambda _: ""
    for family, kinds in _FAMILIES.items():
        if issubclass(kind, kinds):
            return _FINDERS.get(family, partial(_always, family))
    if issubclass(kind, Number) and hasattr(kind, "__float__") and not issubclass(kind, _COMPLEX):
        return _of_number
    if issubclass(kind, list | tuple | dict | set | frozenset | np.ndarray):
        return lambda _: "opaque"
    has_text = kind.__str__ is not object.__str__ or kind.__repr__ is not object.__repr__
    return lambda value: "text" if has_text and _text(value) is not None else "opaque"


def _always(family: str, _: Any) -> str:
    return family


def _of_number(value: Any) -> str:
    if isinstance(value, Decimal) and value.is_nan():  # of which some refuse to be floats
        return ""
    try:
        number = float(value)
    except OverflowError:  # an integer, or a fraction, that no double comes near
        return "opaque"
    except (TypeError, ValueError):
        return "opaque"
    if number != number:  # noqa: PLR0124 - NaN
        return ""
    if isinstance(value, int | np.integer) and -(1 << 63) <= value < 1 << 64:
        return "number" if int(number) == value else "large number"
    return "number"


def _of_instant(value: Any) -> str:
    return "" if isinstance(value, np.datetime64) and np.isnat(value) else "instant"


def _of_duration(value: Any) -> str:
    if isinstance(value, np.timedelta64):
        if np.isnat(value):
            return ""
        if np.datetime_data(value)[0] in ("Y", "M", "generic"):  # of no fixed length
            return "opaque"
    return "duration" if abs(_seconds_of(value)) < _LONGEST_SECONDS else "opaque"


def _seconds_of(value: Any) -> float:
    if isinstance(value, dt.timedelta):
        return value.total_seconds()
    return float(value / np.timedelta64(1, "s"))


_COMPLEX = (complex, np.complexfloating)
_LONGEST_SECONDS = 9e12
"""Of which there are fewer microseconds than 64 bits hold."""

_FINDERS: dict[str, Callable[[Any], str]] = {
    "number": _of_number,
    "instant": _of_instant,
    "duration": _of_duration,
}

_FAMILIES: dict[str, tuple[type, ...]] = {
    "truth": (bool, np.bool_),
    "duration": (dt.timedelta, np.timedelta64),
    "number": (int, float, Decimal, np.integer, np.floating),
    "text": (str,),
    "bytes": (bytes, bytearray, memoryview),
    "instant": (dt.datetime, np.datetime64),
    "date": (dt.date,),
    "time of day": (dt.time,),
}


def _child(family: str, values: list[Any]) -> pa.Array:
    import pyarrow as pa

    match family:
        case "number" | "large number":
            return _numbers(values)
        case "text":
            return pa.array([_text(value) for value in values], pa.large_string())
        case "bytes":
            return pa.array(list(map(bytes, values)), pa.large_binary())
        case "instant":
            return _instants(values)
        case "duration":
            ticks = [round(_seconds_of(value) * 1e6) for value in values]
            return pa.array(ticks, pa.int64()).cast(pa.duration("us"))
        case "opaque":
            return pa.array([[]] * len(values), pa.list_(pa.null()))
        case _:
            return pa.array(values)


def _numbers(values: list[Any]) -> pa.Array:
    import pyarrow as pa

    if all(isinstance(value, int | np.integer) for value in values):
        for dtype in (pa.int64(), pa.uint64()):
            with contextlib.suppress(OverflowError):
                return pa.array([int(value) for value in values], dtype)
    return pa.array([float(value) for value in values], pa.float64())


def _instants(values: list[Any]) -> pa.Array:
    import pyarrow as pa

    try:
        ticks = [np.datetime64(_without_zone(value), "us") for value in values]
        return pa.array(np.array(ticks, "datetime64[us]"))
    except (ValueError, OverflowError):
        return pa.array([str(value) for value in values], pa.large_string())


def _without_zone(value: Any) -> Any:
    if isinstance(value, dt.datetime) and value.tzinfo is not None:
        return value.astimezone(dt.UTC).replace(tzinfo=None)
    return value


def _text(value: Any) -> str | None:
    """The text of a value, with a question mark for what no encoding has; None if it has none."""
    try:
        return str(value).encode("utf-8", "replace").decode()
    except Exception:  # noqa: BLE001 - objects of others
        return None


def is_mixed(dtype: pa.DataType, /) -> bool:
    """Whether an array of a type holds values of several types."""
    import pyarrow.types as t

    return bool(t.is_union(dtype))


def children_of(array: pa.Array, /) -> Iterator[tuple[NDArray[np.intp], pa.Array]]:
    """Rows of each type in a union array, and their values; of types that no row has nothing."""
    import pyarrow as pa

    # Of a slice, `type_codes` and `offsets` are those of the first rows of the whole array.
    start, end = array.offset, array.offset + len(array)
    buffers = array.buffers()
    codes = np.frombuffer(buffers[1], np.int8)[start:end] if len(array) else np.empty(0, np.int8)
    offsets = np.arange(len(array))
    if array.type.mode == "dense" and len(array):
        offsets = np.frombuffer(buffers[2], np.int32)[start:end].astype(np.int64)
    for place, code in enumerate(array.type.type_codes):
        rows = np.flatnonzero(codes == code)
        if rows.size:
            child = array.field(place).take(pa.array(offsets[rows]))
            yield rows, child


def joined(arrays: Sequence[pa.Array], /) -> pa.Array:
    """Arrays of one column, one after the other; a union where their types differ.

    Args:
        arrays: At least one.
    """
    import pyarrow as pa

    filled = [array for array in arrays if len(array) and array.type != pa.null()]
    if not filled:
        return pa.concat_arrays([a for a in arrays if a.type == arrays[0].type])
    missing = sum(len(array) for array in arrays if array.type == pa.null())
    if len({str(array.type) for array in filled}) == 1:
        whole = _behind_each_other(filled)
        return pa.concat_arrays([whole, pa.nulls(missing, whole.type)]) if missing else whole
    by_type: dict[str, list[pa.Array]] = {}
    for array in filled:
        children = [child for _, child in children_of(array)] if is_mixed(array.type) else [array]
        for child in children:
            by_type.setdefault(str(child.type), []).append(child)
    children = [_behind_each_other(pieces) for pieces in by_type.values()]
    if missing:
        children[0] = pa.concat_arrays([children[0], pa.nulls(missing, children[0].type)])
    codes = np.repeat(np.arange(len(children), dtype=np.int8), [len(c) for c in children])
    offsets = np.concatenate([np.arange(len(child), dtype=np.int32) for child in children])
    return pa.UnionArray.from_dense(pa.array(codes), pa.array(offsets), children, list(by_type))


def _behind_each_other(arrays: Sequence[pa.Array]) -> pa.Array:
    """Arrays of one type as one."""
    import pyarrow as pa

    try:
        return pa.concat_arrays(arrays)
    except (pa.ArrowNotImplementedError, pa.ArrowInvalid):
        # Dictionaries that differ, of extension types, or more together than their indices reach.
        return pa.concat_arrays(list(map(_with_long_indices, arrays)))


def _with_long_indices(array: pa.Array) -> pa.Array:
    import pyarrow as pa

    array = plain_array(array)
    if not pa.types.is_dictionary(array.type):
        return array
    return pa.DictionaryArray.from_arrays(array.indices.cast(pa.int64()), array.dictionary)
