"""The profile of a stretch of time, from panes of any width that the store has kept."""

from __future__ import annotations

from collections.abc import Iterator

from driftwatch.core.data.privacy import ValueGuard
from driftwatch.core.profiles.profile import Profile, merged
from driftwatch.errors import DataError, MergeError
from driftwatch.protocols import Store

__all__ = ["profile_of_history"]


def profile_of_history(
    store: Store, monitor: str, /, *, start: float, end: float, guard: ValueGuard
) -> Profile:
    """Merge every segment whose pane lies between two times.

    Old panes have been rolled up into days and weeks, so the edges of a long stretch are
    those of such panes: a pane counts if it begins in the stretch.

    Args:
        store: The store.
        monitor: Whose.
        start: Seconds since 1970.
        end: Seconds since 1970.
        guard: The hash key in use.

    Raises:
        DataError: If there is nothing.
        MergeError: If segments are of different configurations.
    """

    def stretch() -> Iterator[Profile]:
        for width in [pane.width for pane in store.overview(monitor).panes]:
            first, last = -int(-start // width), int(end // width) - (end % width == 0)
            for segment in store.segments(monitor, width=width, first=first, last=last):
                yield Profile.from_bytes(segment.segment.body, guard=guard)

    try:
        total = merged(stretch())
    except MergeError as error:
        raise MergeError(f"the history of {monitor!r} is not of one kind: {error}") from error
    if total is None:
        raise DataError(f"the store has no rows of {monitor!r} in that time", code="DW100")
    return total
