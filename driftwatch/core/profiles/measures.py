"""Two profiles together: whether they go together, and what they keep beside their columns."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from driftwatch.core.profiles import agreement
from driftwatch.core.profiles.hidden_columns import keys_of_both
from driftwatch.errors import MergeError

if TYPE_CHECKING:
    from driftwatch.core.profiles.profile import Profile

__all__ = ["check_mergeable", "instant", "merge_measures"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def check_mergeable(mine: Profile, other: Profile, /) -> None:
    """Do nothing, or say why a profile cannot be merged into another.

    Raises:
        MergeError: If configuration, k or hash key differ, or what parts say of a column.
    """
    for what, ours, theirs in (
        ("sketch configuration", mine.config.id, other.config.id),
        ("k", mine.k, other.k),
        ("hash key", *keys_of_both(mine, other)),
    ):
        if ours != theirs:
            raise MergeError(f"profiles of different {what} do not merge: {ours} and {theirs}")
    for name in mine.columns.keys() & other.columns.keys():
        agreement.check_agreement(mine.columns[name], other.columns[name])


def merge_measures(mine: Profile, other: Profile, /) -> None:
    """Add what another profile keeps beside its columns; of panes and dependence what both have."""
    specs = [spec for spec in (mine.outcome_spec, other.outcome_spec) if spec is not None]
    mine.outcome_spec = min(specs, key=lambda spec: spec.id, default=None)
    for id_, counted in other.outcomes.items():
        if id_ in mine.outcomes:
            mine.outcomes[id_].merge(counted)
        else:
            mine.outcomes[id_] = counted.copy()
    if mine.rows == 0:
        mine.panes = None if other.panes is None else other.panes.copy()
    elif mine.panes is not None:
        mine.panes = mine.panes.merged(other.panes)
    if mine.rows == 0 and mine.cross is None:
        mine.cross = None if other.cross is None else other.cross.copy()
        mine.scores = other.scores
    elif mine.cross is not None:
        if other.cross is not None and other.cross.label == mine.cross.label:
            mine.cross.merge(other.cross)
        else:
            mine.cross = mine.scores = None


def instant(seconds: float, /) -> datetime | None:
    """Seconds since 1970 as an aware datetime; None outside the calendar."""
    try:
        return _EPOCH + timedelta(seconds=seconds)
    except OverflowError:  # a time outside the years 1 to 9999
        return None
