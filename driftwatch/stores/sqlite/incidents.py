"""Incidents, what people said of them, and the messages that were sent."""

from __future__ import annotations

import sqlite3

from driftwatch.core.windows.evaluation_record import Evaluation
from driftwatch.core.windows.stored import SentMessage, StoredAction, StoredIncident
from driftwatch.stores.sqlite.database import Database

__all__ = ["IncidentTables", "record_incident"]


class IncidentTables:
    """Keeps incidents with what people said of them.

    Args:
        database: Where.
    """

    def __init__(self, database: Database, /) -> None:
        self._database = database

    def incidents(
        self, monitor: str, /, *, limit: int, open_only: bool = False
    ) -> list[StoredIncident]:
        """Incidents, the newest first."""
        only = "AND resolved IS NULL " if open_only else ""
        with self._database.reading() as db:
            rows = db.execute(
                "SELECT number, opened, resolved, status, body FROM incidents "  # noqa: S608
                f"WHERE monitor=? {only}ORDER BY number DESC LIMIT ?",
                (monitor, limit),
            ).fetchall()
        return [StoredIncident(*row) for row in rows]

    def act(self, monitor: str, action: StoredAction, /) -> None:
        """Note what somebody said of an incident, or of the monitor."""
        with self._database.transaction() as db:
            db.execute(
                "INSERT INTO actions (monitor, incident, kind, at, by, until, text) "
                "VALUES (?,?,?,?,?,?,?)",
                (
                    monitor,
                    action.incident,
                    action.kind,
                    action.at,
                    action.by,
                    action.until,
                    action.text,
                ),
            )

    def actions(self, monitor: str, /, *, incident: int) -> list[StoredAction]:
        """What was said of an incident and of the monitor, the oldest first."""
        with self._database.reading() as db:
            rows = db.execute(
                "SELECT incident, kind, at, by, until, text FROM actions "
                "WHERE monitor=? AND incident IN (0, ?) ORDER BY id",
                (monitor, incident),
            ).fetchall()
        return [StoredAction(*row) for row in rows]

    def sent(self, monitor: str, /, *, limit: int) -> list[SentMessage]:
        """Messages that were taken, the newest first."""
        with self._database.reading() as db:
            rows = db.execute(
                "SELECT incident, key, sink, kind, created, delivered, attempts FROM sent "
                "WHERE monitor=? ORDER BY id DESC LIMIT ?",
                (monitor, limit),
            ).fetchall()
        return [SentMessage(*row) for row in rows]


def record_incident(db: sqlite3.Connection, evaluation: Evaluation, /) -> None:
    """Keep an incident and its messages, inside the transaction of the caller."""
    incident = evaluation.incident
    if incident is not None:
        db.execute(
            "INSERT OR REPLACE INTO incidents VALUES (?,?,?,?,?,?)",
            (
                evaluation.monitor,
                incident.number,
                incident.opened,
                incident.resolved,
                incident.status,
                incident.body,
            ),
        )
    for message in evaluation.messages:
        for name in evaluation.notifiers:
            db.execute(
                "INSERT INTO outbox (monitor, sink, event_id, pane, revision, event, created, "
                "attempts, due, message) VALUES (?,?,?,?,?,?,?,0,?,?) ON CONFLICT DO NOTHING",
                (
                    evaluation.monitor,
                    name,
                    message.key,
                    evaluation.pane,
                    message.incident,
                    message.kind,
                    evaluation.created,
                    evaluation.created,
                    message.body,
                ),
            )
