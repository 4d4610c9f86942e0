"""Columns read row by row, so that values of one row can be put together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from driftwatch.core.data.exact_integers import EXACT_INTEGERS
from driftwatch.core.data.mixed import children_of, is_mixed
from driftwatch.core.data.privacy import ValueGuard
from driftwatch.core.data.schema import Column
from driftwatch.core.data.values import Categories, Numbers, typed_values

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = [
    "MISSING",
    "OTHER",
    "agreed_beyond",
    "class_places",
    "class_text",
    "in_order",
    "is_whole",
    "level_places",
    "row_numbers",
]

OTHER = -1
"""Place of a value that is none of those asked for."""
MISSING = -2
"""Place of a row without a value."""

Floats = NDArray[np.float64]
_TABLE = 4_096
_TRUTHS = {"true": "1", "false": "0"}


def row_numbers(array: pa.Array, column: Column, rows: int, /) -> Floats:
    """A number a row; NaN or an infinity where there is no usable one."""
    import pyarrow as pa

    if is_mixed(array.type):
        found = np.full(rows, np.nan)
        for places, child in children_of(array):
            found[places] = row_numbers(child, column, places.size)
        return found
    numbers = typed_values(array, column)
    if isinstance(numbers, Numbers) and numbers.values.size == rows:
        return numbers.values
    try:
        aligned: Floats = array.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        # Texts that are not all numbers, and what cannot be cast at all: row by row.
        aligned = np.array([_number(array.slice(row, 1), column) for row in range(rows)])
    return aligned


def _number(one: pa.Array, column: Column) -> float:
    values = typed_values(one, column)
    return float(values.values[0]) if isinstance(values, Numbers) and values.values.size else np.nan


def level_places(
    array: pa.Array | None,
    column: Column,
    levels: Mapping[str, Any],
    guard: ValueGuard,
    rows: int,
    /,
) -> NDArray[np.intp]:
    """Place of each row's category among `levels`; `OTHER` or `MISSING` where it has none."""
    import pyarrow as pa

    if array is None:
        return np.full(rows, MISSING)
    if is_mixed(array.type):
        found = np.full(rows, MISSING)
        for members, child in children_of(array):
            found[members] = level_places(child, column, levels, guard, members.size)
        return found
    known = {level: place for place, level in enumerate(levels)}
    if pa.types.is_nested(array.type):
        return np.full(rows, MISSING)
    array = _encoded(array)
    texts = _kept_texts(array.dictionary, column, guard)
    return _places(array, [MISSING if text is None else known.get(text, OTHER) for text in texts])


def _encoded(array: pa.Array) -> pa.Array:
    import pyarrow as pa
    import pyarrow.types as t

    if isinstance(array, pa.ExtensionArray):
        array = array.storage
    return array if t.is_dictionary(array.type) else array.dictionary_encode()


def _places(array: pa.Array, places: Sequence[int]) -> NDArray[np.intp]:
    import pyarrow as pa

    indices = array.indices.cast(pa.int64()).fill_null(-1).to_numpy(zero_copy_only=False)
    table = np.array([*places, MISSING], dtype=np.intp)
    taken: NDArray[np.intp] = table[indices]  # -1, a missing row, is the last
    return taken


def _kept_texts(dictionary: pa.Array, column: Column, guard: ValueGuard) -> list[str | None]:
    """What is kept of each distinct value; None where it cannot be used."""
    if len(dictionary) > 2:  # the two values of a boolean come back in an order of their own
        values = typed_values(dictionary, column)
        if isinstance(values, Categories) and len(values.texts) == len(dictionary):
            return list(guard.kept(values.texts, column.values))
    texts: list[str | None] = []
    for position in range(len(dictionary)):
        one = typed_values(dictionary.slice(position, 1), column)
        if isinstance(one, Categories) and len(one.texts) == 1:
            texts += guard.kept(one.texts, column.values)
        else:
            texts.append(None)
    return texts


def class_text(value: object, /) -> str | None:
    """The class that a value names, however it is spelled; None for a missing value.

    Labels and predictions come from different systems: ``1``, ``1.0``, ``"1"`` and ``True`` are one
    class, and so are ``0``, ``"0"`` and ``False``.

    Example:
        >>> [class_text(value) for value in (1, 1.0, "1.0", True, "true", " yes ", 0.5, None)]
        ['1', '1', '1', '1', '1', 'yes', '0.5', None]
    """
    if value is None or value != value:  # noqa: PLR0124 - NaN
        return None
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    text = str(value).strip()
    text = _TRUTHS.get(text.lower(), text)
    try:
        number = float(text)
    except ValueError:
        return text
    if not number.is_integer() or abs(number) >= EXACT_INTEGERS or text.lower() != text:
        return text
    return str(int(number)) if not text.lstrip("+-").startswith("0") or number == 0 else text


def is_whole(text: str, /) -> bool:
    """Whether a class is a whole number.

    Example:
        >>> [is_whole(text) for text in ("12", "-1", "--1", "²", "")]
        [True, True, False, False, False]
    """
    digits = text.removeprefix("-")
    return digits.isascii() and digits.isdigit()


def in_order(classes: Iterable[str], /) -> list[str]:
    """Classes by number where all are whole numbers, else by text, as scikit-learn has them.

    Example:
        >>> in_order(["10", "9"]), in_order(["b", "10", "a"])
        (['9', '10'], ['10', 'a', 'b'])
    """
    every = list(classes)
    return sorted(every, key=int) if all(map(is_whole, every)) else sorted(every)


def agreed_beyond(
    first: pa.Array | None, second: pa.Array | None, where: NDArray[np.bool_], /
) -> NDArray[np.bool_]:
    """Whether two columns name the same class, in rows where both name one that is not known.

    Args:
        first: Labels.
        second: Predictions.
        where: The rows to look at; false is returned for all others.
    """
    agreed = np.zeros(where.size, dtype=bool)
    rows = np.flatnonzero(where)
    if first is not None and second is not None:
        for row in rows.tolist():
            agreed[row] = class_text(first[row].as_py()) == class_text(second[row].as_py())
    return agreed


def class_places(
    array: pa.Array | None, classes: Sequence[str], rows: int, words: Sequence[str] = (), /
) -> NDArray[np.intp]:
    """Place of each row's class among `classes`; `OTHER` or `MISSING` where it has none.

    Args:
        array: Labels or predictions of any type.
        classes: Classes as `class_text` writes them.
        rows: Rows of the batch.
        words: Texts that stand for no class.
    """
    import pyarrow as pa

    if array is None:
        return np.full(rows, MISSING)
    if is_mixed(array.type):
        found = np.full(rows, MISSING)
        for members, child in children_of(array):
            found[members] = class_places(child, classes, members.size, words)
        return found
    if pa.types.is_nested(array.type) or isinstance(array, pa.NullArray):
        return np.full(rows, MISSING)
    known = {name: place for place, name in enumerate(classes)}
    if pa.types.is_integer(array.type) and array.null_count < len(array):
        places = _whole_places(array, known)
        if places is not None:
            return places
    array = _encoded(array)
    texts = [_class_or_none(value, words) for value in array.dictionary.to_pylist()]
    return _places(array, [MISSING if text is None else known.get(text, OTHER) for text in texts])


def _class_or_none(value: object, words: Sequence[str]) -> str | None:
    is_word = isinstance(value, str) and value.strip() in words
    return None if is_word else class_text(value)


def _whole_places(array: pa.Array, known: Mapping[str, int]) -> NDArray[np.intp] | None:
    """Places of whole numbers by a table of all between their ends; None if these are many."""
    import pyarrow.compute as pc

    ends = pc.min_max(array).as_py()
    low, high = ends["min"], ends["max"]
    if high - low >= _TABLE or max(abs(low), abs(high)) >= 1 << 62:
        return None
    table = np.array([known.get(str(value), OTHER) for value in range(low, high + 1)], np.intp)
    values = array.fill_null(low).to_numpy(zero_copy_only=False)
    places: NDArray[np.intp] = table[values.astype(np.int64, copy=False) - low]
    if array.null_count:
        places[array.is_null().to_numpy(zero_copy_only=False)] = MISSING
    return places
