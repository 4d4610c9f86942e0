"""What a worker has taken, into the store; less and less often while the store is away."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Any

from driftwatch.errors import StoreError
from driftwatch.integrations.kafka.assignment import Assignment
from driftwatch.integrations.kafka.cancellation import Stop
from driftwatch.integrations.kafka.partitions.feed import FencedError
from driftwatch.integrations.kafka.state import WorkerState
from driftwatch.logs.events import event

__all__ = ["LAST_FLUSH_SECONDS", "Flushing"]

_LOG = logging.getLogger("driftwatch")
_COMMIT_SECONDS = 5.0
_PARTING_SECONDS = 0.5
LAST_FLUSH_SECONDS = 4.0
"""After it was told to stop: a delivery that is begun may wait for five more for the store."""


class Flushing:
    """Stores what the feeds of a worker hold.

    Args:
        assignment: The partitions.
        state: How the worker is doing.
        stop: When it was told to stop.
        monitor: Name of the monitor.
        every: Seconds from one flush to the next.
        most_waiting: Messages that may wait for the store.
    """

    def __init__(
        self,
        assignment: Assignment,
        state: WorkerState,
        stop: Stop,
        /,
        *,
        monitor: str,
        every: float,
        most_waiting: int,
    ) -> None:
        self._assignment = assignment
        self._state = state
        self._stop = stop
        self._monitor = monitor
        self._every = every
        self._most_waiting = most_waiting
        self._flushed = 0.0
        self._retry_at = 0.0
        self._pause = 0.0

    @property
    def is_due(self) -> bool:
        """Whether it is time, or too much waits."""
        return time.monotonic() - self._flushed >= self._every or self.is_overdue

    @property
    def is_overdue(self) -> bool:
        """Whether so much waits that no more should be read."""
        feeds = self._assignment.feeds.values()
        return any(feed.is_full for feed in feeds) or self._assignment.waiting >= self._most_waiting

    @property
    def has_unstored(self) -> bool:
        """Whether anything was taken that is not in the store."""
        feeds = self._assignment.feeds.values()
        return any(feed.next > feed.stored or feed.waiting for feed in feeds)

    def retry_now(self) -> None:
        """Try at the next flush, however short a while ago the store was away."""
        self._retry_at = 0.0

    async def flush(self, consumer: Any) -> None:
        """Store what was taken; while the store is away, try less and less often."""
        if time.monotonic() < self._retry_at and not self._stop.told:
            return
        commits = {}
        for partition, feed in list(self._assignment.feeds.items()):
            if self._stop.left(LAST_FLUSH_SECONDS) < 0:
                break
            try:
                if self._state.shared_with and feed.next > feed.stored:
                    feed.remark(self._state.shared_with)
                if await asyncio.to_thread(feed.flush):
                    self._state.counts["segments_stored"] += 1
                    commits[partition] = feed.stored
            except FencedError:
                self._state.counts["segments_fenced"] += 1
                self._assignment.drop([partition])
                await self._assignment.adopt(consumer, [partition])
            except StoreError as error:
                self._state.counts["segments_failed"] += 1
                self._pause = min(5.0, max(0.25, 2 * self._pause))
                self._retry_at = time.monotonic() + self._pause
                _LOG.warning(
                    "driftwatch: %s: not stored yet: %s",
                    self._monitor,
                    error,
                    extra=event("kafka.trouble"),
                )
                break
        else:
            self._pause, self._flushed = 0.0, time.monotonic()
        await self._commit(consumer, commits)

    async def _commit(self, consumer: Any, offsets: dict[Any, int]) -> None:
        """Tell the broker, whose tools show it; nothing depends on it."""
        if not offsets:
            return

        async def committed() -> bool:
            await consumer.commit(offsets)
            return True

        try:
            done = await self._stop.within(
                committed(), seconds=_COMMIT_SECONDS, after_told=_PARTING_SECONDS
            )
        except Exception:  # noqa: BLE001 - between two generations, or the broker is away
            done = False
        if not done:
            self._state.counts["commits_failed"] += 1
