"""Signals that end a process are told to a function inside, and are as before behind it."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator

import pytest

from driftwatch.process.end_signals import as_by_ctrl_c, end_signals, signals_to

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs signals")


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    """Signals arrive in the main thread only, and are as they were when a test is over."""
    if threading.current_thread() is not threading.main_thread():
        pytest.skip("signals would end the process")
    numbers = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
    before = {each: signal.getsignal(each) for each in numbers}
    for each in numbers:  # who starts the tests in the background may have some ignored
        signal.signal(each, signal.default_int_handler)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT", "SIGHUP"])
def test_the_function_is_called_inside_and_the_handler_of_before_is_back(name: str) -> None:
    number = getattr(signal, name)
    before, told = signal.getsignal(number), []

    with signals_to(lambda got, _: told.append(got)):
        signal.raise_signal(number)
        signal.raise_signal(number)

    assert told == [number] * 2
    assert signal.getsignal(number) is before


def test_the_handlers_are_back_also_where_one_raises() -> None:
    before = signal.getsignal(signal.SIGTERM)

    with pytest.raises(KeyboardInterrupt), as_by_ctrl_c():
        signal.raise_signal(signal.SIGTERM)

    assert signal.getsignal(signal.SIGTERM) is before


def test_a_signal_that_is_ignored_stays_so() -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)

    assert signal.SIGHUP not in end_signals()
    with signals_to(lambda *_: pytest.fail("it is ignored")):
        signal.raise_signal(signal.SIGHUP)
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN


def test_other_threads_change_nothing() -> None:
    found: list[object] = []

    def run() -> None:
        with as_by_ctrl_c():
            found.append((end_signals(), signal.getsignal(signal.SIGTERM)))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()

    assert found == [([], signal.getsignal(signal.SIGTERM))]
