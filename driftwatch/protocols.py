"""The sockets of DriftWatch: what can be replaced, and the shape it must have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from driftwatch.core.data.privacy import ValueGuard
    from driftwatch.core.data.schema import Kind
    from driftwatch.core.drift.evidence import Evidence
    from driftwatch.core.drift.sides import Sides
    from driftwatch.core.reports.report import DriftReport, Levels
    from driftwatch.core.windows.evaluation_record import Evaluation
    from driftwatch.core.windows.segments import Delivery, Outcome, StoredSegment

__all__ = ["DriftTest", "Receiver", "Sink", "Store"]


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
    """Where reports go. An error in one sink is counted and stops neither the others nor
    the evaluation.
    """

    def emit(self, report: DriftReport, /) -> None:
        """Take a report."""


class Receiver(Protocol):
    """Where deliveries go: a store, or a collector that has one.

    Raises:
        StoreError: From every method, if it cannot be done now; nothing changed then.
    """

    def deliver(self, delivery: Delivery, /, *, now: float) -> Outcome:
        """Take in a delivery exactly once, and its cursors with it."""

    def cursor(self, monitor: str, name: str, /) -> int:
        """Where a source stands; 0 if it never delivered."""

    def overview(self, monitor: str, /) -> Mapping[str, Any]:
        """Rows, segments, bytes, first and last pane by width, event times, counters."""

    def close(self) -> None:
        """Let go of it; further calls raise."""


class Store(Receiver, Protocol):
    """Keeps segments, progress, references, reports and the states of detectors.

    Every method is atomic: when it returns, its effect survives the process; when it
    raises, nothing changed. Methods may be called from any thread. Times are seconds since
    1970 and are given by the caller, who owns the clock.

    Raises:
        StoreError: From every method, if the store cannot do what was asked: locked,
            read-only, full, or gone.
    """

    def segments(
        self, monitor: str, /, *, width: int, first: int, last: int, after: int = 0
    ) -> list[StoredSegment]:
        """Segments of some panes in the order of their ids, those after one if given.

        Segments whose bytes are damaged are set aside and not returned.
        """

    def panes(self, monitor: str, /, *, width: int, first: int, last: int) -> list[int]:
        """Numbers of the panes of a range that have rows, in order."""

    def set_aside(self, monitor: str, id_: int, reason: str, /) -> None:
        """Take a segment that cannot be read out of the data, into the quarantine."""

    def newest(self, monitor: str, /) -> int:
        """The highest id of any segment; 0 of none. Cheap: tells whether anything is new."""

    def sources(self, monitor: str, /) -> list[Mapping[str, Any]]:
        """Every source: when it was last heard, and the last event time it delivered."""

    def add_reference(self, monitor: str, id_: str, body: bytes, /, *, now: float) -> None:
        """Keep a reference; one that is there already stays as it is."""

    def use_reference(
        self, monitor: str, id_: str, /, *, model_version: str | None, now: float
    ) -> None:
        """Point a model version at a reference, from now on."""

    def references(self, monitor: str, /) -> list[Mapping[str, Any]]:
        """Every reference: id, bytes, when it came, and for which versions it is in use."""

    def reference(self, monitor: str, id_: str, /) -> bytes | None:
        """A reference's profile."""

    def reference_in_use(self, monitor: str, model_version: str | None, /) -> str | None:
        """Id of the reference in use for a model version, or for all where it has none."""

    def lease(self, monitor: str, holder: str, /, *, now: float, seconds: float) -> int | None:
        """Take or renew the lease to evaluate; its token, or None while another holds it."""

    def release(self, monitor: str, token: int, /) -> None:
        """Give the lease back, if it is still that of the token, so that nobody has to wait."""

    def record(self, evaluation: Evaluation, /) -> bool:
        """Keep what an evaluation leaves behind, all or nothing.

        Returns:
            False, and nothing changes, if the token is not that of the lease any more.
        """

    def state(self, monitor: str, /) -> Mapping[str, Any] | None:
        """States of detectors and hysteresis with the pane they have consumed."""

    def reports(
        self, monitor: str, /, *, limit: int, alarms_only: bool = False
    ) -> Sequence[Mapping[str, Any]]:
        """Stored reports, the latest first."""

    def compact(
        self,
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
            monitor: Whose.
            before: Panes with lower numbers, counted in the width they get.
            width: Width of the segments' panes now.
            into: Width of the panes to merge into, a multiple of `width`; the same if None.
            upto: Leave segments of higher ids alone.
            guard: The hash key in use, if it is not the default.

        Returns:
            How many segments are gone.
        """

    def expire(self, monitor: str, /, *, width: int, before: int) -> int:
        """Forget segments of panes before one; returns their rows."""

    def forget_reports(self, monitor: str, /, *, before: float) -> int:
        """Forget reports made before a time, those of alarms excepted; returns how many."""

    def quarantine(self, monitor: str | None = None, /) -> list[Mapping[str, Any]]:
        """What was set aside as damaged, and why."""
