"""A SQLite database that is only looked at."""

from __future__ import annotations

import contextlib
import sqlite3
from typing import NoReturn

from driftwatch.errors import StoreError
from driftwatch.stores.sqlite.database import Database
from driftwatch.stores.sqlite.opening import (
    begin_use,
    bring_up,
    examine,
    log_of,
    slowness,
    version_of,
)
from driftwatch.stores.sqlite.ownership import identity_of
from driftwatch.stores.sqlite.tables import MIGRATIONS

__all__ = ["ReadingDatabase"]


class ReadingDatabase(Database):
    """A database of whose file nothing is made, changed, renamed or set aside.

    SQLite itself refuses every statement that would write. A store of an older version is brought
    up in a copy in memory.

    Raises:
        ConfigError: If no file can have that name.
        StoreError: If the file is not there, cannot be read, is damaged, not ours, or of a newer
            version.
    """

    reads_only = True

    def _connect(self) -> None:
        path = self.path
        if path is None:
            raise StoreError("a store in memory cannot be opened for reading alone", code="DW036")
        connection = sqlite3.connect(
            # Not mode=ro, which leaves an empty log behind where nobody else has the file open.
            f"{path.resolve().as_uri()}?mode=rw",
            uri=True,
            timeout=self._timeout,
            isolation_level=None,
            check_same_thread=False,
        )
        self._connection = connection  # from here on a fork can see what it cuts
        try:
            connection.execute("PRAGMA trusted_schema=OFF")
            connection.execute("PRAGMA query_only=ON")
            examine(connection, path)
            mode = str(connection.execute("PRAGMA journal_mode").fetchone()[0])
            self.notice = slowness(path, mode)
            is_older = version_of(connection, path) < len(MIGRATIONS)
            self._file, self._log_file = identity_of(path), identity_of(log_of(path))
            if is_older:
                self._connection = connection = self._brought_up(connection)
                self._log_file = None
        except BaseException:
            self._connection = None
            connection.close()
            raise
        begin_use(self._file)

    def _brought_up(self, old: sqlite3.Connection) -> sqlite3.Connection:
        copy = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        try:
            with contextlib.closing(old):
                old.backup(copy)
            bring_up(copy, self.path)
            copy.execute("PRAGMA query_only=ON")
        except BaseException:
            copy.close()
            raise
        return copy

    def _set_aside(self, flaw: str) -> NoReturn:
        raise StoreError(
            f"{self.path} is damaged ({flaw}); opened to be written it is set aside", code="DW032"
        )

    def _turn_to_the_file_at_the_path(self) -> bool:
        """Leave a file that is gone for the one that is there, which must be."""
        self._leave()
        self._open()
        return False

    def transaction(self) -> NoReturn:
        """Refuse.

        Raises:
            StoreError: Always.
        """
        raise StoreError(
            f"{self.path} was opened for reading; nothing in it is changed", code="DW036"
        )
