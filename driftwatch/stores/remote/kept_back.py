"""Deliveries in a spool that have not arrived, and why: for whoever looks from outside."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from driftwatch.stores.remote.names import made_at
from driftwatch.stores.remote.spool import REFUSED, WAITING, WHY
from driftwatch.stores.remote.trouble import Trouble, facts_of

__all__ = ["KeptBack", "kept_back", "spools_in"]


@dataclass(frozen=True, slots=True)
class KeptBack:
    """A delivery that has not arrived.

    Attributes:
        name: Its name in the spool.
        folder: The spool.
        state: ``waiting`` for its turn, ``stuck`` since it was sent in vain and comes behind the
            others, ``held`` since the collector did not take it for now, or ``refused`` for good.
        monitor: Whose rows; empty if it cannot be read.
        rows: How many.
        bytes: Its size.
        made: When it was made, seconds since 1970.
        trouble: What came of sending it; None if it was not sent, or nobody wrote it down.
    """

    name: str
    folder: Path
    state: str
    monitor: str
    rows: int
    bytes: int
    made: float
    trouble: Trouble | None

    @property
    def why(self) -> str:
        """What the collector said, or what there was instead; empty if nobody wrote it down."""
        return "" if self.trouble is None else self.trouble.why

    @property
    def path(self) -> Path:
        """Its file."""
        return self.folder / (self.name + (REFUSED if self.state == "refused" else WAITING))


def spools_in(folder: Path, /) -> list[Path]:
    """The spools of a folder: itself, and those of single collectors in it."""
    try:
        inside = sorted(path for path in folder.iterdir() if path.is_dir())
    except OSError:
        return []
    return [folder, *inside]


def kept_back(folder: Path, /) -> list[KeptBack]:
    """Every delivery in a folder and in the spools in it, the oldest of each first; never raises.

    Nothing is changed, and other processes may send and set aside meanwhile.
    """
    found = [entry for spool in spools_in(folder) for entry in _entries(spool)]
    return sorted(found, key=lambda entry: (entry.folder, entry.name))


def _entries(spool: Path) -> Iterator[KeptBack]:
    for suffix in (WAITING, REFUSED):
        for path in spool.glob("*" + suffix):
            with contextlib.suppress(OSError):  # it has just been sent
                name = path.name.removesuffix(suffix)
                trouble = _noted(spool / (name + WHY))
                if trouble is None:
                    monitor, rows = facts_of(path.read_bytes())
                else:
                    monitor, rows = trouble.monitor, trouble.rows
                yield KeptBack(
                    name=name,
                    folder=spool,
                    state="refused" if suffix == REFUSED else _state(trouble),
                    monitor=monitor,
                    rows=rows,
                    bytes=path.stat().st_size,
                    made=made_at(name),
                    trouble=trouble,
                )


def _state(trouble: Trouble | None) -> str:
    if trouble is None:
        return "waiting"
    return "held" if trouble.turned_down else "stuck"


def _noted(path: Path) -> Trouble | None:
    """What was noted beside a delivery; None if nothing was, or it is damaged."""
    with contextlib.suppress(OSError):
        return Trouble.from_bytes(path.read_bytes())
    return None
