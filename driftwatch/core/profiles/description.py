"""A profile as a table, one row a column: what is known of its values."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from driftwatch.core.data.frames import table_of_rows
from driftwatch.core.data.schema import Kind, ValuePolicy
from driftwatch.core.profiles.column_profile import ColumnProfile
from driftwatch.core.profiles.column_sketches import NumericSketches
from driftwatch.core.profiles.measures import instant

if TYPE_CHECKING:
    import pyarrow as pa

    from driftwatch.core.profiles.profile import Profile

__all__ = ["DESCRIPTION_COLUMNS", "description_of"]

DESCRIPTION_COLUMNS: Mapping[str, str] = {
    "column": "text",
    "kind": "text",
    "role": "text",
    "rows": "count",
    "missing": "number",
    "distinct": "number",
    "mean": "number",
    "std": "number",
    "min": "number",
    "q25": "number",
    "median": "number",
    "q75": "number",
    "max": "number",
    "first": "time",
    "last": "time",
    "top": "text",
    "top_share": "number",
    "note": "text",
}
"""Columns of the table, and what they hold."""


def description_of(profile: Profile, /) -> pa.Table:
    """The table; what a column has none of is null."""
    return table_of_rows(map(_row, profile.columns.values()), DESCRIPTION_COLUMNS)


def _row(column: ColumnProfile) -> dict[str, Any]:
    row = {
        "column": column.column.name,
        "kind": column.column.kind.value,
        "role": column.column.role.value,
        "rows": column.rows,
        "missing": column.missing.total / column.rows if column.rows else None,
        "note": column.column.note or None,
    }
    if column.numbers is not None and column.numbers.count:
        row |= _numbers(column.numbers, dates=column.column.kind is Kind.DATETIME)
    return row | _categories(column)


def _numbers(numbers: NumericSketches, *, dates: bool) -> dict[str, Any]:
    moments = numbers.moments
    found: dict[str, Any] = {}
    if not numbers.values.overflowed:
        found["distinct"] = float(numbers.cdf().values.size)
    if dates:
        return found | {"first": instant(moments.minimum), "last": instant(moments.maximum)}
    low, middle, high = numbers.cdf().quantile([0.25, 0.5, 0.75]).tolist()
    return found | {
        "mean": moments.mean,
        "std": math.sqrt(moments.variance) if moments.variance >= 0 else None,
        "min": moments.minimum,
        "q25": low,
        "median": middle,
        "q75": high,
        "max": moments.maximum,
    }


def _categories(column: ColumnProfile) -> dict[str, Any]:
    categories = column.categories
    if categories is None:
        return {}
    found: dict[str, Any] = {"distinct": round(categories.distinct.estimate(), 1)}
    frequencies = categories.frequencies
    if frequencies is None or not frequencies.counts or column.column.values is ValuePolicy.HASHED:
        return found
    top = max(frequencies.counts, key=lambda text: (frequencies.counts[text], text))
    return found | {"top": top, "top_share": frequencies.counts[top] / max(1, column.count)}
