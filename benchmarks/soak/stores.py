"""Stores that are taken away, put back, and read at the end."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.soak.notes import Key
from driftwatch.stores.sqlite.store import SQLiteStore

__all__ = ["Kept", "back_up", "put_back", "read_store", "take_away"]

_ENDINGS = ("", "-wal", "-shm")


def take_away(store: Path, folder: Path, /) -> bool:
    """Move a store from under its processes to another folder; false if it is not there."""
    if not store.exists():
        return False
    folder.mkdir(parents=True)
    for ending in _ENDINGS:
        with contextlib.suppress(FileNotFoundError):
            store.with_name(store.name + ending).rename(folder / (store.name + ending))
    return True


def back_up(store: Path, copy: Path, /) -> bool:
    """Copy a store as it is now; false if it is not there."""
    if not store.exists():
        return False
    with (
        contextlib.closing(sqlite3.connect(store)) as here,
        contextlib.closing(sqlite3.connect(copy)) as there,
    ):
        here.backup(there)
    return True


def put_back(copy: Path, store: Path, folder: Path, /) -> bool:
    """Put a copy in the place of a store; false if the store is gone, or is made anew meanwhile."""
    if not take_away(store, folder):
        return False
    with contextlib.suppress(FileExistsError):
        os.link(copy, store)
        copy.unlink()
        return True
    return False


@dataclass(frozen=True, slots=True)
class Kept:
    """What a store holds of a monitor.

    Attributes:
        rows: Rows in its panes.
        counters: What it has counted.
        accepted: Deliveries that it has taken.
        quarantined: Rows that were set aside in it.
    """

    rows: int = 0
    counters: Counter[str] = field(default_factory=Counter)
    accepted: frozenset[Key] = frozenset()
    quarantined: int = 0


def read_store(path: Path, monitor: str, /) -> Kept:
    """What a store holds, be it one that was taken away; nothing where none is."""
    if not path.exists() or path.stat().st_size == 0:
        return Kept()
    store = SQLiteStore(path)
    try:
        facts = store.overview(monitor)
        quarantined = sum(each.rows for each in store.quarantine() if each.monitor == monitor)
    finally:
        store.close()
    with contextlib.closing(sqlite3.connect(path)) as db:
        ranges = db.execute(
            "SELECT epoch, low, high FROM accepted WHERE monitor=?", (monitor,)
        ).fetchall()
    return Kept(
        facts.rows,
        Counter(facts.counters),
        frozenset(
            Key(epoch, number) for epoch, low, high in ranges for number in range(low, high + 1)
        ),
        quarantined,
    )
