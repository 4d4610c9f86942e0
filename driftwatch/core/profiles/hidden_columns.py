"""Columns whose values must not be readable: how they are written, and read with another key.

What is hashed with one key cannot be compared with what is hashed with another. That is no
damage, and no reason to refuse the other columns: hashed ones are set aside, which leaves how
many rows they have and how many of these are missing, and reports say that they are not comparable.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from driftwatch.core.data.privacy import ValueGuard
from driftwatch.core.data.schema import OTHER_KEY, Column, Kind, Role, ValuePolicy
from driftwatch.core.profiles.agreement import decided_column
from driftwatch.core.profiles.column_profile import ColumnProfile
from driftwatch.errors import HashKeyError

if TYPE_CHECKING:
    from driftwatch.core.profiles.profile import Profile

__all__ = [
    "check_key",
    "depends_on_key",
    "key_id_of",
    "keys_of_both",
    "leave_hashed",
    "opened_sections",
    "sealed_sections",
]

_OPEN, _SEALED = "fingerprint", "sealed"
_COUNT = 8
"""Bytes of a content hash that say how many values there are; the others come from these."""


def sealed_sections(column: ColumnProfile, guard: ValueGuard, /) -> dict[str, bytes]:
    """The sections of a column; its content hash is sealed where its values are not kept as is."""
    sections = column.to_sections()
    if column.column.values is not ValuePolicy.RAW and not guard.is_public:
        body = sections.pop(_OPEN)
        sections[_SEALED] = body[:_COUNT] + guard.sealed(body[_COUNT:])
    return sections


def opened_sections(
    sections: Mapping[str, bytes], guard: ValueGuard | None, /
) -> Mapping[str, bytes]:
    """The sections of a column, of which nothing is sealed.

    Args:
        sections: As `sealed_sections` gave them.
        guard: Has the key; None if it was another, and what is sealed tells data apart as it is.
    """
    body = sections.get(_SEALED)
    if body is None or _OPEN in sections or len(body) != _COUNT + 16:
        return sections
    values = body[_COUNT:]
    return {**sections, _OPEN: body[:_COUNT] + (values if guard is None else guard.opened(values))}


def depends_on_key(column: ColumnProfile, /) -> bool:
    """Whether anything in a column was hashed with the key."""
    of_texts = column.evidence is not None and column.column.kind is Kind.CATEGORICAL
    return column.column.values is ValuePolicy.HASHED or of_texts


def key_id_of(columns: Iterable[ColumnProfile], guard: ValueGuard, /) -> str:
    """The fingerprint of the key that columns were hashed or sealed with.

    It is that of the public key where the key has changed nothing, so that equal data are equal
    bytes.
    """
    needs = any(c.column.values is not ValuePolicy.RAW or depends_on_key(c) for c in columns)
    return guard.key_id if needs else ValueGuard().key_id


def keys_of_both(mine: Profile, theirs: Profile, /) -> tuple[str, str]:
    """The fingerprints of the keys of two profiles that are to be added up.

    Two empty texts if both keys are default ones and no column is hashed with them.
    """
    chosen = not (mine.guard.is_default and theirs.guard.is_default)
    columns = (*mine.columns.values(), *theirs.columns.values())
    if chosen or any(map(depends_on_key, columns)):
        return mine.guard.key_id, theirs.guard.key_id
    return "", ""


def check_key(columns: list[Column], key_id: str, guard: ValueGuard, /) -> None:
    """Do nothing, or say that columns were hashed with another key.

    Args:
        columns: Of a profile.
        key_id: The fingerprint of the key that it was made with.
        guard: Has the key that there is.

    Raises:
        HashKeyError: If columns were hashed, and the keys differ.
    """
    hashed = [column.name for column in columns if column.values is ValuePolicy.HASHED]
    if not hashed or key_id == guard.key_id:
        return
    which = repr(hashed[0]) + (f" and {len(hashed) - 1} more" if hashed[1:] else "")
    known = "set DRIFTWATCH_HASH_KEY, or hash_key=, to the key it was made with"
    if key_id == ValueGuard().key_id:
        known = "it was the public one of earlier versions, DRIFTWATCH_HASH_KEY=driftwatch"
    raise HashKeyError(
        f"profile has columns hashed with another key ({which}; its fingerprint is {key_id}, and "
        f"that of the key here {guard.key_id}): {known}"
    )


def leave_hashed(profile: Profile, /) -> None:
    """Take out of a profile what was hashed, with a key that is not the one in use here."""
    hashed = {name for name, column in profile.columns.items() if depends_on_key(column)}
    profile.columns = {
        name: _without_values(column) if name in hashed else column
        for name, column in profile.columns.items()
    }
    if profile.panes is not None:
        profile.panes = profile.panes.without(hashed)
    if profile.cross is not None and hashed & set(profile.cross.sources):
        profile.cross = profile.scores = None


def _without_values(part: ColumnProfile) -> ColumnProfile:
    column = decided_column(part.column) if part.evidence is not None else part.column
    if column.values is ValuePolicy.RAW:
        return replace(part, column=column, evidence=None)
    note = column.note if column.role is Role.ID else OTHER_KEY
    column = replace(column, values=ValuePolicy.NONE, note=note)
    return replace(part, column=column, categories=None, evidence=None)
