"""The table of columns in the bytes of a profile, and its sections by column."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from driftwatch.core.data.schema import Basis, Column, Kind, Role, ValuePolicy
from driftwatch.errors import NotReadableError, ProfileFormatError, SchemaError

__all__ = ["MAX_COLUMNS", "columns_in", "parts_by_column", "read_table"]

MAX_COLUMNS = 5_000
_WORDS = {
    "kind": frozenset(Kind),
    "role": frozenset(Role),
    "values": frozenset(ValuePolicy),
    "basis": frozenset(Basis),
}
"""What this version knows that the facts of a column can be."""


def parts_by_column(sections: Mapping[str, bytes], /) -> dict[str, dict[str, bytes]]:
    """Sections by what comes before the first slash of their names: a column's number, mostly."""
    grouped: dict[str, dict[str, bytes]] = {}
    for name, body in sections.items():
        index, _, part = name.partition("/")
        grouped.setdefault(index, {})[part] = body
    return grouped


def read_table(data: bytes, /) -> dict[str, Any]:
    """Read the columns of a profile, and which the data had.

    Raises:
        ProfileFormatError: If the bytes are no such table.
    """
    try:
        table = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise ProfileFormatError(f"schema is not JSON: {error}") from error
    if not isinstance(table, dict) or not isinstance(table.get("columns"), list):
        raise ProfileFormatError("schema is not a table of columns")
    if len(table["columns"]) > MAX_COLUMNS:
        raise ProfileFormatError(f"{len(table['columns'])} columns; at most {MAX_COLUMNS}")
    return table


def columns_in(table: Mapping[str, Any], /) -> list[Column]:
    """The columns of a table that `read_table` gave.

    Raises:
        NotReadableError: If a column is something that this version does not know.
        ValueError: If a column cannot be one.
    """
    try:
        return [Column.from_dict(item) for item in table["columns"]]
    except (SchemaError, KeyError, TypeError, ValueError):
        _check_words(table)
        raise


def _check_words(table: Mapping[str, Any]) -> None:
    """Do nothing if this version knows every word for what a column is."""
    for item in filter(lambda item: isinstance(item, dict), table["columns"]):
        for fact, known in _WORDS.items():
            word = item.get(fact)
            if isinstance(word, str) and word not in known:
                raise NotReadableError.newer(
                    f"profile has a column of the {fact} {word[:40]!r}, which this version does "
                    "not know: upgrade driftwatch"
                )
