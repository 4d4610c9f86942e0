"""Forks, closes and ends of processes while many threads use a monitor: all adds up."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from driftwatch import Monitor
from driftwatch.errors import StoreError
from driftwatch.process import fork_lock
from driftwatch.process.fork_lock import FORK_SECONDS, ForkLock
from driftwatch.stores.sqlite.store import SQLiteStore

TRAIN = {"x": np.random.default_rng(0).normal(size=2_000)}
needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")


@contextmanager
def busy(work: list[Callable[[], Any]]) -> Iterator[None]:
    """Call each of these again and again, in a thread of its own."""
    stop = threading.Event()

    def run(call: Callable[[], Any]) -> None:
        while not stop.is_set():
            call()

    threads = [threading.Thread(target=run, args=(call,)) for call in work]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join(60)
            assert not thread.is_alive()


FORKER = """
import faulthandler, os, sys, threading, time
import numpy as np
from driftwatch import Monitor
from driftwatch.errors import StoreError
forks, threads, path = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
rng = np.random.default_rng(0)
monitor = Monitor({"x": rng.normal(size=2000)}, store=path, window="6h", flush_every="1s")
large = {"x": rng.normal(size=40_000)}
stop = threading.Event()

def observing():
    while not stop.is_set():
        monitor.observe({"x": 1.0})

def quietly(call):
    def run():
        while not stop.is_set():
            try:
                call()
            except StoreError:
                pass
            time.sleep(0.002)
    return run

kinds = [
    observing, observing, observing, observing,
    quietly(monitor.flush), quietly(lambda: monitor.observe_many(large)),
    quietly(monitor.check), quietly(monitor.evaluate), quietly(monitor.close),
]
running = [threading.Thread(target=kinds[i % len(kinds)], daemon=True) for i in range(threads)]
for thread in running:
    thread.start()
longest = 0.0
for number in range(forks):
    began = time.monotonic()
    child = os.fork()
    if child == 0:
        code = 1
        faulthandler.dump_traceback_later(15, exit=True)  # says where it hangs
        try:
            monitor.observe({"x": 2.0})
            monitor.check({"x": [1.0, 2.0] * 30}) if number % 50 == 0 else None
            code = 0
        except StoreError:
            code = 0  # said, and nothing worse
        finally:
            os._exit(code)
    longest = max(longest, time.monotonic() - began)
    deadline = time.monotonic() + 20
    while True:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            assert os.waitstatus_to_exitcode(status) == 0, status
            break
        if time.monotonic() > deadline:
            os.kill(child, 9)
            os.waitpid(child, 0)
            print("hung", number, flush=True)
            os._exit(3)
        time.sleep(0.0005)
stop.set()
for thread in running:
    thread.join(20)
    assert not thread.is_alive()
monitor.close()
print("done", longest, flush=True)
"""


def fork_often(path: Path, forks: int, threads: int) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", FORKER, str(forks), str(threads), str(path)],
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr[-3000:]}"
    assert done.stdout.startswith("done")


@needs_fork
def test_forks_under_sixteen_threads_neither_hang_nor_break(tmp_path: Path) -> None:
    fork_often(tmp_path / "s.db", 40, 16)


@needs_fork
@pytest.mark.slow
def test_two_thousand_forks_under_sixteen_threads(tmp_path: Path) -> None:
    for part in range(4):
        fork_often(tmp_path / f"{part}.db", 500, 16)


@needs_fork
def test_a_fork_waits_a_moment_for_us_and_the_child_says_what_it_lacks() -> None:
    """Held by another thread for good: the fork goes on, and the child knows."""
    lock, held, let_go = ForkLock(), threading.Event(), threading.Event()

    def hold() -> None:
        with lock:
            held.set()
            let_go.wait(30)

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait(10)
    began = time.monotonic()
    child = os.fork()
    if child == 0:  # pragma: no cover - the child is not measured
        code = 1
        try:
            with lock:
                code = 0 if lock.was_cut else 2
        finally:
            os._exit(code)
    waited = time.monotonic() - began
    let_go.set()
    thread.join()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert not lock.was_cut
    assert waited < 20 * FORK_SECONDS  # the watchdog; it waits a tenth of a second


def test_no_lock_is_made_once_a_fork_looks_for_all_of_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Such a lock would be held across the fork, and the child would not know that it was cut."""
    monkeypatch.setattr(fork_lock, "FORK_SECONDS", 30.0)
    first, second = ForkLock(), ForkLock()
    held, let_go, entered = (threading.Event() for _ in range(3))

    def hold_the_second() -> None:
        with second:
            held.set()
            let_go.wait(30)

    def prepare_a_fork() -> None:
        fork_lock._hold_all()
        try:
            assert not entered.is_set()
        finally:
            fork_lock._release_all()

    def make_one() -> None:
        with ForkLock():
            entered.set()

    with ThreadPoolExecutor(3) as pool:
        holding = pool.submit(hold_the_second)
        held.wait(10)
        forking = pool.submit(prepare_a_fork)
        while first._lock.acquire(blocking=False):  # until the fork holds the first
            first._lock.release()
            time.sleep(0)
        making = pool.submit(make_one)
        entered.wait(0.2)  # only the code that does not hold it back gets there
        let_go.set()
        for future in (holding, forking, making):
            future.result(10)
    assert entered.is_set()


@needs_fork
def test_a_child_that_was_cut_from_a_transaction_does_not_use_the_file(tmp_path: Path) -> None:
    store = SQLiteStore(tmp_path / "s.db")
    held, let_go = threading.Event(), threading.Event()

    def hold() -> None:
        with store._database.transaction():
            held.set()
            let_go.wait(30)

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait(10)
    child = os.fork()
    if child == 0:  # pragma: no cover - the child is not measured
        code = 1
        try:
            SQLiteStore(tmp_path / "s.db")
        except StoreError as error:
            code = 0 if "in the middle of a transaction" in str(error) else 2
        finally:
            os._exit(code)
    let_go.set()
    thread.join()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert store.monitors() == []
    store.close()


@needs_fork
def test_a_fork_from_an_event_loop(tmp_path: Path) -> None:
    async def serve() -> None:
        monitor = Monitor(TRAIN, store=tmp_path / "s.db")
        for number in range(9_000):
            monitor.observe({"x": float(number % 7)})
            if number % 1_000 == 0:
                await asyncio.sleep(0)
                child = os.fork()
                if child == 0:  # pragma: no cover - the child is not measured
                    code = 1
                    try:
                        monitor.observe({"x": 1.0})
                        code = 0
                    finally:
                        os._exit(code)
                status = await asyncio.to_thread(os.waitpid, child, 0)
                assert os.waitstatus_to_exitcode(status[1]) == 0
        monitor.close()

    asyncio.run(serve())
    store = SQLiteStore(tmp_path / "s.db")
    counted = sum(store.overview("default").counters.values())
    assert store.overview("default").rows + counted == 9_000
    store.close()


def closed_again_and_again(path: Path, seed: int, closes: int) -> None:
    """Observed = stored + waiting + counted, after any interleaving."""
    monitor = Monitor(TRAIN, store=path, flush_every="1s")
    observed = [0] * 6
    draw = np.random.default_rng(seed)

    def observing(number: int) -> Callable[[], None]:
        def call() -> None:
            monitor.observe({"x": 1.0})
            observed[number] += 1

        return call

    frame = {"x": np.ones(500)}

    def many() -> None:
        monitor.observe_many(frame)
        observed[5] += 500
        time.sleep(0.01)

    with busy([*(observing(number) for number in range(5)), many, monitor.flush]):
        for _ in range(closes):
            time.sleep(draw.random() * 0.03)  # of the interleaving, not for anything to happen
            monitor.close()
    total = sum(observed)
    monitor.flush()
    with SQLiteOverview(path) as overview:
        stored, counters = overview.rows, sum(overview.counters.values())
        assert stored + monitor.waiting + counters == total
    monitor.close()
    assert monitor.waiting == 0
    monitor.observe({"x": 1.0})  # and it goes on
    monitor.close()
    with SQLiteOverview(path) as overview:
        assert overview.rows + sum(overview.counters.values()) == total + 1


@contextmanager
def SQLiteOverview(path: Path) -> Iterator[Any]:  # noqa: N802 - reads like what it gives
    store = SQLiteStore(path)
    try:
        yield store.overview("default")
    finally:
        store.close()


def test_closing_under_load_loses_nothing(tmp_path: Path) -> None:
    closed_again_and_again(tmp_path / "s.db", 1, 8)


@pytest.mark.slow
def test_two_hundred_closes_under_load(tmp_path: Path) -> None:
    for seed in range(4):
        closed_again_and_again(tmp_path / f"{seed}.db", seed, 50)


ENDING = """
import sys, threading, time
import numpy as np
from driftwatch import Monitor
path = sys.argv[1]
monitor = Monitor({"x": np.random.default_rng(0).normal(size=2000)}, store=path)
for number in range(60_000):
    monitor.observe({"x": float(number % 11)})
{before}
began = time.monotonic()
import atexit
atexit.register(lambda: None)
print(began, flush=True)
"""


@pytest.mark.parametrize("trouble", ["nothing", "the store is locked", "its folder is missing"])
def test_the_process_ends_in_time_whatever_waits(tmp_path: Path, trouble: str) -> None:
    path = tmp_path / ("nowhere" if trouble == "its folder is missing" else "") / "s.db"
    store = None
    if trouble != "its folder is missing":
        store = SQLiteStore(path)
    code = ENDING.replace("{before}", "monitor.flush()" if trouble == "nothing" else "")
    if trouble == "the store is locked":
        assert store is not None
        with store._database.transaction():
            took, done = timed(code, path)
    else:
        took, done = timed(code, path)
    assert done.returncode == 0
    assert took < 20  # the watchdog: two seconds for what waits, and the interpreter's own
    assert "Traceback" not in done.stderr
    if store is not None:
        store.close()


def timed(code: str, path: Path) -> tuple[float, subprocess.CompletedProcess[str]]:
    """How long the process lived after its last line."""
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    return time.monotonic() - float(done.stdout.split()[-1]), done


def test_two_threads_that_fork_at_the_same_time_leave_no_lock_held() -> None:
    """The hooks of one run between those of the other."""
    lock, first, second = ForkLock(), threading.Event(), threading.Event()

    def slow_fork() -> None:
        fork_lock._hold_all()
        first.set()
        second.wait(20)
        fork_lock._release_all()

    thread = threading.Thread(target=slow_fork)
    thread.start()
    assert first.wait(20)
    fork_lock._hold_all()  # cannot have it, and does not wait for ever
    fork_lock._release_all()
    second.set()
    thread.join()

    def take() -> None:
        with lock:
            pass

    taken = threading.Thread(target=take)
    taken.start()
    taken.join(20)
    assert not taken.is_alive()


def test_rows_that_cannot_be_sketched_are_counted_and_take_no_others_with_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Monitor(TRAIN, store=tmp_path / "s.db") as monitor:
        accumulator = monitor.stream.accumulator
        new_profile = accumulator._reference_for

        def failing(version: str | None) -> Any:
            if version == "v1":
                raise ArithmeticError("for the test")
            return new_profile(version)

        monkeypatch.setattr(accumulator, "_reference_for", failing)
        for number in range(100):
            monitor.observe({"x": 1.0}, model_version="v1" if number % 10 == 0 else "v2")
        assert monitor.flush() == 90
        assert monitor.counters == {"lost_with_a_failed_batch": 10}
