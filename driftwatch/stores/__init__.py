"""Where segments, progress, references, reports and alert states are kept."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from driftwatch.errors import ConfigError

if TYPE_CHECKING:
    from driftwatch.protocols import Store

__all__ = ["open_store"]


def open_store(where: str | Path | Store | None, /) -> Store:
    """Open a store: a path of a SQLite file, a store, or None for one in memory.

    Raises:
        ConfigError: If it is an address of another kind of store.
        StoreError: If the file cannot be opened for writing.

    Example:
        >>> open_store(None)
        MemoryStore()
    """
    from driftwatch.stores.memory import MemoryStore
    from driftwatch.stores.sqlite import SQLiteStore

    if where is None:
        return MemoryStore()
    if not isinstance(where, str | Path):
        return where
    text = str(where)
    if text in (":memory:", ""):
        return MemoryStore()
    if "://" in text:
        kind = text.partition("://")[0]
        if kind not in ("sqlite", "file"):
            raise ConfigError(f"a store is the path of a SQLite file; got an address {kind}://...")
        text = text.partition("://")[2]
    return SQLiteStore(text)
