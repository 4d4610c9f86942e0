"""The store in a SQLite file: the default, shared by the processes of one machine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from driftwatch.core.data.privacy import ValueGuard
from driftwatch.core.windows.evaluation_record import Evaluation
from driftwatch.core.windows.segments import Delivery, Outcome, Segment, StoredSegment
from driftwatch.stores.compaction import merge_segments
from driftwatch.stores.sqlite.database import Database
from driftwatch.stores.sqlite.ledger import accept, count, digest, insert, is_accepted, position

__all__ = ["SQLiteStore"]

_SEGMENT = "id, pane, width, rows, body, late, earliest, latest, reference, model_version"


class SQLiteStore:
    """A store in one SQLite file; implements `driftwatch.protocols.Store`.

    Needs no set-up and no server, and any number of processes of one machine may use the
    same file at the same time. Not for network file systems, whose locks SQLite cannot
    trust.

    Args:
        path: The file; its folder must exist. None keeps everything in memory.
        timeout: Seconds to wait for another process's transaction before giving up.

    Raises:
        StoreError: If the file cannot be opened for writing.

    Example:
        >>> store = SQLiteStore(None)
        >>> store.deliver(Delivery("m", "here", "e1", 0), now=0.0).value
        'stored'
        >>> store.deliver(Delivery("m", "here", "e1", 0), now=1.0).value
        'duplicate'
    """

    def __init__(self, path: str | Path | None, /, *, timeout: float = 5.0) -> None:
        self._database = Database(None if path is None else Path(path), timeout=timeout)

    @property
    def path(self) -> Path | None:
        """The file; None in memory."""
        return self._database.path

    @property
    def damage(self) -> str | None:
        """What was found damaged on opening, and what became of it; None if nothing."""
        return self._database.damage

    def __repr__(self) -> str:
        return f"SQLiteStore({str(self.path)!r})" if self.path else "MemoryStore()"

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def patience(self, seconds: float, /) -> AbstractContextManager[None]:
        """Wait for other processes no longer than this inside, instead of the timeout."""
        return self._database.patience(seconds)

    # -- segments

    def deliver(self, delivery: Delivery, /, *, now: float) -> Outcome:
        """Take in a delivery exactly once, and its cursors with it."""
        with self._database.transaction() as db:
            if is_accepted(db, delivery):
                return Outcome.DUPLICATE
            for move in delivery.cursors:
                if position(db, delivery.monitor, move.name) != move.start:
                    return Outcome.FENCED
            for move in delivery.cursors:
                db.execute(
                    "INSERT OR REPLACE INTO cursors VALUES (?,?,?)",
                    (delivery.monitor, move.name, move.end),
                )
            accept(db, delivery)
            for segment in delivery.segments:
                insert(db, delivery.monitor, segment)
            for name, value in delivery.counters.items():
                count(db, delivery.monitor, name, value)
            latest = max(
                (s.latest for s in delivery.segments if s.latest is not None), default=None
            )
            db.execute(
                "INSERT INTO sources VALUES (?,?,?,?,?,?,?,1) "
                "ON CONFLICT (monitor, source) DO UPDATE SET epoch=excluded.epoch, "
                "heard=max(heard, excluded.heard), sent=excluded.sent, "
                "latest=max(coalesce(latest, excluded.latest), coalesce(excluded.latest, latest)), "
                "rows=rows+excluded.rows, deliveries=deliveries+1",
                (
                    delivery.monitor,
                    delivery.source,
                    delivery.epoch,
                    now,
                    delivery.sent_at,
                    latest,
                    delivery.rows,
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
            found = StoredSegment(id_, Segment(*facts), covers)
            (sound if digest(found.segment.body) == expected else damaged).append(found)
        for bad in damaged:
            self.set_aside(monitor, bad.id, "its bytes have changed since they were stored")
        return sound

    def panes(self, monitor: str, /, *, width: int, first: int, last: int) -> list[int]:
        """Numbers of the panes of a range that have rows, in order."""
        with self._database.reading() as db:
            found = db.execute(
                "SELECT DISTINCT pane FROM segments WHERE monitor=? AND width=? "
                "AND pane BETWEEN ? AND ? ORDER BY pane",
                (monitor, width, first, last),
            )
            return [int(pane) for (pane,) in found]

    def set_aside(self, monitor: str, id_: int, reason: str, /) -> None:
        """Take a segment out of the data; it stays in the quarantine."""
        with self._database.transaction() as db:
            db.execute(
                "INSERT INTO quarantine (monitor, what, rows, reason, body) "
                "SELECT monitor, 'segment of pane ' || pane, rows, ?, body FROM segments "
                "WHERE monitor=? AND id=?",
                (reason, monitor, id_),
            )
            db.execute("DELETE FROM segments WHERE monitor=? AND id=?", (monitor, id_))

    def newest(self, monitor: str, /) -> int:
        """The highest id of any segment; 0 of none."""
        with self._database.reading() as db:
            found = db.execute("SELECT max(id) FROM segments WHERE monitor=?", (monitor,))
            return int(found.fetchone()[0] or 0)

    def overview(self, monitor: str, /) -> Mapping[str, Any]:
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
        names = (
            "width",
            "segments",
            "rows",
            "bytes",
            "first",
            "last",
            "late",
            "earliest",
            "latest",
        )
        return {
            "panes": [dict(zip(names, row, strict=True)) for row in panes],
            "rows": sum(row[2] for row in panes),
            "earliest": min((r[7] for r in panes if r[7] is not None), default=None),
            "latest": max((r[8] for r in panes if r[8] is not None), default=None),
            "counters": dict(counters),
        }

    def sources(self, monitor: str, /) -> list[Mapping[str, Any]]:
        """Every source: when it was last heard, and the last event time it delivered."""
        return self._rows(
            "SELECT source, epoch, heard, sent, latest, rows, deliveries FROM sources "
            "WHERE monitor=? ORDER BY source",
            (monitor,),
        )

    def monitors(self) -> list[str]:
        """Names of all monitors that have delivered or have a reference."""
        found = self._rows("SELECT monitor FROM sources UNION SELECT monitor FROM refs", ())
        return sorted(row["monitor"] for row in found)

    # -- references

    def add_reference(self, monitor: str, id_: str, body: bytes, /, *, now: float) -> None:
        """Keep a reference; one that is there already stays as it is."""
        with self._database.transaction() as db:
            db.execute(
                "INSERT INTO refs VALUES (?,?,?,?) ON CONFLICT DO NOTHING",
                (monitor, id_, now, body),
            )

    def use_reference(
        self, monitor: str, id_: str, /, *, model_version: str | None, now: float
    ) -> None:
        """Point a model version at a reference, from now on."""
        with self._database.transaction() as db:
            db.execute(
                "INSERT INTO uses VALUES (?,?,?,?)", (monitor, model_version or "", now, id_)
            )

    def references(self, monitor: str, /) -> list[Mapping[str, Any]]:
        """Every reference: id, bytes, when it came, and for which versions it is in use."""
        found = self._rows(
            "SELECT id, added, length(body) AS bytes FROM refs WHERE monitor=? ORDER BY added, id",
            (monitor,),
        )
        versions = [
            row["model_version"]
            for row in self._rows(
                "SELECT DISTINCT model_version FROM uses WHERE monitor=?", (monitor,)
            )
        ]
        current = {v: self.reference_in_use(monitor, v or None) for v in versions}
        return [
            {**row, "used_for": sorted(v for v, used in current.items() if used == row["id"])}
            for row in found
        ]

    def reference(self, monitor: str, id_: str, /) -> bytes | None:
        """A reference's profile."""
        found = self._rows("SELECT body FROM refs WHERE monitor=? AND id=?", (monitor, id_))
        return found[0]["body"] if found else None

    def reference_in_use(self, monitor: str, model_version: str | None, /) -> str | None:
        """Id of the reference in use for a model version, or for all where it has none."""
        found = self._rows(
            "SELECT reference FROM uses WHERE monitor=? AND model_version IN (?, '') "
            "ORDER BY model_version='' ASC, rowid DESC LIMIT 1",
            (monitor, model_version or ""),
        )
        return found[0]["reference"] if found else None

    # -- evaluation

    def lease(self, monitor: str, holder: str, /, *, now: float, seconds: float) -> int | None:
        """Take or renew the lease to evaluate; its token, or None while another holds it."""
        with self._database.transaction() as db:
            found = db.execute(
                "SELECT holder, token, expires FROM leases WHERE monitor=?", (monitor,)
            ).fetchone()
            if found is not None and found[0] != holder and now < found[2] <= now + 10 * seconds:
                return None  # an expiry in the far future was set by a clock that was wrong
            token = 1 if found is None else found[1] + (found[0] != holder)
            db.execute(
                "INSERT OR REPLACE INTO leases VALUES (?,?,?,?)",
                (monitor, holder, token, now + seconds),
            )
        return int(token)

    def release(self, monitor: str, token: int, /) -> None:
        """Give the lease back, if it is still that of the token."""
        with self._database.transaction() as db:
            db.execute("UPDATE leases SET expires=0 WHERE monitor=? AND token=?", (monitor, token))

    def record(self, evaluation: Evaluation, /) -> bool:
        """Keep what an evaluation leaves behind, all or nothing."""
        import orjson

        with self._database.transaction() as db:
            found = db.execute("SELECT token FROM leases WHERE monitor=?", (evaluation.monitor,))
            if (found.fetchone() or (None,))[0] != evaluation.token:
                return False
            if evaluation.report is not None:
                db.execute(
                    "INSERT INTO reports (monitor, pane, revision, created, status, event, body) "
                    "VALUES (?,?,?,?,?,?,?) ON CONFLICT DO NOTHING",
                    (
                        evaluation.monitor,
                        evaluation.pane,
                        evaluation.revision,
                        evaluation.created,
                        evaluation.status,
                        evaluation.event,
                        evaluation.report,
                    ),
                )
            db.execute(
                "INSERT OR REPLACE INTO states VALUES (?,?,?)",
                (
                    evaluation.monitor,
                    evaluation.consumed,
                    orjson.dumps(evaluation.state).decode(),
                ),
            )
        return True

    def state(self, monitor: str, /) -> Mapping[str, Any] | None:
        """States of detectors and hysteresis with the pane they have consumed."""
        import orjson

        found = self._rows("SELECT pane, body FROM states WHERE monitor=?", (monitor,))
        if not found:
            return None
        return {"consumed": found[0]["pane"], **orjson.loads(found[0]["body"])}

    def reports(
        self, monitor: str, /, *, limit: int, alarms_only: bool = False
    ) -> Sequence[Mapping[str, Any]]:
        """Stored reports, the latest first."""
        only = "AND event IS NOT NULL " if alarms_only else ""
        return self._rows(
            "SELECT pane, revision, created, status, event, body FROM reports "  # noqa: S608
            f"WHERE monitor=? {only}ORDER BY id DESC LIMIT ?",
            (monitor, limit),
        )

    # -- housekeeping

    def compact(
        self,
        monitor: str,
        /,
        *,
        before: int,
        width: int,
        into: int | None = None,
        upto: int | None = None,
        guard: ValueGuard | None = None,
    ) -> int:
        """Merge the segments of every pane before one into one segment a pane."""
        wide = into or width
        groups: dict[tuple[Any, ...], list[int]] = {}
        for row in self._rows(
            "SELECT id, pane, reference, model_version FROM segments "
            "WHERE monitor=? AND width=? AND pane<? AND (? IS NULL OR id<=?) ORDER BY id",
            (monitor, width, before * wide // width, upto, upto),
        ):
            pane = row["pane"] * width // wide
            key = (pane, row["reference"], row["model_version"])
            groups.setdefault(key, []).append(row["id"])
        gone = 0
        for (pane, _, _), ids in groups.items():
            if len(ids) > 1 or wide != width:
                first, last = pane * wide // width, ((pane + 1) * wide - 1) // width
                found = self.segments(monitor, width=width, first=first, last=last)
                mine = [s for s in found if s.id in set(ids)]
                if mine:
                    merged = merge_segments(
                        [s.segment for s in mine], pane=pane, width=wide, guard=guard
                    )
                    gone += self._replace(monitor, mine, merged)
        return gone

    def _replace(self, monitor: str, old: Sequence[StoredSegment], new: Segment) -> int:
        with self._database.transaction() as db:
            marks = ",".join("?" * len(old))
            ids = [segment.id for segment in old]
            there = db.execute(
                f"SELECT count(*) FROM segments WHERE id IN ({marks})",  # noqa: S608
                ids,
            ).fetchone()[0]
            if there != len(old):  # another process has merged or expired some of them
                return 0
            db.execute(f"DELETE FROM segments WHERE id IN ({marks})", ids)  # noqa: S608
            insert(db, monitor, new, covers=max(s.covers or s.id for s in old))
        return len(old) - 1

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
            if rows:
                count(db, monitor, "expired", rows)
        return int(rows)

    def forget_reports(self, monitor: str, /, *, before: float) -> int:
        """Forget reports made before a time, those of alarms excepted; returns how many."""
        with self._database.transaction() as db:
            return db.execute(
                "DELETE FROM reports WHERE monitor=? AND created<? AND event IS NULL",
                (monitor, before),
            ).rowcount

    def quarantine(self, monitor: str | None = None, /) -> list[Mapping[str, Any]]:
        """What was set aside as damaged, and why."""
        return self._rows(
            "SELECT id, monitor, what, rows, reason FROM quarantine "
            "WHERE ? IS NULL OR monitor IN (?, '') ORDER BY id",
            (monitor, monitor),
        )

    def _rows(self, query: str, values: tuple[Any, ...]) -> list[Mapping[str, Any]]:
        with self._database.reading() as db:
            found = db.execute(query, values)
            names = [column[0] for column in found.description]
            return [dict(zip(names, row, strict=True)) for row in found.fetchall()]
