"""How many versions of the model a pane has: few, whatever clients call them."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from driftwatch.core.windows.model_versions import (
    COUNTED_TOGETHER,
    MOST_VERSIONS,
    OTHER_VERSIONS,
)
from driftwatch.core.windows.segments import Delivery, Segment

__all__ = ["with_few_versions"]


def with_few_versions(db: sqlite3.Connection, delivery: Delivery) -> Delivery:
    """A delivery of which no pane gets more versions than it may have.

    Segments of further versions are taken as those of `OTHER_VERSIONS`, and their rows are counted.
    Versions that have a reference of their own keep their names.
    """
    if all(segment.model_version is None for segment in delivery.segments):
        return delivery
    segments = tuple(_renamed(db, delivery))
    together = sum(
        after.rows
        for before, after in zip(delivery.segments, segments, strict=True)
        if before.model_version != after.model_version
    )
    counters = Counter(delivery.counters)
    counters[COUNTED_TOGETHER] += together
    return replace(delivery, segments=segments, counters=dict(+counters)) if together else delivery


def _renamed(db: sqlite3.Connection, delivery: Delivery) -> Iterator[Segment]:
    uses = db.execute("SELECT model_version FROM uses WHERE monitor=?", (delivery.monitor,))
    kept = {str(version) for (version,) in uses} | {OTHER_VERSIONS}
    known: dict[tuple[int, int], set[str]] = {}
    for segment in delivery.segments:
        version = segment.model_version
        if version is None or version in kept:
            yield segment
            continue
        place = segment.width, segment.pane
        if place not in known:
            known[place] = _versions_of(db, delivery.monitor, *place) - kept
        versions = known[place]
        if version not in versions and len(versions) >= MOST_VERSIONS:
            yield replace(segment, model_version=OTHER_VERSIONS)
            continue
        versions.add(version)
        yield segment


def _versions_of(db: sqlite3.Connection, monitor: str, width: int, pane: int) -> set[str]:
    rows = db.execute(
        "SELECT DISTINCT model_version FROM segments WHERE monitor=? AND width=? AND pane=? "
        "AND model_version IS NOT NULL",
        (monitor, width, pane),
    )
    return {str(version) for (version,) in rows}
