"""Tensors of the Open Inference Protocol, version 2: KServe's, Triton's, MLServer's."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any

__all__ = ["SCALARS", "flat", "is_list", "is_tensor", "tensor_rows"]

SCALARS = frozenset({float, int, str, bool, type(None)})
"""Types of JSON values that hold no others."""

_KEYS = ("name", "shape", "data")
_MOST_DIMENSIONS = 8
_LARGEST = 1 << 31


def is_list(value: Any, /) -> bool:
    """Whether a value is a list."""
    return isinstance(value, list | tuple)


def is_tensor(item: Any, /) -> bool:
    """Whether something has a name, a shape and data; whether these agree is not looked at."""
    return (
        isinstance(item, Mapping)
        and all(key in item for key in _KEYS)
        and is_list(item["shape"])
        and len(item["shape"]) <= _MOST_DIMENSIONS
        and all(type(size) is int and 0 <= size <= _LARGEST for size in item["shape"])
        and is_list(item["data"])
    )


def tensor_rows(tensor: Mapping[str, Any], /) -> tuple[list[Any], int] | None:
    """The values of a tensor, row by row, and how many a row has.

    Returns:
        None if its data are not as many as its shape says, which is believed in nothing else.

    Example:
        >>> tensor_rows({"name": "x", "shape": [2, 1], "data": [[5], [6]]})
        ([5, 6], 1)
        >>> tensor_rows({"name": "x", "shape": [2000000000], "data": [5]}) is None
        True
    """
    values, shape = flat(tensor["data"]), list(tensor["shape"])
    if prod(shape) != len(values):
        return None
    return values, prod(shape[1:])


def flat(values: Any, /) -> list[Any]:
    """The values of nested lists, in their order."""
    found: list[Any] = []
    front = [iter(values)]
    while front:
        for value in front[-1]:
            if is_list(value):
                front.append(iter(value))
                break
            found.append(value)
        else:
            front.pop()
    return found
