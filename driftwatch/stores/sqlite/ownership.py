"""Whose a file is: nothing that is not ours is renamed, written or opened as a store."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import stat
from pathlib import Path

from driftwatch.errors import ConfigError, StoreError, shown

__all__ = ["APPLICATION_ID", "checked_path", "header_flaw", "identity_of", "why_not_ours"]

APPLICATION_ID = 0x44575354
"""SQLite's ``application_id`` of our stores: the letters DWST."""

_MAGIC = b"SQLite format 3\0"
_HEADER = 100
_ID = slice(68, 72)
_OURS = APPLICATION_ID.to_bytes(4, "big")
_SAME_MAGIC = 12
_SAME_ID = 2
_TABLES = ("accepted", "sources", "cursors", "counters", "refs", "uses", "leases")
_SAME_TABLES = 4
_SEARCHED_BYTES = 16 << 20


def checked_path(path: str | Path, /) -> Path:
    """A path that a file can have.

    Raises:
        ConfigError: If no file can have such a name.

    Example:
        >>> checked_path("a.db").name
        'a.db'
    """
    text = str(path)
    try:
        broken = b"\0" in os.fsencode(text)
    except UnicodeEncodeError:
        broken = True
    if broken:
        raise ConfigError(
            f"a store is the path of a file, and no file is named {shown(text)}; "
            "name one without NUL and without halves of characters"
        )
    if not Path(text).name:
        raise ConfigError(f"a store is the path of a file, got the folder {text!r}; name a file")
    return Path(text)


def identity_of(path: Path, /) -> tuple[int, int] | None:
    """Device and number of the file that is at a path now; None if there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def why_not_ours(path: Path, /) -> str | None:
    """Why a file is not a store of ours; None if it is, or can become one, being new or empty.

    Reads the file and changes nothing. A damaged file is ours as long as it shows it: by most of
    the marks in its header, and the definitions of our tables.

    Raises:
        StoreError: If it cannot be read, or is no file.
    """
    head = _head(path)
    if not head:
        return None
    if len(head) < _HEADER:
        return f"it has {len(head)} bytes, and no header of SQLite"
    same = sum(a == b for a, b in zip(head[:16], _MAGIC, strict=True))
    marked = head[_ID] == _OURS
    if marked:
        return None if same >= _SAME_MAGIC else "it does not begin as files of SQLite do"
    if head[:16] != _MAGIC:
        return "it does not begin as files of SQLite do"
    id_ = int.from_bytes(head[_ID], "big")
    if id_ == 0:
        # Stores had no mark at first. One without tables is a new one.
        names = _tables_of(path)
        if names is not None:
            known = len(names & set(_TABLES))
            if known >= _SAME_TABLES or (not names and not _has_log(path)):
                return None
        if _defines_our_tables(path):
            return None
        return "it is a database with tables of another program"
    near = sum(a == b for a, b in zip(head[_ID], _OURS, strict=True)) >= _SAME_ID
    if near and _defines_our_tables(path):
        return None
    return f"it is a database of another program (application_id {id_})"


def header_flaw(path: Path, /) -> str | None:
    """What is wrong with the header of a file of ours; None if nothing."""
    head = _head(path)
    if not head:
        return None
    size = int.from_bytes(head[16:18], "big")
    sound = {
        "its first bytes": head[:16] == _MAGIC,
        "its mark": head[_ID] in (_OURS, bytes(4)),
        "its page size": size == 1 or (size >= 512 and size & (size - 1) == 0),
        "its format": head[18] in (1, 2) and head[19] in (1, 2) and head[20] == 0,
        "its fractions": head[21:24] == b"\x40\x20\x20",
        "its schema format": int.from_bytes(head[44:48], "big") <= 4,
        "its encoding": head[52:56] == bytes(4) and int.from_bytes(head[56:60], "big") <= 1,
        "its vacuum mode": head[64:68] == bytes(4),
        "its reserved bytes": head[72:92] == bytes(20),
    }
    bad = [what for what, good in sound.items() if not good]
    return f"malformed: {', '.join(bad)} cannot be right" if bad else None


def _head(path: Path) -> bytes:
    try:
        kind = path.stat().st_mode
        if not stat.S_ISREG(kind):  # to open a pipe would wait for its other end
            what = "a folder" if stat.S_ISDIR(kind) else "no regular file"
            raise StoreError(f"the store {path} is {what}; name a file", code="DW031")
        with path.open("rb") as file:
            return file.read(_HEADER)
    except FileNotFoundError:
        if path.is_symlink() or path.parent.is_dir():
            return b""
        raise StoreError(
            f"{path} cannot be written (its folder does not exist); make it, or name another",
            code="DW031",
        ) from None
    except StoreError:
        raise
    except OSError as error:
        raise StoreError(
            f"{path} cannot be opened ({error.strerror or error}); check its path and permissions",
            code="DW031",
        ) from error


def _tables_of(path: Path) -> set[str] | None:
    """Tables of a database that nobody's log has changed since; None if they cannot be read."""
    with contextlib.suppress(sqlite3.Error, UnicodeError):
        # Immutable: without locks, and without files of SQLite's beside it.
        where = f"{path.resolve().as_uri()}?mode=ro&immutable=1"
        with contextlib.closing(sqlite3.connect(where, uri=True)) as db:
            return {str(name) for (name,) in db.execute("SELECT name FROM sqlite_master")}
    return None


def _has_log(path: Path) -> bool:
    log = path.with_name(path.name + "-wal")
    with contextlib.suppress(OSError):
        return log.stat().st_size > 0
    return False


def _defines_our_tables(path: Path) -> bool:
    """Whether definitions of our tables can be read in a file or its log."""
    seen: set[str] = set()
    for file in (path, path.with_name(path.name + "-wal")):
        with contextlib.suppress(OSError), file.open("rb") as opened:
            data = opened.read(_SEARCHED_BYTES)
            seen |= {name for name in _TABLES if f"CREATE TABLE {name} (\n".encode() in data}
    return len(seen) >= _SAME_TABLES
