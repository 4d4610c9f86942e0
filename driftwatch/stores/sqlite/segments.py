"""Deliveries and their segments, and what is known of them."""

from __future__ import annotations

from driftwatch.core.windows.segments import Delivery, Outcome, Segment, StoredSegment
from driftwatch.core.windows.stored import Overview, PaneRange, Source
from driftwatch.stores.sqlite.database import Database
from driftwatch.stores.sqlite.ledger import (
    accept,
    count,
    count_in_panes,
    insert,
    is_sealed,
    known,
    move,
    position,
)
from driftwatch.stores.sqlite.quarantine import QuarantineTable
from driftwatch.stores.sqlite.versions_of_panes import with_few_versions

__all__ = ["SegmentTables"]

_SEGMENT = "id, pane, width, rows, body, late, earliest, latest, reference, model_version"
_LAST = 256


class SegmentTables:
    """Takes deliveries exactly once, and gives their segments.

    Args:
        database: Where.
    """

    def __init__(self, database: Database, /) -> None:
        self._database = database

    def deliver(self, delivery: Delivery, /, *, now: float) -> Outcome:
        """Take in a delivery exactly once, and its cursors with it."""
        with self._database.transaction() as db:
            before = known(db, delivery)
            if before is not None:
                return before
            for cursor in delivery.cursors:
                if position(db, delivery.monitor, cursor.name) != cursor.start:
                    return Outcome.FENCED
            for cursor in delivery.cursors:
                move(db, delivery.monitor, cursor.name, cursor.end)
            accept(db, delivery)
            delivery = with_few_versions(db, delivery)
            for segment in delivery.segments:
                insert(db, delivery.monitor, segment)
            for name, value in delivery.counters.items():
                count(db, delivery.monitor, name, value)
            count_in_panes(db, delivery)
            latest = max(
                (s.latest for s in delivery.segments if s.latest is not None), default=None
            )
            further = "max(coalesce(latest, excluded.latest), coalesce(excluded.latest, latest))"
            if latest is not None and delivery.reached is not None:
                latest = min(latest, delivery.reached)
                further = "excluded.latest"  # it may have been believed of a few rows before
            db.execute(
                # More deliveries than this where the source was heard before and forgotten.
                "INSERT INTO sources VALUES (?,?,?,?,?,?,?,"  # noqa: S608 - one of two texts
                "(SELECT sum(high-low+1) FROM accepted WHERE monitor=? AND source=?)) "
                "ON CONFLICT (monitor, source) DO UPDATE SET epoch=excluded.epoch, "
                f"heard=max(heard, excluded.heard), sent=excluded.sent, latest={further}, "
                "rows=rows+excluded.rows, deliveries=deliveries+1",
                (
                    delivery.monitor,
                    delivery.source,
                    delivery.epoch,
                    now,
                    delivery.sent_at,
                    latest,
                    delivery.rows,
                    delivery.monitor,
                    delivery.source,
                ),
            )
        return Outcome.STORED

    def cursor(self, monitor: str, name: str, /) -> int:
        """Where a source stands; 0 if it never delivered."""
        with self._database.reading() as db:
            return position(db, monitor, name)

    def segments(
        self, monitor: str, /, *, width: int, first: int, last: int, after: int = 0
    ) -> list[StoredSegment]:
        """Segments of some panes in the order of their ids; damaged ones are set aside."""
        with self._database.reading() as db:
            rows = db.execute(
                f"SELECT {_SEGMENT}, covers, digest FROM segments WHERE monitor=? AND width=? "  # noqa: S608
                "AND pane BETWEEN ? AND ? AND id>? ORDER BY id",
                (monitor, width, first, last, after),
            ).fetchall()
        sound: list[StoredSegment] = []
        damaged: list[StoredSegment] = []
        for id_, *facts, covers, expected in rows:
            stored = StoredSegment(id_, Segment(*facts), covers)
            is_sound = is_sealed(expected, monitor, stored.segment, covers=covers)
            (sound if is_sound else damaged).append(stored)
        for bad in damaged:
            QuarantineTable(self._database).set_aside(
                monitor, bad.id, "its bytes have changed since they were stored"
            )
        return sound

    def panes(self, monitor: str, /, *, width: int, first: int, last: int) -> list[int]:
        """Numbers of the panes of a range that have rows, in order."""
        with self._database.reading() as db:
            rows = db.execute(
                "SELECT DISTINCT pane FROM segments WHERE monitor=? AND width=? "
                "AND pane BETWEEN ? AND ? ORDER BY pane",
                (monitor, width, first, last),
            )
            return [int(pane) for (pane,) in rows]

    def counted(self, monitor: str, /, *, width: int, first: int, last: int) -> dict[str, int]:
        """What was counted while some panes were filled, by name."""
        with self._database.reading() as db:
            rows = db.execute(
                "SELECT name, sum(value) FROM counted WHERE monitor=? AND width=? "
                "AND pane BETWEEN ? AND ? GROUP BY name ORDER BY name",
                (monitor, width, first, last),
            )
            return {str(name): int(value) for name, value in rows}

    def newest(self, monitor: str, /) -> int:
        """The highest id of any segment; 0 of none."""
        with self._database.reading() as db:
            # Among the last of all, mostly; its own are in the order of their panes.
            found = db.execute(
                "SELECT max(id) FROM (SELECT id, monitor FROM segments ORDER BY id DESC LIMIT ?) "
                "WHERE monitor=?",
                (_LAST, monitor),
            ).fetchone()
            if found[0] is None:
                found = db.execute(
                    "SELECT max(id) FROM segments WHERE monitor=?", (monitor,)
                ).fetchone()
            return int(found[0] or 0)

    @property
    def replacements(self) -> int:
        """How often another file has come in the place of the one that was open."""
        return self._database.replacements

    def overview(self, monitor: str, /) -> Overview:
        """Rows, segments, bytes, first and last pane by width, event times, counters."""
        with self._database.reading() as db:
            panes = db.execute(
                "SELECT width, count(*), sum(rows), sum(length(body)), min(pane), max(pane), "
                "sum(late), min(earliest), max(latest) FROM segments WHERE monitor=? "
                "GROUP BY width ORDER BY width",
                (monitor,),
            ).fetchall()
            counters = db.execute(
                "SELECT name, value FROM counters WHERE monitor=? ORDER BY name", (monitor,)
            ).fetchall()
        return Overview(tuple(PaneRange(*row) for row in panes), dict(counters))

    def sources(self, monitor: str, /) -> list[Source]:
        """Every source: when it was last heard, and the last event time it delivered."""
        with self._database.reading() as db:
            rows = db.execute(
                "SELECT source, epoch, heard, sent, latest, rows, deliveries FROM sources "
                "WHERE monitor=? ORDER BY source",
                (monitor,),
            ).fetchall()
        return [Source(*row) for row in rows]

    def monitors(self) -> list[str]:
        """Names of all monitors that have delivered or have a reference."""
        with self._database.reading() as db:
            rows = db.execute("SELECT monitor FROM sources UNION SELECT monitor FROM refs")
            return sorted(str(name) for (name,) in rows)
