"""Deliveries in a spool that have not arrived, and why: for whoever looks from outside."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from driftwatch.core.profiles.codec import LOCAL_LIMIT
from driftwatch.core.windows.delivery_codec import delivery_from_bytes
from driftwatch.errors import ProfileFormatError
from driftwatch.stores.remote.names import made_at
from driftwatch.stores.remote.spool import REFUSED, WAITING, WHY

__all__ = ["KeptBack", "facts_of", "kept_back", "spools_in"]


@dataclass(frozen=True, slots=True)
class KeptBack:
    """A delivery that has not arrived.

    Attributes:
        name: Its name in the spool.
        folder: The spool.
        state: ``waiting`` for its turn, ``held`` since the collector did not take it for now, or
            ``refused`` for good.
        monitor: Whose rows; empty if it cannot be read.
        rows: How many.
        bytes: Its size.
        made: When it was made, seconds since 1970.
        why: What the collector said; empty if it was not asked.
    """

    name: str
    folder: Path
    state: str
    monitor: str
    rows: int
    bytes: int
    made: float
    why: str

    @property
    def path(self) -> Path:
        """Its file."""
        return self.folder / (self.name + (REFUSED if self.state == "refused" else WAITING))


def facts_of(data: bytes, /) -> tuple[str, int]:
    """Monitor and rows of a delivery; none if it cannot be read."""
    try:
        delivery = delivery_from_bytes(data, limit=LOCAL_LIMIT)
    except ProfileFormatError:
        return "", 0
    return delivery.monitor, delivery.rows


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
                said = _said(spool / (name + WHY))
                if said is None:
                    monitor, rows, why = *facts_of(path.read_bytes()), ""
                else:
                    monitor, rows, why = said
                state = "held" if said is not None else "waiting"
                yield KeptBack(
                    name=name,
                    folder=spool,
                    state="refused" if suffix == REFUSED else state,
                    monitor=monitor,
                    rows=rows,
                    bytes=path.stat().st_size,
                    made=made_at(name),
                    why=why,
                )


def _said(path: Path) -> tuple[str, int, str] | None:
    """What was noted beside a delivery; None if nothing was, or it is damaged."""
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        facts: Any = json.loads(path.read_bytes())
        return str(facts["monitor"]), int(facts["rows"]), str(facts["why"])
    return None
