"""Anything at all as data that JSON has."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date, time
from enum import Enum
from typing import Any

__all__ = ["plain_data", "plain_text"]

_MOST = 10_000
"""Characters of one text, and parts of a whole."""
_DEEPEST = 20
_LEAST_INTEGER, _GREATEST_INTEGER = -(1 << 63), (1 << 64) - 1


def plain_data(value: object, /) -> Any:
    r"""Data that JSON has: None, booleans, numbers, texts, lists, and dicts with texts as keys.

    Never raises. Sets and arrays become lists, data classes dicts, times ISO 8601, and what is
    nothing of all that its text. What is nested more than 20 levels deep, or in itself, becomes
    the name of its type.

    Example:
        >>> plain_data({1: float("inf"), "big": 2**70, "half": "\ud800", "set": {3}})
        {'1': None, 'big': 1.1805916207174113e+21, 'half': '?', 'set': [3]}
    """
    return _Conversion().of(value, 0)


def plain_text(value: object, /) -> str:
    """A text that UTF-8 can hold, of 10,000 characters at most; never raises."""
    try:
        text = value if isinstance(value, str) else str(value)
        return str.encode(text[:_MOST], "utf-8", "replace").decode()
    except Exception:  # noqa: BLE001 - a caller's object, or a number of thousands of digits
        return type(value).__name__


class _Conversion:
    """One conversion; counts parts, so that a small graph cannot become an endless tree."""

    def __init__(self) -> None:
        self._left = _MOST
        self._inside: set[int] = set()

    def of(self, value: object, depth: int) -> Any:
        self._left -= 1
        if value is None or isinstance(value, bool):
            return value
        if depth > _DEEPEST or id(value) in self._inside:
            return type(value).__name__
        self._inside.add(id(value))
        try:
            return self._converted(value, depth)
        except Exception:  # noqa: BLE001 - a caller's object, which may do anything
            return type(value).__name__
        finally:
            self._inside.discard(id(value))

    def _converted(self, value: object, depth: int) -> Any:
        match value:
            case Enum():
                return self.of(value.value, depth + 1)
            case str():
                return plain_text(value)
            case int():
                return _integer(int(value))
            case float():
                return float(value) if math.isfinite(value) else None
            case date() | time():
                return value.isoformat()
            case Mapping():
                return self._dict(value.items(), depth)
            case list() | tuple() | set() | frozenset():
                return self._list(value, depth)
        if is_dataclass(value) and not isinstance(value, type):
            named = ((each.name, getattr(value, each.name)) for each in fields(value))
            return self._dict(named, depth)
        if callable(listed := getattr(value, "tolist", None)):  # numpy's
            return self.of(listed(), depth + 1)
        return plain_text(value)

    def _dict(self, items: Any, depth: int) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for key, value in items:
            if self._left <= 0:
                break
            made[plain_text(key)] = self.of(value, depth + 1)
        return made

    def _list(self, values: Any, depth: int) -> list[Any]:
        made: list[Any] = []
        for value in values:
            if self._left <= 0:
                break
            made.append(self.of(value, depth + 1))
        return made


def _integer(value: int) -> int | float | None:
    """An integer that readers take for one; the nearest double beyond 64 bits, if there is one."""
    if _LEAST_INTEGER <= value <= _GREATEST_INTEGER:
        return value
    try:
        return float(value)
    except OverflowError:
        return None
