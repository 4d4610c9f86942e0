"""Episodes of drift: one alarm from when it begins until it is really over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self

from driftwatch.core.reports.results import Status

__all__ = ["Event", "Hysteresis"]


class Event(StrEnum):
    """What a pane changed about the alarm."""

    RAISED = "raised"
    ESCALATED = "escalated"
    CLEARED = "cleared"


@dataclass(slots=True)
class Hysteresis:
    """Raises an alarm at once and clears it late, so that one drift is one alarm.

    Args:
        clear_after: Quiet panes in a row after which the alarm is over.

    Attributes:
        level: Status of the alarm: OK while there is none.
        since: Pane with which the alarm began.
        quiet: Quiet panes since the last drift.

    Example:
        >>> alarm = Hysteresis(clear_after=2)
        >>> seen = [Status.OK, Status.WARNING, Status.CRITICAL, Status.OK, Status.WARNING]
        >>> [event.value for pane, status in enumerate(seen + [Status.OK] * 2)
        ...  if (event := alarm.update(pane, status))]
        ['raised', 'escalated', 'cleared']
    """

    clear_after: int = 3
    level: Status = Status.OK
    since: int | None = None
    quiet: int = 0

    def update(self, pane: int, status: Status, /, *, early: bool = False) -> Event | None:
        """Take in the status of a pane's window.

        Args:
            pane: The pane.
            status: Of the window that ends with it; only OK is quiet, no decision says nothing.
            early: Whether a detector saw persistent drift, which counts as a warning.
        """
        if early and not status.is_drift:
            status = Status.WARNING
        if status.is_drift:
            self.quiet = 0
            if not self.level.is_drift:
                self.level, self.since = status, pane
                return Event.RAISED
            if status.severity > self.level.severity:
                self.level = status
                return Event.ESCALATED
            return None
        if self.level.is_drift and status is Status.OK:
            self.quiet += 1
            if self.quiet >= self.clear_after:
                self.level, self.since, self.quiet = Status.OK, None, 0
                return Event.CLEARED
        return None

    def to_dict(self) -> dict[str, Any]:
        """As plain data, to go on with later."""
        return {"level": self.level.value, "since": self.since, "quiet": self.quiet}

    def restored(self, saved: Mapping[str, Any], /) -> Self:
        """Return the state that `to_dict` gave, with this one's settings."""
        return type(self)(
            self.clear_after, Status(saved["level"]), saved["since"], int(saved["quiet"])
        )
