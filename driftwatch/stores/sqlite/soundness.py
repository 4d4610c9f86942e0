"""Whether everything in a store is what was written to it, as far as that can be seen."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from functools import cache

from driftwatch.core.windows.segments import Segment
from driftwatch.stores.sqlite.ledger import is_sealed
from driftwatch.stores.sqlite.shapes import SHAPES, completed, is_sound
from driftwatch.stores.sqlite.tables import MIGRATIONS

__all__ = ["damaged_segments", "expect_sound", "expected_schema"]


@cache
def expected_schema(version: int, /) -> frozenset[tuple[str, str, str]]:
    """Kind, name and definition of everything in a store of a version, by white space alike."""
    db = sqlite3.connect(":memory:")
    try:
        for script in MIGRATIONS[:version]:
            db.executescript(script)
        return frozenset(_schema(db))
    finally:
        db.close()


def _schema(db: sqlite3.Connection) -> list[tuple[str, str, str]]:
    rows = db.execute("SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL")
    return [(str(kind), str(name), " ".join(str(sql).split())) for kind, name, sql in rows]


def expect_sound(db: sqlite3.Connection, version: int, /, *, contents: bool) -> None:
    """Look for what cannot be right; segments excepted, which are looked at when they are read.

    Args:
        db: A connection.
        version: Of the tables.
        contents: Whether to read every row, or definitions only.

    Raises:
        sqlite3.DatabaseError: If something is damaged.
        UnicodeDecodeError: If SQLite's own words about it are.
    """
    found = set(_schema(db))
    if missing := expected_schema(version) - found:
        which = ", ".join(sorted({name for _, name, _ in missing}))
        raise sqlite3.DatabaseError(f"malformed: the definition of {which} has changed")
    newer = {name for _, name, _ in expected_schema(len(MIGRATIONS)) - expected_schema(version)}
    older = {name for _, name, _ in expected_schema(version)}
    if any(name in newer - older for _, name, _ in found):
        raise sqlite3.DatabaseError(f"malformed: its tables are not those of version {version}")
    if any(kind == "trigger" for kind, _, _ in found):
        raise sqlite3.DatabaseError("malformed: there is a trigger that is not ours")
    if not contents:
        return
    outcome = db.execute("PRAGMA integrity_check(1)").fetchone()[0]
    if outcome != "ok":
        raise sqlite3.DatabaseError(f"malformed: {outcome}")
    names = {name for kind, name, _ in expected_schema(version) if kind == "table"}
    for table in SHAPES:
        if table in names and table != "segments":
            _expect_sound_rows(db, table)


def _expect_sound_rows(db: sqlite3.Connection, table: str) -> None:
    for row in db.execute(f"SELECT * FROM {table}"):  # noqa: S608 - our names
        if not is_sound(table, completed(table, row)):
            raise sqlite3.DatabaseError(f"malformed: a row of {table} has impossible values")


def damaged_segments(db: sqlite3.Connection, /) -> Sequence[int]:
    """Numbers of the segments that are not what was stored, in their bytes or in what they are of.

    Raises:
        sqlite3.Error: If they cannot be read.
    """
    damaged = []
    rows = db.execute(
        "SELECT id, pane, width, rows, body, late, earliest, latest, reference, model_version, "
        "monitor, covers, digest FROM segments"
    )
    for id_, *facts, monitor, covers, expected in rows:
        if not is_sealed(expected, monitor, Segment(*facts), covers=covers):
            damaged.append(id_)
    return damaged
