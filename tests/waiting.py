"""Waiting for something that another thread or process does."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

__all__ = ["until"]


def until(done: Callable[[], object], seconds: float = 60.0) -> None:
    """Look again and again whether something is done; fail if it is not in time."""
    waiting = threading.Event()
    for _ in range(int(seconds / 0.02)):
        if done():
            return
        waiting.wait(0.02)
    pytest.fail(f"waited for {seconds:g} s")
