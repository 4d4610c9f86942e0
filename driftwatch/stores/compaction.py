"""Several segments into one: fewer rows in the store, the same answer."""

from __future__ import annotations

from collections.abc import Sequence

from driftwatch.core.data.privacy import ValueGuard
from driftwatch.core.profiles.profile import Profile, merged
from driftwatch.core.windows.segments import Segment
from driftwatch.errors import MergeError

__all__ = ["merge_segments"]


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
