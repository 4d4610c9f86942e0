"""The monitor as its users hold it: observe, check, absorb, close."""

from __future__ import annotations

import asyncio
import gc
import os
import subprocess
import sys
import threading
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from driftwatch import Monitor, Status
from driftwatch.errors import ConfigError, DataError, MergeError, StoreError
from driftwatch.ingest.record_buffer import BUFFERED, MOST_WAITING
from driftwatch.process import lifetime
from driftwatch.profiling.build import profile_like
from driftwatch.stores import open_store
from driftwatch.stores.sqlite.store import SQLiteStore
from tests.small_stream import HOUR, START
from tests.waiting import until

RNG = np.random.default_rng(11)
TRAIN = pd.DataFrame(
    {
        "age": RNG.normal(40, 9, 5_000).round(1),
        "plan": RNG.choice(["a", "b"], 5_000),
        "yhat": RNG.uniform(size=5_000),
    }
)
ROLES = {"yhat": "prediction"}
AT = datetime.fromtimestamp(START, UTC)


def monitor(**more: Any) -> Monitor:
    more.setdefault("clock", lambda: AT + timedelta(days=1))
    return Monitor(TRAIN, roles=ROLES, **more)


def records(n: int, shift: float = 0.0, seed: int = 0) -> list[dict[str, Any]]:
    rng = np.random.default_rng(seed)
    ages, plans = rng.normal(40 + shift, 9, n).round(1), rng.choice(["a", "b"], n)
    return [{"age": float(a), "plan": str(p)} for a, p in zip(ages, plans, strict=True)]


def test_records_and_frames_give_the_same_window() -> None:
    rows = records(6_000)
    times = [AT + timedelta(seconds=2 * i) for i in range(len(rows))]
    one, many = monitor(), monitor()
    for row, at in zip(rows, times, strict=True):
        one.observe(row, prediction=0.25, at=at)
    many.observe_many(pd.DataFrame(rows).assign(yhat=0.25), at=times)
    left, right = one.check(), many.check()
    assert left.production_data_hash == right.production_data_hash
    assert left.rows_current == right.rows_current == 6_000
    assert left.window is not None
    assert left.window == right.window
    assert left.feature_drift()["yhat"].status is Status.CRITICAL
    for closing in (one, many):
        closing.close()
        closing.close()


def test_the_window_moves_and_is_judged_by_a_budget() -> None:
    with monitor(window="3h") as watched:
        for hour in range(6):
            for i, row in enumerate(records(800, shift=20.0 if hour < 2 else 0.0, seed=hour)):
                at = START + hour * HOUR + i * 4
                watched.observe(row, prediction=RNG.uniform(), at=at)
        report = watched.check()
        assert report.rows_current == 2_400
        assert "age" not in report.drifted_features  # the drift has left the window
        assert report.policy["correction"] == "budget"
        assert report.window is not None
        assert report.window.period.end == AT + timedelta(hours=6)


def test_state_survives_the_process(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    with monitor(store=path) as first:
        first.observe_many(pd.DataFrame(records(500)), at=AT)
    with monitor(store=path) as second:
        second.observe_many(pd.DataFrame(records(300)), at=AT)
        assert second.check().rows_current == 800
        assert second.counters == {}
    third = Monitor(TRAIN, roles=ROLES, store=open_store(path))
    assert third.check().rows_current == 800
    third.close()
    third.stream.destination.receiver.close()


def test_two_monitors_share_a_store(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    left, right = monitor(store=path, source="a"), monitor(store=path, source="b")
    other = monitor(store=path, name="other")
    left.observe_many(pd.DataFrame(records(500)), at=AT)
    right.observe_many(pd.DataFrame(records(700)), at=AT + timedelta(hours=1))
    other.observe_many(pd.DataFrame(records(9)), at=AT)
    for one in (left, right, other):
        one.flush()
    assert left.check().rows_current == right.check().rows_current == 1_200
    assert other.check().rows_current == 9
    for one in (left, right, other):
        one.close()


def test_evaluating_keeps_the_report(tmp_path: Path) -> None:
    with monitor(store=tmp_path / "s.db", window="2h") as watched:
        for hour in range(4):
            frame = pd.DataFrame(records(900, shift=9.0, seed=hour))
            watched.observe_many(frame, at=AT + timedelta(hours=hour))
        result = watched.evaluate()
        assert result is not None
        assert result.report is not None
        assert result.report.global_status is Status.CRITICAL
        assert watched.evaluate() is None


@pytest.mark.parametrize("junk", [None, 3, "text", [1], {"age": object()}, {}, {1: 2}])
def test_observing_never_raises(junk: Any) -> None:
    with monitor() as watched:
        watched.observe(junk)
        for row in records(10):
            watched.observe(row, at=AT)
        watched.observe({"age": float("nan"), "plan": None}, at="junk")  # type: ignore[arg-type]
        watched.flush()
        assert watched.check().rows_current > 0
        kept = watched.store.overview(watched.name).rows
        assert kept + sum(watched.counters.values()) >= 11


def test_a_store_that_cannot_be_opened_does_not_break_the_host(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "nowhere"
    watched = monitor(store=folder / "s.db")
    watched.observe({"age": 1.0, "plan": "a"})
    until(lambda: "cannot be written" in caplog.text)
    for _ in range(BUFFERED + 1):
        watched.observe({"age": 1.0, "plan": "a"})
    with pytest.raises(StoreError):
        watched.check()
    with pytest.raises(StoreError):
        watched.close()  # nothing of it is lost yet
    folder.mkdir()
    assert watched.flush() == BUFFERED + 2
    watched.close()


def test_a_store_that_is_locked_at_first_is_opened_when_it_can_be(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = SQLiteStore(tmp_path / "s.db", timeout=0.01)
    with store._database.transaction():
        watched = monitor(store=SQLiteStore(tmp_path / "s.db", timeout=0.01))
        watched.observe({"age": 1.0, "plan": "a"})
        until(lambda: "records wait for their store" in caplog.text)
    until(lambda: watched._observed().lazy.opened is not None)
    assert watched.flush() == 1
    watched.close()
    store.close()


def test_the_end_of_a_process_waits_two_seconds_for_all_its_stores(tmp_path: Path) -> None:
    """Not five for each: how long each may take is looked at, not timed."""
    waits: list[float] = []
    stores = [SQLiteStore(tmp_path / f"{number}.db") for number in range(3)]
    watched = [monitor(store=store) for store in stores]
    for one in watched:
        one.observe({"age": 1.0, "plan": "a"}, at=AT)
        lazy = one._observed().lazy
        end = lazy.end

        def noted(seconds: float, end: Callable[[float], None] = end) -> None:
            waits.append(seconds)
            end(seconds)

        lazy.end = noted  # type: ignore[method-assign]
    lifetime._at_exit()
    hurried = waits[-3:]
    assert 2.0 >= hurried[0] >= hurried[1] >= hurried[2]
    assert all(store.overview("default").rows == 1 for store in stores)
    for one, store in zip(watched, stores, strict=True):
        one.close()
        store.close()


def test_what_waits_for_a_store_is_bounded_and_counted(tmp_path: Path) -> None:
    watched = monitor(store=tmp_path / "nowhere" / "s.db")
    for _ in range(MOST_WAITING + 10):
        watched.observe({"age": 1.0, "plan": "a"})
    assert watched._observed().lazy.buffer.waiting == MOST_WAITING
    (tmp_path / "nowhere").mkdir()
    assert watched.flush() == MOST_WAITING
    assert watched.counters == {"dropped_unsketched": 10}
    watched.close()


def test_a_process_that_ends_at_once_stores_what_it_observed(tmp_path: Path) -> None:
    code = (
        "from driftwatch import Monitor\n"
        "watched = Monitor({'x': [1.0, 2.0] * 50}, store='s.db')\n"
        "watched.observe({'x': 1.0})\n"
    )
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True)
    store = SQLiteStore(tmp_path / "s.db")
    assert store.overview("default").rows == 1
    store.close()


class Odd(dict[str, Any]):
    """A record that fails when it is looked at."""

    def __getitem__(self, key: str) -> Any:
        raise ZeroDivisionError(key)


class Unspeakable:
    def __str__(self) -> str:
        raise ZeroDivisionError

    __repr__ = __str__


@pytest.mark.parametrize(
    ("record", "more"),
    [
        ({"age": 1.0, "plan": "a"}, {"prediction": np.array([0.1, 0.9])}),
        ({"age": 1.0, "plan": "a"}, {"model_version": ["a"]}),
        ({"age": 1.0, "plan": "\ud800"}, {}),
        ({"age": 1.0, "plan": Unspeakable()}, {}),
        ({"age": np.array([[1.0]]), "plan": "a"}, {}),
        (np.array([1.0, 2.0]), {}),
        (Odd(age=1.0, plan="a"), {}),
    ],
)
def test_an_odd_record_takes_no_other_with_it(record: Any, more: dict[str, Any]) -> None:
    with monitor() as watched:
        for row in records(300):
            watched.observe(row, at=AT)
        watched.observe(record, at=AT, **more)
        for row in records(300):
            watched.observe(row, at=AT, model_version="3")
            watched.observe(row, at=AT, model_version=3)  # type: ignore[arg-type]
        watched.flush()
        used = watched.check().rows_current
        assert 900 <= used <= 901
        assert used + sum(watched.counters.values()) >= 901


def test_names_that_callers_invent_are_not_remembered_without_end() -> None:
    with monitor() as watched:
        for number in range(2_000):
            invented = {f"key {number} {i}": i for i in range(3)}
            watched.observe({"age": 30.0, "plan": "a", **invented}, at=AT)
        watched.observe({"age": 30.0, "plan": "a", **{str(i): i for i in range(5_000)}}, at=AT)
        watched.flush()
        report = watched.check()
        assert report.rows_current == 2_001
        assert len(report.schema_changes) <= 101
        assert watched.counters["values_of_too_many_new_columns"] == 6_000 - 100 + 5_000


@pytest.mark.parametrize("long_ago", [-9e10, -2e9 - 3e8])
def test_a_time_of_long_ago_is_counted_and_holds_nothing_up(long_ago: float) -> None:
    with monitor(window="1h", slide="1m") as watched:
        watched.observe({"age": 30.0, "plan": "a"}, at=long_ago)
        watched.observe({"age": 30.0, "plan": "a"}, at=0.0)  # 1970, half a million hours ago
        for row in records(50):
            watched.observe(row, at=AT)
        assert watched.evaluate() is not None
        assert watched.counters["from_long_ago"] == 1
        assert watched.check().rows_current == 50


def test_a_monitor_can_be_switched_off(monkeypatch: pytest.MonkeyPatch) -> None:
    with monitor() as watched:
        watched.disable()
        watched.observe({"age": 30.0, "plan": "a"}, at=AT)
        watched.enable()
        watched.observe({"age": 30.0, "plan": "a"}, at=AT)
        assert watched.check().rows_current == 1
    monkeypatch.setenv("DRIFTWATCH_DISABLED", "1")
    assert not monitor().enabled


def test_a_thread_that_cannot_be_had_is_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monitor() as watched:
        with monkeypatch.context() as limited:
            limited.setattr(threading.Thread, "start", refuse)
            watched.observe({"age": 30.0, "plan": "a"}, at=AT)
        watched.observe({"age": 30.0, "plan": "a"}, at=AT)
        until(lambda: watched._observed().lazy.opened is not None)
        assert watched.check().rows_current == 2


def test_a_store_that_nobody_evaluates_stays_small() -> None:
    with monitor() as watched:
        stream = watched.stream
        for number in range(100):
            watched.observe({"age": float(number % 60), "plan": "a"}, at=AT)
            stream.flush_quietly()
        (pane,) = watched.store.overview("default").panes
        assert (pane.rows, pane.segments) == (100, 5)
        assert watched.check().rows_current == 100


def test_rows_that_are_half_sketched_do_not_spoil_their_pane(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from driftwatch.core.profiles.column_profile import ColumnProfile

    def fail(*_: object) -> None:
        raise MemoryError

    with monitor() as watched:
        for row in records(10):
            watched.observe(row, at=AT)
        with monkeypatch.context() as broken:
            broken.setattr(ColumnProfile, "update", fail)
            watched.stream.drain()
        for row in records(20):
            watched.observe(row, at=AT)
        watched.flush()
        assert watched.check().rows_current == 20
        assert watched.counters["lost_with_a_failed_batch"] == 10


def test_an_event_loop_is_not_held_up() -> None:
    """Sketching happens in another thread where a loop runs in this one."""
    watched = monitor()
    threads: set[int] = set()
    drain = watched.stream.drain

    def noted() -> None:
        threads.add(threading.get_ident())
        drain()

    watched.stream.drain = noted  # type: ignore[method-assign]

    async def host() -> None:
        for i, row in enumerate(records(3 * BUFFERED)):
            watched.observe(row, prediction=0.5, at=START + i)
            if i % 500 == 0:
                await asyncio.sleep(0)

    asyncio.run(host())
    watched.flush()
    assert threads - {threading.get_ident()}
    assert watched.check().rows_current + sum(watched.counters.values()) == 3 * BUFFERED
    watched.close()


def test_threads_lose_nothing() -> None:
    watched = monitor()
    rows = records(5_000)

    def feed() -> None:
        for row in rows:
            watched.observe(row, prediction=0.5, at=AT)

    threads = [threading.Thread(target=feed) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert watched.check().rows_current == 20_000
    watched.close()


def test_profiles_are_absorbed_once() -> None:
    with monitor() as watched:
        frame = pd.DataFrame(records(600)).assign(yhat=0.5)
        profile = profile_like(watched.reference, frame)
        assert watched.absorb(profile, at=AT)
        assert not watched.absorb(profile.to_bytes(), at=AT)
        assert watched.check().rows_current == 600
        with pytest.raises(MergeError, match="quantiles of k"):
            watched.absorb(watched.reference.profile)
        with pytest.raises(ConfigError, match="takes a profile"):
            watched.absorb(frame)


def test_a_budget_goes_by_the_slide_of_the_window() -> None:
    for more, pace, per in (
        ({"slide": "6h", "false_alarms": "2 per 60d"}, "6h", "2 per 60d"),
        ({"slide": "1h"}, "1h", "1 per 30d"),
        ({"window": "60d", "slide": None}, "60d", "1 per 1800d"),
    ):
        with monitor(**more) as watched:
            watched.observe_many(pd.DataFrame(records(900)), at=AT)
            budget = watched.check().policy["budget"]
            assert budget == {"false_alarms": per, "every": pace}
    with pytest.raises(ConfigError, match="is no limit"):
        monitor(window="2d", slide="1d", false_alarms="1 per 1d")


def test_misuse_is_a_clear_error() -> None:
    with pytest.raises(ConfigError, match="multiple"):
        monitor(window="24h", slide="7h")
    with pytest.raises(ConfigError, match="compare must be"):
        monitor(compare="last year")
    with monitor() as watched:
        with pytest.raises(DataError, match="more rows"):
            watched.observe_many(pd.DataFrame(records(9)), at=[AT, AT])
        with pytest.raises(DataError):
            watched.observe_many(object())


def test_waiting_rows_are_stored_without_being_asked(tmp_path: Path) -> None:
    """A service with little traffic must not hold its last rows back until the next."""
    path = tmp_path / "s.db"
    watched = monitor(store=path, flush_every="1s")
    stored = threading.Event()
    flush = watched.stream.flush_quietly

    def noted(*, within: float | None = None) -> None:
        flush(within=within)
        stored.set()

    watched.stream.flush_quietly = noted  # type: ignore[method-assign]
    watched.observe({"age": 40.0, "plan": "a"}, at=AT)
    assert stored.wait(20)
    assert watched.stream.destination.receiver.overview("default").rows == 1
    watched.close()


def test_a_monitor_that_nobody_holds_is_let_go() -> None:

    watched = monitor()
    watched.observe({"age": 40.0, "plan": "a"})
    watched.close()
    gone = weakref.ref(watched)
    del watched
    gc.collect()
    assert gone() is None


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_worker_stores_its_own_rows(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    watched = monitor(store=path)
    for row in records(50):
        watched.observe(row, at=AT)
    child = os.fork()
    if child == 0:  # pragma: no cover - the child is not measured
        code = 1
        try:
            for row in records(7):
                watched.observe(row, at=AT)
            watched.flush()
            code = 0
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert watched.check().rows_current == 57
    watched.close()


def test_windows_by_rows() -> None:
    with monitor(window="2000 rows", slide="500 rows") as watched:
        watched.observe_many(pd.DataFrame(records(1_700, shift=30.0)).assign(yhat=0.5))
        watched.observe_many(pd.DataFrame(records(2_000)).assign(yhat=0.5))
        report = watched.check()
        assert report.rows_current == 1_700  # three whole panes, and 200 rows of the fourth
        assert report.window is not None
        assert report.window.pane == 7


@dataclass
class Customer:
    age: float
    plan: str


@pytest.mark.parametrize("make", [Customer, SimpleNamespace, lambda **values: pd.Series(values)])
def test_many_records_may_be_what_one_may_be(make: Callable[..., Any]) -> None:
    with Monitor(TRAIN, roles=ROLES) as monitor:
        monitor.observe_many([make(age=30.5, plan="a"), {"age": 40.5, "plan": "b"}])
        report = monitor.check()
        assert report.rows_current == 2
        missing = {f.name: f.missing_current for f in report.features}
        assert (missing["age"], missing["plan"]) == (0.0, 0.0)
        with pytest.raises(DataError, match="must hold dicts, one a row; got int"):
            monitor.observe_many([make(age=30.5, plan="a"), 5])
