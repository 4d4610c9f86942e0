"""What a web worker has delivered, noted by itself: lines that outlive the process."""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from driftwatch.core.windows.segments import Delivery, Outcome
from driftwatch.stores.remote import RemoteStore

__all__ = ["Key", "Noted", "NotingStore", "read_notes"]


class Key(NamedTuple):
    """What tells one delivery from all others."""

    epoch: str
    sequence: int


class NotingStore(RemoteStore):
    """The way to a collector; notes each delivery before it is made, and when it is on disk.

    A line is one write to a file, which a killed process cannot take back.

    Args:
        url: The collector's address.
        spool: Folder in which deliveries wait.
        notes: Folder of the notes, on a disk that is never full.
        life: Name of the life of the process; its forks write beside it, by their numbers.
    """

    def __init__(self, url: str, /, *, spool: Path, notes: Path, life: str) -> None:
        super().__init__(url, spool=spool)
        self._notes = notes
        self._life = life

    def deliver(self, delivery: Delivery, /, *, now: float) -> Outcome:
        self._note("begun", delivery)
        outcome = super().deliver(delivery, now=now)
        self._note("done", delivery)
        return outcome

    def _note(self, what: str, delivery: Delivery) -> None:
        line = {
            "what": what,
            "epoch": delivery.epoch,
            "sequence": delivery.sequence,
            "rows": delivery.rows,
            "counters": dict(delivery.counters),
            "at": time.monotonic(),
        }
        path = self._notes / f"{self._life}-{os.getpid()}.jsonl"
        handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(handle, json.dumps(line).encode() + b"\n")
        finally:
            os.close(handle)


@dataclass(slots=True)
class Noted:
    """The notes of one process.

    Attributes:
        life: Name of its life, or of its parent's.
        pid: Its number.
        rows: Rows of every delivery that was begun.
        counters: What was counted in every delivery that was begun.
        done: Deliveries that were on disk.
        flushes: When those that were done had been begun, seconds of the monotonic clock.
    """

    life: str
    pid: int
    rows: dict[Key, int] = field(default_factory=dict)
    counters: dict[Key, Mapping[str, int]] = field(default_factory=dict)
    done: set[Key] = field(default_factory=set)
    flushes: list[float] = field(default_factory=list)

    def take(self, line: Mapping[str, Any], begun_at: float) -> float:
        """Take in a line; when the delivery that is under way was begun."""
        key = Key(line["epoch"], line["sequence"])
        if line["what"] == "begun":
            self.rows[key] = line["rows"]
            self.counters[key] = line["counters"]
            return float(line["at"])
        self.done.add(key)
        self.flushes.append(begun_at)
        return begun_at

    def counted(self, keys: set[Key]) -> Counter[str]:
        """What was counted in some deliveries."""
        found: Counter[str] = Counter()
        for key in keys & self.counters.keys():
            found.update(self.counters[key])
        return found


def read_notes(folder: Path, /) -> list[Noted]:
    """The notes of all processes; a line that was cut off by a kill is none."""
    found = []
    for path in sorted(folder.glob("*.jsonl")):
        life, _, pid = path.stem.rpartition("-")
        noted, begun_at = Noted(life, int(pid)), 0.0
        for line in path.read_bytes().split(b"\n")[:-1]:
            begun_at = noted.take(json.loads(line), begun_at)
        found.append(noted)
    return found
