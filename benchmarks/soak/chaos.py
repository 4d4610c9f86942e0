"""What the schedule says happens to the processes."""

from __future__ import annotations

import heapq
import itertools
import os
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from benchmarks.soak.faults import Faults
from benchmarks.soak.processes import PATIENCE_SECONDS, Running, children_of, is_alive, until
from benchmarks.soak.schedule import Misfortune
from benchmarks.soak.settings import Places
from benchmarks.soak.stores import back_up, put_back, take_away
from benchmarks.soak.traffic import Traffic

__all__ = ["Chaos"]

_BACK_SECONDS = 3.0


class Chaos:
    """Lets things happen.

    Args:
        processes: The processes by name; ``web`` is the parent of the service's workers.
        faults: What each host suffers from.
        traffic: The clients, one of which has workers fork.
        places: Where the stores are.
        has_begun: Whether a server has answered yet, by its number.
        seed: Which of the service's workers is hit.
        spared_after: Seconds from the start after which one process of each kind is neither killed
            nor ended, and no topic is read anew from its first message, so that their memory can be
            followed.

    Attributes:
        done: What happened, and how often.
        killed: Workers of the service that were killed, and when (monotonic clock).
        ended: Those that were asked to end.
        taken_away: How often each store was taken away.
        hangs: What did not end in time.
    """

    def __init__(
        self,
        processes: Mapping[str, Running],
        faults: Mapping[str, Faults],
        traffic: Traffic,
        places: Places,
        has_begun: Callable[[int], bool],
        *,
        seed: int,
        spared_after: float,
    ) -> None:
        self.done: Counter[str] = Counter()
        self.killed: dict[int, float] = {}
        self.ended: set[int] = set()
        self.taken_away: Counter[str] = Counter()
        self.hangs: list[str] = []
        self._processes = processes
        self._faults = faults
        self._traffic = traffic
        self._places = places
        self._has_begun = has_begun
        self._rng = random.Random(seed)  # noqa: S311 - to vary
        self._spared_after = spared_after
        self._spared: set[str] = set()
        self._spared_worker = 0
        self._later: list[tuple[float, int, Callable[[], None]]] = []
        self._number = itertools.count()
        self._forks: list[threading.Thread] = []

    def run(self, events: Sequence[Misfortune], seconds: float) -> None:
        """Let everything happen in its time, and then be well again."""
        begun, waiting = time.monotonic(), threading.Event()
        coming = list(events)
        while (now := time.monotonic() - begun) < seconds:
            if now >= self._spared_after and not self._spared:
                self._spare()
            while self._later and self._later[0][0] <= now:
                heapq.heappop(self._later)[2]()
            if coming and coming[0].at <= now:
                self._happen(coming.pop(0), now)
            self._supervise()
            waiting.wait(0.05)
        for _, _, end in sorted(self._later, key=lambda each: each[:2]):
            end()
        for fault in self._faults.values():
            fault.lift()
        for thread in self._forks:
            thread.join()

    def _supervise(self) -> None:
        """Start again what has ended by itself, which may only be at a start on a full disk."""
        for name, process in self._processes.items():
            ended = process.ended_by_itself()
            if ended is None:
                continue
            pid, code = ended
            if self._faults[name].full_until >= process.born and not self._has_begun(pid):
                self.done[f"start on a full disk {name}"] += 1
            else:
                process.unexpected.append(code)
            process.start()

    def _spare(self) -> None:
        self._spared = {"collector", "kafka-1", "evaluator"}
        workers = self._workers()
        self._spared_worker = min(workers, default=0)

    def _workers(self) -> list[int]:
        pid = self._processes["web"].pid
        return [] if pid is None else children_of(pid)

    def _happen(self, event: Misfortune, now: float) -> None:
        doing: dict[str, Callable[[Misfortune, float], bool]] = {
            "kill": self._kill,
            "term": self._terminate,
            "fork": self._fork,
            "full": self._fill,
            "step": self._step,
            "remove": self._remove,
            "restore": self._restore,
        }
        if self._spared and (event.what, event.who) == ("remove", "stream"):
            # To read a topic anew from its first message takes the more memory the longer it is.
            event = replace(event, what="restore", seconds=_BACK_SECONDS)
        if doing[event.what](event, now):
            self.done[f"{event.what} {event.who}"] += 1

    def _kill(self, event: Misfortune, _: float) -> bool:
        if event.who == "web":
            return self._hit_a_worker(signal.SIGKILL)
        if event.who in self._spared:
            return False
        process = self._processes[event.who]
        process.kill()
        process.start()
        return True

    def _terminate(self, event: Misfortune, _: float) -> bool:
        self._faults[event.who].lift()  # what it holds can be stored, then
        if event.who == "web":
            return self._hit_a_worker(signal.SIGTERM)
        if event.who in self._spared:
            return False
        process = self._processes[event.who]
        if not process.terminate():
            self.hangs.append(f"{event.who} did not end within {PATIENCE_SECONDS:g} s of SIGTERM")
        process.start()
        return True

    def _hit_a_worker(self, number: signal.Signals) -> bool:
        """End one of the service's workers, which its parent replaces, once it has answered."""
        answers = self._traffic.answers()
        workers = [p for p in self._workers() if answers[p] and p != self._spared_worker]
        if not workers:
            return False
        pid = self._rng.choice(workers)
        os.kill(pid, number)
        if number is signal.SIGKILL:
            self.killed[pid] = time.monotonic()
        else:
            self.ended.add(pid)
        if not until(lambda: not is_alive(pid), PATIENCE_SECONDS):
            self.hangs.append(f"worker {pid} did not end within {PATIENCE_SECONDS:g} s")
        return True

    def _fork(self, event: Misfortune, _: float) -> bool:
        thread = threading.Thread(target=self._traffic.fork, args=(int(event.amount),))
        thread.start()
        self._forks.append(thread)
        return True

    def _fill(self, event: Misfortune, now: float) -> bool:
        fault = self._faults[event.who]
        fault.fill_disk(full=True)
        self._do_at(now + event.seconds, lambda: fault.fill_disk(full=False))
        return True

    def _step(self, event: Misfortune, now: float) -> bool:
        fault = self._faults[event.who]
        fault.step_clock(event.amount)
        self._do_at(now + event.seconds, lambda: fault.step_clock(0.0))
        return True

    def _store(self, name: str) -> Path:
        return self._places.collector_store if name == "collector" else self._places.stream_store

    def _aside(self, name: str) -> Path:
        return self._places.gone / f"{next(self._number)}-{name}"

    def _remove(self, event: Misfortune, _: float) -> bool:
        done = take_away(self._store(event.who), self._aside(event.who))
        self.taken_away[event.who] += done
        return done

    def _restore(self, event: Misfortune, now: float) -> bool:
        store, copy = self._store(event.who), self._places.gone / f"copy-{next(self._number)}"
        if not back_up(store, copy):
            return False

        def put() -> None:
            was_there = store.exists()
            put_back(copy, store, self._aside(event.who))
            self.taken_away[event.who] += was_there

        self._do_at(now + event.seconds, put)
        return True

    def _do_at(self, when: float, what: Callable[[], None]) -> None:
        heapq.heappush(self._later, (when, next(self._number), what))
