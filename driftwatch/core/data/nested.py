"""Lists and records as values of a column: what is looked into, and how far."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

__all__ = ["MOST_LEVELS", "MOST_PARTS", "may_hold_others", "without_depths"]

MOST_LEVELS = 4
"""Lists in each other, beyond which a value is not looked into."""

MOST_PARTS = 10_000
"""Parts of one value, beyond which it is not looked into."""

_LISTS = (list, tuple, set, frozenset)


def without_depths(values: Any, /) -> Any:
    r"""The same values, with an empty record for each record, and an empty list for each list that
    is nested deeper, or has more parts, than anybody reads.

    Nothing is counted of records and of nested lists but that they are there. Arrow would make a
    column of every name in a record, and follows lists in each other until the process dies.

    Args:
        values: Of one column: a list, a tuple or a one-dimensional array.

    Cost: 20 ns a value; what is in a list is looked at up to `MOST_PARTS`. Who knows the types of
    the values asks `may_hold_others` of each of them before, and need not call this.

    Example:
        >>> without_depths([{"a": 1}, [0.25, 0.75], None, [[[[[1]]]]]])
        [{}, [0.25, 0.75], None, []]
    """
    if not any(map(may_hold_others, set(map(type, values)))):
        return values
    return [_shallow(value) if may_hold_others(type(value)) else value for value in values]


def may_hold_others(kind: type, /) -> bool:
    """Whether values of a type are lists or records."""
    return issubclass(kind, (dict, np.ndarray, *_LISTS))


def _shallow(value: Any) -> Any:
    if isinstance(value, dict):
        return {}
    if isinstance(value, np.ndarray):
        if value.dtype != object or value.ndim == 0:
            return value
        value = value.tolist()
    return value if _is_shallow(value) else []


def _is_shallow(value: Any) -> bool:
    parts = 0
    front = [value]
    for _ in range(MOST_LEVELS):
        parts += sum(map(len, front))
        if parts > MOST_PARTS or any(isinstance(part, dict) for part in _within(front)):
            return False
        front = [part for part in _within(front) if isinstance(part, _LISTS)]
        if not front:
            return True
    return False


def _within(lists: list[Any]) -> Iterator[Any]:
    return (part for each in lists for part in each)
