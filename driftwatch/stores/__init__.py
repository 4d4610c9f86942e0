"""Where segments, progress, references, reports and alert states are kept."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, cast

from driftwatch.errors import ConfigError, StoreError

if TYPE_CHECKING:
    from driftwatch.protocols import Receiver, Store
    from driftwatch.stores.remote import RemoteStore

__all__ = ["is_collector", "open_collector", "open_store"]


def is_collector(where: object, /) -> bool:
    """Whether something is the address of a collector."""
    return isinstance(where, str) and where.startswith(("http://", "https://"))


def open_collector(
    where: str | Path | Receiver | None,
    /,
    *,
    spool: str | Path | None = None,
    clock: Callable[[], float] = time.time,
) -> RemoteStore | None:
    """Open the way to a collector: ``https://...``; None if it is no collector.

    Args:
        where: A path, an address, a store, or the way to a collector.
        spool: Folder in which deliveries wait.
        clock: Seconds since 1970; of a way that was opened before it is its own.

    Raises:
        ConfigError: If the address cannot be used.
        StoreError: If the spool cannot be written.
    """
    if is_collector(where):
        from driftwatch.stores.remote import RemoteStore

        return RemoteStore(str(where), spool=spool, clock=clock)
    if where is not None and getattr(where, "evaluates_elsewhere", False):
        return cast("RemoteStore", where)
    return None


def open_store(
    where: str | Path | Store | None, /, *, must_exist: bool = False, reads_only: bool = False
) -> Store:
    """Open a store: a path of a SQLite file, a store, or None for one in memory.

    Args:
        where: Path, store or None.
        must_exist: Whether the file must be there already; it is made otherwise.
        reads_only: Whether it is only looked at, so that nothing in it can change; it must be
            there then.

    Raises:
        ConfigError: If it is an address of another kind of store, or no file can have its name.
        StoreError: If the file is not there and must be, is not a store of ours, or cannot be
            opened for writing.

    Example:
        >>> open_store(None)
        MemoryStore()
    """
    from driftwatch.stores.sqlite.memory import MemoryStore
    from driftwatch.stores.sqlite.ownership import checked_path, identity_of
    from driftwatch.stores.sqlite.store import SQLiteStore

    if where is None:
        return MemoryStore()
    if not isinstance(where, str | Path):
        return where
    text = str(where)
    if text in (":memory:", ""):
        return MemoryStore()
    if is_collector(text):
        raise ConfigError(
            f"{text} is a collector, and this needs a store of its own; run it where the "
            "collector's store is, and name its file",
            code="DW036",
        )
    if "://" in text:
        kind = text.partition("://")[0]
        if kind not in ("sqlite", "file"):
            raise ConfigError(
                f"a store is the path of a SQLite file, or a collector's https address; got {kind}://"
            )
        text = text.partition("://")[2]
    if (must_exist or reads_only) and identity_of(checked_path(text)) is None:
        raise StoreError(
            f"there is no store {text}: nothing has been fed into it yet, or its path is another",
            code="DW031",
        )
    return SQLiteStore(text, reads_only=reads_only)
