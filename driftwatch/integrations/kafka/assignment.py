"""The partitions that a worker has: where each goes on, and what it has taken of it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from typing import Any

from driftwatch.config.kafka import KafkaConfig
from driftwatch.integrations.kafka.cancellation import Stop
from driftwatch.integrations.kafka.messages.decoding import Decoder
from driftwatch.integrations.kafka.partitions.end_offsets import Ends
from driftwatch.integrations.kafka.partitions.feed import PartitionFeed, Target
from driftwatch.integrations.kafka.partitions.first_offset import (
    Bounds,
    begin,
    bounds_of,
    partitions_at_first,
)
from driftwatch.integrations.kafka.state import WorkerState
from driftwatch.logs.events import event

__all__ = ["Assignment"]

_LOG = logging.getLogger("driftwatch")


class Assignment:
    """The partitions that a worker has at the moment.

    Args:
        config: What is read.
        target: Where rows go.
        decoder: Reads messages.
        state: How the worker is doing.
        stop: When it was told to stop.

    Attributes:
        feeds: By partition, what takes its messages.
        turn: Counts rebalances: what was fetched before one is not taken after it.
        ends: Where partitions end, of the connection there is.
    """

    def __init__(
        self, config: KafkaConfig, target: Target, decoder: Decoder, state: WorkerState, stop: Stop
    ) -> None:
        self.feeds: dict[Any, PartitionFeed] = {}
        self.turn = 0
        self.ends: Ends | None = None
        self._config = config
        self._target = target
        self._decoder = decoder
        self._state = state
        self._stop = stop

    @property
    def waiting(self) -> int:
        """Messages and rows that are taken and not stored."""
        return sum(feed.waiting for feed in self.feeds.values())

    async def adopt(self, consumer: Any, partitions: list[Any]) -> None:
        """Go on with partitions where the store says that they stand."""
        if not partitions:
            return
        asking = bounds_of(consumer, partitions)
        bounds = await self._stop.within(asking, seconds=self._config.stalled_seconds) or {}
        for partition, bound in bounds.items():
            if self._stop.told or partition not in consumer.assignment():  # gone again meanwhile
                continue
            count = len(consumer.partitions_for_topic(partition.topic) or ())
            feed = await asyncio.to_thread(self._begun, partition, bound, count)
            self.feeds[partition] = feed
            self.seek(consumer, [partition])
        if self.ends is not None:
            self.ends.learn({partition: bound.end for partition, bound in bounds.items()})

    def _begun(self, partition: Any, bounds: Bounds, count: int) -> PartitionFeed:
        """Of a partition, of as many of its topic, that is read on or for the first time."""
        topic, number = partition.topic, partition.partition
        name = f"{topic}/{number}"
        feed = PartitionFeed(self._target, name, self._decoder, self._state.outcomes)
        latest = self._config.start == "latest" and feed.is_new
        # What was written to an added partition before anybody noticed it is not old.
        added = latest and number >= partitions_at_first(
            self._target, topic, max(count, number + 1)
        )
        begin(feed, bounds, at_end=latest and not added)
        return feed

    def seek(self, consumer: Any, partitions: Iterable[Any]) -> None:
        """Have read again what was fetched and not taken."""
        for partition in partitions:
            feed = self.feeds.get(partition)
            if feed is not None and partition in consumer.assignment():
                consumer.seek(partition, feed.next)

    async def pass_over(self, consumer: Any) -> None:
        """Count what the consumer went past without a message: marks and undone transactions."""
        mine = consumer.assignment()
        for partition, feed in self.feeds.items():
            if partition in mine:  # and has a position since it was assigned, so nothing is awaited
                feed.skip_to(await consumer.position(partition), "kafka_holes")

    async def begin_at_the_log_start(self, consumer: Any, partitions: Iterable[Any]) -> None:
        """Retention has overtaken us: what it took is counted, and reading goes on behind it."""
        mine = [partition for partition in partitions if partition in self.feeds]
        asking = bounds_of(consumer, mine)
        bounds = await self._stop.within(asking, seconds=self._config.stalled_seconds)
        for partition, bound in (bounds or {}).items():
            feed = self.feeds[partition]
            if bound.begin <= feed.next:  # so it is not retention: the offset is behind the end
                feed.check_end(bound.end)
            feed.skip_to(bound.begin, "kafka_gap")
            self.seek(consumer, [partition])
            _LOG.warning(
                "driftwatch: retention has overtaken %s; on at %d",
                feed.name,
                bound.begin,
                extra=event("kafka.trouble"),
            )

    def rejected(self) -> list[tuple[Any, Any]]:
        """Messages that cannot be used, with their partitions; each is given once."""
        taken = []
        for partition, feed in self.feeds.items():
            while feed.rejected:
                taken.append((partition, feed.rejected.popleft()))
        return taken

    def drop(self, partitions: Iterable[Any]) -> None:
        """Let partitions go; what was taken of them and not stored is read again."""
        for partition in partitions:
            feed = self.feeds.pop(partition, None)
            if feed is not None:
                feed.close()
