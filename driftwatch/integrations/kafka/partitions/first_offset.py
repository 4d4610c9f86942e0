"""Where the reading of a partition begins."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any

from driftwatch.core.windows.segments import CursorMove, Delivery
from driftwatch.integrations.kafka.partitions.feed import (
    PartitionFeed,
    Target,
    begun_cursor_of,
    cursor_of,
)

__all__ = ["Bounds", "begin", "bounds_of", "partitions_at_first"]


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a partition has.

    Attributes:
        begin: Offset of the first message that is still there.
        end: Offset behind the last message that can be read.
    """

    begin: int
    end: int


async def bounds_of(consumer: Any, partitions: list[Any], /) -> dict[Any, Bounds]:
    """Ask the brokers what partitions have; waits for as long as aiokafka does."""
    begins = await consumer.beginning_offsets(partitions)
    ends = await consumer.end_offsets(partitions)
    return {each: Bounds(begins[each], ends[each]) for each in partitions}


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
        source=cursor_of(f"{topic}/0"),  # which delivers anyway: no other is to be heard from
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
    feed.check_end(bounds.end)
    if not feed.is_new:
        feed.skip_to(bounds.begin, "kafka_gap")
    elif at_end:
        feed.skip_to(bounds.end, "kafka_before_start")
        feed.flush()  # whoever comes next must not begin even later
    else:
        feed.skip_to(bounds.begin, "kafka_before_start")
