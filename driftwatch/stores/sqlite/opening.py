"""How a SQLite file is opened: ours, sound, of this version, and logged as its disk allows."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from driftwatch.errors import StoreError
from driftwatch.stores.sqlite.failures import is_busy, is_damage, may_be_damage, words_of
from driftwatch.stores.sqlite.file_systems import network_file_system
from driftwatch.stores.sqlite.ledger import doubted_monitors, set_aside
from driftwatch.stores.sqlite.ownership import (
    APPLICATION_ID,
    header_flaw,
    identity_of,
    why_not_ours,
)
from driftwatch.stores.sqlite.replacement import create_tables
from driftwatch.stores.sqlite.soundness import damaged_segments, expect_sound
from driftwatch.stores.sqlite.tables import MIGRATIONS
from driftwatch.stores.sqlite.versions import expect_known, refuse_newer

__all__ = [
    "begin_use",
    "bring_up",
    "end_use",
    "examine",
    "log_of",
    "prepare",
    "refuse_others",
    "roll_back",
    "slowness",
    "version_of",
]

_CHECKED_BYTES = 256 << 20
_PAUSE_SECONDS = 0.005
_IN_USE: Counter[tuple[int, int, int]] = Counter()
"""Connections of this process by its number, and device and number of the file. To open such a file
for a look, and to close it, would drop their locks."""


def begin_use(file: tuple[int, int] | None, /) -> None:
    """Note that a connection of this process has a file open."""
    if file is not None:
        _IN_USE[os.getpid(), *file] += 1


def end_use(file: tuple[int, int] | None, /) -> None:
    """Note that it has it no longer."""
    if file is not None:
        _IN_USE[os.getpid(), *file] -= 1


def refuse_others(path: Path, /) -> str | None:
    """Refuse a file that is not ours, or of a newer version, before SQLite touches it.

    Returns:
        What is wrong with its header, if it is ours; None if nothing.

    Raises:
        StoreError: If it is not, is of a newer version, or cannot be read.
    """
    file = identity_of(path)
    if file is not None and _IN_USE[os.getpid(), *file] > 0:
        return None
    if why := why_not_ours(path):
        raise StoreError(
            f"{path} is not a store of DriftWatch: {why}. Nothing was changed. Name another file "
            "for the store, or move this one away",
            code="DW033",
        )
    refuse_newer(path)
    return header_flaw(path)


def prepare(connection: sqlite3.Connection, path: Path, /, *, seconds: float) -> str | None:
    """Choose how the file is logged, look at what is in it, and bring its tables up.

    Segments that are not what was stored are set aside.

    Args:
        connection: A new one.
        path: The file.
        seconds: How long to wait for other processes.

    Returns:
        What is worse there than on a local disk; None if nothing.

    Raises:
        sqlite3.Error: If the file is damaged, or cannot be used.
        UnicodeDecodeError: If it is damaged.
        StoreError: If it was written by a newer version.
    """
    is_shared = network_file_system(path) is not None
    if is_shared:
        # A log that was begun elsewhere is taken in without shared memory.
        connection.execute("PRAGMA locking_mode=EXCLUSIVE")
    mode = _switched(connection, "TRUNCATE" if is_shared else "WAL", seconds)
    if is_shared:
        connection.execute("PRAGMA locking_mode=NORMAL")
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    connection.execute("PRAGMA synchronous=FULL")
    examine(connection, path)
    bring_up(connection, path)
    if _is_small(path):
        with _as_damage():
            _set_damaged_aside(connection)
    return slowness(path, mode)


def slowness(path: Path, mode: str, /) -> str | None:
    """What is worse where a file is than on a local disk; None if nothing.

    Args:
        path: The file.
        mode: How SQLite logs it.
    """
    if where := network_file_system(path):
        return (
            f"{path} is on {where}, where write-ahead logging does not work: every delivery is "
            "slower, and only processes of one machine may use it; a local disk is better"
        )
    if mode.upper() != "WAL":
        return f"{path} is not logged ahead of its writes ({mode} instead): deliveries are slower"
    return None


@contextlib.contextmanager
def _as_damage() -> Iterator[None]:
    """Call what SQLite cannot make sense of damage."""
    try:
        yield
    except sqlite3.Error as error:
        if may_be_damage(error) and not is_damage(error):
            raise sqlite3.DatabaseError(f"malformed: {words_of(error)}") from error
        raise


def _switched(connection: sqlite3.Connection, journal: str, seconds: float) -> str:
    """Where two processes switch a new file at the same moment SQLite refuses one of them at
    once, without the wait that holds for everything else.
    """
    end = time.monotonic() + seconds
    while True:
        try:
            if connection.execute("PRAGMA page_count").fetchone()[0] == 0:  # a new file
                connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
            return str(connection.execute(f"PRAGMA journal_mode={journal}").fetchone()[0])
        except sqlite3.OperationalError as error:
            if not is_busy(error) or time.monotonic() >= end:
                raise
        time.sleep(_PAUSE_SECONDS)


def examine(connection: sqlite3.Connection, path: Path, /) -> None:
    """Look for what cannot be right in a file, and change nothing; in a large one, not at all rows.

    Raises:
        sqlite3.Error: If the file is damaged, or cannot be used.
        UnicodeDecodeError: If it is damaged.
        StoreError: If it was written by a newer version.
    """
    with _as_damage():
        connection.execute("BEGIN")  # all of it at one moment
        try:
            version = version_of(connection, path)
            expect_sound(connection, version, contents=_is_small(path))
        finally:
            roll_back(connection)


def _is_small(path: Path) -> bool:
    return path.stat().st_size <= _CHECKED_BYTES


def _set_damaged_aside(connection: sqlite3.Connection) -> None:
    """Set damaged segments aside, and note whose deliveries are known in part only."""
    connection.execute("BEGIN")
    try:
        damaged = damaged_segments(connection)
        doubted = doubted_monitors(connection)
        for (name,) in connection.execute("SELECT monitor FROM doubts"):
            doubted.pop(name, None)
    finally:
        roll_back(connection)
    if damaged or doubted:
        connection.execute("BEGIN IMMEDIATE")
        try:
            for id_ in damaged:
                set_aside(connection, id_, "its bytes have changed since they were stored")
            connection.executemany("INSERT OR IGNORE INTO doubts VALUES (?,?)", doubted.items())
            connection.execute("COMMIT")
        except BaseException:
            roll_back(connection)
            raise


def version_of(connection: sqlite3.Connection, path: Path | None, /) -> int:
    """The version of the tables.

    Raises:
        StoreError: If it is newer than this program.
        sqlite3.DatabaseError: If there can be no such version.
    """
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    expect_known(version, path)
    if version < 0:
        raise sqlite3.DatabaseError(f"malformed: the version of its tables is {version}")
    return version


def bring_up(connection: sqlite3.Connection, path: Path | None, /) -> None:
    """Bring the tables to the newest version."""
    if version_of(connection, path) == len(MIGRATIONS):
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        # Another process may have been quicker.
        if (version := version_of(connection, path)) < len(MIGRATIONS):
            create_tables(connection, version)
        connection.execute("COMMIT")
    except BaseException:
        roll_back(connection)
        raise


def log_of(path: Path, /) -> Path:
    """Where SQLite puts the write-ahead log of a file."""
    return path.with_name(path.name + "-wal")


def roll_back(connection: sqlite3.Connection, /) -> None:
    """Undo what is under way, if something is."""
    with contextlib.suppress(sqlite3.Error):
        if connection.in_transaction:
            connection.execute("ROLLBACK")
