"""A collector of many monitors evaluates few of them at once."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from driftwatch.config.load import load_config
from driftwatch.evaluation.evaluator import Evaluator
from driftwatch.service.watched import WatchedMonitors
from tests.service.conftest import NOW
from tests.waiting import until

MONITORS = 6


def test_two_monitors_are_evaluated_at_once_and_all_of_them_in_turn(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = folder / "driftwatch.toml"
    more = "".join(
        f'[monitors.m{number}]\nreference = "reference.dwp"\nevery = "1h"\n'
        for number in range(MONITORS - 1)
    )
    config.write_text(config.read_text("utf-8") + more, "utf-8")
    lock, release = threading.Lock(), threading.Event()
    running: set[str] = set()
    done: set[str] = set()
    most = 0

    def step(self: Evaluator) -> None:
        nonlocal most
        with lock:
            running.add(self.monitor)
            most = max(most, len(running))
        release.wait(60)
        with lock:
            running.discard(self.monitor)
            done.add(self.monitor)

    monkeypatch.setattr(Evaluator, "step", step)
    monitors = WatchedMonitors(load_config(config), clock=lambda: NOW)
    monitors.start()
    try:
        names = [thread.name for thread in threading.enumerate()]
        assert names.count("driftwatch-evaluate") == MONITORS
        until(lambda: len(running) == 2)
        release.set()
        until(lambda: len(done) == MONITORS)
        assert most == 2
    finally:
        release.set()
        monitors.close()
