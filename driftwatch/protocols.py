"""The sockets of DriftWatch: what can be replaced, and the shape it must have."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from driftwatch.alerts.message import Message
    from driftwatch.core.data.schema import Kind
    from driftwatch.core.drift.evidence import Evidence
    from driftwatch.core.drift.sides import Sides
    from driftwatch.core.reports.report import DriftReport, Levels
    from driftwatch.core.windows.evaluation_record import Evaluation, OutgoingMessage, Result
    from driftwatch.core.windows.segments import Delivery, Outcome, Segment, StoredSegment
    from driftwatch.core.windows.stored import (
        OutboxEntry,
        Overview,
        Quarantined,
        SavedState,
        SegmentKey,
        SentMessage,
        Source,
        StoredAction,
        StoredIncident,
        StoredReference,
        StoredReport,
        StoredWindow,
        StripCell,
        TurnedAway,
    )
    from driftwatch.ingest.accumulator import Accumulator

__all__ = [
    "Destination",
    "Diagnosis",
    "DriftTest",
    "Evaluations",
    "Housekeeping",
    "Incidents",
    "Notifier",
    "Outbox",
    "Quarantine",
    "Receiver",
    "References",
    "Segments",
    "Sink",
    "Store",
    "Windows",
]


class DriftTest(Protocol):
    """A drift test: looks at both sides of a column and returns its evidence.

    It must not change what it is given, and it must count sketch error against drift:
    its interval contains the statistic of the full data with at least 98 % confidence.
    Give your own to ``Monitor(tests=[...])``.
    """

    @property
    def name(self) -> str:
        """Name in reports and thresholds."""

    @property
    def kinds(self) -> frozenset[Kind]:
        """Kinds of the columns it is for."""

    @property
    def effect(self) -> Levels:
        """Sizes of drift to warn of, and to call critical, where thresholds name none."""

    def applies(self, sides: Sides, /) -> bool:
        """Whether the test can look at such a column."""

    def __call__(self, sides: Sides, /, *, effect: Levels, level: float) -> Evidence:
        """Return what the test found.

        Args:
            sides: Both sides of a column, neither of them empty.
            effect: Sizes of drift to warn of, and to call critical.
            level: Significance level, for the number of rows a decision would need.
        """


class Sink(Protocol):
    """Where results go: a log, a dashboard, a pager. Give yours to ``Monitor(sinks=[...])``.

    Results wait in the store until a sink has taken them. Where `emit` raises, the same result
    comes again, later and later; one that was taken may come again after a crash, with the same
    `Result.id`. Results of one monitor come in the order they were made. A sink that fails or
    hangs delays neither the evaluation nor other sinks.
    """

    @property
    def name(self) -> str:
        """What the store and `driftwatch doctor` call it; the same after a restart."""

    def emit(self, result: Result, /) -> None:
        """Take a result; raise if it cannot be taken now. Called from a thread of its own."""


class Notifier(Protocol):
    """Where messages about incidents go. Give yours to ``Monitor(alerts=[...])``.

    Messages wait in the store until they are taken, as results do for sinks: in order, at least
    once, with the same `Message.key` if one comes again.
    """

    @property
    def name(self) -> str:
        """What the store and `driftwatch doctor` call it; the same after a restart."""

    def send(self, message: Message, /) -> None:
        """Send a message; called from a thread of its own.

        Raises:
            Exception: If it cannot be sent now. An attribute ``retry_after`` of it, in seconds,
                says when it is to be tried again, at the earliest; its text must hold no secret.
        """


class Receiver(Protocol):
    """Where deliveries go: a store, or a collector that has one.

    Raises:
        StoreError: From every method, if it cannot be done now; nothing changed then.
    """

    @property
    def evaluates_elsewhere(self) -> bool:
        """Whether another process evaluates what is delivered."""

    def deliver(self, delivery: Delivery, /, *, now: float) -> Outcome:
        """Take in a delivery exactly once, and its cursors with it."""

    def cursor(self, monitor: str, name: str, /) -> int:
        """Where a source stands; 0 if it never delivered."""

    def overview(self, monitor: str, /) -> Overview:
        """What is kept of a monitor's stream."""

    def close(self) -> None:
        """Let go of it; further calls raise."""


class Destination(Protocol):
    """Where a stream's deliveries go, and who judges them: here, or behind a collector."""

    @property
    def receiver(self) -> Receiver:
        """What takes the deliveries."""

    def flushing(self, within: float | None, /) -> AbstractContextManager[Callable[[], int]]:
        """Enter it to flush; gives what tells, at the end, how many rows are not taken.

        Args:
            within: Seconds that may be spent to see everything arrive; None in the background.
        """

    def check(self, accumulator: Accumulator, /) -> DriftReport:
        """Report on the window that is open now; changes nothing."""

    def evaluate(self) -> Result | None:
        """Evaluate what is due; None if nothing is, or another process does it."""

    def close(self) -> None:
        """Let go of everything."""


class Segments(Protocol):
    """The sketches of a stream."""

    def segments(
        self, monitor: str, /, *, width: int, first: int, last: int, after: int = 0
    ) -> list[StoredSegment]:
        """Segments of some panes by id, those after one if given; damaged ones are set aside."""

    def panes(self, monitor: str, /, *, width: int, first: int, last: int) -> list[int]:
        """Numbers of the panes of a range that have rows, in order."""

    def counted(self, monitor: str, /, *, width: int, first: int, last: int) -> Mapping[str, int]:
        """What deliveries counted while some panes were filled, by name.

        It is spread over the panes of a delivery by rows; without any it is the newest pane's.
        """

    def newest(self, monitor: str, /) -> int:
        """The highest id of any segment; 0 of none. Cheap: tells whether anything is new."""

    @property
    def replacements(self) -> int:
        """How often what it keeps has become something else while it was open, such as when its
        file was removed: with another number, what was read before is to be read again.
        """

    def set_aside(self, monitor: str, id_: int, reason: str, /) -> None:
        """Take a segment that is damaged out of the data, into the quarantine; count its rows.

        Only bytes that break their checksum or structure are damaged: what another hash key or
        a newer version is needed for stays where it is. A store opened for reading does nothing.
        """


class References(Protocol):
    """References, and which one is in use for which version of the model."""

    def add_reference(self, monitor: str, id_: str, body: bytes, /, *, now: float) -> None:
        """Keep a reference; one that is there already stays as it is."""

    def use_reference(
        self,
        monitor: str,
        id_: str,
        /,
        *,
        model_version: str | None,
        now: float,
        instead_of: str | None = None,
    ) -> bool:
        """Point a model version at a reference; False if not `instead_of`, if given, is in use."""

    def adopt_reference(
        self, monitor: str, id_: str, body: bytes, /, *, model_version: str | None, now: float
    ) -> str:
        """Take the reference that a process was started with; returns the id that is in use.

        One that is new comes into use; one that was replaced stays so: a restart undoes nothing.
        """

    def reference(self, monitor: str, id_: str, /) -> bytes | None:
        """A reference's profile; None if there is none of that id."""

    def references_in_use(self, monitor: str, /) -> Mapping[str, str]:
        """Ids in use by model version; that of an empty text is for all versions without one."""


class Evaluations(Protocol):
    """Leases to evaluate, and what evaluations leave behind."""

    def lease(self, monitor: str, holder: str, /, *, now: float, seconds: float) -> int | None:
        """Take or renew the lease to evaluate; its token, or None while another holds it."""

    def release(self, monitor: str, token: int, /) -> None:
        """Give the lease back, if it is still that of the token, so that others need not wait."""

    def record(self, evaluation: Evaluation, /) -> bool:
        """Keep report, states and what sinks are to be given, all or nothing.

        Returns:
            False, and nothing changes, if the token is not that of the lease any more.
        """

    def state(self, monitor: str, /) -> SavedState | None:
        """States of detectors and alarm with the pane they have consumed."""

    def reports(
        self, monitor: str, /, *, limit: int, alarms_only: bool = False
    ) -> Sequence[StoredReport]:
        """Stored reports, the latest first."""


class Windows(Protocol):
    """What was found in each window, in a few bytes a column, for pages that show many of them."""

    def windows(
        self,
        monitor: str,
        /,
        *,
        since: float | None = None,
        until: float | None = None,
        limit: int,
        numbers: bool = False,
    ) -> Sequence[StoredWindow]:
        """Summaries of the newest windows that ended in a stretch, the oldest first."""

    def window_strip(
        self, monitor: str, /, *, since: float, until: float, columns: int
    ) -> Sequence[StripCell]:
        """The worst window of each of some equal parts, ends included; empty ones are left out."""

    def report_on(self, monitor: str, pane: int, /) -> StoredReport | None:
        """The newest report on the window that ends with a pane; None if there is none."""

    def unsummarized(self, monitor: str, /, *, limit: int) -> Sequence[StoredReport]:
        """The newest reports without a summary: an earlier version has stored them."""

    def keep_windows(self, monitor: str, windows: Sequence[StoredWindow], /) -> None:
        """Keep summaries of such reports; what is there already stays."""

    def pass_over(self, monitor: str, reports: Sequence[StoredReport], /) -> None:
        """Note that such reports cannot be read, so that they are not `unsummarized` any more."""


class Outbox(Protocol):
    """Results on their way to sinks, written with the evaluation that made them."""

    def take_due(
        self, monitor: str, sink: str, /, *, now: float, hold: float
    ) -> OutboxEntry | None:
        """The oldest result that a sink has not taken, if due; held for it for `hold` seconds."""

    def delivered(self, entry: OutboxEntry, /, *, now: float) -> None:
        """Forget what has been taken; a message is remembered as sent."""

    def postpone(self, entry: OutboxEntry, /, *, due: float, error: str) -> None:
        """Have a result tried again later, and remember why."""

    def give_up(self, entry: OutboxEntry, /) -> None:
        """Forget a result that its sink will not take, and count it."""

    def outbox(self, monitor: str, /) -> Sequence[OutboxEntry]:
        """Results that sinks have not taken yet, without their reports, the oldest first."""

    def merge_waiting(
        self,
        monitor: str,
        sink: str,
        /,
        *,
        keep: int,
        merge: Callable[[Sequence[str]], OutgoingMessage],
    ) -> int:
        """Put one message in the place of the oldest that wait for a back end.

        Args:
            monitor: Whose messages.
            sink: Name of the back end.
            keep: How many of the newest stay as they are.
            merge: Makes one of the bodies of several, the oldest first.

        Returns:
            How many were merged; 0 if no more than one and `keep` wait.
        """


class Incidents(Protocol):
    """Incidents, what people said of them, and the messages that were sent."""

    def incidents(
        self, monitor: str, /, *, limit: int, open_only: bool = False
    ) -> Sequence[StoredIncident]:
        """Incidents, the newest first."""

    def act(self, monitor: str, action: StoredAction, /) -> None:
        """Note what somebody said of an incident, or of the monitor."""

    def actions(self, monitor: str, /, *, incident: int) -> Sequence[StoredAction]:
        """What was said of an incident and of the monitor, the oldest first."""

    def sent(self, monitor: str, /, *, limit: int) -> Sequence[SentMessage]:
        """Messages that were taken, the newest first."""


class Housekeeping(Protocol):
    """What keeps a store small; compaction is planned outside of it, in `stores.compaction`."""

    def segments(
        self, monitor: str, /, *, width: int, first: int, last: int, after: int = 0
    ) -> list[StoredSegment]:
        """As `Segments.segments`."""

    def segment_keys(
        self, monitor: str, /, *, width: int, before: int, upto: int | None = None
    ) -> list[SegmentKey]:
        """Segments of panes before one, up to an id if given, by id."""

    def replace_segments(self, monitor: str, old: Sequence[StoredSegment], new: Segment, /) -> bool:
        """Put one segment in the place of several; False, and nothing changes, if any is gone."""

    def expire(self, monitor: str, /, *, width: int, before: int) -> int:
        """Forget segments of panes before one; returns their rows."""

    def forget_reports(self, monitor: str, /, *, before: float) -> int:
        """Forget reports made before a time, those of alarms excepted; returns how many."""

    def forget_sources(self, monitor: str, /, *, before: float) -> int:
        """Forget sources not heard since a time, but for the last; what they delivered stays."""


class Diagnosis(Protocol):
    """What a store says of itself."""

    @property
    def damage(self) -> str | None:
        """What was found damaged on opening, and what became of it; None if nothing."""

    def monitors(self) -> list[str]:
        """Names of all monitors that have delivered or have a reference."""

    def sources(self, monitor: str, /) -> list[Source]:
        """Every source: when it was last heard, and the last event time it delivered."""

    def references(self, monitor: str, /) -> Sequence[StoredReference]:
        """Every reference, the oldest first, and for which versions it is in use."""


class Quarantine(Protocol):
    """What was set aside as damaged."""

    def quarantine(self, monitor: str | None = None, /) -> list[Quarantined]:
        """What was set aside as damaged, and why."""

    def quarantined(self, id_: int, /) -> bytes | None:
        """The bytes of something that was set aside; None if there are none."""

    def give_back(self, id_: int, segment: Segment, /) -> bool:
        """Put a segment back into the data, as one that is new; False if it is not there."""

    def forget_quarantined(self, id_: int, /) -> bool:
        """Forget something that was set aside for good; False if it is not there."""


class WaitingElsewhere(Protocol):
    """Deliveries that came and could not be taken yet: whoever sent them keeps them."""

    def turn_away(self, delivery: Delivery, why: str, /, *, now: float) -> None:
        """Note that a delivery was not taken; it is forgotten once it is, or comes no more."""

    def turned_away(self, monitor: str, /, *, now: float) -> list[TurnedAway]:
        """What was turned away within a day and has not been taken since, the first one first."""


class Store(
    Receiver,
    Segments,
    References,
    Evaluations,
    Windows,
    Outbox,
    Incidents,
    Housekeeping,
    Diagnosis,
    Quarantine,
    WaitingElsewhere,
    Protocol,
):
    """Keeps segments, progress, references, reports, incidents, what waits for sinks, and states.

    Every method is atomic: when it returns, its effect survives the process; when it
    raises, nothing changed. Methods may be called from any thread. Times are seconds since
    1970 and are given by the caller, who owns the clock. `tests/stores/test_contract.py` and its
    neighbour on windows hold a store to it.

    Raises:
        StoreError: From every method, if it cannot be done: locked, read-only, full, or gone.
    """
