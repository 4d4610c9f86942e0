"""Single steps of a delivery, inside the transaction of the caller."""

from __future__ import annotations

import hashlib
import sqlite3

from driftwatch.core.windows.segments import Delivery, Segment

__all__ = ["accept", "count", "digest", "insert", "is_accepted", "position"]


def digest(body: bytes, /) -> bytes:
    """What the bytes of a segment must still hash to when they are read."""
    return hashlib.blake2b(body, digest_size=16).digest()


def insert(db: sqlite3.Connection, monitor: str, segment: Segment, *, covers: int = 0) -> None:
    """Add a segment."""
    db.execute(
        "INSERT INTO segments (monitor, width, pane, rows, late, earliest, latest, reference, "
        "model_version, covers, digest, body) VALUES (?,?,?,?,?,?,?,?,?,?,?,?)",
        (
            monitor,
            segment.width,
            segment.pane,
            segment.rows,
            segment.late,
            segment.earliest,
            segment.latest,
            segment.reference,
            segment.model_version,
            covers,
            digest(segment.body),
            segment.body,
        ),
    )


def is_accepted(db: sqlite3.Connection, delivery: Delivery) -> bool:
    """Whether a delivery's key was noted before."""
    rows = db.execute(
        "SELECT 1 FROM accepted WHERE monitor=? AND source=? AND epoch=? "
        "AND ? BETWEEN low AND high",
        (delivery.monitor, delivery.source, delivery.epoch, delivery.sequence),
    )
    return rows.fetchone() is not None


def accept(db: sqlite3.Connection, delivery: Delivery) -> None:
    """Note a delivery's key.

    Keys of one life of a source are kept as ranges of sequence numbers, so that a year of
    deliveries is one row.
    """
    life = (delivery.monitor, delivery.source, delivery.epoch)
    low = high = delivery.sequence
    for edge, next_to in (("high", low - 1), ("low", high + 1)):
        where = f"monitor=? AND source=? AND epoch=? AND {edge}=?"
        rows = db.execute(
            f"SELECT low, high FROM accepted WHERE {where}",  # noqa: S608 - two fixed names
            (*life, next_to),
        ).fetchone()
        if rows is not None:
            low, high = min(low, rows[0]), max(high, rows[1])
            db.execute(f"DELETE FROM accepted WHERE {where}", (*life, next_to))  # noqa: S608
    db.execute("INSERT INTO accepted VALUES (?,?,?,?,?)", (*life, low, high))


def position(db: sqlite3.Connection, monitor: str, name: str) -> int:
    """Where a cursor stands; 0 where it never moved."""
    rows = db.execute(
        "SELECT position FROM cursors WHERE monitor=? AND name=?", (monitor, name)
    ).fetchone()
    return int(rows[0]) if rows else 0


def count(db: sqlite3.Connection, monitor: str, name: str, value: int) -> None:
    """Add to a counter."""
    db.execute(
        "INSERT INTO counters VALUES (?,?,?) "
        "ON CONFLICT (monitor, name) DO UPDATE SET value=value+excluded.value",
        (monitor, name, value),
    )
