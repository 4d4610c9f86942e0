"""Single steps of a delivery, inside the transaction of the caller."""

from __future__ import annotations

import hashlib
import sqlite3
from collections import Counter
from collections.abc import Mapping

from driftwatch.core.windows.segments import Delivery, Segment

__all__ = [
    "accept",
    "add_to_pane",
    "count",
    "count_in_panes",
    "digest",
    "insert",
    "is_accepted",
    "position",
]

_NO_PANE = (0, 0)
"""Width and number of what stands for the first pane, before it is there."""


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


def count_in_panes(db: sqlite3.Connection, delivery: Delivery) -> None:
    """Add what a delivery counted to the panes that it came with, in proportion to their rows.

    Which of them it came with is not known. What came without a row belongs to the newest pane
    that the stream had then, and before there was any to the first one.
    """
    monitor = delivery.monitor
    rows: Counter[tuple[int, int]] = Counter()
    for segment in delivery.segments:
        rows[segment.width, segment.pane] += segment.rows
    if rows:
        for name, value in _taken_from(db, monitor, _NO_PANE):
            add_to_pane(db, monitor, min(rows), name, value)
    for name, value in delivery.counters.items():
        for pane, share in _spread(value, rows or {_newest(db, monitor): 1}):
            add_to_pane(db, monitor, pane, name, share)


def _newest(db: sqlite3.Connection, monitor: str) -> tuple[int, int]:
    found = db.execute(
        "SELECT width, max(pane) FROM segments WHERE monitor=? GROUP BY width", (monitor,)
    ).fetchall()
    # The same rows may be there in wider panes, too, which end no earlier.
    return max(found, key=lambda pane: (pane[0] * pane[1], -pane[0]), default=_NO_PANE)


def _spread(value: int, rows: Mapping[tuple[int, int], int]) -> list[tuple[tuple[int, int], int]]:
    """A number in whole parts that add up to it, in proportion to the rows of panes."""
    total, before, parts = sum(rows.values()) or 1, 0, []
    so_far = 0
    for pane in sorted(rows):
        so_far += rows[pane]
        upto = value * so_far // total if pane != max(rows) else value
        if upto != before:
            parts.append((pane, upto - before))
        before = upto
    return parts


def _taken_from(
    db: sqlite3.Connection, monitor: str, pane: tuple[int, int]
) -> list[tuple[str, int]]:
    """What was counted in a pane, which has nothing then."""
    where = "FROM counted WHERE monitor=? AND width=? AND pane=?"
    found = db.execute(f"SELECT name, value {where}", (monitor, *pane)).fetchall()
    if found:
        db.execute(f"DELETE {where}", (monitor, *pane))
    return found


def add_to_pane(
    db: sqlite3.Connection, monitor: str, pane: tuple[int, int], name: str, value: int
) -> None:
    """Add to what was counted in a pane, given by its width and number."""
    db.execute(
        "INSERT INTO counted VALUES (?,?,?,?,?) "
        "ON CONFLICT (monitor, width, pane, name) DO UPDATE SET value=value+excluded.value",
        (monitor, *pane, name, value),
    )
