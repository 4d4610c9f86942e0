"""Leases, the states of detectors and alarm, and reports."""

from __future__ import annotations

import json
from dataclasses import replace
from weakref import WeakKeyDictionary

from driftwatch.core.windows.evaluation_record import Evaluation
from driftwatch.core.windows.stored import SavedState, StoredReport
from driftwatch.stores.sqlite.database import Database
from driftwatch.stores.sqlite.incidents import record_incident
from driftwatch.stores.sqlite.packed_text import packed, unpacked
from driftwatch.stores.sqlite.windows import record_window

__all__ = ["EvaluationTables"]

_WAITS: WeakKeyDictionary[Database, dict[tuple[str, str], tuple[object, float]]] = (
    WeakKeyDictionary()
)
"""Of open stores, by monitor and who waits: a lease of another, and since when it is as it is."""


class EvaluationTables:
    """Keeps what an evaluation leaves behind, all or nothing.

    Args:
        database: Where.
    """

    def __init__(self, database: Database, /) -> None:
        self._database = database

    def lease(self, monitor: str, holder: str, /, *, now: float, seconds: float) -> int | None:
        """Take or renew the lease to evaluate; its token, or None while another holds it.

        Another holds it until it expires, by the clock of whoever asks, or has not been renewed
        while that one waited for as long as it lasts: the clock that set the expiry may have been
        ahead.
        """
        with self._database.transaction() as db:
            rows = db.execute(
                "SELECT holder, token, expires FROM leases WHERE monitor=?", (monitor,)
            ).fetchone()
            if (
                rows is not None
                and rows[0] != holder
                # An expiry in the far future was set by a clock that was wrong.
                and now < rows[2] <= now + 10 * seconds
                and not self._has_fallen_silent((monitor, holder), rows, now, seconds)
            ):
                return None
            token = 1 if rows is None else rows[1] + (rows[0] != holder)
            db.execute(
                "INSERT OR REPLACE INTO leases VALUES (?,?,?,?)",
                (monitor, holder, token, now + seconds),
            )
        return int(token)

    def _has_fallen_silent(
        self, who: tuple[str, str], lease: object, now: float, seconds: float
    ) -> bool:
        """Whether a lease of another has stayed as it is for all the time that it lasts."""
        waits = _WAITS.setdefault(self._database, {})
        before, since = waits.get(who, (None, now))
        if before != lease or now < since:
            waits[who] = lease, now
            return False
        return now - since >= seconds

    def release(self, monitor: str, token: int, /) -> None:
        """Give the lease back, if it is still that of the token."""
        with self._database.transaction() as db:
            db.execute("UPDATE leases SET expires=0 WHERE monitor=? AND token=?", (monitor, token))

    def record(self, evaluation: Evaluation, /) -> bool:
        """Keep what an evaluation leaves behind, all or nothing."""
        with self._database.transaction() as db:
            rows = db.execute("SELECT token FROM leases WHERE monitor=?", (evaluation.monitor,))
            if (rows.fetchone() or (None,))[0] != evaluation.token:
                return False
            if evaluation.report is not None:
                added = db.execute(
                    "INSERT INTO reports (monitor, pane, revision, created, status, event, body) "
                    "VALUES (?,?,?,?,?,?,?) ON CONFLICT DO NOTHING",
                    (
                        evaluation.monitor,
                        evaluation.pane,
                        evaluation.revision,
                        evaluation.created,
                        evaluation.status,
                        evaluation.event,
                        packed(evaluation.report),
                    ),
                )
                if evaluation.window is not None and added.rowcount:
                    record_window(db, evaluation.monitor, evaluation.window)
            db.execute(
                "INSERT OR REPLACE INTO states VALUES (?,?,?)",
                (
                    evaluation.monitor,
                    evaluation.consumed,
                    json.dumps(evaluation.state),
                ),
            )
            record_incident(db, evaluation)
            for sink in evaluation.sinks:
                db.execute(
                    "INSERT INTO outbox (monitor, sink, event_id, pane, revision, event, created, "
                    "attempts, due) VALUES (?,?,?,?,?,?,?,0,?) ON CONFLICT DO NOTHING",
                    (
                        evaluation.monitor,
                        sink,
                        evaluation.id,
                        evaluation.pane,
                        evaluation.revision,
                        evaluation.event,
                        evaluation.created,
                        evaluation.created,
                    ),
                )
        return True

    def state(self, monitor: str, /) -> SavedState | None:
        """States of detectors and alarm with the pane they have consumed."""
        with self._database.reading() as db:
            rows = db.execute("SELECT pane, body FROM states WHERE monitor=?", (monitor,))
            row = rows.fetchone()
            if row is None:
                return None
            facts = json.loads(row[1])
            return SavedState(int(row[0]), facts if isinstance(facts, dict) else {})

    def reports(
        self, monitor: str, /, *, limit: int, alarms_only: bool = False
    ) -> list[StoredReport]:
        """Stored reports, the latest first."""
        only = "AND event IS NOT NULL " if alarms_only else ""
        with self._database.reading() as db:
            rows = db.execute(
                "SELECT pane, revision, created, status, event, body FROM reports "  # noqa: S608
                f"WHERE monitor=? {only}ORDER BY id DESC LIMIT ?",
                (monitor, limit),
            ).fetchall()
        found = [StoredReport(*row) for row in rows]
        return [replace(report, body=unpacked(report.body)) for report in found]

    def forget_reports(self, monitor: str, /, *, before: float) -> int:
        """Forget reports made before a time, those of alarms excepted; returns how many."""
        old = "WHERE monitor=? AND created<? AND event IS NULL"
        with self._database.transaction() as db:
            db.execute(f"DELETE FROM windows {old}", (monitor, before))  # noqa: S608
            return db.execute(f"DELETE FROM reports {old}", (monitor, before)).rowcount  # noqa: S608
