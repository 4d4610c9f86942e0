"""What a store says of what it keeps, as frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from driftwatch.core.reports.results import Status
from driftwatch.core.reports.window_summary import PackedSummary

__all__ = [
    "DAMAGED",
    "OutboxEntry",
    "Overview",
    "PaneRange",
    "Quarantined",
    "SavedState",
    "SegmentKey",
    "SentMessage",
    "Source",
    "StoredAction",
    "StoredIncident",
    "StoredReference",
    "StoredReport",
    "StoredWindow",
    "StripCell",
    "TurnedAway",
]


DAMAGED = "damaged_in_the_store"
"""Name of the counter of rows that were set aside as damaged."""


@dataclass(frozen=True, slots=True)
class PaneRange:
    """The panes of one width.

    Attributes:
        width: Seconds, or rows, of a pane.
        segments: Segments in them.
        rows: Rows in those.
        bytes: Bytes of their sketches.
        first: Number of the first pane with rows.
        last: Number of the last one.
        late: Rows that came after their pane had ended.
        earliest: First event time, seconds since 1970; None where rows have none.
        latest: Last event time.
    """

    width: int
    segments: int
    rows: int
    bytes: int
    first: int
    last: int
    late: int
    earliest: float | None
    latest: float | None


@dataclass(frozen=True, slots=True)
class Overview:
    """What is kept of a monitor's stream.

    Attributes:
        panes: By width, the smallest first.
        counters: What was counted instead of used, and other things that are added up.
    """

    panes: tuple[PaneRange, ...] = ()
    counters: Mapping[str, int] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        """Rows in all segments."""
        return sum(pane.rows for pane in self.panes)

    @property
    def earliest(self) -> float | None:
        """First event time, seconds since 1970."""
        return min((p.earliest for p in self.panes if p.earliest is not None), default=None)

    @property
    def latest(self) -> float | None:
        """Last event time, seconds since 1970."""
        return max((p.latest for p in self.panes if p.latest is not None), default=None)


@dataclass(frozen=True, slots=True)
class Source:
    """Who delivers.

    Attributes:
        source: Its name.
        epoch: Its present life.
        heard: When it was last heard, by the clock of the store, seconds since 1970.
        sent: The same by its own clock.
        latest: The event time that it has reached: the last that it delivered, or that of most of
            its rows, where a few are ahead of all others.
        rows: Rows that it delivered.
        deliveries: How many deliveries those were.
    """

    source: str
    epoch: str
    heard: float
    sent: float
    latest: float | None
    rows: int
    deliveries: int


@dataclass(frozen=True, slots=True)
class StoredReference:
    """A reference in a store.

    Attributes:
        id: Its content id.
        added: When it came, seconds since 1970.
        bytes: Bytes of its profile.
        used_for: Model versions that it is in use for; an empty text for all others.
    """

    id: str
    added: float
    bytes: int
    used_for: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StoredReport:
    """A report in a store.

    Attributes:
        pane: Last pane of its window.
        revision: 0, and one more whenever late rows changed the window.
        created: When it was made, seconds since 1970.
        status: Its status.
        event: What it changed about the alarm; None if nothing.
        body: The report as JSON.
    """

    pane: int
    revision: int
    created: float
    status: str
    event: str | None
    body: str


@dataclass(frozen=True, slots=True)
class StoredWindow:
    """The summary of a report in a store.

    Attributes:
        pane: Last pane of its window.
        revision: That of the report.
        created: When the report was made, seconds since 1970.
        at: When the window ended by event time; where panes are counted in rows, `created`.
        event: What it changed about the alarm; None if nothing.
        summary: What it says.
        status: Of the window; given to be stored, and in the summary, too.
        shown: The largest drift that is shown, likewise.
    """

    pane: int
    revision: int
    created: float
    at: float
    event: str | None
    summary: PackedSummary
    status: Status = Status.INSUFFICIENT_DATA
    shown: float = 0.0


@dataclass(frozen=True, slots=True)
class StripCell:
    """The windows of one of some equal parts of a stretch of time.

    Attributes:
        place: Number of the part, from 0.
        status: The worst of its windows.
        shown: The largest drift that is shown in them, in units of its warning threshold.
        windows: How many.
        at: When the last of them ended, seconds since 1970.
    """

    place: int
    status: Status
    shown: float
    windows: int
    at: float


@dataclass(frozen=True, slots=True)
class SavedState:
    """States of an evaluator, as it saved them.

    Attributes:
        consumed: The last final pane that detectors and alarm have seen.
        facts: The rest, as plain data.
    """

    consumed: int
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def alarm(self) -> str | None:
        """Level of the alarm; None before the first pane."""
        alarm = self.facts.get("alarm")
        level = alarm.get("level") if isinstance(alarm, Mapping) else None
        return None if level is None else str(level)

    @property
    def laggards(self) -> dict[str, list[float]]:
        """What was known of sources that were far behind the others, by name."""
        known = self.facts.get("laggards") or {}
        try:
            return {str(name): [float(number) for number in said] for name, said in known.items()}
        except (TypeError, ValueError, AttributeError):  # damaged; it is found out anew
            return {}


@dataclass(frozen=True, slots=True)
class Quarantined:
    """What was set aside as damaged.

    Attributes:
        id: Its number.
        monitor: Whose it was; empty if of all.
        what: What it was.
        rows: Rows in it.
        reason: Why it cannot be read.
        bytes: Bytes of it that are kept.
        facts: Where it belongs in the data, by the names of a `Segment`; None where that was not
            kept.
    """

    id: int
    monitor: str
    what: str
    rows: int
    reason: str
    bytes: int = 0
    facts: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class TurnedAway:
    """A delivery that came, could not be taken yet, and waits at its sender.

    Attributes:
        source: Who sent it.
        epoch: The life of the source in which it was made.
        sequence: Its number.
        rows: Rows in it.
        why: Why it was not taken the last time.
        first: When it came first, seconds since 1970.
        last: When it came last.
    """

    source: str
    epoch: str
    sequence: int
    rows: int
    why: str
    first: float
    last: float


@dataclass(frozen=True, slots=True)
class SegmentKey:
    """A segment without its sketches.

    Attributes:
        id: Its number.
        pane: Number of its pane.
        reference: Content id of the reference whose cells it was counted in.
        model_version: Version of the model that saw the rows.
    """

    id: int
    pane: int
    reference: str
    model_version: str | None


@dataclass(frozen=True, slots=True)
class OutboxEntry:
    """A result that a sink has not taken yet.

    Attributes:
        id: Its number; of one sink and monitor the lower ones go first.
        monitor: Whose result it is.
        sink: Name of the sink.
        event_id: Tells one result from another, also when it is given again.
        pane: Last pane of its window.
        revision: Of the report; of a message the number of its incident.
        event: What it changed about the alarm; of a message why it is sent; None if nothing.
        created: When it was made, seconds since 1970.
        attempts: How often the sink was tried.
        due: When it is to be tried again.
        error: Why the last attempt failed; None before the first.
        report: The report as JSON; None if it is gone.
        message: A message as JSON, for a back end of alerts; None of a result for a sink.
    """

    id: int
    monitor: str
    sink: str
    event_id: str
    pane: int
    revision: int
    event: str | None
    created: float
    attempts: int
    due: float
    error: str | None
    message: str | None = field(repr=False, default=None)
    report: str | None = field(repr=False, default=None)


@dataclass(frozen=True, slots=True)
class StoredIncident:
    """An incident in a store.

    Attributes:
        number: Of its monitor, from 1.
        opened: When it was opened, seconds since 1970.
        resolved: When it was over; None while it is open.
        status: ``WARNING`` or ``CRITICAL``.
        body: The incident as JSON.
    """

    number: int
    opened: float
    resolved: float | None
    status: str
    body: str


@dataclass(frozen=True, slots=True)
class StoredAction:
    """What somebody said of an incident.

    Attributes:
        incident: Its number; 0: of the monitor itself.
        kind: ``ack``, ``unack``, ``silence``, ``unsilence``, ``owner`` or ``note``.
        at: When, seconds since 1970.
        by: Who.
        until: End of a silence, seconds since 1970; None: when the incident is over.
        text: The note, or the owner.
    """

    incident: int
    kind: str
    at: float
    by: str = ""
    until: float | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class SentMessage:
    """A message that a back end has taken.

    Attributes:
        incident: Number of its incident.
        key: Tells it from all others.
        sink: Name of the back end.
        kind: Why it was sent.
        created: When it was made, seconds since 1970.
        delivered: When it was taken.
        attempts: How often it had been tried before.
    """

    incident: int
    key: str
    sink: str
    kind: str
    created: float
    delivered: float
    attempts: int
