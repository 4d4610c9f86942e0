"""Single steps of a delivery, inside the transaction of the caller."""

from __future__ import annotations

import hashlib
import sqlite3
from collections import Counter
from collections.abc import Mapping
from json import dumps

from driftwatch.core.windows.halves import epochs_of_halves, epochs_of_wholes
from driftwatch.core.windows.segments import Delivery, Outcome, Segment
from driftwatch.core.windows.stored import DAMAGED

__all__ = [
    "ANY_MONITOR",
    "accept",
    "add_to_pane",
    "are_facts_sealed",
    "count",
    "count_in_panes",
    "digest",
    "doubted_monitors",
    "insert",
    "is_sealed",
    "known",
    "move",
    "position",
    "set_aside",
]

_NO_PANE = (0, 0)
"""Width and number of what stands for the first pane, before it is there."""


ANY_MONITOR = ""
"""Stands in `doubts` for a store that was damaged as a whole; no monitor has that name."""

_BODY = 16
_FACTS = 8
_PLACE = ("pane", "width", "late", "earliest", "latest", "reference", "model_version")
_MOST_ROWS = 1 << 40
"""A damaged segment that says it has more has any number of them."""


def digest(body: bytes, /) -> bytes:
    """What the bytes of a segment must still hash to when they are read."""
    return hashlib.blake2b(body, digest_size=_BODY).digest()


def is_sealed(expected: bytes, monitor: str, segment: Segment, /, *, covers: int) -> bool:
    """Whether a segment is what was stored: its bytes, and whose rows of which pane they are.

    Segments of older versions were stored with the hash of their bytes alone.
    """
    if len(expected) == _BODY:
        return digest(segment.body) == expected
    return _seal(monitor, segment, covers) == expected


def are_facts_sealed(expected: bytes, monitor: str, segment: Segment, /, *, covers: int) -> bool:
    """Whether what a segment says of itself is what was stored, whatever became of its bytes.

    It cannot be known of segments of older versions.
    """
    return len(expected) == _BODY or _seal(monitor, segment, covers)[_BODY:] == expected[_BODY:]


def _seal(monitor: str, segment: Segment, covers: int) -> bytes:
    facts = (
        monitor,
        segment.width,
        segment.pane,
        segment.rows,
        segment.late,
        segment.earliest if segment.earliest is None else segment.earliest + 0.0,
        segment.latest if segment.latest is None else segment.latest + 0.0,
        segment.reference,
        segment.model_version,
        covers,
    )
    hashed = hashlib.blake2b(repr(facts).encode("utf-8", "surrogatepass"), digest_size=_FACTS)
    return digest(segment.body) + hashed.digest()


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
            _seal(monitor, segment, covers),
            segment.body,
        ),
    )


def set_aside(
    db: sqlite3.Connection, id_: int, reason: str, /, *, monitor: str | None = None
) -> None:
    """Take a segment out of the data; it stays in the quarantine, and its rows are counted.

    Of what it says of itself, being damaged, only what can be is counted.

    Args:
        db: In a transaction.
        id_: Of the segment; nothing happens if it is not there, as another process was quicker.
        reason: Why.
        monitor: Whose it must be, if that matters.
    """
    found = db.execute(
        f"SELECT monitor, rows, body, covers, digest, {', '.join(_PLACE)} FROM segments "  # noqa: S608 - our names
        "WHERE id=? AND (? IS NULL OR monitor=?)",
        (id_, monitor, monitor),
    ).fetchone()
    if found is None:
        return
    whose, rows, body, covers, expected, *values = found
    rows = rows if 0 <= rows < _MOST_ROWS else 0
    facts = dict(zip(_PLACE, values, strict=True))
    kept = {**facts, "covers": covers, "digest": expected.hex()}
    db.execute(
        "INSERT INTO quarantine (monitor, what, rows, reason, body, facts) VALUES (?,?,?,?,?,?)",
        (whose, f"segment of pane {facts['pane']}", rows, reason, body, dumps(kept)),
    )
    db.execute("DELETE FROM segments WHERE id=?", (id_,))
    count(db, whose, DAMAGED, rows)
    if facts["width"] > 0:
        add_to_pane(db, whose, (facts["width"], facts["pane"]), DAMAGED, rows)


def known(db: sqlite3.Connection, delivery: Delivery) -> Outcome | None:
    """What the keys that were noted before say of a delivery; None if it is new.

    It is a duplicate if it came itself, or as part of a whole; and one of which a half came can
    only be taken in halves.
    """
    epochs = epochs_of_wholes(delivery.epoch)
    life = (delivery.monitor, delivery.source)
    where = "monitor=? AND source=? AND ? BETWEEN low AND high AND epoch"
    if db.execute(
        f"SELECT 1 FROM accepted WHERE {where} IN ({','.join('?' * len(epochs))})",  # noqa: S608
        (*life, delivery.sequence, *epochs),
    ).fetchone():
        return Outcome.DUPLICATE
    first, end = epochs_of_halves(delivery.epoch)
    if db.execute(
        f"SELECT 1 FROM accepted WHERE {where}>=? AND epoch<? LIMIT 1",  # noqa: S608
        (*life, delivery.sequence, first, end),
    ).fetchone():
        return Outcome.PARTLY
    doubt = db.execute("SELECT upto FROM doubts WHERE monitor=?", (delivery.monitor,)).fetchone()
    if doubt is not None and delivery.segments and _repeats(db, delivery, doubt[0]):
        return Outcome.DUPLICATE  # whose note may have been lost
    return None


def _repeats(db: sqlite3.Connection, delivery: Delivery, upto: int) -> bool:
    """Whether every segment of a delivery is there, from before the notes of keys were damaged."""
    return all(
        db.execute(
            "SELECT 1 FROM segments WHERE monitor=? AND width=? AND pane=? AND id<=? "
            "AND substr(digest, 1, ?)=?",
            (
                delivery.monitor,
                segment.width,
                segment.pane,
                upto,
                _BODY,
                digest(segment.body),
            ),
        ).fetchone()
        for segment in delivery.segments
    )


def doubted_monitors(db: sqlite3.Connection, *, was_damaged: bool = False) -> dict[str, int]:
    """Monitors of which a delivery was accepted whose key is not known, and up to which segment.

    Every delivery that is accepted is counted with its source, so that both must add up; what is
    known of a source that is not heard any more is forgotten, and its keys are kept. There is one
    of the source's present life. In a store that was damaged, the first of a life has the number 0:
    in another one, a source that was there before its file is no sign of damage.

    Args:
        db: A connection.
        was_damaged: Whether its rows were just taken over from a damaged file. A source of which
            there are keys alone may have been lost then, and not forgotten: nothing tells whether
            its keys are those that were.
    """
    keys: Counter[tuple[str, str]] = Counter()
    lives: dict[tuple[str, str, str], int] = {}
    rows = db.execute("SELECT monitor, source, epoch, low, high FROM accepted")
    for monitor, source, epoch, low, high in rows:
        keys[monitor, source] += high - low + 1
        life = monitor, source, _life(epoch)
        lives[life] = min(low, lives.get(life, low))
    doubted: set[str] = set()
    known: set[str] = set()
    heard: set[tuple[str, str]] = set()
    rows = db.execute("SELECT monitor, source, epoch, deliveries FROM sources")
    for monitor, source, epoch, deliveries in rows:
        known.add(monitor)
        heard.add((monitor, source))
        if keys[monitor, source] != deliveries or (monitor, source, _life(epoch)) not in lives:
            doubted.add(monitor)
    if was_damaged:
        doubted |= {monitor for monitor, source in keys if (monitor, source) not in heard}
    stored = db.execute("SELECT DISTINCT monitor FROM segments")
    doubted |= {str(monitor) for (monitor,) in stored if monitor not in known}
    newest = db.execute("SELECT seq FROM sqlite_sequence WHERE name='segments'").fetchone()
    upto = dict.fromkeys(doubted, int(newest[0]) if newest else 0)
    damaged = db.execute("SELECT upto FROM doubts WHERE monitor=?", (ANY_MONITOR,)).fetchone()
    if damaged is not None:
        upto = {name: int(damaged[0]) for (name, _, _), low in lives.items() if low} | upto
    return upto


def _life(epoch: str) -> str:
    """The life of a source in which a delivery was made that came whole, or in halves."""
    return epochs_of_wholes(epoch)[-1]


def accept(db: sqlite3.Connection, delivery: Delivery) -> None:
    """Note a delivery's key; it is not turned away any more.

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
    epochs = epochs_of_wholes(delivery.epoch)
    db.execute(
        "DELETE FROM turned_away WHERE monitor=? AND source=? AND sequence=? "  # noqa: S608
        f"AND epoch IN ({','.join('?' * len(epochs))})",
        (delivery.monitor, delivery.source, delivery.sequence, *epochs),
    )


def position(db: sqlite3.Connection, monitor: str, name: str) -> int:
    """Where a cursor stands; 0 where it never moved."""
    rows = db.execute(
        "SELECT position FROM cursors WHERE monitor=? AND name=?", (monitor, name)
    ).fetchone()
    return int(rows[0]) if rows else 0


def move(db: sqlite3.Connection, monitor: str, name: str, end: int) -> None:
    """Put a cursor somewhere, and its copy."""
    for table in ("cursors", "copies"):
        db.execute(f"INSERT OR REPLACE INTO {table} VALUES (?,?,?)", (monitor, name, end))  # noqa: S608


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
