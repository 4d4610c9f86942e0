"""Waiting for brokers that may hang, until a worker is told to stop."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Awaitable
from typing import TypeVar

__all__ = ["StalledError", "Stop", "let_go"]

_LOOK_SECONDS = 0.1
_LET_GO_SECONDS = 0.3
T = TypeVar("T")


class StalledError(Exception):
    """Something takes longer than it may."""


class Stop:
    """That a worker was told to stop, and how long it may wait for what since then.

    aiokafka waits for brokers that hang for 40 s at a time, and retries some calls without end. All
    such waiting goes through `within`, so that it ends soon after `tell`.

    Example:
        >>> stop = Stop()
        >>> stop.tell()
        >>> asyncio.run(stop.within(asyncio.sleep(60, "done"))) is None
        True
    """

    def __init__(self) -> None:
        self._told_at: float | None = None

    @property
    def told(self) -> bool:
        """Whether it was told to stop."""
        return self._told_at is not None

    def tell(self) -> None:
        """Tell it to stop. From any thread, and from signal handlers."""
        if self._told_at is None:
            self._told_at = time.monotonic()

    def left(self, seconds: float, /) -> float:
        """Seconds left of so many since it was told to stop; infinity if it was not."""
        return math.inf if self._told_at is None else self._told_at + seconds - time.monotonic()

    async def rest(self, seconds: float, /) -> None:
        """Wait for some seconds, or until told to stop."""
        end = time.monotonic() + seconds
        while not self.told and time.monotonic() < end:  # noqa: ASYNC110 - `tell` is called from
            # threads and signal handlers, where an event of the loop may not be set
            await asyncio.sleep(_LOOK_SECONDS)

    async def within(
        self, work: Awaitable[T], /, *, seconds: float = math.inf, after_told: float = 0.0
    ) -> T | None:
        """The result of something that may take long, or None if told to stop before it is there.

        Args:
            work: What is waited for; it is cancelled when it takes too long.
            seconds: How long it may take.
            after_told: How much longer it may take once told to stop, and what is begun after
                that may take.

        Raises:
            StalledError: If it takes longer than `seconds`.
        """
        task, began = asyncio.ensure_future(work), time.monotonic()
        try:
            while not task.done():
                now = time.monotonic()
                if self._told_at is not None and now >= max(self._told_at, began) + after_told:
                    return None
                if now - began >= seconds:
                    raise StalledError(f"no answer for {seconds:g} s")
                await asyncio.wait([task], timeout=_LOOK_SECONDS)
            return task.result()
        finally:
            await let_go(task)


async def let_go(task: asyncio.Future[T], /) -> None:
    """Cancel a task, and wait a little for it to end; what it raises is of no interest."""
    task.cancel()
    await asyncio.wait([task], timeout=_LET_GO_SECONDS)
    if task.done() and not task.cancelled():
        task.exception()
