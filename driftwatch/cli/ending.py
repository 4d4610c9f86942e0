"""What ends a command that goes on until it is told to: SIGTERM, SIGHUP, Ctrl-C."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

__all__ = ["as_by_ctrl_c", "signals_to"]

_SIGNALS = ("SIGTERM", "SIGINT", "SIGHUP")


@contextlib.contextmanager
def signals_to(told: Callable[[int, FrameType | None], Any], /) -> Iterator[None]:
    """Have a function called by the signals that end a process, inside.

    A SIGHUP that is ignored, as `nohup` has it, stays so. Signals reach the main thread only:
    in others nothing changes.
    """
    before: dict[int, Any] = {}
    if threading.current_thread() is threading.main_thread():
        for name in _SIGNALS:
            number = getattr(signal, name, None)  # not every system has all
            if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
                before[number] = signal.signal(number, told)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def as_by_ctrl_c() -> Iterator[None]:
    """Let SIGTERM and SIGHUP raise KeyboardInterrupt inside, so that everything is put away."""
    with signals_to(signal.default_int_handler):
        yield
