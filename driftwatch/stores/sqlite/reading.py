"""A SQLite database that is only looked at."""

from __future__ import annotations

import contextlib
import sqlite3
from typing import NoReturn

from driftwatch.errors import StoreError
from driftwatch.stores.sqlite.database import Database
from driftwatch.stores.sqlite.tables import MIGRATIONS
from driftwatch.stores.sqlite.versions import refuse_newer

__all__ = ["ReadingDatabase"]


class ReadingDatabase(Database):
    """A database of whose file nothing is made, changed, renamed or set aside.

    SQLite itself refuses every statement that would write. A store of an older version is brought
    up in a copy in memory.

    Raises:
        StoreError: If the file is not there, cannot be read, is damaged, or of a newer version.
    """

    reads_only = True

    def _open(self) -> None:
        try:
            self._connection = self._connected()
        except sqlite3.DatabaseError as error:
            raise self._error(error) from error

    def _connected(self) -> sqlite3.Connection:
        if self.path is None:
            raise StoreError("a store in memory cannot be opened for reading alone")
        refuse_newer(self.path)
        connection = sqlite3.connect(
            # Not mode=ro, which leaves an empty log behind where nobody else has the file open.
            f"{self.path.resolve().as_uri()}?mode=rw",
            uri=True,
            timeout=self._timeout,
            isolation_level=None,
            check_same_thread=False,
        )
        self._connection = connection  # from here on a fork can see what it cuts
        try:
            connection.execute("PRAGMA query_only=ON")
            if connection.execute("PRAGMA user_version").fetchone()[0] < len(MIGRATIONS):
                connection = self._brought_up(connection)
        except BaseException:
            self._connection = None
            connection.close()
            raise
        return connection

    def _brought_up(self, old: sqlite3.Connection) -> sqlite3.Connection:
        copy = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        try:
            with contextlib.closing(old):
                old.backup(copy)
            self._migrate(copy)
            copy.execute("PRAGMA query_only=ON")
        except BaseException:
            copy.close()
            raise
        return copy

    def transaction(self) -> NoReturn:
        """Refuse.

        Raises:
            StoreError: Always.
        """
        raise StoreError(f"{self.path} was opened for reading; nothing in it is changed")
