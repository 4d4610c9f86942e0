"""Workers of a group that are killed, fenced and shuffled: every message counts once."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections import Counter
from functools import partial
from pathlib import Path

import pytest

from driftwatch.core.windows.stored import Overview
from driftwatch.stores.sqlite.store import SQLiteStore
from tests.kafka import working
from tests.kafka.broker import Broker
from tests.waiting import until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

PARTITIONS = 4
POINTS = ("before", "inside", "after")


class Workers:
    """Worker processes on one store; those that died are followed by others."""

    def __init__(self, bootstrap: str, topic: str, store: Path) -> None:
        self._arguments = [bootstrap, topic, str(store)]
        self.running: list[subprocess.Popen[bytes]] = []
        self.deaths: Counter[str] = Counter()
        self._points: dict[int, str] = {}

    def start(self, where: str = "never", count: int = 0) -> None:
        command = [sys.executable, "-m", "tests.kafka.working", *self._arguments]
        made = subprocess.Popen([*command, where, str(count)], stdout=subprocess.PIPE)
        self._points[made.pid] = where
        self.running.append(made)

    def bury(self) -> int:
        """Take note of those that died; how many did since the last look."""
        dead = [each for each in self.running if each.poll() is not None]
        for each in dead:
            self._forget(each)
            assert each.returncode == -9, each.returncode
            self.deaths[self._points[each.pid]] += 1
        return len(dead)

    def leave(self, worker: subprocess.Popen[bytes]) -> None:
        assert worker.stdout is not None
        assert worker.stdout.readline() == b"ready\n"  # it knows by now what a signal means
        worker.terminate()
        assert worker.wait(30) == 0
        self._forget(worker)

    def end(self) -> None:
        for each in list(self.running):
            each.kill()
            each.wait()
            self._forget(each)

    def _forget(self, worker: subprocess.Popen[bytes]) -> None:
        self.running.remove(worker)
        assert worker.stdout is not None
        worker.stdout.close()


def overview(path: Path) -> Overview:
    store = SQLiteStore(path)
    try:
        return store.overview("m")
    finally:
        store.close()


def settled(workers: Workers, path: Path, rows: int) -> bool:
    """Whether a worker has died, or nothing is left to do for them."""
    return workers.bury() > 0 or overview(path).rows == rows


def assert_exact(path: Path, bootstrap: str, topic: str, messages: int) -> None:
    """Count, counts by category, content hash and offsets are those of the messages."""
    found = working.daily(path)
    working.assert_holds(found, range(messages))
    assert found.counters == {"kafka_ok": messages}
    assert working.is_all_stored(found, bootstrap, topic)
    found.close()


def test_no_message_is_lost_or_counted_twice_by_workers_that_are_killed(
    broker: Broker, topic: str, tmp_path: Path
) -> None:
    broker.create_topic(topic, PARTITIONS)
    path = tmp_path / "s.db"
    messages, piece, started = 200_000, 2_000, 0
    workers = Workers(broker.bootstrap, topic, path)
    sent = 0
    try:
        while workers.deaths.total() < 24 or min(workers.deaths[p] for p in POINTS) < 3:
            while len(workers.running) < 2:
                workers.start(POINTS[started % 3], 1 + started % 4)
                started += 1
            assert sent + piece <= messages, workers.deaths
            working.produce(broker.bootstrap, topic, range(sent, sent + piece))
            sent += piece
            until(partial(settled, workers, path, sent), 120)
        workers.end()
        working.produce(broker.bootstrap, topic, range(sent, messages))
        workers.start()
        workers.start()
        until(lambda: overview(path).rows == messages, 120)
        for each in list(workers.running):
            workers.leave(each)
    finally:
        workers.end()
    assert workers.deaths.total() >= 20
    assert all(workers.deaths[point] >= 3 for point in POINTS), workers.deaths
    assert_exact(path, broker.bootstrap, topic, messages)


def test_workers_that_come_and_go_change_no_count(
    broker: Broker, topic: str, tmp_path: Path
) -> None:
    broker.create_topic(topic, PARTITIONS)
    path = tmp_path / "s.db"
    workers = Workers(broker.bootstrap, topic, path)
    messages, changes = 60_000, 30
    waiting = threading.Event()
    try:
        workers.start()
        for change in range(changes):  # one every two seconds
            working.produce(
                broker.bootstrap,
                topic,
                range(change * messages // changes, (change + 1) * messages // changes),
            )
            if len(workers.running) < 3 and change % 2 == 0:
                workers.start()
            elif len(workers.running) > 1:
                workers.leave(workers.running[0])
            waiting.wait(2.0)
        until(lambda: overview(path).rows == messages, 120)
        for each in list(workers.running):
            workers.leave(each)
    finally:
        workers.end()
    assert_exact(path, broker.bootstrap, topic, messages)
