"""The signals that end a process, and what they do instead: SIGTERM, SIGHUP, Ctrl-C."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

__all__ = ["as_by_ctrl_c", "end_signals", "signals_to"]

_NAMES = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")  # not every system has all


def end_signals() -> list[int]:
    """The signals that would end this process now.

    Who starts a process with a signal ignored, as `nohup` does, wants it so: it is none. Outside of
    the main thread, where no signal arrives, there are none.
    """
    if threading.current_thread() is not threading.main_thread():
        return []
    known = [getattr(signal, name) for name in _NAMES if hasattr(signal, name)]
    return [number for number in known if signal.getsignal(number) is not signal.SIG_IGN]


@contextmanager
def signals_to(told: Callable[[int, FrameType | None], Any], /) -> Iterator[None]:
    """Have a function called by the signals that end a process, inside.

    Args:
        told: Called with the number of the signal, and the frame that it interrupts.
    """
    before = {number: signal.getsignal(number) for number in end_signals()}
    try:
        for number in before:
            signal.signal(number, told)
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler or signal.SIG_DFL)  # None: one that C code has set


@contextmanager
def as_by_ctrl_c() -> Iterator[None]:
    """Let SIGTERM and SIGHUP raise KeyboardInterrupt inside, so that everything is put away."""
    with signals_to(signal.default_int_handler):
        yield
