"""Parts of one data set that disagree about a column: what was not decided yields to what was.

A part says up to three things of a column: its kind, its role, and how its values are kept. Of two
parts the higher one holds; where two are as high and differ, that is an error. What is higher does
not depend on which part comes first, or on which parts were merged before, so what comes of many
parts, or that they do not go together, is one thing in every order:

* kind: a part without values yields to one that has some; values of two kinds are an error.
* role: what a caller said, over what was inferred, over what is undecided. Two roles that callers
  said are an error. Numbers that identify rows in one part and not in another are a feature.
* how values are kept: undecided columns keep what either needs (`Evidence`), and yield to both.
  Texts that were counted in one part and not in another are an error, and so are those that were
  hashed in one only. What was hashed with another key is not kept, and neither is the whole.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

from driftwatch.core.data.personal import PERSONAL
from driftwatch.core.data.privacy import ValueGuard
from driftwatch.core.data.rule import Rule
from driftwatch.core.data.schema import OTHER_KEY, Basis, Column, Kind, Role, Schema, ValuePolicy
from driftwatch.core.profiles.column_profile import ColumnProfile
from driftwatch.core.profiles.column_sketches import CategorySketches
from driftwatch.errors import MergeError

__all__ = ["check_agreement", "columns_as", "columns_together", "decided_column", "read_as"]

_BASES = (Basis.UNDECIDED, Basis.INFERRED, Basis.DECLARED)
_ROLES = (Role.ID, *(role for role in Role if role is not Role.ID))
_KINDS = (Kind.EMPTY, *(kind for kind in Kind if kind is not Kind.EMPTY))
_POLICIES = (ValuePolicy.RAW, ValuePolicy.HASHED, ValuePolicy.NONE)


class _Form(NamedTuple):
    """How the values of a column are kept."""

    values: ValuePolicy
    is_counted: bool
    """Whether by category, as those of identifiers are not."""
    is_open: bool
    """Whether it can still become another: there is evidence."""


def check_agreement(mine: ColumnProfile, theirs: ColumnProfile, /) -> None:
    """Do nothing if two parts of a column can be merged.

    Raises:
        MergeError: If what they say of it does not go together.
    """
    if not _say_the_same(mine, theirs):
        _column_of_both(mine, theirs, _form_of_both(mine, theirs))


def _say_the_same(mine: ColumnProfile, theirs: ColumnProfile) -> bool:
    """Whether two parts are decided, and say the same of the column."""
    return (
        mine.evidence is None
        and theirs.evidence is None
        and (mine.column is theirs.column or mine.column == theirs.column)
        and mine.column.kind is not Kind.EMPTY
        and mine.counts_categories is theirs.counts_categories
    )


def columns_together(
    mine: ColumnProfile, theirs: ColumnProfile, guard: ValueGuard, /
) -> ColumnProfile:
    """The two parts of a column together; the first may be changed, the second is not.

    Args:
        mine: The one part.
        theirs: The other.
        guard: How values of hashed columns are hashed.

    Raises:
        MergeError: If what they say of the column does not go together.
    """
    if _say_the_same(mine, theirs):  # as nearly all do, such as panes of a stream
        return _with_values(mine, theirs)
    form = _form_of_both(mine, theirs)
    column = _column_of_both(mine, theirs, form)
    if _is_blank(mine) or _is_blank(theirs):
        total = _with_blank(mine, theirs) if _yields(theirs, mine) else _with_blank(theirs, mine)
    else:
        total = _with_values(_in_form(mine, form, guard), _in_form(theirs, form, guard))
    total.column = column
    total.decide()
    return total


def columns_as(
    columns: Mapping[str, ColumnProfile], schema: Schema, guard: ValueGuard, /
) -> dict[str, ColumnProfile]:
    """Columns with the roles and rules of a schema, which keep no more than these need.

    Args:
        columns: Are not changed.
        schema: Some of the columns, of the same kinds.
        guard: How values of hashed columns are hashed.
    """
    return {column.name: _as_column(columns[column.name], column, guard) for column in schema}


def decided_column(column: Column, /) -> Column:
    """The column for further rows, which are read as it is now, whatever they hold."""
    is_text = column.kind is Kind.CATEGORICAL
    if column.basis is Basis.UNDECIDED and column.role is Role.ID and is_text:
        column = replace(column, values=ValuePolicy.HASHED)
    return replace(column, basis=Basis.INFERRED)


def read_as(
    columns: Mapping[str, ColumnProfile], like: Mapping[str, Column], guard: ValueGuard, /
) -> dict[str, ColumnProfile]:
    """The columns of rows that are to be compared: decided, as another profile's are.

    What cannot be what it is there stays what it is here.

    Args:
        columns: Are not changed.
        like: The columns of the other profile.
        guard: How values of hashed columns are hashed.
    """
    return {name: _read_as(part, like.get(name), guard) for name, part in columns.items()}


def _read_as(part: ColumnProfile, like: Column | None, guard: ValueGuard) -> ColumnProfile:
    if part.evidence is None and part.column.basis is Basis.INFERRED:
        return part
    column = decided_column(part.column)
    if part.evidence is None:
        return replace(part, column=column)
    if like is not None and like.kind is column.kind:
        readable = part.column.values is ValuePolicy.RAW
        if readable or like.values is ValuePolicy.HASHED or column.kind.is_ordered:
            like = decided_column(like)
            column = replace(column, role=like.role, values=like.values, note=like.note)
    return _as_column(part, column, guard)


def _as_column(part: ColumnProfile, column: Column, guard: ValueGuard) -> ColumnProfile:
    if column.basis is not Basis.UNDECIDED:
        form = _Form(column.values, column.role is not Role.ID, is_open=False)
        part = _in_form(part, form, guard)
    return replace(part, column=column)


def _is_blank(part: ColumnProfile) -> bool:
    """Whether a part has no values, and how they would be kept is open."""
    return part.column.kind is Kind.EMPTY or (part.evidence is not None and part.count == 0)


def _yields(part: ColumnProfile, other: ColumnProfile) -> bool:
    """Whether of two parts, one of which is blank, it is this one that says nothing."""
    return _rank_without_values(part) <= _rank_without_values(other)


def _rank_without_values(part: ColumnProfile) -> tuple[bool, int, int, str]:
    column = part.column
    rank = _KINDS.index(column.kind), _POLICIES.index(column.values), column.dtype
    return (not _is_blank(part), *rank)


def _with_blank(part: ColumnProfile, blank: ColumnProfile) -> ColumnProfile:
    """A column with the rows of a part that has no values; any odd ones in it are invalid."""
    total = part.copy()
    total.rows += blank.rows
    total.missing.merge(blank.missing)
    if part.column.kind is not Kind.EMPTY:
        total.missing.invalid += blank.count
    return total


def _with_values(mine: ColumnProfile, theirs: ColumnProfile) -> ColumnProfile:
    """The first part, to which the second is added; sketches that one of them lacks go."""
    mine.rows += theirs.rows
    mine.missing.merge(theirs.missing)
    mine.fingerprint.merge(theirs.fingerprint)
    if mine.numbers is not None and theirs.numbers is not None:
        mine.numbers.merge(theirs.numbers)
    if mine.categories is None or theirs.categories is None:
        mine.categories = None
    else:
        mine.categories.merge(theirs.categories)
    if mine.evidence is None or theirs.evidence is None:
        mine.evidence = None
    else:
        mine.evidence.merge(theirs.evidence)
    return mine


def _form(part: ColumnProfile) -> _Form:
    return _Form(part.column.values, part.counts_categories, part.evidence is not None)


def _form_of_both(mine: ColumnProfile, theirs: ColumnProfile) -> _Form:
    """How the values of both are kept: as those of the part that is decided, if one is.

    Raises:
        MergeError: If both are decided, and differently.
    """
    if _is_blank(mine) or _is_blank(theirs):
        return _form(mine if _yields(theirs, mine) else theirs)
    if mine.column.is_of_another_key or theirs.column.is_of_another_key:
        return _Form(ValuePolicy.NONE, is_counted=False, is_open=False)
    if mine.column.kind is not theirs.column.kind:
        raise _refused(mine, theirs, "kinds differ", "its kind")
    lower, higher = sorted((_form(mine), _form(theirs)), key=lambda form: not form.is_open)
    values = max(lower.values, higher.values, key=_POLICIES.index)
    if higher.is_open:
        return _Form(values, higher.is_counted, is_open=True)
    if not lower.is_open and lower.is_counted is not higher.is_counted:
        raise _refused(mine, theirs, "its values were counted on one side only", "its role")
    if values is higher.values and (lower.is_open or lower.values is values):
        return higher
    if higher.is_counted or mine.column.kind.is_ordered:
        raise _refused(mine, theirs, "its values were hashed on one side only", "it in a schema")
    # Identifiers of which some were hashed with the key, and some without, cannot be matched.
    return _Form(ValuePolicy.NONE, is_counted=False, is_open=False)


def _in_form(part: ColumnProfile, form: _Form, guard: ValueGuard) -> ColumnProfile:
    """A part whose values are kept in a form that it can have."""
    evidence = part.evidence
    if form.values is ValuePolicy.NONE:
        return replace(part, categories=None, evidence=None)
    kept, categories = evidence if form.is_open else None, part.categories
    if part.column.kind.is_ordered:
        if evidence is not None and kept is None:  # those of identifiers are counted
            categories = CategorySketches(evidence.distinct.copy())
        return replace(part, categories=categories, evidence=kept)
    if categories is not None and evidence is not None and form.values is not part.column.values:
        frequencies = categories.frequencies
        if frequencies is not None:
            frequencies = frequencies.renamed(guard.token)
        categories = CategorySketches(evidence.distinct.copy(), frequencies)
    if categories is not None and not form.is_counted:
        categories = CategorySketches(categories.distinct)
    return replace(part, categories=categories, evidence=kept)


def _column_of_both(mine: ColumnProfile, theirs: ColumnProfile, form: _Form) -> Column:
    """What the column of both parts is.

    Raises:
        MergeError: If it has two declared roles, or one for which its values are not kept.
    """
    first, second = _said(mine.column), _said(theirs.column)
    if first.basis is second.basis is Basis.DECLARED and first.role is not second.role:
        raise _refused(mine, theirs, "its roles differ", "one role")
    if first.missing_words != second.missing_words:
        raise _refused(mine, theirs, "other texts stand for no value", "missing_words=")
    said = max(first, second, key=_authority)
    same = max(mine, theirs, key=_rank_without_values).column
    is_kept = same.kind.is_discrete and form.values is not ValuePolicy.NONE
    if is_kept and not form.is_open and form.is_counted is (said.role is Role.ID):
        raise _refused(mine, theirs, "its values were counted on one side only", "its role")
    note = said.note
    if said.basis is Basis.UNDECIDED and form.values is ValuePolicy.HASHED:
        note = PERSONAL
    if mine.column.is_of_another_key or theirs.column.is_of_another_key:
        note = OTHER_KEY
    rules = [rule for rule in (first.rule, second.rule) if rule is not None]
    valued = not (_is_blank(mine) or _is_blank(theirs))
    return replace(
        same,
        role=said.role,
        values=form.values,
        dtype=max(first.dtype, second.dtype) if valued else same.dtype,
        note=note,
        rule=max(rules, key=_rule_as_text, default=None),
        basis=said.basis,
    )


def _said(column: Column) -> Column:
    """The column as far as its role counts; undecided for a part without values or too short."""
    nothing = column.kind is Kind.EMPTY and column.role is Role.FEATURE
    if column.basis is Basis.UNDECIDED or (nothing and column.basis is Basis.INFERRED):
        return replace(column, role=Role.FEATURE, note="", basis=Basis.UNDECIDED)
    return column


def _authority(column: Column) -> tuple[int, int, str]:
    return _BASES.index(column.basis), _ROLES.index(column.role), column.note


def _rule_as_text(rule: Rule) -> str:
    return json.dumps(rule.to_dict(), sort_keys=True)


def _refused(mine: ColumnProfile, theirs: ColumnProfile, why: str, what: str) -> MergeError:
    sides = " and ".join(
        f"{part.column.kind} ({part.column.role}, {part.column.values} values) in a part "
        f"of {part.rows:,} rows"
        for part in (mine, theirs)
    )
    return MergeError(
        f"column {mine.column.name!r} is {sides}: {why}; declare {what} for every part"
    )
