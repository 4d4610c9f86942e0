"""Results on their way to sinks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from driftwatch.core.windows.evaluation_record import OutgoingMessage
from driftwatch.core.windows.stored import OutboxEntry
from driftwatch.stores.sqlite.database import Database
from driftwatch.stores.sqlite.ledger import count
from driftwatch.stores.sqlite.packed_text import unpacked

__all__ = ["OutboxTable"]

_ENTRY = (
    "id, monitor, sink, event_id, pane, revision, event, created, attempts, due, error, message"
)
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
            # An attempt counts when it begins: one that the end of a process cuts off is one, too.
            db.execute(
                "UPDATE outbox SET due=?, attempts=attempts+1 WHERE id=?", (now + hold, entry.id)
            )
            report = (
                None
                if entry.message is not None
                else db.execute(
                    "SELECT body FROM reports WHERE monitor=? AND pane=? AND revision=?",
                    (monitor, entry.pane, entry.revision),
                ).fetchone()
            )
        return replace(entry, report=None if report is None else unpacked(str(report[0])))

    def delivered(self, entry: OutboxEntry, /, *, now: float) -> None:
        """Forget what has been taken; a message is remembered as sent."""
        with self._database.transaction() as db:
            # Others may have been merged into it meanwhile: then it is another message.
            db.execute("DELETE FROM outbox WHERE id=? AND event_id=?", (entry.id, entry.event_id))
            if entry.message is not None:
                db.execute(
                    "INSERT INTO sent (monitor, incident, key, sink, kind, created, delivered, "
                    "attempts) VALUES (?,?,?,?,?,?,?,?)",
                    (
                        entry.monitor,
                        entry.revision,
                        entry.event_id,
                        entry.sink,
                        entry.event,
                        entry.created,
                        now,
                        entry.attempts,
                    ),
                )

    def merge_waiting(
        self,
        monitor: str,
        sink: str,
        /,
        *,
        keep: int,
        merge: Callable[[Sequence[str]], OutgoingMessage],
    ) -> int:
        """Put one message in the place of the oldest that wait for a back end."""
        with self._database.transaction() as db:
            rows = db.execute(
                "SELECT id, message, created FROM outbox WHERE monitor=? AND sink=? "
                "AND message IS NOT NULL ORDER BY id",
                (monitor, sink),
            ).fetchall()
            old = rows[: max(0, len(rows) - keep)]
            if len(old) < 2:
                return 0
            one = merge([str(body) for _, body, _ in old])
            db.executemany("DELETE FROM outbox WHERE id=?", [(id_,) for id_, *_ in old[1:]])
            db.execute(
                "UPDATE outbox SET event_id=?, event=?, revision=?, message=?, created=? "
                "WHERE id=?",
                (one.key, one.kind, one.incident, one.body, old[-1][2], old[0][0]),
            )
        return len(old)

    def postpone(self, entry: OutboxEntry, /, *, due: float, error: str) -> None:
        """Have a result tried again later."""
        with self._database.transaction() as db:
            db.execute(
                "UPDATE outbox SET due=?, error=? WHERE id=?",
                (due, error, entry.id),
            )

    def give_up(self, entry: OutboxEntry, /) -> None:
        """Forget a result that its sink will not take, and count it; not what was merged since."""
        with self._database.transaction() as db:
            gone = db.execute(  # others may have been merged into it meanwhile, as in `delivered`
                "DELETE FROM outbox WHERE id=? AND event_id=?", (entry.id, entry.event_id)
            ).rowcount
            if gone:
                count(db, entry.monitor, f"not_taken_by {entry.sink}", 1)

    def outbox(self, monitor: str, /) -> list[OutboxEntry]:
        """Results that sinks have not taken yet, without their reports, the oldest first."""
        with self._database.reading() as db:
            rows = db.execute(
                f"SELECT {_ENTRY} FROM outbox WHERE monitor=? ORDER BY id",  # noqa: S608
                (monitor,),
            ).fetchall()
        return [OutboxEntry(*row) for row in rows]
