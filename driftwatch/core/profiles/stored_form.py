"""A profile as named sections, and a profile filled from such."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from driftwatch.core.data.schema import Column, Schema
from driftwatch.core.profiles.column_profile import ColumnProfile
from driftwatch.core.profiles.hidden_columns import opened_sections, sealed_sections
from driftwatch.core.profiles.outcomes import Outcomes
from driftwatch.core.profiles.pane_counts import PaneCounts
from driftwatch.core.profiles.schema_table import parts_by_column
from driftwatch.core.profiles.seen_types import SeenTypes
from driftwatch.core.sketches.cross import cross_from_sections, cross_sections
from driftwatch.errors import ProfileFormatError

if TYPE_CHECKING:
    from driftwatch.core.profiles.profile import Profile

__all__ = ["fill", "sections_of"]


def sections_of(profile: Profile, /) -> dict[str, bytes]:
    """Everything that a profile holds, but for its header."""
    table = {"columns": profile.schema.to_dicts(), **profile.seen.to_table(profile.rows)}
    sections = {"schema": json.dumps(table, ensure_ascii=False).encode("utf-8", "replace")}
    for index, column in enumerate(profile.columns.values()):
        for part, body in sealed_sections(column, profile.guard).items():
            sections[f"{index}/{part}"] = body
    if profile.panes is not None:
        sections |= profile.panes.to_sections()
    if profile.cross is not None:
        sections |= cross_sections(profile.cross)
    for number, counted in enumerate(profile.outcomes.values()):
        if counted.rows:
            for part, content in counted.to_sections().items():
                sections[f"outcomes{number}/{part}"] = content
    return sections


def fill(
    profile: Profile,
    table: Mapping[str, Any],
    columns: list[Column],
    sections: Mapping[str, bytes],
    /,
    *,
    rows: int,
    same_key: bool,
) -> None:
    """Put into an empty profile what its sections hold.

    Args:
        profile: Is changed; has the configuration, and the key that there is.
        table: The table of columns.
        columns: What it says they are.
        sections: As `sections_of` gave them.
        rows: Of the profile.
        same_key: Whether it was written with the key that there is.

    Raises:
        ProfileFormatError: If a section is missing or damaged, or two contradict each other.
    """
    Schema(tuple(columns))  # refuses two columns of one name
    grouped = parts_by_column(sections)
    guard = profile.guard if same_key else None
    for index, column in enumerate(columns):
        parts = opened_sections(grouped.get(str(index), {}), guard)
        restored = ColumnProfile.from_sections(column, parts, profile.k, profile.config)
        if restored.rows != rows:
            raise ProfileFormatError(f"column {column.name!r} has other rows than the profile")
        profile.columns[column.name] = restored
    profile.rows, profile.seen = rows, SeenTypes.of_table(table, rows)
    profile.panes = PaneCounts.from_sections(sections)
    profile.cross = cross_from_sections(sections)
    for name, parts in grouped.items():
        if name.startswith("outcomes"):
            counted = Outcomes.from_sections(parts)
            if counted.rows > rows:
                raise ProfileFormatError("more outcomes than rows")
            profile.outcomes[counted.spec.id] = counted
            profile.outcome_spec = profile.outcome_spec or counted.spec
