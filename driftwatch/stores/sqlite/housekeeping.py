"""What keeps the tables small."""

from __future__ import annotations

from collections.abc import Sequence

from driftwatch.core.windows.segments import Segment, StoredSegment
from driftwatch.core.windows.stored import SegmentKey
from driftwatch.stores.sqlite.database import Database
from driftwatch.stores.sqlite.ledger import count, insert

__all__ = ["HousekeepingTables"]


class HousekeepingTables:
    """Replaces and forgets segments.

    Args:
        database: Where.
    """

    def __init__(self, database: Database, /) -> None:
        self._database = database

    def segment_keys(
        self, monitor: str, /, *, width: int, before: int, upto: int | None = None
    ) -> list[SegmentKey]:
        """Segments of panes before one, up to an id if given, in the order of their ids."""
        with self._database.reading() as db:
            rows = db.execute(
                "SELECT id, pane, reference, model_version FROM segments "
                "WHERE monitor=? AND width=? AND pane<? AND (? IS NULL OR id<=?) ORDER BY id",
                (monitor, width, before, upto, upto),
            ).fetchall()
        return [SegmentKey(*row) for row in rows]

    def replace_segments(self, monitor: str, old: Sequence[StoredSegment], new: Segment, /) -> bool:
        """Put one segment in the place of several; False, and nothing changes, if any is gone."""
        with self._database.transaction() as db:
            marks = ",".join("?" * len(old))
            ids = [segment.id for segment in old]
            there = db.execute(
                f"SELECT count(*) FROM segments WHERE id IN ({marks})",  # noqa: S608
                ids,
            ).fetchone()[0]
            if there != len(old):  # another process has merged or expired some of them
                return False
            db.execute(f"DELETE FROM segments WHERE id IN ({marks})", ids)  # noqa: S608
            insert(db, monitor, new, covers=max(s.covers or s.id for s in old))
        return True

    def expire(self, monitor: str, /, *, width: int, before: int) -> int:
        """Forget segments of panes before one; returns their rows."""
        with self._database.transaction() as db:
            rows = db.execute(
                "SELECT coalesce(sum(rows), 0) FROM segments "
                "WHERE monitor=? AND width=? AND pane<?",
                (monitor, width, before),
            ).fetchone()[0]
            db.execute(
                "DELETE FROM segments WHERE monitor=? AND width=? AND pane<?",
                (monitor, width, before),
            )
            db.execute(
                "DELETE FROM counted WHERE monitor=? AND width=? AND pane<?",
                (monitor, width, before),
            )
            if rows:
                count(db, monitor, "expired", rows)
        return int(rows)

    def forget_sources(self, monitor: str, /, *, before: float) -> int:
        """Forget sources not heard since a time, but for the last that was heard; how many."""
        with self._database.transaction() as db:
            return db.execute(
                "DELETE FROM sources WHERE monitor=? AND heard<? AND heard<"
                "(SELECT max(heard) FROM sources WHERE monitor=?)",
                (monitor, before, monitor),
            ).rowcount
