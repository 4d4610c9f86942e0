"""A SQLite database that survives crashes, forks, damaged files and files that are gone."""

from __future__ import annotations

import contextlib
import logging
import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from driftwatch.errors import StoreError
from driftwatch.logs.events import event
from driftwatch.process.fork_lock import ForkLock, process_was_cut
from driftwatch.stores.sqlite.failures import (
    ReopenedError,
    in_our_words,
    is_busy,
    is_damage,
    may_be_damage,
    words_of,
)
from driftwatch.stores.sqlite.opening import (
    begin_use,
    bring_up,
    end_use,
    log_of,
    prepare,
    refuse_others,
    roll_back,
    version_of,
)
from driftwatch.stores.sqlite.ownership import checked_path, identity_of
from driftwatch.stores.sqlite.replacement import replace_damaged
from driftwatch.stores.sqlite.soundness import expect_sound

__all__ = ["Database"]

_LOG = logging.getLogger("driftwatch")
_PAUSE_SECONDS = 0.005
_TRY_SECONDS = 0.05
"""How long SQLite itself waits for another process; the rest of the wait holds no lock."""
_INHERITED: list[sqlite3.Connection] = []
"""Connections of a parent process. Closing one here would drop the locks of the child's own
on the same file, as POSIX has it; so they stay open, unused."""
_TRIES = 3


class Database:
    """One connection a process, transactions under a lock, errors in plain words.

    Write-ahead logging with ``synchronous=FULL``: what a transaction wrote is there after
    the process, or the machine, has died at any moment. On file systems of other machines, where
    that log does not work, a rollback journal; `notice` says so.

    A file that is not ours is refused and left as it is. One of ours that is damaged is set aside
    under another name, everything readable in it is taken over, and work goes on; `damage` says
    what happened. Where the file has been removed or replaced since it was opened, the one that is
    at its path now is opened, or made. Both raise `ReopenedError` out of what was being
    done, and nothing of that is in the new file.

    Args:
        path: The file; None for a database in memory.
        timeout: Seconds to wait for another process's transaction.

    Raises:
        ConfigError: If no file can have that name.
        StoreError: If the file cannot be opened for writing, is not ours, or is of a newer version.
    """

    reads_only = False

    def __init__(self, path: Path | None, /, *, timeout: float = 5.0) -> None:
        self.path = None if path is None else checked_path(path)
        self.damage: str | None = None
        self.notice: str | None = None
        self.replacements = 0
        """How often another file has come in the place of the one that was open."""
        self._timeout = timeout
        # SQLite notes the locks of a file for the whole process: a child that began in the middle
        # of a transaction would hold its parent's lock against itself for good.
        self._lock = ForkLock()
        self._pid = os.getpid()
        self._connection: sqlite3.Connection | None = None
        self._file: tuple[int, int] | None = None
        self._log_file: tuple[int, int] | None = None
        self._log_path = None if self.path is None else log_of(self.path)
        self._newest = 0
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
                "before the first record is observed, or start them anew instead of forking",
                code="DW036",
            )

    def _open(self) -> None:
        for _ in range(_TRIES):
            flaw = self._opened()
            if flaw is None:
                return
            self._set_aside(flaw)
        raise StoreError(
            f"{self.path} is damaged again and again ({flaw}); is its disk sound?", code="DW032"
        )

    def _opened(self) -> str | None:
        """Open the file; what is damaged in it, if it is, and then it is closed again."""
        path = self.path
        try:
            if path is not None and (flaw := refuse_others(path)):
                self._file = identity_of(path)
                return flaw
            self._connect()
        except StoreError:
            raise
        except (sqlite3.Error, UnicodeError, OSError, OverflowError) as error:
            if path is None or not is_damage(error):
                raise self._ours(error) from error
            self._file = identity_of(path)
            return words_of(error)
        return None

    def _connect(self) -> None:
        path = self.path
        connection = sqlite3.connect(
            ":memory:" if path is None else path,
            timeout=self._timeout,
            isolation_level=None,
            check_same_thread=False,
        )
        self._connection = connection  # from here on a fork can see what it cuts
        try:
            connection.execute("PRAGMA trusted_schema=OFF")
            connection.execute("PRAGMA secure_delete=ON")  # what is gone must not be salvaged
            if path is not None:
                notice = prepare(connection, path, seconds=self._timeout)
                if notice is not None and notice != self.notice:
                    self._say(notice, "DW035")
                self.notice = notice
            else:
                bring_up(connection, path)
        except BaseException:
            self._connection = None
            connection.close()
            raise
        if path is not None:
            self._file, self._log_file = identity_of(path), identity_of(log_of(path))
            begin_use(self._file)

    def _set_aside(self, flaw: str) -> None:
        """Put a new file in the place of the damaged one, with what can be read of it."""
        path = self.path
        if path is None:
            raise StoreError(f"the store in memory is damaged ({flaw})", code="DW032")
        self._leave()
        try:
            done = replace_damaged(path, flaw, self._file)
        except (sqlite3.Error, OSError) as error:
            raise StoreError(
                f"{path} is damaged ({flaw}), and cannot be set aside now: {words_of(error)}",
                code="DW032",
            ) from error
        if done is not None:
            self.damage = done
            self._say(f"the store {path} was damaged: {done}", "DW032")

    @staticmethod
    def _say(text: str, code: str) -> None:
        with contextlib.suppress(Exception):  # handlers of the host
            _LOG.warning("driftwatch: %s", text, extra=event("store.trouble", code=code))

    def _leave(self) -> None:
        """Close the connection."""
        connection, self._connection = self._connection, None
        if connection is None:
            return
        self.replacements += 1
        end_use(self._file)
        with contextlib.suppress(sqlite3.Error):
            connection.close()

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
            self._expect_file()
        except BaseException as error:
            roll_back(connection)
            self._raise_ours(error)
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
            connection = None
            try:
                connection = self._begun(is_last=time.monotonic() >= end)
            finally:
                if connection is None:
                    self._lock.__exit__(None, None, None)
            if connection is not None:
                return connection
            time.sleep(_PAUSE_SECONDS)

    def _begun(self, *, is_last: bool) -> sqlite3.Connection | None:
        """The connection in a new transaction; None if another process is in one."""
        try:
            connection = self._mine()
            connection.execute(f"PRAGMA busy_timeout={int(1000 * _TRY_SECONDS)}")
            try:
                connection.execute("BEGIN IMMEDIATE")
            finally:
                connection.execute(f"PRAGMA busy_timeout={int(1000 * self._timeout)}")
        except Exception as error:
            if is_busy(error) and not is_last:
                return None
            self._raise_ours(error)
            raise
        return connection

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
            try:
                yield self._mine()
            except Exception as error:
                self._raise_ours(error)
                raise

    def close(self) -> None:
        """Close the connection; a second time does nothing."""
        with self._lock:
            if self._pid == os.getpid():
                self._leave()
            self._connection, self._is_closed = None, True

    def __del__(self) -> None:
        # A connection that is let go unclosed warns; the caller may have had good reasons.
        with contextlib.suppress(Exception):
            self.close()

    def _mine(self) -> sqlite3.Connection:
        if self._is_closed:
            raise StoreError(f"the store {self.path or 'in memory'} is closed", code="DW036")
        if self._pid != os.getpid():
            # A connection must not be used, nor closed, on the other side of a fork.
            if self.path is None:
                raise StoreError(
                    "a store in memory does not follow a fork; use a file", code="DW036"
                )
            self._refuse_in_a_cut_process()
            if self._connection is not None:
                _INHERITED.append(self._connection)
            self._connection, self._pid = None, os.getpid()
        if self._connection is not None and not self._is_there():
            self._turn_to_the_file_at_the_path()
        if self._connection is None:  # after a fork, or where it could not be opened again
            self._open()
        assert self._connection is not None  # noqa: S101 - it was opened, or that has raised
        return self._connection

    def _is_there(self) -> bool:
        """Whether the file that is open, and its log, are those that are at the path now."""
        if self.path is None or self._log_path is None:
            return True
        if identity_of(self.path) != self._file:
            return False
        return self._log_file is None or identity_of(self._log_path) == self._log_file

    def _expect_file(self) -> None:
        """Raise if what was just written is in a file that nobody will find again.

        Raises:
            ReopenedError: Then; the file that is at the path now is open.
        """
        if self._is_there():
            return
        if self._turn_to_the_file_at_the_path():
            return
        raise ReopenedError(f"{self.path} was removed or replaced while it was written; try again")

    def _turn_to_the_file_at_the_path(self) -> bool:
        """Leave a file that is gone for the one that is there; whether its contents are, too."""
        path, connection = self.path, self._connection
        if path is None or connection is None:
            return True
        is_same = identity_of(path) == self._file
        kept = False
        with contextlib.suppress(sqlite3.Error):
            rows = connection.execute("SELECT seq FROM sqlite_sequence WHERE name='segments'")
            before = int((rows.fetchone() or (0,))[0])
            if is_same and identity_of(log_of(path)) is None:
                # Only the log is gone, and what it held can still be moved to the file.
                busy = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
                kept = not busy
            self._newest = max(self._newest, before)
        self._leave()
        what = "the log of the store" if is_same else "the store"
        then = "what it held was saved" if kept else "what was in it before is not in there"
        self._say(
            f"{what} {path} was removed or replaced while it was in use; rows go to the file that "
            f"is there now, made anew if none was; {then}",
            "DW031",
        )
        self._open()
        self._count_on()
        return kept

    def _count_on(self) -> None:
        """Give segments of a new file higher numbers than those of the one before had.

        Readers ask for segments above the last one they have seen.
        """
        connection = self._connection
        if connection is None or not self._newest:
            return
        connection.execute("BEGIN IMMEDIATE")
        try:
            rows = connection.execute("SELECT seq FROM sqlite_sequence WHERE name='segments'")
            now = rows.fetchone()
            if now is None:
                connection.execute(
                    "INSERT INTO sqlite_sequence VALUES ('segments', ?)", (self._newest,)
                )
            elif now[0] < self._newest:
                connection.execute(
                    "UPDATE sqlite_sequence SET seq=? WHERE name='segments'", (self._newest,)
                )
            connection.execute("COMMIT")
        except BaseException:
            roll_back(connection)
            raise

    def _raise_ours(self, error: BaseException) -> None:
        """Raise an error of ours for one of SQLite's or of what it gave; others are left alone.

        Raises:
            ReopenedError: If the file is damaged; a new one is in its place.
            StoreError: If it was one of SQLite's.
        """
        if isinstance(error, StoreError) or not isinstance(error, Exception):
            return
        if self.path is not None and may_be_damage(error) and (flaw := self._flaw(error)):
            self._set_aside(flaw)
            self._open()
            raise ReopenedError(f"{self.path} was damaged: {self.damage or flaw}") from error
        if isinstance(error, sqlite3.Error | UnicodeError | OverflowError):
            raise self._ours(error) from error

    def _flaw(self, error: Exception) -> str | None:
        """What is damaged, if it was that which raised an error."""
        if isinstance(error, sqlite3.Error) and is_damage(error):
            return words_of(error)
        connection = self._connection
        if connection is None:
            return None
        try:
            expect_sound(connection, version_of(connection, self.path), contents=True)
        except (sqlite3.Error, UnicodeError) as found:
            return words_of(found) if is_damage(found) or may_be_damage(found) else None
        except StoreError:
            return None
        return None

    def _ours(self, error: Exception) -> StoreError:
        if isinstance(error, StoreError):
            return error
        return in_our_words(error, self.path, seconds=self._timeout)
