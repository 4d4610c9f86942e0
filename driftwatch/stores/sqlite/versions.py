"""Which version of the tables a file has, found out without touching it."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

from driftwatch.errors import StoreError
from driftwatch.stores.sqlite.tables import MIGRATIONS

__all__ = ["expect_known", "refuse_newer", "tables_of"]

_MAGIC = b"SQLite format 3\0"
_VERSION_AT = 60
"""Where SQLite's header has the user version, as four bytes, the highest first."""


def refuse_newer(path: Path, /) -> None:
    """Do nothing, or refuse a store that a newer version has written; nothing is touched.

    Opening a database may already change it: its log is read back, its mode switched. So this
    looks into the file itself.

    Raises:
        StoreError: If its tables are of a later version than this one knows.
    """
    expect_known(tables_of(path), path)


def expect_known(version: int, path: Path | None, /) -> None:
    """Do nothing, or refuse a version of the tables that is later than those known here.

    Raises:
        StoreError: If it is.
    """
    if version > len(MIGRATIONS):
        raise StoreError(
            f"{path or 'the store in memory'} was written by a newer version (tables {version}, "
            f"this one knows {len(MIGRATIONS)}); upgrade driftwatch. It is left as it is",
            code="DW034",
        )


def tables_of(path: Path, /) -> int:
    """The version of a store's tables; 0 of a file that is not there, or is none."""
    try:
        with path.open("rb") as file:
            header = file.read(100)
        log = path.with_name(path.name + "-wal")
        has_log = log.exists() and log.stat().st_size > 0
    except OSError:
        return 0
    if not header.startswith(_MAGIC):
        return 0
    version = int.from_bytes(header[_VERSION_AT : _VERSION_AT + 4], "big", signed=True)
    if has_log:  # the newest header is in the log; it is there already, so reading makes no file
        with contextlib.suppress(sqlite3.Error), contextlib.closing(_for_reading(path)) as found:
            return max(version, int(found.execute("PRAGMA user_version").fetchone()[0]))
    return version


def _for_reading(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
