"""Windows one after another that drift: with which of them the present run began."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from driftwatch.core.reports.plain_values import whole
from driftwatch.core.reports.results import Status, from_iso, to_iso
from driftwatch.core.reports.spelling import length_of_time, moment

__all__ = ["DriftRun", "Since", "status_for_runs"]


@dataclass(slots=True)
class DriftRun:
    """The unbroken run of drifted windows that lasts until now.

    Only a window that is OK ends it: one that cannot be judged speaks neither for nor against.

    Attributes:
        windows: How many windows have drifted in it; 0 while there is no run.
        began: Number of the first of them; of the last run while there is no run.

    Example:
        >>> run = DriftRun()
        >>> for window, status in enumerate(["OK", "WARNING", "UNDECIDED", "CRITICAL"]):
        ...     run.update(window, Status(status))
        >>> run
        DriftRun(windows=2, began=1)
    """

    windows: int = 0
    began: int | None = None

    def update(self, window: int, status: Status, /) -> None:
        """Take in the status of the next window."""
        if status.is_drift:
            if not self.windows:
                self.began = window
            self.windows += 1
        elif status is Status.OK:
            self.windows = 0


@dataclass(frozen=True, slots=True)
class Since:
    """Since when a stream's windows drift without a break.

    Attributes:
        pane: Last pane of the first window that drifted.
        windows: How many have drifted since, with the present one.
        start: When that pane began, aware UTC; None where panes are counted in rows.
    """

    pane: int
    windows: int
    start: datetime | None = None

    def in_words(self, now: datetime | None) -> str:
        """When it began and how long ago that is, in half a sentence.

        Args:
            now: When the present window ends; None where that is not known.

        Example:
            >>> from datetime import UTC
            >>> began = datetime(2026, 11, 20, 6, tzinfo=UTC)
            >>> Since(7, 199, began).in_words(datetime(2026, 11, 28, 12, tzinfo=UTC))
            'since 20 Nov 06:00, 8 d 6 h ago'
            >>> Since(7, 3).in_words(None), Since(7, 1).in_words(None)
            ('since pane 7, 3 windows in a row', 'since pane 7, the first')
        """
        if self.start is None or now is None:
            many = "the first" if self.windows == 1 else f"{self.windows:,} windows in a row"
            return f"since pane {self.pane}, {many}"
        ago = length_of_time((now - self.start).total_seconds())
        return f"since {moment(self.start, year=self.start.year != now.year)}, {ago} ago"

    def to_dict(self) -> dict[str, Any]:
        return {"pane": self.pane, "windows": self.windows, "start": to_iso(self.start)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any] | None, /) -> Self | None:
        if data is None:
            return None
        pane, windows = whole(data["pane"]), whole(data["windows"])
        if pane is None or windows is None:
            raise TypeError("a run of windows has a first pane and a number of windows")
        return cls(pane, windows, from_iso(data.get("start")))


def status_for_runs(status: Status, /, *, is_quiet: bool) -> Status:
    """The status of a window as alarms and runs see it.

    One that is undecided, with no drift above a warning threshold estimated, ends them.

    Args:
        status: Of the window.
        is_quiet: Whether no such drift is estimated.
    """
    return Status.OK if status is Status.UNDECIDED and is_quiet else status
