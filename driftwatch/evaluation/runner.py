"""An evaluator that runs by itself: in a thread, or as a task of an event loop."""

from __future__ import annotations

import asyncio
import logging
import os
import threading
from datetime import timedelta

from driftwatch.evaluation.evaluator import Evaluator
from driftwatch.logs.events import event

__all__ = ["EvaluationRunner"]

_LOG = logging.getLogger("driftwatch")


class EvaluationRunner:
    """Evaluates again and again; errors are counted in `Evaluator.errors` and logged.

    Args:
        evaluator: What is run.
        every: Time from one look at the store to the next.
    """

    def __init__(self, evaluator: Evaluator, /, *, every: timedelta) -> None:
        self._evaluator = evaluator
        self._seconds = every.total_seconds()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._pid = 0

    def start(self) -> None:
        """Run in a thread of its own until `stop`; once in a process."""
        if self._thread is None or self._pid != os.getpid():
            self._pid = os.getpid()
            self._stop.clear()
            self._thread = threading.Thread(
                target=self._run, name="driftwatch-evaluate", daemon=True
            )
            self._thread.start()

    def stop(self) -> None:
        """End the thread and wait for it."""
        self._stop.set()
        thread, self._thread = self._thread, None
        if thread is not None and self._pid == os.getpid():
            thread.join()

    async def run_async(self) -> None:
        """Run as a task of an event loop, which is never held up; cancel it to end it."""
        while True:
            await asyncio.to_thread(self._step)
            await asyncio.sleep(self._seconds)

    def _run(self) -> None:
        while not self._stop.is_set():
            self._step()
            self._stop.wait(self._seconds)

    def _step(self) -> None:
        try:
            self._evaluator.step()
        except Exception as error:  # noqa: BLE001 - the next look may go well
            self._evaluator.errors[type(error).__name__] += 1
            _LOG.warning(
                "driftwatch: %s: evaluation failed: %s",
                self._evaluator.monitor,
                error,
                extra=event("evaluation.failed", monitor=self._evaluator.monitor),
            )
