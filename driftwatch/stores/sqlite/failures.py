"""What SQLite, and what reads its answers, may raise; and what we say instead."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from driftwatch.errors import StoreError, shown

__all__ = ["ReopenedError", "in_our_words", "is_busy", "is_damage", "may_be_damage", "words_of"]

_LONGEST = 200

_DAMAGE_CODES = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT)
_OTHER_CODES = (
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_AUTH,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_INTERRUPT,
    sqlite3.SQLITE_TOOBIG,
    sqlite3.SQLITE_PROTOCOL,
    sqlite3.SQLITE_NOLFS,
)
_DAMAGE = (
    "malformed",
    "not a database",
    "encrypted",
    "disk image",
    "unsupported file format",
    "decode to UTF-8",
)


class ReopenedError(StoreError):
    """Another file is in the place of the one that was open: the same call works on it."""

    code = "DW031"


def _whole_code(error: BaseException) -> int:
    return int(getattr(error, "sqlite_errorcode", 0))  # errors of the module itself have none


def _code(error: BaseException) -> int:
    return _whole_code(error) & 0xFF


def is_busy(error: BaseException, /) -> bool:
    """Whether another process was writing."""
    return _code(error) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def is_damage(error: BaseException, /) -> bool:
    """Whether SQLite says itself that the file is damaged."""
    if isinstance(error, UnicodeDecodeError):
        return True  # also where its own message holds what was damaged
    if not isinstance(error, sqlite3.Error):
        return False
    return _code(error) in _DAMAGE_CODES or (
        _code(error) not in _OTHER_CODES and any(word in str(error) for word in _DAMAGE)
    )


def may_be_damage(error: BaseException, /) -> bool:
    """Whether the file may be damaged, so that it is worth a look."""
    if isinstance(error, sqlite3.Error):
        return _code(error) not in _OTHER_CODES
    return isinstance(error, TypeError | ValueError | ArithmeticError | LookupError)


def words_of(error: Exception, /) -> str:
    """What an error says, on one line, without what was read of the file.

    Example:
        >>> words_of(sqlite3.OperationalError("Could not decode to UTF-8 column 'a' with text 'b'"))
        'malformed: a text is not Unicode'
    """
    if isinstance(error, UnicodeDecodeError) or "decode to UTF-8" in str(error):
        return "malformed: a text is not Unicode"
    text = "".join(c if c.isprintable() else " " for c in str(error))
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"


def in_our_words(error: Exception, path: Path | None, /, *, seconds: float) -> StoreError:
    """An error of ours for one of SQLite's.

    Args:
        error: What was raised.
        path: The file; None in memory.
        seconds: How long another process was waited for.
    """
    where, text, code = path or "the store in memory", words_of(error), _code(error)
    if is_busy(error):
        return StoreError(
            f"{where} is locked: another process has been writing for {seconds:g} s; try again",
            code="DW031",
        )
    if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM):
        return StoreError(
            f"{where} cannot be written ({text}); check the permissions of the file and its "
            "folder, and that the file system is not read-only",
            code="DW031",
        )
    if code == sqlite3.SQLITE_FULL or _whole_code(error) == sqlite3.SQLITE_IOERR_SHMSIZE:
        return StoreError(f"no space left for {where}; free some and try again", code="DW037")
    if code == sqlite3.SQLITE_IOERR:
        return StoreError(
            f"{where} cannot be read or written ({text}); see whether its disk has space left, "
            "and is sound",
            code="DW031",
        )
    if is_damage(error):
        return StoreError(
            f"{where} is damaged ({text}); opened to be written it is set aside", code="DW032"
        )
    if isinstance(error, UnicodeError | OverflowError) or code == sqlite3.SQLITE_TOOBIG:
        return StoreError(
            f"{where} cannot keep a value ({shown(text)}): names must be whole Unicode texts, "
            "numbers at most 64 bits, and everything below 1 GB"
        )
    return StoreError(f"{where}: {text}")
