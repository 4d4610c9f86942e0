"""Summaries of evaluated windows: what pages and lists over time are made of."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from driftwatch.core.reports.results import Status
from driftwatch.core.reports.window_summary import PackedSummary
from driftwatch.core.windows.stored import StoredReport, StoredWindow, StripCell
from driftwatch.stores.sqlite.database import Database
from driftwatch.stores.sqlite.packed_text import unpacked

__all__ = ["WindowTables", "record_window"]

_SEVERITIES = {status.severity: status for status in Status}
_NOT_READ = -1
"""In the place of a severity: there is a report, which cannot be read, and so no summary."""
_NOTHING = PackedSummary("{}", b"", b"")

_COLUMNS = (
    "monitor", "pane", "revision", "created", "at", "severity", "shown", "event", "facts",
    "columns", "cells", "numbers",
)  # fmt: skip
_INSERT = f"INSERT INTO windows ({','.join(_COLUMNS)}) VALUES ({','.join('?' * len(_COLUMNS))})"  # noqa: S608 - our names
_NEWER = (
    f"ON CONFLICT (monitor, pane) DO UPDATE SET {','.join(f'{c}=excluded.{c}' for c in _COLUMNS)} "
    "WHERE excluded.revision>=windows.revision"
)


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
                "AND severity>=0 ORDER BY at DESC, pane DESC LIMIT ?",
                (monitor, *_ends(since, until), limit),
            ).fetchall()
            return [_window(row) for row in reversed(rows)]

    def window_strip(
        self, monitor: str, /, *, since: float, until: float, columns: int
    ) -> list[StripCell]:
        """The worst of the windows of each of some equal parts of a stretch of time.

        A window that ends where two parts meet is of the earlier one, in which its rows are.
        """
        width = (until - since) / columns
        with self._database.reading() as db:
            rows = db.execute(
                "SELECT max(?3 - 1 - CAST((?5 - at) / ?2 AS INTEGER), 0) AS place, max(severity), "
                "max(shown), count(*), max(at) FROM windows WHERE monitor=?4 AND at>?1 AND at<=?5 "
                "AND severity>=0 GROUP BY place ORDER BY place",
                (since, width, columns, monitor, until),
            ).fetchall()
            return [
                StripCell(place, _SEVERITIES[severity], shown, many, at)
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
                # Their numbers first: to sort rows SQLite would read the bodies of all.
                "SELECT pane, revision, created, status, event, body FROM reports WHERE id IN ("
                "SELECT id FROM reports AS r WHERE monitor=?1 AND NOT EXISTS (SELECT 1 FROM "
                "windows AS w WHERE w.monitor=?1 AND w.pane=r.pane) AND NOT EXISTS (SELECT 1 FROM "
                "reports AS n WHERE n.monitor=?1 AND n.pane=r.pane AND n.revision>r.revision) "
                "ORDER BY id DESC LIMIT ?2) ORDER BY id DESC",
                (monitor, limit),
            ).fetchall()
        found = [StoredReport(*row) for row in rows]
        return [replace(report, body=unpacked(report.body)) for report in found]

    def keep_windows(self, monitor: str, windows: Sequence[StoredWindow], /) -> None:
        """Keep summaries of reports that were stored without; what is there already stays."""
        rows = [_row(monitor, window, window.status.severity) for window in windows]
        self._keep(rows)

    def pass_over(self, monitor: str, reports: Sequence[StoredReport], /) -> None:
        """Note that reports cannot be read, so that nobody tries them again and again."""
        windows = [
            StoredWindow(each.pane, each.revision, each.created, each.created, each.event, _NOTHING)
            for each in reports
        ]
        self._keep([_row(monitor, window, _NOT_READ) for window in windows])

    def _keep(self, rows: list[tuple[Any, ...]]) -> None:
        with self._database.transaction() as db:
            db.executemany(f"{_INSERT} ON CONFLICT DO NOTHING", rows)


def record_window(db: sqlite3.Connection, monitor: str, window: StoredWindow, /) -> None:
    """Keep a summary in the place of an earlier one, inside the transaction of the caller."""
    db.execute(f"{_INSERT} {_NEWER}", _row(monitor, window, window.status.severity))


def _row(monitor: str, window: StoredWindow, severity: int) -> tuple[Any, ...]:
    packed = window.summary
    return (
        monitor,
        window.pane,
        window.revision,
        window.created,
        window.at,
        severity,
        window.shown,
        window.event,
        packed.facts,
        packed.columns,
        packed.cells,
        packed.numbers or b"",
    )


def _window(row: tuple[Any, ...]) -> StoredWindow:
    pane, revision, created, at, event, severity, shown, *packed = row
    status = _SEVERITIES[severity]
    return StoredWindow(pane, revision, created, at, event, PackedSummary(*packed), status, shown)


def _ends(since: float | None, until: float | None) -> tuple[float, float]:
    return float("-inf") if since is None else since, float("inf") if until is None else until
