"""Work in the background gives way; work in the foreground does not wait."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest

from driftwatch import Monitor
from driftwatch.process import background as turns
from driftwatch.process.background import in_turns, is_in_turns, rest_if_due


def test_only_a_thread_in_turns_rests(monkeypatch: pytest.MonkeyPatch) -> None:
    rests: list[float] = []
    ours = {threading.get_ident()}

    def slept(seconds: float) -> None:
        if threading.get_ident() in ours:  # what earlier tests have left may rest too
            rests.append(seconds)

    def of_another() -> None:
        ours.add(threading.get_ident())
        rest_if_due()
        ours.remove(threading.get_ident())

    monkeypatch.setattr(time, "sleep", slept)
    rest_if_due()
    assert rests == []
    with in_turns(0.0):
        rest_if_due()
        other = threading.Thread(target=of_another)
        other.start()
        other.join()
        with in_turns(60.0):
            rest_if_due()
        rest_if_due()
    rest_if_due()
    assert rests == [turns.REST_SECONDS] * 2
    assert not is_in_turns()


def test_turns_are_observed(monkeypatch: pytest.MonkeyPatch) -> None:
    spent: list[float] = []
    monkeypatch.setattr(turns, "observer", spent.append)
    with in_turns(0.0):
        rest_if_due()
        rest_if_due()
    assert len(spent) == 2
    assert all(0 <= seconds < 1 for seconds in spent)


def test_what_is_drained_in_turns_is_the_same() -> None:
    rng = np.random.default_rng(0)
    train = {"x": rng.normal(size=500), "c": rng.choice(["a", "b"], 500)}
    hashes = set()
    for length in (None, 0.0):
        with Monitor(train, clock=None, window="1000 rows", slide=None) as monitor:
            for place in range(700):
                monitor.observe({"x": float(place), "c": "ab"[place % 2]})
            if length is None:
                monitor.stream.drain()
            else:
                with in_turns(length):
                    monitor.stream.drain()
            assert monitor.stream.buffer.waiting == 0
            ((_, found),) = monitor.stream.accumulator.unstored(0, 0)
            assert found.rows == 700
            hashes.add(found.content_hash)
    assert len(hashes) == 1
