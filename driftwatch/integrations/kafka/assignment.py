"""The partitions that a worker has: where each goes on, and what it has taken of it."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterable, Mapping, Sequence
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
    go_over,
    partitions_at_first,
)
from driftwatch.integrations.kafka.partitions.setting_back import ours_upto
from driftwatch.integrations.kafka.partitions.topic_identity import origins_by_leader
from driftwatch.integrations.kafka.state import WorkerState
from driftwatch.logs.events import event

__all__ = ["Assignment"]

_ANSWER_SECONDS = 10.0
_ASK_SECONDS = 0.2
_FEW_MESSAGES = 500
_LOG = logging.getLogger("driftwatch")


class Assignment:
    """The partitions that a worker has at the moment.

    Args:
        config: What is read.
        target: Where rows go.
        decoder: Reads messages.
        state: How the worker is doing.
        stop: When it was told to stop.
        group: The consumer group.

    Attributes:
        feeds: By partition, what takes its messages.
        turn: Counts rebalances: what was fetched before one is not taken after it.
        ends: Where partitions end, of the connection there is.
    """

    def __init__(
        self,
        config: KafkaConfig,
        target: Target,
        decoder: Decoder,
        state: WorkerState,
        stop: Stop,
        group: str,
    ) -> None:
        self.feeds: dict[Any, PartitionFeed] = {}
        self.turn = 0
        self.ends: Ends | None = None
        self._config = config
        self._target = target
        self._decoder = decoder
        self._state = state
        self._stop = stop
        self._group = group
        self._asked_at = 0.0
        self._reached: dict[Any, int] = {}

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
        go_over(self._target, name, bounds)
        feed = PartitionFeed(self._target, name, self._decoder, self._state.outcomes)
        latest = self._config.start == "latest" and feed.is_new
        # What was written to an added partition before anybody noticed it is not old.
        added = latest and number >= partitions_at_first(
            self._target, topic, max(count, number + 1)
        )
        ours = max(feed.next, ours_upto(self._target.store, self._target.monitor, name))
        if bounds.committed is not None and bounds.committed > ours:
            text = (
                f"group {self._group} has committed {bounds.committed:,} of {name}, of which "
                f"{ours:,} were read here: another monitor or store reads with this group, or "
                "this store is not the one of before"
            )
            self._say(text)
            feed.remark(text)
        reached = self._reached.get(partition)
        if latest and reached is not None and reached <= bounds.end:
            # The file of the store is another: what came since is no older than this worker.
            feed.skip_to(reached, "kafka_before_start")
            latest = False
        begin(feed, bounds, at_end=latest and not added)
        return feed

    def _say(self, text: str) -> None:
        self._state.counts["group_warnings"] += 1
        _LOG.error(
            "driftwatch: %s: %s",
            self._target.monitor,
            text,
            extra=event("kafka.trouble", code="DW068"),
        )

    def note_members(self, text: str) -> None:
        """Note who else reads with the group, as said in a text that is empty if nobody does."""
        if text and text != self._state.shared_with:
            self._say(text)
        self._state.shared_with = text

    async def made_anew(self, consumer: Any, messages: Mapping[Any, Sequence[Any]]) -> list[Any]:
        """Partitions that gave messages of another topic than the one that was read before.

        It is asked after the messages have come: where the topic is the same then, so was it when
        they were fetched. Where a topic is gone, they are the last of it.

        Raises:
            StalledError: If the brokers do not answer in time.
        """
        if sum(map(len, messages.values())) < _FEW_MESSAGES:  # they trickle: not for each of them
            await asyncio.sleep(max(0.0, self._asked_at + _ASK_SECONDS - time.monotonic()))
        self._asked_at = time.monotonic()
        client = consumer._client  # noqa: SLF001 - no public method asks for ids of topics
        asking = origins_by_leader(client, messages)
        origins = await self._stop.within(asking, seconds=_ANSWER_SECONDS) or {}
        return [
            partition
            for partition, origin in origins.items()
            if partition in self.feeds and self.feeds[partition].origin.differs(origin)
        ]

    async def go_over(self, consumer: Any, partitions: Iterable[Any]) -> None:
        """Begin partitions of topics that were made anew, once all of the old ones is stored."""
        stored = [each for each in partitions if not self.feeds[each].waiting]
        self.seek(consumer, partitions)  # of the others, what came is fetched again
        self.drop(stored)
        await self.adopt(consumer, stored)

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

    async def begin_at_the_log_start(self, consumer: Any, partitions: Iterable[Any]) -> list[Any]:
        """Retention has overtaken us: what it took is counted, and reading goes on behind it.

        Returns:
            Partitions to which something else has happened: their topic was made anew.
        """
        mine, anew = [partition for partition in partitions if partition in self.feeds], []
        asking = bounds_of(consumer, mine)
        bounds = await self._stop.within(asking, seconds=self._config.stalled_seconds)
        for partition, bound in (bounds or {}).items():
            feed = self.feeds[partition]
            if feed.origin.differs(bound.origin):
                anew.append(partition)
                continue
            if bound.begin <= feed.next:  # so it is not retention: the offset is behind the end
                feed.check_end(bound.end)
            feed.skip_to(bound.begin, "kafka_gap")
            self.seek(consumer, [partition])
            _LOG.warning(
                "driftwatch: retention has overtaken %s; on at %d",
                feed.name,
                bound.begin,
                extra=event("kafka.trouble", code="DW067"),
            )
        return anew

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
                self._reached[partition] = feed.acknowledged
                feed.close()
