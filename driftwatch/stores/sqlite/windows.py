"""Summaries of evaluated windows: what pages and lists over time are made of."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from driftwatch.core.reports.results import Status
from driftwatch.core.reports.window_summary import PackedSummary
from driftwatch.core.windows.stored import StoredReport, StoredWindow, StripCell
from driftwatch.stores.sqlite.database import Database
from driftwatch.stores.sqlite.packed_text import unpacked

__all__ = ["WindowTables", "record_window"]

_SEVERITIES = {status.severity: status for status in Status}


class WindowTables:
    """Keeps a summary of the newest report of every window.

    Args:
        database: Where.
    """

    def __init__(self, database: Database, /) -> None:
        self._database = database

    def windows(
        self,
        monitor: str,
        /,
        *,
        since: float | None = None,
        until: float | None = None,
        limit: int,
        numbers: bool = False,
    ) -> list[StoredWindow]:
        """Summaries of windows that ended in a stretch of time, the oldest first."""
        column = "numbers" if numbers else "NULL"
        with self._database.reading() as db:
            rows = db.execute(
                "SELECT pane, revision, created, at, event, severity, shown, facts, columns, "  # noqa: S608
                f"cells, {column} FROM windows WHERE monitor=? AND at>=? AND at<=? "
                "ORDER BY at DESC, pane DESC LIMIT ?",
                (monitor, *_ends(since, until), limit),
            ).fetchall()
        return [
            StoredWindow(pane, revision, created, at, event, PackedSummary(*packed), status, shown)
            for pane, revision, created, at, event, status, shown, *packed in _with_status(rows)
        ]

    def window_strip(
        self, monitor: str, /, *, since: float, until: float, columns: int
    ) -> list[StripCell]:
        """The worst of the windows of each of some equal parts of a stretch of time."""
        width = (until - since) / columns
        with self._database.reading() as db:
            rows = db.execute(
                "SELECT min(CAST((at - ?1) / ?2 AS INTEGER), ?3 - 1) AS place, max(severity), "
                "max(shown), count(*), max(at) FROM windows WHERE monitor=?4 AND at>?1 AND at<=?5 "
                "GROUP BY place ORDER BY place",
                (since, width, columns, monitor, until),
            ).fetchall()
        return [
            StripCell(int(place), _SEVERITIES[severity], float(shown), int(many), float(at))
            for place, severity, shown, many, at in rows
        ]

    def report_on(self, monitor: str, pane: int, /) -> StoredReport | None:
        """The newest report on the window that ends with a pane."""
        with self._database.reading() as db:
            row = db.execute(
                "SELECT pane, revision, created, status, event, body FROM reports "
                "WHERE monitor=? AND pane=? ORDER BY revision DESC LIMIT 1",
                (monitor, pane),
            ).fetchone()
        if row is None:
            return None
        report = StoredReport(*row)
        return replace(report, body=unpacked(report.body))

    def unsummarized(self, monitor: str, /, *, limit: int) -> list[StoredReport]:
        """The newest reports without a summary, those of windows reported anew excepted."""
        with self._database.reading() as db:
            rows = db.execute(
                "SELECT pane, revision, created, status, event, body FROM reports AS r "
                "WHERE monitor=?1 AND NOT EXISTS (SELECT 1 FROM windows AS w "
                "WHERE w.monitor=?1 AND w.pane=r.pane) AND NOT EXISTS (SELECT 1 FROM reports AS n "
                "WHERE n.monitor=?1 AND n.pane=r.pane AND n.revision>r.revision) "
                "ORDER BY id DESC LIMIT ?2",
                (monitor, limit),
            ).fetchall()
        found = [StoredReport(*row) for row in rows]
        return [replace(report, body=unpacked(report.body)) for report in found]

    def keep_windows(self, monitor: str, windows: Sequence[StoredWindow], /) -> None:
        """Keep summaries of reports that were stored without; what is there already stays."""
        with self._database.transaction() as db:
            for window in windows:
                _insert(db, "INSERT OR IGNORE", monitor, window)


def record_window(db: sqlite3.Connection, monitor: str, window: StoredWindow, /) -> None:
    """Keep a summary in the place of an earlier one, inside the transaction of the caller."""
    _insert(db, "INSERT OR REPLACE", monitor, window)


def _insert(db: sqlite3.Connection, how: str, monitor: str, window: StoredWindow) -> None:
    packed = window.summary
    db.execute(
        f"{how} INTO windows (monitor, pane, revision, created, at, severity, shown, event, "
        "facts, columns, cells, numbers) VALUES (?,?,?,?,?,?,?,?,?,?,?,?)",
        (
            monitor,
            window.pane,
            window.revision,
            window.created,
            window.at,
            window.status.severity,
            window.shown,
            window.event,
            packed.facts,
            packed.columns,
            packed.cells,
            packed.numbers or b"",
        ),
    )


def _with_status(rows: list[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
    """Rows from the last to the first, with a status in the place of its severity."""
    for row in reversed(rows):
        yield (*row[:5], _SEVERITIES[row[5]], *row[6:])


def _ends(since: float | None, until: float | None) -> tuple[float, float]:
    return float("-inf") if since is None else since, float("inf") if until is None else until
