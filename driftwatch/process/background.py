"""Work in a background thread that gives way: short turns with a rest between them.

The interpreter runs one thread at a time, and lets go of one that does not wait by itself
only every five milliseconds. A thread that sketches thousands of rows would delay the
requests of its host by so much, again and again. So the long-running parts ask for a rest
now and then (`rest_if_due`), which is nothing at all outside of `in_turns`.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator

__all__ = ["TURN_SECONDS", "in_turns", "is_in_turns", "rest", "rest_if_due"]

TURN_SECONDS = 0.0005
"""How long such a thread works at a time."""
REST_SECONDS = 0.001
"""How long it rests after that."""


observer: Callable[[float], None] | None = None
"""Called with the processor time of every turn, in seconds, if set; for benchmarks."""


class _Turns(threading.local):
    """Of the running thread: when its turn ends; None where it need not give way."""

    end: float | None = None
    length: float = TURN_SECONDS
    began: float = 0.0


_TURNS = _Turns()


@contextlib.contextmanager
def in_turns(length: float = TURN_SECONDS, /) -> Iterator[None]:
    """Let what happens inside, in this thread, rest after every turn.

    Args:
        length: Seconds of a turn.
    """
    before = _TURNS.end, _TURNS.length
    _TURNS.length = length
    _begin()
    try:
        yield
    finally:
        _TURNS.end, _TURNS.length = before


def is_in_turns() -> bool:
    """Whether this thread is to give way."""
    return _TURNS.end is not None


def rest_if_due() -> None:
    """Rest if the turn is over; at once otherwise, and in threads that need not give way."""
    end = _TURNS.end
    if end is not None and time.perf_counter() >= end:
        rest()


def rest() -> None:
    """End the turn, and begin the next after a rest."""
    if observer is not None:
        observer(time.thread_time() - _TURNS.began)
    time.sleep(REST_SECONDS)
    _begin()


def _begin() -> None:
    _TURNS.end = time.perf_counter() + _TURNS.length
    if observer is not None:
        _TURNS.began = time.thread_time()
