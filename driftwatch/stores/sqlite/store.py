"""The store in a SQLite file: the default, shared by the processes of one machine."""

from __future__ import annotations

import functools
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import ParamSpec, TypeVar

from driftwatch.stores.sqlite.database import Database
from driftwatch.stores.sqlite.evaluations import EvaluationTables
from driftwatch.stores.sqlite.failures import ReopenedError
from driftwatch.stores.sqlite.housekeeping import HousekeepingTables
from driftwatch.stores.sqlite.incidents import IncidentTables
from driftwatch.stores.sqlite.outbox import OutboxTable
from driftwatch.stores.sqlite.quarantine import QuarantineTable
from driftwatch.stores.sqlite.reading import ReadingDatabase
from driftwatch.stores.sqlite.references import ReferenceTables
from driftwatch.stores.sqlite.segments import SegmentTables
from driftwatch.stores.sqlite.turned_away import TurnedAwayTable
from driftwatch.stores.sqlite.windows import WindowTables

__all__ = ["SQLiteStore"]

_Arguments = ParamSpec("_Arguments")
_Answer = TypeVar("_Answer")


def _once_more(method: Callable[_Arguments, _Answer]) -> Callable[_Arguments, _Answer]:
    """Let a method begin again where a new file has come in the place of the one it began with.

    Nothing of it is in the new file then, or, of a delivery, the whole of it with its key.
    """

    @functools.wraps(method)
    def again(*args: _Arguments.args, **kwargs: _Arguments.kwargs) -> _Answer:
        try:
            return method(*args, **kwargs)
        except ReopenedError:
            return method(*args, **kwargs)

    return again


class SQLiteStore(
    SegmentTables,
    ReferenceTables,
    EvaluationTables,
    OutboxTable,
    IncidentTables,
    HousekeepingTables,
    QuarantineTable,
    TurnedAwayTable,
    WindowTables,
):
    """A store in one SQLite file; implements `driftwatch.protocols.Store`.

    Needs no set-up and no server, and any number of processes of one machine may use the
    same file at the same time. On network file systems it works without a write-ahead log, for
    processes of one machine; `notice` says so. A file that is not a store of ours is refused and
    left as it is, a damaged one is set aside with everything readable taken over, and one that is
    removed or replaced in use is noticed before anything more is acknowledged.

    Args:
        path: The file; its folder must exist. None keeps everything in memory.
        timeout: Seconds to wait for another process's transaction before giving up.
        reads_only: Whether it is only looked at: nothing in it can be changed or set aside then.

    Raises:
        ConfigError: If no file can have that name.
        StoreError: If the file cannot be opened for that, is not ours, or is of a newer version.

    Example:
        >>> from driftwatch.core.windows.segments import Delivery
        >>> store = SQLiteStore(None)
        >>> store.deliver(Delivery("m", "here", "e1", 0), now=0.0).value
        'stored'
        >>> store.deliver(Delivery("m", "here", "e1", 0), now=1.0).value
        'duplicate'
    """

    evaluates_elsewhere = False

    def __init__(
        self, path: str | Path | None, /, *, timeout: float = 5.0, reads_only: bool = False
    ) -> None:
        opened = ReadingDatabase if reads_only else Database
        super().__init__(opened(None if path is None else Path(path), timeout=timeout))

    @property
    def path(self) -> Path | None:
        """The file; None in memory."""
        return self._database.path

    @property
    def damage(self) -> str | None:
        """What was found damaged on opening, and what became of it; None if nothing."""
        return self._database.damage

    def __repr__(self) -> str:
        return f"SQLiteStore({str(self.path)!r})" if self.path else "MemoryStore()"

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    @property
    def notice(self) -> str | None:
        """What is worse about the file than on a local disk; None if nothing."""
        return self._database.notice

    def patience(self, seconds: float, /) -> AbstractContextManager[None]:
        """Wait for other processes no longer than this inside, instead of the timeout."""
        return self._database.patience(seconds)


for _tables in SQLiteStore.__bases__:
    for _name, _method in list(vars(_tables).items()):
        if callable(_method) and not _name.startswith("_"):
            setattr(SQLiteStore, _name, _once_more(_method))
