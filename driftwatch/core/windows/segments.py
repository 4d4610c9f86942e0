"""Segments: what one source saw of one pane, immutable and keyed by where it came from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

__all__ = ["COLLECTOR_REACH", "CursorMove", "Delivery", "Outcome", "Segment", "StoredSegment"]


COLLECTOR_REACH = 400 * 86_400
"""Seconds back to which a collector takes rows at least, even if its retention is shorter."""


@dataclass(frozen=True, slots=True)
class Segment:
    """Rows of one pane, sketched.

    Attributes:
        pane: Number of the pane.
        width: Seconds, or rows, of the pane.
        rows: Rows in it.
        body: The profile, as ``Profile.to_bytes`` writes it.
        late: Rows that came after their pane had ended.
        earliest: First event time, seconds since 1970; None where rows have no time.
        latest: Last event time.
        reference: Content id of the reference whose cells it was counted in.
        model_version: Version of the model that saw the rows.
    """

    pane: int
    width: int
    rows: int
    body: bytes = field(repr=False)
    late: int = 0
    earliest: float | None = None
    latest: float | None = None
    reference: str = ""
    model_version: str | None = None


@dataclass(frozen=True, slots=True)
class CursorMove:
    """A source's progress: from where to where a delivery takes it.

    Attributes:
        name: Which cursor, such as a topic's partition or a file.
        start: Where it must stand now.
        end: Where it stands afterwards.
    """

    name: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Delivery:
    """Segments that a store takes in together, once, or not at all.

    Attributes:
        monitor: Whose they are.
        source: Who saw the rows: a process, a replica, a partition, a file.
        epoch: One life of the source; random, so that a restart cannot repeat a key.
        sequence: Number of the delivery in that life, from 0.
        segments: One a pane.
        counters: Rows that are in no segment, by reason, and other things to add up.
        cursors: Progress that is stored in the same step.
        sent_at: When the source sent it, seconds since 1970.
        reached: The event time that the source has reached, where most of its rows are not as far
            as the latest; None where that is the latest event time of the segments.
    """

    monitor: str
    source: str
    epoch: str
    sequence: int
    segments: tuple[Segment, ...] = ()
    counters: Mapping[str, int] = field(default_factory=dict)
    cursors: tuple[CursorMove, ...] = ()
    sent_at: float = 0.0
    reached: float | None = None

    @property
    def rows(self) -> int:
        """Rows in all segments."""
        return sum(segment.rows for segment in self.segments)


class Outcome(StrEnum):
    """What a store did with a delivery."""

    STORED = "stored"
    DUPLICATE = "duplicate"
    """It was there already; nothing changed."""
    PARTLY = "partly"
    """A half of it is there already: send the halves (`halves_of`). Nothing changed."""
    FENCED = "fenced"
    """Its cursor stands elsewhere, since another process has moved it. Nothing changed."""


@dataclass(frozen=True, slots=True)
class StoredSegment:
    """A segment as a store gives it back.

    Attributes:
        id: Grows with every insertion, so that what is new can be asked for.
        segment: What was delivered, or what compaction made of several.
        covers: The highest id of the segments that were merged into it, so that whoever has
            seen those knows that it brings nothing new; 0 of one that was delivered.
    """

    id: int
    segment: Segment
    covers: int = 0
