"""Columns that came, went or changed their type, and what types are in words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from driftwatch.core.reports.plain_values import number, text
from driftwatch.core.reports.results import Status
from driftwatch.core.reports.spelling import percent

__all__ = ["SchemaChange", "family_of", "type_in_words"]

_NEARLY_ALL = 0.995

_WORDS = {
    "text": ("string", "large_string", "utf8", "large_utf8", "string_view", "categorical", "text"),
    "whole numbers": ("int", "uint"),
    "numbers": ("float", "double", "halffloat", "decimal", "numeric"),
    "true or false": ("bool",),
    "times": ("timestamp", "date", "datetime", "time"),
    "durations": ("duration",),
    "bytes": ("binary", "large_binary", "fixed_size_binary"),
    "lists": ("list", "large_list", "fixed_size_list"),
    "records": ("struct", "map"),
    "no values": ("null", "empty"),
}


def type_in_words(dtype: str | None, /) -> str:
    """What the values of an Arrow type are, in a word or two; the type itself if not known.

    Example:
        >>> type_in_words("large_string"), type_in_words("timestamp[us]"), type_in_words("int64")
        ('text', 'times', 'whole numbers')
    """
    if not dtype:
        return "values"
    name = dtype.removeprefix("dictionary<values=")
    for words, starts in _WORDS.items():
        if name.startswith(starts):
            return words
    return dtype


def family_of(dtype: str, /) -> str:
    """What an Arrow type is about, by its name; sizes and units are no change of type.

    Example:
        >>> family_of("int64"), family_of("time64[us]"), family_of("list<item: double>")
        ('number', 'time of day', 'list')
    """
    dtype = dtype.removeprefix("dictionary<values=")
    if dtype.startswith("run_end_encoded<") and "values: " in dtype:
        dtype = dtype.partition("values: ")[2]
    for family, starts in _FAMILIES.items():
        if dtype.startswith(starts):
            return family
    return re.split("[<>,]", dtype, maxsplit=1)[0]


_FAMILIES = {
    "text": ("text",),
    "null": ("null", "empty"),
    "number": ("int", "uint", "float", "double", "halffloat", "decimal", "numeric"),
    "string": ("string", "large_string", "utf8", "large_utf8", "categorical"),
    "bytes": ("binary", "large_binary", "fixed_size_binary"),
    "boolean": ("bool", "extension<arrow.bool8>"),
    "instant": ("timestamp", "date", "datetime"),
    "time of day": ("time32", "time64"),
    "duration": ("duration",),
}


@dataclass(frozen=True, slots=True)
class SchemaChange:
    """A column that is gone, new, or of another type than in the reference.

    Attributes:
        column: Its name.
        change: ``missing_column``, ``new_column`` or ``type_changed``.
        reference: Type in the reference; None for a new column.
        current: Type in production; None for a missing column.
        status: How bad that is.
        share: Of a changed type, the share of the values that have the new one; None if unknown.
        alike: Of a column that is gone or new, the one that is new or gone with the same name but
            for the size of letters, blanks and signs; None without.
    """

    column: str
    change: str
    reference: str | None
    current: str | None
    status: Status
    share: float | None = None
    alike: str | None = None

    @property
    def code(self) -> str:
        """Of which `driftwatch explain` says more."""
        return {"missing_column": "DW105", "new_column": "DW106"}.get(self.change, "DW107")

    def __str__(self) -> str:
        was, now = type_in_words(self.reference), type_in_words(self.current)
        match self.change:
            case "missing_column":
                return f"column {self.column!r} is gone (held {was}){self._hint('new')}"
            case "new_column":
                return f"column {self.column!r} is new (holds {now}){self._hint('gone')}"
            case _:
                some = "" if self.share is None or self.share > _NEARLY_ALL else self._of_some()
                return f"column {self.column!r} held {was}, now holds {now}{some}"

    def _hint(self, other: str) -> str:
        return "" if self.alike is None else f"; {self.alike!r} is {other}, and looks like the same"

    def _of_some(self) -> str:
        return f" in {percent(self.share)} of its values"

    def to_dict(self) -> dict[str, Any]:
        return {
            "column": self.column,
            "change": self.change,
            "reference": self.reference,
            "production": self.current,
            "status": self.status.value,
            "share": self.share,
            "alike": self.alike,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], /) -> Self:
        return cls(
            column=str(data["column"]),
            change=str(data["change"]),
            reference=text(data.get("reference")),
            current=text(data.get("production")),
            status=Status(data["status"]),
            share=number(data.get("share")),
            alike=text(data.get("alike")),
        )
