"""Several segments into one: fewer rows in the store, the same answer."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import replace

from driftwatch.core.data.privacy import ValueGuard
from driftwatch.core.profiles.profile import Profile
from driftwatch.core.windows.model_versions import MOST_VERSIONS, OTHER_VERSIONS
from driftwatch.core.windows.segments import Segment, StoredSegment
from driftwatch.errors import MergeError, ProfileFormatError
from driftwatch.protocols import Housekeeping

__all__ = ["compact", "merge_segments"]


def merge_segments(
    segments: Sequence[StoredSegment],
    /,
    *,
    pane: int,
    width: int,
    guard: ValueGuard | None = None,
) -> list[tuple[list[StoredSegment], Segment]]:
    """Merge segments of one pane, or of several into a wider one, as far as they go together.

    Counts, ranges, sums, cells and content hash of a result are those of all its rows; quantiles
    stay within the stated error of a sketch of all rows.

    Args:
        segments: Of one reference and one model version.
        pane: Number of the pane they go into.
        width: Its width.
        guard: The hash key in use, if it is not the default.

    Returns:
        Those that were merged with what they make. Segments that do not go together, such as those
        of other sketch sizes, make several. One that cannot be read, for now or at all, is in none
        of them: it stays what it is.
    """
    groups: list[tuple[Profile, list[StoredSegment]]] = []
    for stored in segments:
        with contextlib.suppress(ProfileFormatError):
            profile = Profile.from_bytes(stored.segment.body, guard=guard)
            for total, members in groups:
                with contextlib.suppress(MergeError):
                    total.merge(profile)
                    members.append(stored)
                    break
            else:
                groups.append((profile, [stored]))
    return [(members, _merged(total, members, pane, width)) for total, members in groups]


def _merged(total: Profile, members: Sequence[StoredSegment], pane: int, width: int) -> Segment:
    segments = [stored.segment for stored in members]
    return Segment(
        pane=pane,
        width=width,
        rows=sum(s.rows for s in segments),
        body=total.to_bytes(),
        late=sum(s.late for s in segments),
        earliest=min((s.earliest for s in segments if s.earliest is not None), default=None),
        latest=max((s.latest for s in segments if s.latest is not None), default=None),
        reference=segments[0].reference,
        model_version=segments[0].model_version,
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

    What cannot be read with the key and the version at hand, or is damaged, stays as it is.

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
    versions: dict[tuple[int, str], set[str]] = {}
    for key in keys:
        pane, version = key.pane * width // wide, key.model_version
        known = versions.setdefault((pane, key.reference), set())
        if version is not None and version not in known:
            if len(known) >= MOST_VERSIONS:  # a day may have had more than any pane of it
                version = OTHER_VERSIONS
            known.add(version)
        groups.setdefault((pane, key.reference, version), set()).add(key.id)
    gone = 0
    for (pane, _, version), ids in groups.items():
        if len(ids) == 1 and wide == width:
            continue
        first, last = pane * wide // width, ((pane + 1) * wide - 1) // width
        segments = store.segments(monitor, width=width, first=first, last=last)
        mine = [segment for segment in segments if segment.id in ids]
        for members, merged in merge_segments(mine, pane=pane, width=wide, guard=guard):
            if len(members) == 1 and wide == width:
                continue
            if store.replace_segments(monitor, members, replace(merged, model_version=version)):
                gone += len(members) - 1
    return gone
