"""A damaged file is set aside, and a new one with what can be read of it comes in its place."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import stat
from collections.abc import Iterator
from pathlib import Path

from driftwatch.stores.sqlite.failures import words_of
from driftwatch.stores.sqlite.ownership import APPLICATION_ID, identity_of
from driftwatch.stores.sqlite.salvage import salvage
from driftwatch.stores.sqlite.tables import MIGRATIONS

__all__ = ["create_tables", "replace_damaged"]


def create_tables(db: sqlite3.Connection, version: int, /) -> None:
    """Take the tables from a version to the newest, inside the transaction of the caller."""
    for script in MIGRATIONS[version:]:
        for statement in script.split(";"):
            db.execute(statement)
    db.execute(f"PRAGMA application_id={APPLICATION_ID}")
    db.execute(f"PRAGMA user_version={len(MIGRATIONS)}")


def replace_damaged(path: Path, reason: str, identity: tuple[int, int] | None, /) -> str | None:
    """Set a damaged file aside and put a new one in its place.

    Args:
        path: The file.
        reason: What is wrong with it.
        identity: Which file it was that is damaged; another process may have been quicker.

    Returns:
        What was done; None if the file at the path is another one by now.

    Raises:
        OSError: If files cannot be read, renamed or written; the damaged one is where it was.
        sqlite3.Error: If the new one cannot be written.
    """
    with _alone(path):
        if identity is None or identity_of(path) != identity:
            return None
        fresh = path.with_name(f".{path.name}.new-{os.getpid()}")
        fresh.unlink(missing_ok=True)
        try:
            aside = _free_name(path)
            said = f"{reason}; set aside as {aside.name}, {_fill(fresh, path)}"
            _note(fresh, said)
            fresh.chmod(stat.S_IMODE(path.stat().st_mode))
            _swap(path, aside, fresh)
        finally:
            fresh.unlink(missing_ok=True)
    return said


def _fill(fresh: Path, damaged: Path) -> str:
    with contextlib.closing(sqlite3.connect(fresh, isolation_level=None)) as db:
        db.execute("PRAGMA journal_mode=MEMORY")
        db.execute("BEGIN IMMEDIATE")
        create_tables(db, 0)
        db.execute("SAVEPOINT salvage")
        try:
            said = str(salvage(damaged, db))
        except (OSError, sqlite3.Error):
            raise
        except Exception as error:  # noqa: BLE001 - bytes that surprise us must not stop the rest
            db.execute("ROLLBACK TO salvage")
            said = f"nothing of it can be read ({type(error).__name__}: {words_of(error)})"
        db.execute("COMMIT")
    return said


def _note(fresh: Path, said: str) -> None:
    with contextlib.closing(sqlite3.connect(fresh)) as db, db:
        db.execute(
            "INSERT INTO quarantine (monitor, what, rows, reason) VALUES ('', 'database', 0, ?)",
            (said,),
        )


def _swap(path: Path, aside: Path, fresh: Path) -> None:
    """The new file is there whenever the old one is not: at every moment one of them is."""
    logs = [(path.with_name(path.name + end), aside.with_name(aside.name + end)) for end in _LOGS]
    try:
        os.link(path, aside)
    except OSError:  # a file system without second names
        path.rename(aside)
    # The log of the old file must not be taken for one of the new file.
    for log, beside in logs:
        with contextlib.suppress(FileNotFoundError):
            log.rename(beside)
    fresh.replace(path)


_LOGS = ("-wal", "-shm", "-journal")


def _free_name(path: Path) -> Path:
    number = 1
    while (aside := path.with_name(f"{path.name}.corrupt-{number}")).exists():
        number += 1
    return aside


@contextlib.contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Let one process at a time look after a file, where files can be locked."""
    try:
        import fcntl
    except ImportError:
        yield
        return
    lock = path.with_name(f".{path.name}.lock")
    handle = os.open(lock, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
        # Whoever waits for it has it open; others make a new one, and find the file replaced.
        lock.unlink(missing_ok=True)
    finally:
        os.close(handle)
