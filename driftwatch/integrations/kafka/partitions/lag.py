"""Keeps an eye on a worker's partitions: what is left to read, and whether they get on."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Collection, Mapping
from typing import Any

from driftwatch.integrations.kafka.cancellation import let_go
from driftwatch.integrations.kafka.partitions.end_offsets import Ends
from driftwatch.integrations.kafka.partitions.feed import PartitionFeed
from driftwatch.integrations.kafka.partitions.stall_detector import Place, Progress
from driftwatch.integrations.kafka.state import WorkerState

__all__ = ["Watch"]


class Watch:
    """Writes into a worker's state how far it is, and notices when a partition stands still.

    Args:
        consumer: What it reads with.
        state: Its state.
        patience: Seconds for which a partition may stand still though it could get on.

    Attributes:
        ends: Where the partitions end.
    """

    def __init__(self, consumer: Any, state: WorkerState, patience: float, /) -> None:
        self.ends = Ends(consumer, state.counts)
        self._consumer = consumer
        self._state = state
        # After a connection that was given up, time goes on where it was: nothing has moved.
        state.progress_at = state.progress_at or time.time()
        self._progress = Progress(patience, since=state.progress_at)
        self._noted = time.monotonic()

    @contextlib.asynccontextmanager
    async def asking(self) -> AsyncIterator[None]:
        """Ask where partitions end, beside what is done inside."""
        task = asyncio.ensure_future(self.ends.keep_asking())
        try:
            yield
        finally:
            await let_go(task)

    def note(
        self, feeds: Mapping[Any, PartitionFeed], /, *, paused: Collection[Any], full: bool
    ) -> None:
        """Note where partitions stand after a turn.

        Args:
            feeds: All that are read.
            paused: Partitions that are not read on purpose.
            full: Whether the turn gave as many messages as one may.

        Raises:
            StalledError: If one stands still for too long.
        """
        state, mine = self._state, self._consumer.assignment()
        state.next = {feed.name: feed.next for feed in feeds.values()}
        state.waiting = sum(feed.waiting for feed in feeds.values())
        own = {partition: feed for partition, feed in feeds.items() if partition in mine}
        state.lag = {
            feed.name: max(0, self.ends.written(partition) - feed.next)
            for partition, feed in own.items()
        }
        if mine - own.keys():  # where these begin is being found out; until then nothing moves
            return
        places = [
            Place(feed.name, feed.next, self.ends.readable(partition), paused=partition in paused)
            for partition, feed in own.items()
        ]
        now, before = time.monotonic(), self._noted
        self._noted = now
        try:
            self._progress.note(places, now=time.time(), elapsed=now - before, full=full)
        finally:
            state.progress_at = self._progress.at
