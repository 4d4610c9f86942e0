"""What was set aside as damaged: kept, listed, and given back."""

from __future__ import annotations

from json import loads

from driftwatch.core.windows.segments import Segment
from driftwatch.core.windows.stored import DAMAGED, Quarantined
from driftwatch.errors import DataError
from driftwatch.stores.sqlite.database import Database
from driftwatch.stores.sqlite.ledger import add_to_pane, are_facts_sealed, count, insert, set_aside

__all__ = ["QuarantineTable"]

_ENTRY = "id, monitor, what, rows, reason, coalesce(length(body), 0), facts"


class QuarantineTable:
    """Takes damaged segments out of the data, and back.

    Args:
        database: Where.
    """

    def __init__(self, database: Database, /) -> None:
        self._database = database

    def set_aside(self, monitor: str, id_: int, reason: str, /) -> None:
        """Take a segment out of the data; it stays in the quarantine, and its rows are counted.

        Nothing happens in a store that was opened for reading.
        """
        if self._database.reads_only:
            return
        with self._database.transaction() as db:
            set_aside(db, id_, reason, monitor=monitor)

    def quarantine(self, monitor: str | None = None, /) -> list[Quarantined]:
        """What was set aside as damaged, and why."""
        with self._database.reading() as db:
            rows = db.execute(
                f"SELECT {_ENTRY} FROM quarantine "  # noqa: S608 - our names
                "WHERE ? IS NULL OR monitor IN (?, '') ORDER BY id",
                (monitor, monitor),
            ).fetchall()
        return [
            Quarantined(id_, whose, what, of, why, size, None if facts is None else loads(facts))
            for id_, whose, what, of, why, size, facts in rows
        ]

    def quarantined(self, id_: int, /) -> bytes | None:
        """The bytes of something that was set aside; None if there are none."""
        with self._database.reading() as db:
            row = db.execute("SELECT body FROM quarantine WHERE id=?", (id_,)).fetchone()
        return None if row is None else row[0]

    def give_back(self, id_: int, segment: Segment, /) -> bool:
        """Put a segment back into the data, as one that is new; False if it is not there.

        Raises:
            DataError: If which rows of which pane it has is not what was stored.
        """
        with self._database.transaction() as db:
            row = db.execute("SELECT monitor, facts FROM quarantine WHERE id=?", (id_,)).fetchone()
            if row is None:
                return False
            monitor, facts = row[0], None if row[1] is None else loads(row[1])
            if facts is not None and "digest" in facts:  # kept since it can be checked
                seal, covers = bytes.fromhex(facts["digest"]), facts["covers"]
                if not are_facts_sealed(seal, monitor, segment, covers=covers):
                    raise DataError(
                        f"{id_}: what says which rows of which pane it has has changed since it "
                        "was stored, so that its rows cannot be assigned; `driftwatch quarantine "
                        "export` writes the profile, and `Monitor.absorb` puts it where you say",
                        code="DW039",
                    )
            db.execute("DELETE FROM quarantine WHERE id=?", (id_,))
            insert(db, monitor, segment)
            if facts is not None:  # its rows were counted when it was set aside
                count(db, monitor, DAMAGED, -segment.rows)
                add_to_pane(db, monitor, (segment.width, segment.pane), DAMAGED, -segment.rows)
                for table in ("counters", "counted"):
                    where = "WHERE monitor=? AND name=? AND value<=0"
                    db.execute(f"DELETE FROM {table} {where}", (monitor, DAMAGED))  # noqa: S608
        return True

    def forget_quarantined(self, id_: int, /) -> bool:
        """Forget something that was set aside for good; False if it is not there."""
        with self._database.transaction() as db:
            return db.execute("DELETE FROM quarantine WHERE id=?", (id_,)).rowcount > 0
