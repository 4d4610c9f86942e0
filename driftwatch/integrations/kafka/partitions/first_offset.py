"""Where the reading of a partition begins."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
from dataclasses import dataclass
from typing import Any

from driftwatch.core.windows.counters import NOTED
from driftwatch.core.windows.segments import CursorMove, Delivery
from driftwatch.integrations.kafka.partitions.feed import OtherTopicError, PartitionFeed, Target
from driftwatch.integrations.kafka.partitions.setting_back import (
    begun_cursor_of,
    cursor_of,
    set_cursor,
    source_of,
)
from driftwatch.integrations.kafka.partitions.topic_identity import (
    Origin,
    StoredOrigin,
    origins_by_leader,
)
from driftwatch.logs.events import event

__all__ = ["Bounds", "begin", "bounds_of", "go_over", "partitions_at_first"]

_COMMITTED_SECONDS = 3.0
_LOG = logging.getLogger("driftwatch")


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a partition has.

    Attributes:
        begin: Offset of the first message that is still there.
        end: Offset behind the last message that can be read.
        origin: Which topic it is of; None if the brokers do not say.
        committed: What the consumer group has committed; None if nothing.
    """

    begin: int
    end: int
    origin: Origin | None = None
    committed: int | None = None


async def bounds_of(consumer: Any, partitions: list[Any], /) -> dict[Any, Bounds]:
    """Ask the brokers what partitions have; waits for as long as aiokafka does."""
    client = consumer._client  # noqa: SLF001 - no public method asks for ids of topics
    origins = await origins_by_leader(client, partitions)
    while True:
        begins = await consumer.beginning_offsets(partitions)
        ends = await consumer.end_offsets(partitions)
        again = await origins_by_leader(client, partitions)
        if again == origins:  # else a topic was made anew between the questions
            break
        origins = again
    committed = await _committed(consumer, partitions)
    return {
        each: Bounds(begins[each], ends[each], origins[each], committed.get(each))
        for each in partitions
    }


async def _committed(consumer: Any, partitions: list[Any]) -> dict[Any, int | None]:
    """What the group has committed; nothing depends on it, so no answer is none."""
    found: dict[Any, int | None] = {}
    with contextlib.suppress(Exception):
        async with asyncio.timeout(_COMMITTED_SECONDS):
            for each in partitions:
                found[each] = await consumer.committed(each)
    return found


def go_over(target: Target, name: str, bounds: Bounds, /) -> None:
    """See whether the topic is the one whose offsets are stored; if not, go over to the new one.

    A topic that was made anew in the same cluster has nothing that was read before, so it is read
    from its first message. Of another cluster nobody can say: it may have the same messages.

    Args:
        target: Where rows go.
        name: Topic and partition, ``topic/0``.
        bounds: What the partition has.

    Raises:
        OtherTopicError: If this is another cluster.
        StoreError: If the store cannot be read or written.
    """
    store, monitor = target.store, target.monitor
    origin = StoredOrigin(store, monitor, name)
    stood = store.cursor(monitor, cursor_of(name))
    origin.see(bounds.origin)
    if origin.is_elsewhere and stood:
        raise OtherTopicError(
            f"partition {name} was read up to offset {stood} in another cluster of Kafka. If it "
            "has other messages, say where to go on here, as `driftwatch worker --reset "
            "earliest`; if it is a copy of the other, `--reset latest` or an offset"
        )
    if not origin.is_made_anew or not stood:
        return
    text = f"{name} was read up to {stood:,} when its topic was made anew, and on from its start"
    if set_cursor(
        store,
        monitor,
        name,
        to=0,
        now=target.clock(),
        start=stood,
        origin=origin,
        counters={f"{NOTED}{text}": 1},
    ):
        _LOG.error("driftwatch: %s: %s", monitor, text, extra=event("kafka.trouble", code="DW064"))


def partitions_at_first(target: Target, topic: str, count: int, /) -> int:
    """How many partitions a topic had when reading of it began: those are numbered below it.

    It is put down once, in the store, before any partition is begun at its end; of several
    workers that begin at once, the first one's word holds for all. So partitions that several
    workers begin at the same time are never taken for added, and those that were added later
    are, whoever reads them, after any restart. Where partitions were begun and it was not put
    down, which happens as long as all begin at their first messages, it is those.

    Args:
        target: The store.
        topic: The topic.
        count: How many partitions it has now.

    Raises:
        StoreError: If the store cannot be read or written.
    """
    store, monitor, name = target.store, target.monitor, f"kafka partitions {topic}"
    if cursor := store.cursor(monitor, name):
        return cursor
    begun = [
        number
        for number in range(count)
        if store.cursor(monitor, begun_cursor_of(f"{topic}/{number}"))
        or store.cursor(monitor, cursor_of(f"{topic}/{number}"))
    ]
    now = target.clock()
    delivery = Delivery(
        monitor=monitor,
        # Which delivers anyway: no other is to be heard from.
        source=source_of(store, monitor, f"{topic}/0"),
        epoch=secrets.token_hex(8),
        sequence=0,
        cursors=(CursorMove(name, 0, begun[-1] + 1 if begun else count),),
        sent_at=now,
    )
    store.deliver(delivery, now=now)
    return store.cursor(monitor, name)


def begin(feed: PartitionFeed, bounds: Bounds, /, *, at_end: bool) -> None:
    """Take a partition to where it is read on, or for the first time.

    Args:
        feed: The partition's.
        bounds: What the partition has.
        at_end: Whether one that was never read begins with what comes from now on.

    Raises:
        OtherTopicError: If it ends before what was read of it.
        StoreError: If the store cannot take down where it begins.
    """
    feed.origin.see(bounds.origin)
    feed.check_end(bounds.end)
    if not feed.is_new:
        feed.skip_to(bounds.begin, "kafka_gap")
    elif at_end:
        feed.skip_to(bounds.end, "kafka_before_start")
        feed.flush()  # whoever comes next must not begin even later
    else:
        feed.skip_to(bounds.begin, "kafka_before_start")
