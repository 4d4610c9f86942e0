"""What one evaluation came to, and what it leaves behind in a store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from driftwatch.core.reports.report import DriftReport
from driftwatch.core.windows.alarm import Event
from driftwatch.core.windows.stored import StoredIncident, StoredWindow

__all__ = ["Evaluation", "OutgoingMessage", "Result"]


@dataclass(frozen=True, slots=True)
class OutgoingMessage:
    """A message about an incident, on its way to back ends.

    Attributes:
        key: Tells it from all others.
        kind: Why it is sent.
        incident: Number of its incident.
        body: The message as JSON.
    """

    key: str
    kind: str
    incident: int
    body: str


@dataclass(frozen=True, slots=True)
class Result:
    """What one evaluation came to.

    Attributes:
        report: The report; None where no window was due.
        event: What it changed about the alarm: raised, escalated, cleared; None if nothing.
        pane: Last pane of the window.
        monitor: Name of the monitor.
        id: Tells it from all other results of all monitors; the same when a sink is given it
            again.
        revised: Whether it replaces an earlier report on the same window, which late rows
            have changed.
    """

    report: DriftReport | None
    event: Event | None
    pane: int
    monitor: str = "default"
    id: str = ""
    revised: bool = False


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A report and the states that go with it, kept together or not at all.

    Attributes:
        monitor: Whose.
        token: Of the lease it was made under; a store refuses it once the lease has moved on.
        pane: Last pane of its window.
        revision: 0, and one more whenever late rows changed the window.
        created: When, seconds since 1970.
        status: Of the report.
        report: The report as JSON; None where only states moved on.
        event: ``raised``, ``escalated`` or ``cleared`` where it changed the alarm.
        state: States of detectors and alarm.
        consumed: The last final pane they have seen.
        sinks: Names of the sinks that are to be given the result.
        incident: The incident, where it has changed.
        messages: Messages about it.
        notifiers: Names of the back ends that are to send them.
        window: The summary of the report, for pages that show many windows.
    """

    monitor: str
    token: int
    pane: int
    revision: int
    created: float
    status: str
    report: str | None
    event: str | None
    state: Mapping[str, Any]
    consumed: int
    sinks: tuple[str, ...] = ()
    incident: StoredIncident | None = None
    messages: tuple[OutgoingMessage, ...] = ()
    notifiers: tuple[str, ...] = ()
    window: StoredWindow | None = None

    @property
    def id(self) -> str:
        """Tells the result from all others."""
        return f"{self.monitor}/{self.pane}/{self.revision}/{self.consumed}"
