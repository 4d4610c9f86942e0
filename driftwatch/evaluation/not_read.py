"""Rows in a store that a reader cannot read now, and the way back of what was set aside."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

from driftwatch.core.data.privacy import ValueGuard
from driftwatch.core.profiles.profile import Profile
from driftwatch.core.profiles.readable import Readability
from driftwatch.core.windows.segments import Segment
from driftwatch.core.windows.stored import Overview, Quarantined
from driftwatch.errors import DataError, NotReadableError, ProfileFormatError
from driftwatch.protocols import Store

__all__ = ["DAMAGED", "give_back", "rows_not_read"]

DAMAGED = "damaged"
_AT_ONCE = 256
_PLACE = ("pane", "width", "late", "earliest", "latest", "reference", "model_version")


def rows_not_read(
    store: Store, monitor: str, /, *, guard: ValueGuard, facts: Overview | None = None
) -> Counter[str]:
    """Rows of a monitor in segments that cannot be read, by reason; changes nothing.

    Args:
        store: The store, best opened for reading: what is damaged is set aside elsewhere.
        monitor: Whose.
        guard: The hash key in use.
        facts: What the store says of the monitor; asked of it if not given.

    Cost: every segment is read, in about 0.05 ms each; some hundred are in memory at once.
    """
    found: Counter[str] = Counter()
    readability = Readability(guard)
    for width in (facts or store.overview(monitor)).panes:
        seen = 0
        panes = store.panes(monitor, width=width.width, first=width.first, last=width.last)
        for start in range(0, len(panes), _AT_ONCE):
            some = panes[start : start + _AT_ONCE]
            stored = store.segments(monitor, width=width.width, first=some[0], last=some[-1])
            for segment in (each.segment for each in stored):
                seen += segment.rows
                try:
                    readability.check(segment.body)
                except NotReadableError as error:
                    found[error.reason] += segment.rows
                except ProfileFormatError:
                    found[DAMAGED] += segment.rows
        found[DAMAGED] += max(0, width.rows - seen)  # those whose bytes have changed are not given
    return +found


def give_back(
    store: Store, entry: Quarantined, /, *, guard: ValueGuard, width: int, reference: str
) -> int:
    """Put what was set aside back into the data, if it is sound; returns its rows.

    Earlier versions set aside what they could not read with the key they had, and did not keep
    where it belonged: it is a pane of the width given then.

    Args:
        store: The store.
        entry: What of it.
        guard: The hash key in use. What needs another one is sound, too.
        width: Width of the monitor's panes.
        reference: Id of the reference in use.

    Raises:
        DataError: If it is damaged, or no segment, or its place is not what it was.
    """
    body = store.quarantined(entry.id)
    facts = entry.facts if entry.facts is not None else _facts_of(entry, width, reference)
    if body is None or facts is None:
        raise DataError(
            f"{entry.id} ({entry.what}) is no segment that could be given back", code="DW039"
        )
    try:
        rows = Profile.from_bytes(body, guard=guard).rows
    except NotReadableError:
        rows = entry.rows
    except ProfileFormatError as error:
        raise DataError(
            f"{entry.id} ({entry.what}) is damaged, and would be set aside again: {error}; "
            "`driftwatch quarantine export` writes what is left of it to a file",
            code="DW039",
        ) from error
    if rows != entry.rows:
        raise DataError(
            f"{entry.id} ({entry.what}) has {rows:,} rows, and says {entry.rows:,}", code="DW039"
        )
    known = {name: facts[name] for name in _PLACE if name in facts}
    if not store.give_back(entry.id, Segment(rows=rows, body=body, **known)):
        raise DataError(f"{entry.id} is not there any more", code="DW039")
    return rows


def _facts_of(entry: Quarantined, width: int, reference: str) -> Mapping[str, Any] | None:
    pane = re.fullmatch(r"segment of pane (-?\d+)", entry.what)
    if pane is None:
        return None
    return {"pane": int(pane[1]), "width": width, "reference": reference}
