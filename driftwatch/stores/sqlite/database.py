"""A SQLite database that survives crashes, forks and damaged files."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from driftwatch.errors import StoreError
from driftwatch.process.fork_lock import ForkLock, process_was_cut
from driftwatch.stores.sqlite.tables import MIGRATIONS
from driftwatch.stores.sqlite.versions import refuse_newer

__all__ = ["Database"]

_CHECKED_BYTES = 256 << 20
_PAUSE_SECONDS = 0.005
_TRY_SECONDS = 0.05
"""How long SQLite itself waits for another process; the rest of the wait holds no lock."""
_INHERITED: list[sqlite3.Connection] = []
"""Connections of a parent process. Closing one here would drop the locks of the child's own
on the same file, as POSIX has it; so they stay open, unused."""
_DAMAGE = ("malformed", "not a database", "encrypted", "disk image", "corrupt")


class Database:
    """One connection a process, transactions under a lock, errors in plain words.

    Write-ahead logging with ``synchronous=FULL``: what a transaction wrote is there after
    the process, or the machine, has died at any moment.

    A file that is no sound database is set aside under another name, everything readable
    in it is taken over, and work goes on; `damage` says what happened.

    Args:
        path: The file; None for a database in memory.
        timeout: Seconds to wait for another process's transaction.

    Raises:
        StoreError: If the file cannot be opened for writing, or is of a newer version.
    """

    reads_only = False

    def __init__(self, path: Path | None, /, *, timeout: float = 5.0) -> None:
        self.path = path
        self.damage: str | None = None
        self._timeout = timeout
        # SQLite notes the locks of a file for the whole process: a child that began in the middle
        # of a transaction would hold its parent's lock against itself for good.
        self._lock = ForkLock()
        self._pid = os.getpid()
        self._connection: sqlite3.Connection | None = None
        self._is_closed = False
        self._patience = threading.local()
        self._refuse_in_a_cut_process()
        with self._lock:
            self._open()

    def _refuse_in_a_cut_process(self) -> None:
        """Raise if this process was forked in the middle of SQLite's work for its parent.

        SQLite may have left locks of its own held then, in memory and on the file, which no
        thread of this process releases: a call could wait without end.
        """
        if process_was_cut():
            raise StoreError(
                f"{self.path or 'a store in memory'} cannot be used in this process, which was "
                "forked while its parent was in the middle of a transaction; start processes "
                "before the first record is observed, or start them anew instead of forking"
            )

    def _open(self) -> None:
        try:
            self._connection = self._connected()
        except sqlite3.DatabaseError as error:
            if self.path is None or not any(word in str(error) for word in _DAMAGE):
                raise self._error(error) from error
            self._recover(self.path, str(error))

    def _recover(self, path: Path, reason: str) -> None:
        """Set a damaged file aside and begin a new one with what can be read of it."""
        aside = _set_aside(path)
        try:
            self._connection = self._connected()
        except sqlite3.DatabaseError as error:
            raise self._error(error) from error
        saved = _salvage(aside, self._connection)
        self.damage = f"{reason}; set aside as {aside.name}, {saved} rows of it taken over"
        self._connection.execute(
            "INSERT INTO quarantine (monitor, what, rows, reason) VALUES ('', 'database', 0, ?)",
            (self.damage,),
        )

    def _connected(self) -> sqlite3.Connection:
        if self.path is not None:
            refuse_newer(self.path)
        connection = sqlite3.connect(
            ":memory:" if self.path is None else self.path,
            timeout=self._timeout,
            isolation_level=None,
            check_same_thread=False,
        )
        self._connection = connection  # from here on a fork can see what it cuts
        try:
            if self.path is not None:
                self._switch_to_wal(connection)
                connection.execute("PRAGMA synchronous=FULL")
                self._check(connection)
            self._migrate(connection)
        except BaseException:
            self._connection = None
            connection.close()
            raise
        return connection

    def _switch_to_wal(self, connection: sqlite3.Connection) -> None:
        """Where two processes switch a new file at the same moment SQLite refuses one of them at
        once, without the wait that holds for everything else.
        """
        end = time.monotonic() + self._timeout
        while True:
            try:
                connection.execute("PRAGMA journal_mode=WAL")
            except sqlite3.OperationalError as error:
                if not _is_busy(error) or time.monotonic() >= end:
                    raise
            else:
                return
            time.sleep(_PAUSE_SECONDS)

    def _check(self, connection: sqlite3.Connection) -> None:
        if self.path is not None and self.path.stat().st_size <= _CHECKED_BYTES:
            outcome = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
            if outcome != "ok":
                raise sqlite3.DatabaseError(f"malformed: {outcome}")

    def _migrate(self, connection: sqlite3.Connection) -> None:
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if version == len(MIGRATIONS):
            return
        if version > len(MIGRATIONS):
            raise StoreError(
                f"{self.path} was written by a newer version (tables {version}, this one knows "
                f"{len(MIGRATIONS)}); upgrade driftwatch"
            )
        connection.execute("BEGIN IMMEDIATE")
        try:
            # Another process may have been quicker.
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            for script in MIGRATIONS[version:]:
                for statement in script.split(";"):
                    connection.execute(statement)
            connection.execute(f"PRAGMA user_version={len(MIGRATIONS)}")
            connection.execute("COMMIT")
        except BaseException:
            _roll_back(connection)
            raise

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Give the connection inside a transaction: committed at the end, or undone.

        Raises:
            StoreError: If the database is locked, read-only, full, damaged or closed.
        """
        connection = self._begin()
        try:
            yield connection
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            _roll_back(connection)
            raise self._error(error) from error
        except BaseException:
            _roll_back(connection)
            raise
        finally:
            self._lock.__exit__(None, None, None)

    def _begin(self) -> sqlite3.Connection:
        """Begin a transaction, and take the lock for as long as it lasts.

        The lock is free while another process writes, so that a fork need not wait.
        """
        end = time.monotonic() + getattr(self._patience, "seconds", self._timeout)
        while True:
            self._lock.__enter__()
            try:
                connection = self._mine()
                connection.execute(f"PRAGMA busy_timeout={int(1000 * _TRY_SECONDS)}")
                try:
                    connection.execute("BEGIN IMMEDIATE")
                finally:
                    connection.execute(f"PRAGMA busy_timeout={int(1000 * self._timeout)}")
            except BaseException as error:
                self._lock.__exit__(None, None, None)
                if not isinstance(error, sqlite3.Error):
                    raise
                if not _is_busy(error) or time.monotonic() >= end:
                    raise self._error(error) from error
            else:
                return connection
            time.sleep(_PAUSE_SECONDS)

    @contextlib.contextmanager
    def patience(self, seconds: float, /) -> Iterator[None]:
        """In this thread, wait less long for other processes inside: something is about to end."""
        before = getattr(self._patience, "seconds", self._timeout)
        self._patience.seconds = min(seconds, before)
        try:
            yield
        finally:
            self._patience.seconds = before

    @contextlib.contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Give the connection for queries.

        Raises:
            StoreError: If the database cannot be read.
        """
        with self._lock:
            connection = self._mine()
            try:
                yield connection
            except sqlite3.Error as error:
                raise self._error(error) from error

    def close(self) -> None:
        """Close the connection; a second time does nothing."""
        with self._lock:
            if self._connection is not None and self._pid == os.getpid():
                self._connection.close()
            self._connection, self._is_closed = None, True

    def __del__(self) -> None:
        # A connection that is let go unclosed warns; the caller may have had good reasons.
        with contextlib.suppress(Exception):
            self.close()

    def _mine(self) -> sqlite3.Connection:
        if self._is_closed:
            raise StoreError(f"the store {self.path or 'in memory'} is closed")
        if self._pid != os.getpid():
            # A connection must not be used, nor closed, on the other side of a fork.
            if self.path is None:
                raise StoreError("a store in memory does not follow a fork; use a file")
            self._refuse_in_a_cut_process()
            if self._connection is not None:
                _INHERITED.append(self._connection)
            self._connection, self._pid = None, os.getpid()
        if self._connection is None:  # after a fork, or where it could not be opened again
            self._open()
        assert self._connection is not None  # noqa: S101 - it was opened, or that has raised
        return self._connection

    def _error(self, error: sqlite3.Error) -> StoreError:
        text = str(error)
        where = self.path or "the store in memory"
        if _is_busy(error):
            return StoreError(
                f"{where} is locked: another process has been writing for {self._timeout:g} s; "
                "try again"
            )
        if "readonly" in text or "unable to open" in text:
            return StoreError(f"{where} cannot be written ({text}); check the folder's permissions")
        if "full" in text:
            return StoreError(f"no space left for {where}; free some and try again")
        if any(word in text for word in _DAMAGE):
            return StoreError(f"{where} is damaged ({text}); opened to be written it is set aside")
        return StoreError(f"{where}: {text}")


def _is_busy(error: sqlite3.Error) -> bool:
    code = getattr(error, "sqlite_errorcode", 0)  # errors of the module itself have none
    return code & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def _roll_back(connection: sqlite3.Connection) -> None:
    if connection.in_transaction:
        with contextlib.suppress(sqlite3.Error):
            connection.execute("ROLLBACK")


def _set_aside(path: Path) -> Path:
    """Rename a damaged database, with its log, to a name that is not taken."""
    number = 1
    while (aside := path.with_name(f"{path.name}.corrupt-{number}")).exists():
        number += 1
    path.rename(aside)
    for suffix in ("-wal", "-shm"):
        beside = path.with_name(path.name + suffix)
        if beside.exists():
            beside.rename(aside.with_name(aside.name + suffix))
    return aside


def _salvage(aside: Path, into: sqlite3.Connection) -> int:
    """Copy every row that can still be read; returns how many."""
    saved = 0
    try:
        damaged = sqlite3.connect(f"{aside.resolve().as_uri()}?mode=ro", uri=True)
    except sqlite3.Error:
        return 0
    tables = into.execute(
        "SELECT name FROM sqlite_master WHERE type='table' AND name NOT LIKE 'sqlite_%'"
    ).fetchall()
    with contextlib.closing(damaged):
        for (table,) in tables:
            with contextlib.suppress(sqlite3.Error):
                for row in damaged.execute(f"SELECT * FROM {table}"):  # noqa: S608 - our names
                    marks = ",".join("?" * len(row))
                    into.execute(f"INSERT OR IGNORE INTO {table} VALUES ({marks})", row)  # noqa: S608
                    saved += 1
    return saved
