"""Results reach their sinks at least once, in order, whatever dies or fails, and are told apart."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from driftwatch import Monitor
from driftwatch.core.windows.evaluation_record import Evaluation, Result
from driftwatch.errors import ConfigError
from driftwatch.evaluation.sink_delivery import SinkDelivery, forget_removed_sinks
from driftwatch.stores.sqlite.memory import MemoryStore
from driftwatch.stores.sqlite.store import SQLiteStore
from tests.small_stream import Clock
from tests.waiting import until


class Sink:
    """Takes what it is given, once it no longer fails."""

    def __init__(self, name: str = "s", failures: int = 0) -> None:
        self.name = name
        self.failures = failures
        self.taken: list[str] = []

    def emit(self, result: Result) -> None:
        if self.failures:
            self.failures -= 1
            raise ConnectionError("secret-free text")
        self.taken.append(result.id)


def record(store: Any, pane: int, *sinks: str, event: str | None = None) -> None:
    token = store.lease("m", "a", now=float(pane), seconds=1e6)
    assert store.record(
        Evaluation("m", token, pane, 0, 0.0, "OK", None, event, {"a": 1}, pane, sinks)
    )


def test_a_result_that_fails_comes_again_later_and_others_of_its_sink_wait() -> None:
    store, clock, sink = MemoryStore(), Clock(0.0), Sink(failures=3)
    delivery = SinkDelivery(store, "m", [sink], clock=clock)
    for pane in (1, 2, 3):
        record(store, pane, "s", event="raised" if pane == 1 else None)
    pauses = []
    for _ in range(3):
        pauses.append(delivery.deliver_due("s"))
        assert sink.taken == []
        assert delivery.deliver_due("s") == pauses[-1]  # not due, and so nothing else is
        clock.now += pauses[-1]
    assert pauses == [1.0, 2.0, 4.0]
    (first, *_) = store.outbox("m")
    assert (first.attempts, first.error) == (3, "ConnectionError: secret-free text")
    delivery.deliver_due("s")
    assert sink.taken == ["m/1/0/1", "m/2/0/2", "m/3/0/3"]
    assert store.outbox("m") == []


def test_a_sink_that_never_takes_anything_is_given_up_and_counted() -> None:
    store, clock = MemoryStore(), Clock(0.0)
    sink = Sink(failures=10_000)
    delivery = SinkDelivery(store, "m", [sink], clock=clock)
    record(store, 1, "s")
    for _ in range(5_000):
        clock.now += max(1.0, delivery.deliver_due("s"))
        if not store.outbox("m"):
            break
    assert 7 * 86_400 < clock.now < 8 * 86_400
    assert store.overview("m").counters == {"not_taken_by s": 1}


def test_a_sink_that_hangs_holds_up_nobody() -> None:
    store, held = MemoryStore(), threading.Event()

    class Hanging(Sink):
        def emit(self, result: Result) -> None:
            held.wait(30)

    quick = Sink("quick")
    delivery = SinkDelivery(store, "m", [Hanging("slow"), quick], clock=Clock(0.0))
    record(store, 1, "slow", "quick")
    delivery.wake()
    until(lambda: quick.taken == ["m/1/0/1"])
    assert [entry.sink for entry in store.outbox("m")] == ["slow"]
    delivery.close(within=0.1)
    held.set()


def test_two_processes_do_not_give_the_same_result_at_the_same_time() -> None:
    store = MemoryStore()
    record(store, 1, "s")
    first = store.take_due("m", "s", now=10.0, hold=60.0)
    assert first is not None
    assert store.take_due("m", "s", now=11.0, hold=60.0) is None
    again = store.take_due("m", "s", now=71.0, hold=60.0)  # whoever had it is gone
    assert again is not None
    assert again.event_id == first.event_id


def test_what_is_no_sink_is_refused() -> None:
    data = {"x": [1.0, 2.0] * 50}
    with pytest.raises(ConfigError, match="two sinks are called 's'"):
        Monitor(data, sinks=[Sink(), Sink()])
    with pytest.raises(ConfigError, match="object has not"):
        Monitor(data, sinks=[object()])  # type: ignore[list-item]


MOTHER = """
import json, os, signal, sys
from driftwatch.core.windows.evaluation_record import Evaluation
from driftwatch.evaluation.sink_delivery import SinkDelivery, forget_removed_sinks
from driftwatch.stores.sqlite.store import SQLiteStore

def live(path, log, at):
    writes = 0

    def count(what):
        nonlocal writes
        writes += 1
        if writes == at:
            os.kill(os.getpid(), signal.SIGKILL)

    class Sink:
        name = "s"
        def emit(self, result):
            count("before")
            with open(log, "a") as file:
                file.write(json.dumps(result.id) + "\\n")
            count("after")

    store = SQLiteStore(path)
    for name in ("record", "take_due", "delivered"):
        def counted(*a, _call=getattr(store, name), **k):
            count(name)
            done = _call(*a, **k)
            count(name)
            return done
        setattr(store, name, counted)
    state = store.state("m")
    done = 0 if state is None else state.consumed
    delivery = SinkDelivery(store, "m", [Sink()], clock=lambda: 1e6 * (at + 1))
    token = store.lease("m", str(os.getpid()), now=1e6 * (at + 1), seconds=1.0)
    for pane in range(done + 1, 6):
        store.record(Evaluation("m", token, pane, 0, 1e6 * at, "OK", None, None, {}, pane, ("s",)))
        delivery.deliver_due("s")
    delivery.deliver_due("s")

for line in sys.stdin:
    child = os.fork()
    if child == 0:
        code = 1
        try:
            live(*json.loads(line))
            code = 0
        finally:
            os._exit(code)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""
"""Loads the library once; each life is a fork of it, which may be killed."""


@pytest.fixture
def live() -> Iterator[Callable[[Path, Path, int], int]]:
    """Let a process work on a store until a write kills it, or to the end; its exit code."""
    with subprocess.Popen(
        [sys.executable, "-c", MOTHER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as mother:
        assert mother.stdin is not None
        assert mother.stdout is not None

        def one(path: Path, log: Path, at: int) -> int:
            assert mother.stdin is not None
            assert mother.stdout is not None
            mother.stdin.write(json.dumps([str(path), str(log), at]) + "\n")
            mother.stdin.flush()
            return int(mother.stdout.readline())

        yield one


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
def test_killed_at_every_write_each_result_is_given_at_least_once(
    tmp_path: Path, live: Callable[[Path, Path, int], int]
) -> None:
    kills = 0
    for at in range(1, 60):
        path, log = tmp_path / f"{at}.db", tmp_path / f"{at}.log"
        log.touch()
        for life, kill_at in enumerate((at, 0)):
            code = live(path, log, kill_at or 10_000 + life)
            assert code in (0, -signal.SIGKILL)
            kills += code == -signal.SIGKILL
        given = [json.loads(line) for line in log.read_text().splitlines()]
        assert sorted(set(given)) == [f"m/{pane}/0/{pane}" for pane in range(1, 6)]
        assert len(given) <= 6  # one of them twice, with the same id
        assert list(dict.fromkeys(given)) == sorted(set(given))  # in order
        store = SQLiteStore(path)
        assert store.outbox("m") == []
        store.close()
        if code == 0 and kills < at:
            break  # there are no more writes to be killed at
    assert kills >= 25


def test_the_outbox_holds_names_only() -> None:
    store = MemoryStore()
    record(store, 1, "s")
    (entry,) = store.outbox("m")
    assert (entry.sink, entry.error, entry.report, entry.message) == ("s", None, None, None)
    with store._database.reading() as db:
        columns = [row[1] for row in db.execute("PRAGMA table_info(outbox)")]
    assert set(columns) == {
        "id", "monitor", "sink", "event_id", "pane", "revision", "event", "created",
        "attempts", "due", "error", "message",
    }  # fmt: skip


def test_results_of_a_sink_that_was_removed_are_given_up_and_counted() -> None:
    store, day = MemoryStore(), 86_400.0
    record(store, 1, "gone")
    forget_removed_sinks(store, "m", now=13 * day)
    assert len(store.outbox("m")) == 1
    forget_removed_sinks(store, "m", now=15 * day)
    assert store.outbox("m") == []
    assert store.overview("m").counters["not_taken_by gone"] == 1


class _OddError(Exception):
    @property
    def retry_after(self) -> float:
        raise ZeroDivisionError

    def __str__(self) -> str:
        raise ZeroDivisionError


@pytest.mark.parametrize(
    "error", [KeyboardInterrupt(), SystemExit(), _OddError(), ValueError("\udcff")]
)
def test_whatever_a_sink_raises_its_thread_goes_on(error: BaseException) -> None:
    class Raising:
        name = "s"
        taken = False

        def emit(self, _result: Result) -> None:
            if not self.taken:
                self.taken = True
                raise error

    store, clock = MemoryStore(), Clock(0.0)
    delivery = SinkDelivery(store, "m", [Raising()], clock=clock)
    record(store, 1, "s")
    assert delivery.deliver_due("s") == 1.0
    assert store.outbox("m")[0].attempts == 1
    clock.now += 1
    delivery.deliver_due("s")
    assert store.outbox("m") == []
