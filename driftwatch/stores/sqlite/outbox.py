"""Results on their way to sinks."""

from __future__ import annotations

from dataclasses import replace

from driftwatch.core.windows.stored import OutboxEntry
from driftwatch.stores.sqlite.database import Database
from driftwatch.stores.sqlite.ledger import count

__all__ = ["OutboxTable"]

_ENTRY = "id, monitor, sink, event_id, pane, revision, event, created, attempts, due, error"
_LONGEST_SECONDS = 86_400.0


class OutboxTable:
    """Keeps results until their sinks have taken them, in the order they were made.

    Args:
        database: Where.
    """

    def __init__(self, database: Database, /) -> None:
        self._database = database

    def take_due(
        self, monitor: str, sink: str, /, *, now: float, hold: float
    ) -> OutboxEntry | None:
        """The oldest result that a sink has not taken, if it is due; held back from others."""
        with self._database.transaction() as db:
            row = db.execute(
                f"SELECT {_ENTRY} FROM outbox WHERE monitor=? AND sink=? ORDER BY id LIMIT 1",  # noqa: S608
                (monitor, sink),
            ).fetchone()
            if row is None:
                return None
            entry = OutboxEntry(*row)
            if now < entry.due <= now + _LONGEST_SECONDS:
                return None  # due in the far future was set by a clock that was wrong
            db.execute("UPDATE outbox SET due=? WHERE id=?", (now + hold, entry.id))
            report = db.execute(
                "SELECT body FROM reports WHERE monitor=? AND pane=? AND revision=?",
                (monitor, entry.pane, entry.revision),
            ).fetchone()
        return replace(entry, report=None if report is None else str(report[0]))

    def delivered(self, entry: OutboxEntry, /) -> None:
        """Forget a result that its sink has taken."""
        with self._database.transaction() as db:
            db.execute("DELETE FROM outbox WHERE id=?", (entry.id,))

    def postpone(self, entry: OutboxEntry, /, *, due: float, error: str) -> None:
        """Have a result tried again later."""
        with self._database.transaction() as db:
            db.execute(
                "UPDATE outbox SET attempts=attempts+1, due=?, error=? WHERE id=?",
                (due, error, entry.id),
            )

    def give_up(self, entry: OutboxEntry, /) -> None:
        """Forget a result that its sink will not take, and count it."""
        with self._database.transaction() as db:
            db.execute("DELETE FROM outbox WHERE id=?", (entry.id,))
            count(db, entry.monitor, f"not_taken_by {entry.sink}", 1)

    def outbox(self, monitor: str, /) -> list[OutboxEntry]:
        """Results that sinks have not taken yet, without their reports, the oldest first."""
        with self._database.reading() as db:
            rows = db.execute(
                f"SELECT {_ENTRY} FROM outbox WHERE monitor=? ORDER BY id",  # noqa: S608
                (monitor,),
            ).fetchall()
        return [OutboxEntry(*row) for row in rows]
