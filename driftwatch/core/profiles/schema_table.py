"""The table of columns in the bytes of a profile, and its sections by column."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from driftwatch.errors import ProfileFormatError

__all__ = ["MAX_COLUMNS", "parts_by_column", "read_table"]

MAX_COLUMNS = 5_000


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
