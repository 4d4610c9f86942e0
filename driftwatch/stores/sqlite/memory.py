"""The store in memory: the same tables, gone with the process."""

from __future__ import annotations

from driftwatch.stores.sqlite.store import SQLiteStore

__all__ = ["MemoryStore"]


class MemoryStore(SQLiteStore):
    """A store in the process's memory, for tests, replays and services without a disk.

    It is SQLite's database in memory: everything works as with a file, except that it does
    not survive the process and is not shared with others.

    Example:
        >>> MemoryStore().newest("m")
        0
    """

    def __init__(self) -> None:
        super().__init__(None)
