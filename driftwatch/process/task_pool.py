"""Threads for work that is worth them, made when there is some."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from driftwatch.process.background import is_in_turns, rest_if_due

__all__ = ["TaskPool"]

_THREADED_ROWS = 16_384


class TaskPool:
    """Runs the columns of a batch at the same time, where the batch is large.

    Nothing is started in a thread that is to give way (`in_turns`), nor in a process that ends.

    Example:
        >>> done = []
        >>> TaskPool().run([lambda: done.append(1)], rows=10)
        >>> done
        [1]
    """

    def __init__(self) -> None:
        self._pool: ThreadPoolExecutor | None = None

    def run(self, tasks: Sequence[Callable[[], None]], /, *, rows: int) -> None:
        """Run tasks and wait for them; raises what one of them raises.

        Args:
            tasks: They must not touch the same things.
            rows: Rows that each of them works on.
        """
        alone = rows < _THREADED_ROWS or len(tasks) == 1 or is_in_turns()
        if alone or sys.is_finalizing() or not threading.main_thread().is_alive():
            for task in tasks:
                rest_if_due()
                task()
            return
        if self._pool is None:
            self._pool = ThreadPoolExecutor(os.cpu_count(), thread_name_prefix="driftwatch-columns")
        for future in [self._pool.submit(task) for task in tasks]:
            future.result()

    def close(self) -> None:
        """Let go of the threads."""
        if self._pool is not None:
            self._pool.shutdown(wait=True)
            self._pool = None
