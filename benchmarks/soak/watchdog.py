"""Whether every process gets on: one without progress for twenty seconds hangs."""

from __future__ import annotations

import re
import threading
import time
import urllib.error
import urllib.request
from collections import defaultdict
from collections.abc import Hashable, Iterator, Mapping
from pathlib import Path

from benchmarks.soak.memory import Memory
from benchmarks.soak.processes import PATIENCE_SECONDS, Running, children_of
from benchmarks.soak.settings import Places
from benchmarks.soak.traffic import Traffic

__all__ = ["Watchdog"]

_LOOK_SECONDS = 1.0
_ASK_SECONDS = 5.0
_PROGRESS = re.compile(
    rb"^driftwatch_kafka_(?:records_total|segments_total)\{[^}]*\} (\S+)", re.MULTILINE
)


class Watchdog:
    """Looks at every process once a second.

    Args:
        processes: The processes by name.
        urls: Where the collector and Kafka's workers answer, by name.
        traffic: Knows how much the service's workers have answered.
        places: Where these note what they have delivered.

    Attributes:
        memory: How large the processes are.
        hangs: Who hung, and since when.
        longest: The longest time without progress, by kind of process.
    """

    def __init__(
        self,
        processes: Mapping[str, Running],
        urls: Mapping[str, str],
        traffic: Traffic,
        places: Places,
    ) -> None:
        self.memory = Memory()
        self.hangs: list[str] = []
        self.longest: dict[str, float] = defaultdict(float)
        self._processes = processes
        self._urls = urls
        self._traffic = traffic
        self._places = places
        self._seen: dict[tuple[str, int], tuple[Hashable, float]] = {}
        self._has_answered: set[int] = set()
        self._answers = 0
        self._begun = time.monotonic()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look_on_and_on, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def has_answered(self, pid: int) -> bool:
        """Whether a server of this number has answered yet."""
        return pid in self._has_answered

    def stop(self) -> None:
        self._over.set()
        self._thread.join()

    def _look_on_and_on(self) -> None:
        while not self._over.wait(_LOOK_SECONDS):
            self._look()

    def _look(self) -> None:
        progress = dict(self._progress())
        now = time.monotonic()
        self._seen = {who: seen for who, seen in self._seen.items() if who in progress}
        for who, sign in progress.items():
            before, since = self._seen.get(who, (None, now))
            if sign != before:
                self._seen[who] = sign, now
                continue
            self.longest[who[0]] = max(self.longest[who[0]], now - since)
            if now - since > PATIENCE_SECONDS:
                self.hangs.append(
                    f"{who[0]} {who[1]}: {now - since:.0f} s at {now - self._begun:.0f} s"
                )
                self._seen[who] = sign, now

    def _progress(self) -> Iterator[tuple[tuple[str, int], Hashable]]:
        """Who is there, and a sign that changes as long as it gets on."""
        for name, process in self._processes.items():
            pid = process.pid
            if pid is None:
                continue
            self.memory.look(name, pid)
            if name == "web":
                yield from self._of_the_service(pid)
            elif name in self._urls:
                yield (name, pid), self._of_a_server(name, pid)
            else:
                yield (name, pid), _work_of(pid)

    def _of_the_service(self, parent: int) -> Iterator[tuple[tuple[str, int], Hashable]]:
        answers = self._traffic.answers()
        for pid in children_of(parent):
            self.memory.look("worker", pid)
            answered = answers[pid]
            yield ("worker answers", pid), answered or _work_of(pid)
            noted = sum(path.stat().st_size for path in self._places.notes.glob(f"*-{pid}.jsonl"))
            yield ("worker flushes", pid), noted or (answered == 0 and _work_of(pid))

    def _of_a_server(self, name: str, pid: int) -> Hashable:
        """What a server says; while it starts, whether it works."""
        try:
            with urllib.request.urlopen(  # noqa: S310 - our own
                self._urls[name], timeout=_ASK_SECONDS
            ) as answer:
                said = answer.read()
        except urllib.error.HTTPError as error:
            said = error.read()
        except OSError:
            return None if pid in self._has_answered else _work_of(pid)
        self._has_answered.add(pid)
        if name == "collector":
            self._answers += 1
            return self._answers
        return tuple(_PROGRESS.findall(said))


def _work_of(pid: int) -> Hashable:
    """How often the first thread of a process has waited for something, or has been interrupted."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text("utf-8").splitlines()
    except OSError:
        return None
    return tuple(line for line in lines if "ctxt_switches" in line)
