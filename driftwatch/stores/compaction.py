"""Several segments into one: fewer rows in the store, the same answer."""

from __future__ import annotations

from collections.abc import Sequence

from driftwatch.core.data.privacy import ValueGuard
from driftwatch.core.profiles.profile import Profile, merged
from driftwatch.core.windows.segments import Segment
from driftwatch.errors import MergeError
from driftwatch.protocols import Housekeeping

__all__ = ["compact", "merge_segments"]


def merge_segments(
    segments: Sequence[Segment],
    /,
    *,
    pane: int,
    width: int,
    guard: ValueGuard | None = None,
) -> Segment:
    """Merge segments of one pane, or of several into a wider one.

    Counts, ranges, sums, cells and content hash of the result are those of all rows;
    quantiles stay within the stated error of a sketch of all rows.

    Args:
        segments: At least one; of one reference and one model version.
        pane: Number of the pane they go into.
        width: Its width.
        guard: The hash key in use, if it is not the default.

    Raises:
        ProfileFormatError: If one of them is damaged.
        MergeError: If they are of different configurations.
    """
    first = segments[0]
    total = merged(Profile.from_bytes(segment.body, guard=guard) for segment in segments)
    if total is None:
        raise MergeError("there is nothing to merge")
    earliest = [s.earliest for s in segments if s.earliest is not None]
    latest = [s.latest for s in segments if s.latest is not None]
    return Segment(
        pane=pane,
        width=width,
        rows=sum(s.rows for s in segments),
        body=total.to_bytes(),
        late=sum(s.late for s in segments),
        earliest=min(earliest, default=None),
        latest=max(latest, default=None),
        reference=first.reference,
        model_version=first.model_version,
    )


def compact(
    store: Housekeeping,
    monitor: str,
    /,
    *,
    before: int,
    width: int,
    into: int | None = None,
    upto: int | None = None,
    guard: ValueGuard | None = None,
) -> int:
    """Merge the segments of every pane before one into one segment a pane.

    Args:
        store: Any store; merging happens here, replacing in one transaction of its own a pane.
        monitor: Whose.
        before: Panes with lower numbers, counted in the width they get.
        width: Width of the segments' panes now.
        into: Width of the panes to merge into, a multiple of `width`; the same if None.
        upto: Leave segments of higher ids alone.
        guard: The hash key in use, if it is not the default.

    Returns:
        How many segments are gone.
    """
    wide = into or width
    keys = store.segment_keys(monitor, width=width, before=before * wide // width, upto=upto)
    groups: dict[tuple[int, str, str | None], set[int]] = {}
    for key in keys:
        group = (key.pane * width // wide, key.reference, key.model_version)
        groups.setdefault(group, set()).add(key.id)
    gone = 0
    for (pane, _, _), ids in groups.items():
        if len(ids) == 1 and wide == width:
            continue
        first, last = pane * wide // width, ((pane + 1) * wide - 1) // width
        segments = store.segments(monitor, width=width, first=first, last=last)
        mine = [segment for segment in segments if segment.id in ids]
        if not mine:
            continue
        merged = merge_segments([s.segment for s in mine], pane=pane, width=wide, guard=guard)
        if store.replace_segments(monitor, mine, merged):
            gone += len(mine) - 1
    return gone
