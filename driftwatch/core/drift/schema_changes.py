"""Columns that came, went, or changed their type; columns that are not tested, and why."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import replace

from driftwatch.core.data.schema import OTHER_KEY, Column, Kind, Role, ValuePolicy
from driftwatch.core.profiles.column_profile import ColumnProfile, keeps_categories
from driftwatch.core.profiles.profile import Profile
from driftwatch.core.reports.results import Status
from driftwatch.core.reports.schema_change import SchemaChange, family_of, type_in_words
from driftwatch.core.reports.spelling import percent

__all__ = ["repeated_ids", "schema_changes", "why_not_comparable", "why_skipped"]


_UNREADABLE = 0.05
_OF_ANOTHER_TYPE = 0.05
"""Share of a column's values that must have another type: fewer are odd values, not a change."""
_WORTH_A_WORD = 0.001
_HASHED_OR_NOT = {ValuePolicy.HASHED, ValuePolicy.RAW}


def why_skipped(column: Column) -> str | None:
    """Why a column is not tested; None of one that is."""
    if not column.role.is_tested:
        return f"{column.role}: {column.note}" if column.note else f"{column.role}, as declared"
    if column.kind is Kind.UNSUPPORTED:
        return f"{type_in_words(column.dtype)} are not supported"
    if column.is_of_another_key:
        return OTHER_KEY
    if column.kind.is_discrete and not keeps_categories(column):
        return "its values are not kept"
    return None


def why_not_comparable(current: Profile, column: Column, /) -> str | None:
    """Why production's values of a column cannot be compared; None if they can.

    Never drift: values hashed with another key, or on one side only, all look new.
    """
    there = current.columns.get(column.name)
    if there is None:
        return None
    if there.column.is_of_another_key:
        return OTHER_KEY
    if there.column.kind is column.kind and {there.column.values, column.values} == _HASHED_OR_NOT:
        return "not comparable: its values are hashed on one side only"
    return None


def repeated_ids(reference: Profile, current: Profile, column: Column) -> str:
    """How many rows repeat an identifier, where there are more than in the reference.

    Estimated from the identifiers whose counts are kept; empty where none is worth a word.
    """
    if column.role is not Role.ID or column.name not in current.columns:
        return ""
    sides = (reference.columns[column.name], current.columns[column.name])
    before, after = (_repeated(profile) for profile in sides)
    if after is None or after < _WORTH_A_WORD or after < 2 * (before or 0.0):
        return ""
    was = "" if before is None else f" ({percent(before)} of the reference's)"
    return f"; {percent(after)} of production's rows repeat one{was}"


def _repeated(profile: ColumnProfile) -> float | None:
    counts = None if profile.categories is None else profile.categories.distinct.counts
    if counts is None or not counts.size:
        return None
    return float(1 - counts.size / counts.sum(dtype="int64"))


def schema_changes(
    reference: Profile, current: Profile, *, ignore_new: bool, exclude: Collection[str] = ()
) -> list[SchemaChange]:
    """Columns that came, went or changed their type.

    Args:
        reference: Profile of the reference.
        current: Profile of the current rows.
        ignore_new: Whether columns that the reference does not have are left out.
        exclude: Columns that are never new.
    """
    if current.rows == 0 and not current.seen:
        return []
    changes = []
    for name, profile in reference.columns.items():
        column = profile.column
        if not column.role.is_tested and column.role is not Role.TIME:
            continue
        if column.is_computed:  # where labels, or the model, are there
            continue
        if name not in current.seen:
            if column.role.is_tested:
                changes.append(
                    SchemaChange(name, "missing_column", column.dtype, None, Status.CRITICAL)
                )
        elif column.role.is_tested and (change := _type_changed(reference, current, name)):
            changes.append(change)
    if not ignore_new and reference.rows:
        known = reference.seen.keys() | reference.columns.keys()
        changes += [
            SchemaChange(name, "new_column", None, dtype, Status.WARNING)
            for name, dtype in current.seen.items()
            if name not in known and name not in exclude
        ]
    return _with_hints(changes)


def _with_hints(changes: list[SchemaChange]) -> list[SchemaChange]:
    """Columns that are gone and new by nearly the same name say so."""
    gone = {_bare(c.column): c.column for c in changes if c.change == "missing_column"}
    new = {_bare(c.column): c.column for c in changes if c.change == "new_column"}
    others = {"missing_column": new, "new_column": gone}
    return [
        replace(change, alike=others.get(change.change, {}).get(_bare(change.column)))
        for change in changes
    ]


def _bare(name: str) -> str:
    """Letters and digits of a name, in lower case; the name itself where it has none."""
    return "".join(filter(str.isalnum, name.casefold())) or name


def _type_changed(reference: Profile, current: Profile, name: str) -> SchemaChange | None:
    """The change of a column's type, where a share of its values worth a word has another."""
    column = reference.columns[name].column
    if not column.dtype:  # declared without a type
        return None
    if reference.seen.is_untyped(name):
        return _unreadable_now(reference, current, name)
    before = reference.seen.shares(name) or {family_of(column.dtype): 1.0}
    if before.keys() & {"text", "null"} or not current.seen.shares(name):
        return None
    dtype, share = current.seen.changed(name, before)
    if share < _OF_ANOTHER_TYPE:
        return None
    now = current.columns.get(name)  # none where all its values are of another kind
    status = Status.CRITICAL if now is None else _type_status(now)
    if status is not Status.CRITICAL and _reads_alike(reference.columns[name], family_of(dtype)):
        return None
    return SchemaChange(name, "type_changed", column.dtype, dtype, status, share=share)


def _unreadable_now(reference: Profile, current: Profile, name: str) -> SchemaChange | None:
    """The change of a column without types: that more of its values cannot be read than before."""
    column, now = reference.columns[name].column, current.columns.get(name)
    dtype = current.seen[name]
    if dtype in ("text", "null"):
        return None
    if now is not None:
        usual = _unreadable(reference.columns[name])
        if _unreadable(now) - usual <= _UNREADABLE:
            return None
    return SchemaChange(name, "type_changed", column.dtype, dtype, Status.CRITICAL)


def _unreadable(profile: ColumnProfile) -> float:
    """Share of the values that cannot be read as what the column is."""
    usable = profile.rows - profile.missing.null
    return profile.missing.invalid / usable if usable else 0.0


def _reads_alike(reference: ColumnProfile, after: str) -> bool:
    """Whether truth values are written in another way: ``True``, ``1``, ``1.0`` and ``"true"``."""
    if reference.column.kind is Kind.BOOLEAN:
        return True
    if reference.numbers is None or after not in ("boolean", "string"):
        return False
    moments = reference.numbers.moments
    is_unit = (moments.minimum, moments.maximum) in ((0.0, 1.0), (0.0, 0.0), (1.0, 1.0))
    # Of values between 0 and 1 only those at the ends have squares that add up to what they do.
    spread = moments.total - moments.total**2 / max(1, moments.count)
    return is_unit and math.isclose(moments.m2, spread, rel_tol=1e-6, abs_tol=1e-9)


def _type_status(current: ColumnProfile) -> Status:
    """Values of the new type that cannot be read are worse than those that still can."""
    return Status.CRITICAL if _unreadable(current) > _UNREADABLE else Status.WARNING
