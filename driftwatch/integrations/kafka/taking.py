"""Messages that have come -> the feeds of their partitions, with time for heartbeats between."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from driftwatch.integrations.kafka.cancellation import Stop
from driftwatch.integrations.kafka.partitions.feed import PartitionFeed
from driftwatch.integrations.kafka.partitions.slicing import slices
from driftwatch.integrations.kafka.state import WorkerState

__all__ = ["Taking"]


class Taking:
    """Takes messages, until told to stop.

    They are taken in the event loop where that takes a moment. In a thread, every message would
    cost half as much again: it and the loop, which goes on fetching, would take the interpreter
    from each other all the time.

    Args:
        state: How the worker is doing.
        stop: When it was told to stop.
        takes_long: Whether messages may take long, so that they are taken in a thread.
    """

    def __init__(self, state: WorkerState, stop: Stop, /, *, takes_long: bool) -> None:
        self._state = state
        self._stop = stop
        self._takes_long = takes_long

    async def take(
        self, feeds: Mapping[Any, PartitionFeed], polled: Mapping[Any, list[Any]], /
    ) -> list[Any]:
        """Take messages; gives the partitions that had to stop before a message."""
        stopped = []
        for partition, messages in polled.items():
            feed = feeds.get(partition)
            if feed is not None:
                before = feed.taken
                if not await self._take_in_slices(feed, messages):
                    stopped.append(partition)
                self._state.counts["messages"] += feed.taken - before
        return stopped

    async def _take_in_slices(self, feed: PartitionFeed, messages: list[Any]) -> bool:
        """Take messages, with heartbeats between; whether all were taken before told to stop."""
        for several in slices(messages, 64 if self._takes_long else 1_024):
            if self._stop.told:
                return False
            if self._takes_long:
                taken = await asyncio.to_thread(feed.take, several)
            else:
                taken = feed.take(several)
                await asyncio.sleep(0)
            if not taken:
                return False
        return True
