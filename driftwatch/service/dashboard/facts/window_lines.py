"""The windows of a monitor in a stretch of time: a row a window, a column a feature."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from driftwatch.core.reports.results import Status
from driftwatch.core.reports.window_summary import Column, WindowSummary, statuses_of
from driftwatch.core.windows.stored import StoredWindow
from driftwatch.errors import DataError
from driftwatch.evaluation.window_history import summarize_older_reports
from driftwatch.service.dashboard.shelf import Shown

__all__ = ["MOST_WINDOWS", "EvaluatedWindow", "WindowLines", "window_lines"]

MOST_WINDOWS = 2_500
"""Windows that are shown at most; of more the newest."""
_OLDER_AT_ONCE = 40
"""Reports of an earlier version that are summarised while a page is made."""
_UNTESTED = 255
_STATUSES = tuple(Status)
_SEVERITY = np.array([status.severity for status in _STATUSES], np.uint8)
_MOST_PLACES = 20_000

Bytes = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class EvaluatedWindow:
    """A window that was evaluated.

    Attributes:
        pane: Its last pane.
        at: When it ended, seconds since 1970; where panes are counted in rows, when it was
            evaluated.
        created: When it was evaluated.
        event: What it changed about the alarm; None if nothing.
        summary: What was found.
    """

    pane: int
    at: float
    created: float
    event: str | None
    summary: WindowSummary

    @classmethod
    def of(cls, stored: StoredWindow, /) -> EvaluatedWindow:
        """Read a stored one.

        Raises:
            DataError: If it is damaged.
        """
        return cls(
            stored.pane,
            stored.at,
            stored.created,
            stored.event,
            WindowSummary.unpacked(stored.summary),
        )


@dataclass(frozen=True, slots=True)
class WindowLines:
    """Windows in order of time, and what became of every column in them.

    Attributes:
        windows: The windows, the oldest first.
        columns: Every column that was tested in any of them; those of the newest window first.
        places: The place of each window on an even axis of time, so that a gap in the data is a
            gap.
        length: How many places the axis has.
        is_whole: Whether the reports of earlier versions are all in it.
        has_earlier: Whether there are windows before the first.
        is_cut: Whether that is since there are more than can be shown.
        damaged: Windows that are left out, for their summaries cannot be read.
        statuses: A row a window, a column a feature: the place of a status in `Status`.
    """

    windows: tuple[EvaluatedWindow, ...] = ()
    columns: tuple[Column, ...] = ()
    places: tuple[int, ...] = ()
    length: int = 0
    is_whole: bool = True
    damaged: int = 0
    has_earlier: bool = False
    is_cut: bool = False
    statuses: Bytes = field(default_factory=lambda: np.zeros((0, 0), np.uint8), repr=False)

    @property
    def newest(self) -> EvaluatedWindow | None:
        """The last window; None if there is none."""
        return self.windows[-1] if self.windows else None

    def strip(self) -> list[Status | None]:
        """The status of every window along the axis; None where there is none."""
        found: list[Status | None] = [None] * self.length
        for place, window in zip(self.places, self.windows, strict=True):
            found[place] = window.summary.status
        return found

    def line(self, column: int, /) -> list[Status | None]:
        """The status of a column along the axis."""
        found: list[Status | None] = [None] * self.length
        for place, status in zip(self.places, self.statuses[:, column].tolist(), strict=True):
            if status != _UNTESTED:
                found[place] = _STATUSES[status]
        return found

    def drifting_since(self) -> list[EvaluatedWindow | None]:
        """For every column the first window of the drift that lasts until the newest; or None.

        Only a window that is OK ends a drift.
        """
        if not self.windows:
            return []
        known = np.where(self.statuses == _UNTESTED, 0, self.statuses)
        severity = np.where(self.statuses == _UNTESTED, 0, _SEVERITY[known])
        is_drift, is_ok = severity >= Status.WARNING.severity, severity == Status.OK.severity
        many = len(self.windows)
        after = many - np.argmax(is_ok[::-1], axis=0)
        after[~is_ok.any(axis=0)] = 0
        rows = np.arange(many)[:, None]
        in_run = is_drift & (rows >= after)
        first = np.argmax(in_run, axis=0)
        drifts = is_drift[-1]
        return [
            self.windows[place] if now else None for place, now in zip(first, drifts, strict=True)
        ]

    def at(self, moment: float | None, /) -> EvaluatedWindow | None:
        """The last window that ended by a moment; the newest without one."""
        if moment is None:
            return self.newest
        found = [window for window in self.windows if window.at <= moment]
        return found[-1] if found else None

    def until(self, window: EvaluatedWindow, /) -> WindowLines:
        """The same, as it was when a window was the newest."""
        many = self.windows.index(window) + 1
        return WindowLines(
            self.windows[:many],
            self.columns,
            self.places[:many],
            self.length,
            self.is_whole,
            self.damaged,
            self.has_earlier,
            self.is_cut,
            self.statuses[:many],
        )

    @property
    def step(self) -> float:
        """Seconds from one window to the next, as is usual; 0 of less than three windows."""
        ends = np.asarray([window.at for window in self.windows])
        return float(np.median(np.diff(ends))) if len(ends) > 2 else 0.0

    def began(self, window: EvaluatedWindow | None, /) -> tuple[float | None, bool]:
        """When a drift began that was first seen in a window, and whether it may be older.

        That is when the last pane of that window began, as verdicts say it. A drift that is there
        in the first of these windows began no later.
        """
        if window is None:
            return None, False
        return window.at - self.step, self.has_earlier and window is self.windows[0]


def window_lines(
    shown: Shown, /, *, since: float | None, until: float | None, numbers: bool = False
) -> WindowLines:
    """Read the windows of a monitor.

    Args:
        shown: The monitor.
        since: From when on windows end, seconds since 1970.
        until: Until when.
        numbers: Whether the numbers of columns are read, too: four times as much.

    Raises:
        StoreError: If the store cannot be read.
    """
    whole = shown.windows is not shown.store or summarize_older_reports(
        shown.store, shown.name, most=_OLDER_AT_ONCE
    )
    stored = shown.windows.windows(
        shown.name, since=since, until=until, limit=MOST_WINDOWS, numbers=numbers
    )
    read: list[EvaluatedWindow] = []
    for each in stored:
        with contextlib.suppress(DataError):
            read.append(EvaluatedWindow.of(each))
    windows = tuple(read)
    columns = _columns(windows)
    places, length = _even([window.at for window in windows])
    damaged = len(stored) - len(windows)
    matrix = _matrix(windows, columns)
    is_cut = len(stored) == MOST_WINDOWS
    has_earlier = bool(windows) and (
        is_cut or bool(shown.windows.windows(shown.name, until=windows[0].at - 1, limit=1))
    )
    return WindowLines(
        windows, columns, places, length, whole, damaged, has_earlier, is_cut, matrix
    )


def _columns(windows: Sequence[EvaluatedWindow]) -> tuple[Column, ...]:
    found: dict[str, Column] = {}
    last: tuple[Column, ...] | None = None
    for window in reversed(windows):
        columns = window.summary.columns
        if columns is not last:
            found |= {column.name: column for column in columns if column.name not in found}
            last = columns
    return tuple(found.values())


def _matrix(windows: Sequence[EvaluatedWindow], columns: tuple[Column, ...]) -> Bytes:
    matrix = np.full((len(windows), len(columns)), _UNTESTED, np.uint8)
    place_of = {column.name: place for place, column in enumerate(columns)}
    last: tuple[Column, ...] | None = None
    where: list[int] = []
    for row, window in enumerate(windows):
        if window.summary.columns is not last:
            last = window.summary.columns
            where = [place_of[column.name] for column in last]
        matrix[row, where] = statuses_of(window.summary)
    return matrix


def _even(moments: Sequence[float]) -> tuple[tuple[int, ...], int]:
    """Places on an axis whose steps are the usual distance of two windows."""
    if len(moments) < 3:
        return tuple(range(len(moments))), len(moments)
    steps = np.diff(np.asarray(moments))
    usual = float(np.median(steps[steps > 0])) if (steps > 0).any() else 0.0
    if usual <= 0 or (moments[-1] - moments[0]) / usual > _MOST_PLACES:
        return tuple(range(len(moments))), len(moments)
    places: list[int] = []
    for moment in moments:
        place = round((moment - moments[0]) / usual)
        places.append(place if not places or place > places[-1] else places[-1] + 1)
    return tuple(places), places[-1] + 1
