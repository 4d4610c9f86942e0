"""Columns as pandas writes them when it is not asked for another form: objects by row label."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["has_row_numbers", "without_labels"]


def without_labels(columns: Mapping[str, Any], /) -> dict[str, list[Any]] | None:
    """The columns of ``df.to_dict()`` and ``df.to_json()`` as lists; None if these are none.

    Args:
        columns: What may be an object of objects, all with the same keys: the labels of the rows.

    Example:
        >>> without_labels({"age": {"0": 31, "1": 40}, "plan": {"1": "free", "0": "pro"}})
        {'age': [31, 40], 'plan': ['pro', 'free']}
        >>> without_labels({"age": 31})
    """
    first = next(iter(columns.values()), None)
    if not isinstance(first, Mapping) or not first:
        return None
    labels = first.keys()
    if not all(isinstance(c, Mapping) and c.keys() == labels for c in columns.values()):
        return None
    return {name: [column[label] for label in labels] for name, column in columns.items()}


def has_row_numbers(columns: Mapping[str, Any], /) -> bool:
    """Whether the first of some columns is an object by ``"0"``, ``"1"`` and so on."""
    first = next(iter(columns.values()), None)
    return isinstance(first, Mapping) and all(label == str(row) for row, label in enumerate(first))
