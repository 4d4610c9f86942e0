"""Thirty days, three drifts, three replicas that are killed: one incident a drift, and no other."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from driftwatch.stores.sqlite.store import SQLiteStore
from tests.alerts.replica import ABRUPT, GRADUAL, RECURRING, START
from tests.waiting import until

HOURS = 720
REPLICAS = 3


class Replicas:
    """Three processes over one store, that are killed and started again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.kills = 0
        self.processes = [self._start(number) for number in range(REPLICAS)]

    def _start(self, number: int) -> subprocess.Popen[bytes]:
        log = (self.folder / f"log-{number}").open("ab")
        command = [sys.executable, "-m", "tests.alerts.replica", str(self.folder), str(number)]
        with log:
            return subprocess.Popen(command, stdout=log, stderr=log)

    def kill_one(self, dice: random.Random) -> None:
        number = dice.randrange(REPLICAS)
        self.processes[number].send_signal(signal.SIGKILL)
        self.processes[number].wait()
        self.kills += 1
        self.processes[number] = self._start(number)

    def have_done(self, hour: int) -> bool:
        for number, process in enumerate(self.processes):
            assert process.poll() is None, (self.folder / f"log-{number}").read_text()[-2_000:]
        notes = [self.folder / f"replica-{number}" for number in range(REPLICAS)]
        return all(note.exists() and int(note.read_text()) >= hour for note in notes)

    def stop(self) -> None:
        for process in self.processes:
            process.kill()
            process.wait()


def say(folder: Path, hour: int) -> None:
    (folder / "hour.new").write_text(str(hour))
    (folder / "hour.new").replace(folder / "hour")


@pytest.mark.slow
@pytest.mark.timeout(1_500)
def test_one_incident_a_drift_through_kills_and_restarts(tmp_path: Path) -> None:
    dice = random.Random(11)  # noqa: S311
    say(tmp_path, 0)
    replicas = Replicas(tmp_path)
    store = SQLiteStore(tmp_path / "m.db")
    try:
        for hour in range(1, HOURS + 1):
            say(tmp_path, hour)
            if hour % 24 == 5:
                replicas.kill_one(dice)
            until(lambda hour=hour: replicas.have_done(hour), seconds=60)  # type: ignore[misc]
            if hour > 3:  # the pane that ended an hour ago is there before the next hour begins

                def is_judged(hour: int = hour) -> bool:
                    reports = store.reports("m", limit=1)
                    first = int(START.timestamp()) // 3600
                    return bool(reports) and reports[0].pane >= first + hour - 2

                until(is_judged, seconds=120)
        say(tmp_path, -1)
        for process in replicas.processes:
            assert process.wait(60) == 0
    finally:
        replicas.stop()
    told = [json.loads(line) for line in (tmp_path / "told").read_text().splitlines()]
    incidents = sorted(store.incidents("m", limit=100), key=lambda each: each.number)
    assert store.outbox("m") == []
    store.close()
    copies = Counter(key for key, *_ in told)
    keys = list(dict.fromkeys(key for key, *_ in told))
    # Copies are told apart by their keys; there are at most as many as there were kills.
    assert len(told) - len(keys) <= replicas.kills
    print(f"{replicas.kills} kills, {len(told)} messages, {len(keys)} keys, {copies}")  # noqa: T201
    assert replicas.kills >= 28
    assert [key.rpartition("/")[2] for key in keys] == ["opened", "resolved"] * 3
    assert len(incidents) == 3
    for incident, (begin, end) in zip(incidents, (ABRUPT, GRADUAL, RECURRING), strict=True):
        opened = (datetime.fromtimestamp(incident.opened, START.tzinfo) - START) / timedelta(
            hours=1
        )
        assert incident.resolved is not None
        over = (datetime.fromtimestamp(incident.resolved, START.tzinfo) - START) / timedelta(
            hours=1
        )
        print(f"drift of {begin} to {end}: opened at {opened}, over at {over}")  # noqa: T201
        assert begin < opened <= begin + 2 * 24
        assert end < over <= end + 2 * 24
