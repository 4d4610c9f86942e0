"""Parts of one data set that disagree about a column: what was not decided yields to what was."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from driftwatch.core.data.privacy import ValueGuard
from driftwatch.core.data.schema import Column, Kind, Role, ValuePolicy
from driftwatch.core.profiles.column_profile import CategorySketches, ColumnProfile
from driftwatch.core.sketches.fingerprint import hash_texts

if TYPE_CHECKING:
    from driftwatch.core.sketches.sizes import SketchConfig

__all__ = ["check_agreement", "columns_together"]

_FEW_ROWS = 100
"""Fewer rows say nothing about whether a column identifies them (as in `infer_schema`)."""
_NEARLY_ALL = 0.9


def check_agreement(mine: ColumnProfile, theirs: ColumnProfile, /) -> None:
    """Do nothing if two parts of a column can be merged.

    Raises:
        MergeError: If both were decided, and differently.
    """
    if not (_is_empty(mine) or _is_empty(theirs) or _yielding(mine, theirs) is not None):
        mine.check_mergeable(theirs)


def columns_together(
    mine: ColumnProfile, theirs: ColumnProfile, guard: ValueGuard, config: SketchConfig, /
) -> ColumnProfile:
    """The two parts of a column together; the first may be changed, the second is not.

    A part without values yields to the other's kind. A part of few rows, or one in which nearly
    every text is different, yields to one of identifiers: its texts, all of which are known,
    are hashed like the others'.

    Args:
        mine: The one part.
        theirs: The other.
        guard: How values of hashed columns are hashed.
        config: Sizes of the sketches.

    Raises:
        MergeError: If both were decided, and differently.
    """
    if _is_empty(mine) != _is_empty(theirs):
        return (
            _with_nothing(theirs.copy(), mine) if _is_empty(mine) else _with_nothing(mine, theirs)
        )
    yielding = _yielding(mine, theirs)
    if yielding is mine:
        mine = _as_identifiers(mine, theirs.column, guard, config)
    elif yielding is theirs:
        theirs = _as_identifiers(theirs, mine.column, guard, config)
    column = _column_of_both(mine, theirs)
    mine.merge(theirs)
    mine.column = column
    return mine


def _is_empty(part: ColumnProfile) -> bool:
    return part.column.kind is Kind.EMPTY


def _with_nothing(decided: ColumnProfile, empty: ColumnProfile) -> ColumnProfile:
    """A column with the rows of a part that has no values; any odd ones in it are invalid."""
    invalid = empty.count
    decided.rows += empty.rows
    decided.missing.merge(empty.missing)
    decided.missing.invalid += invalid
    return decided


def _yielding(mine: ColumnProfile, theirs: ColumnProfile) -> ColumnProfile | None:
    """The part of texts that may turn out to be identifiers, where the other is."""
    for part, other in ((mine, theirs), (theirs, mine)):
        ids = other.column.role is Role.ID and other.column.values is ValuePolicy.HASHED
        both = part.column.kind is Kind.CATEGORICAL and other.column.kind is Kind.CATEGORICAL
        if ids and both and part.column.role is not Role.ID and _may_be_identifiers(part):
            return part
    return None


def _may_be_identifiers(part: ColumnProfile) -> bool:
    known = None if part.categories is None else part.categories.frequencies
    if known is None or known.other or part.column.values is ValuePolicy.HASHED:
        return False
    return part.count < _FEW_ROWS or len(known.counts) >= _NEARLY_ALL * part.count


def _as_identifiers(
    part: ColumnProfile, column: Column, guard: ValueGuard, config: SketchConfig
) -> ColumnProfile:
    import numpy as np
    import pyarrow as pa

    frequencies = None if part.categories is None else part.categories.frequencies
    counts = {} if frequencies is None else frequencies.counts
    sketches = CategorySketches.empty(column, config)
    texts = pa.array(list(counts), pa.large_string())
    many = np.fromiter(counts.values(), np.int64, len(counts))
    sketches.distinct.update(hash_texts(texts, seed=guard.seed), many)
    return ColumnProfile(
        column, part.rows, replace(part.missing), replace(part.fingerprint), None, sketches
    )


def _column_of_both(mine: ColumnProfile, theirs: ColumnProfile) -> Column:
    """What the column is: as the part says that has enough rows to tell; else a feature."""
    first, second = mine.column, theirs.column
    if {first.role, second.role} != {Role.ID, Role.FEATURE}:
        return first
    identifiers, other = (mine, theirs) if first.role is Role.ID else (theirs, mine)
    return identifiers.column if other.count < _FEW_ROWS else other.column
