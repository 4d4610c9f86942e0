"""Past batches that are damaged on a broker's disk, and not a message further."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple

from driftwatch.config.kafka import KafkaConfig
from driftwatch.integrations.kafka.connecting import close_consumer, reader_of

__all__ = ["CarefulRead", "read_carefully"]

_POLL_MS = 1_000
_START_SECONDS = 5.0
_CLOSE_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class CarefulRead:
    """What was read of a partition, a batch at a time, and what could not be read behind it.

    Attributes:
        messages: The messages up to `begin`.
        begin: Offset up to which everything was read; one without a message is a hole.
        end: Offset up to which nothing can be read; `begin` if no damage was found.
    """

    messages: list[Any]
    begin: int
    end: int

    @property
    def is_corrupt(self) -> bool:
        """Whether damage was found."""
        return self.end > self.begin


async def read_carefully(
    config: KafkaConfig, partition: Any, offset: int, /, *, most: int = 5_000, seconds: float = 3.0
) -> CarefulRead:
    """Read a partition up to the first damaged batch, and find where the damage ends.

    Of a batch with a wrong checksum aiokafka raises a CorruptRecordException, again and again. It
    drops the good messages before it that it fetched with it, so its position does not tell where
    the damage begins. Here a consumer of its own, without a group, fetches one batch at a time:
    what comes before the damage is given, and where that ends, the damage begins.

    For any offset inside of a batch a broker gives the whole batch. So the damage ends at the
    first offset behind for which something good comes, be it a mark of a transaction, or where
    the partition ends. Each offset is tried: the header, which says where a batch ends, may itself
    be what is damaged, and larger steps might miss a good batch between two damaged ones. It
    takes one or two milliseconds each. When the time is over, `CarefulRead.end` is how far that
    came, within the damage; a call with it as the offset goes on there. Damaged batches that
    follow each other are one stretch.

    What it cannot do:

    - No checksum covers the first offset in a header, so damage to that is never found.
    - If a header says that its batch ends too early, the other offsets of it look like holes.
    - If a header is so damaged that the broker itself cannot find its way (length, format), it
      answers with an error that aiokafka logs and does not raise. A broker that is in trouble
      for a while looks the same, so nothing is passed over from there on.

    Args:
        config: How to connect.
        partition: Which partition.
        offset: Where to begin.
        most: Messages to read if there is no damage before.
        seconds: How long to read and to try. Connecting and letting go take some 50 milliseconds,
            or up to 14 seconds while the brokers hang.

    Raises:
        TimeoutError: If the brokers do not answer.
        KafkaError: If they cannot be connected to, or the offset is not there any more.
    """
    async with _started(config) as consumer:
        consumer.assign([partition])
        consumer.seek(partition, offset)
        async with asyncio.timeout(_START_SECONDS):
            last = (await consumer.end_offsets([partition]))[partition]
        until = time.monotonic() + seconds
        messages: list[Any] = []
        position, broken = offset, False
        while position < last and len(messages) < most and time.monotonic() < until:
            before = position
            fetched, position, broken = await _fetch(consumer, partition, most - len(messages))
            messages += fetched
            if broken or position == before:
                break
        end = position
        while broken and end < last and time.monotonic() < until:
            end += 1
            if end < last:
                consumer.seek(partition, end)
                _, reached, broken = await _fetch(consumer, partition, 1)
                if reached > end:  # by a mark, even if what follows is broken again
                    break
        return CarefulRead(messages, position, end)


class _Fetched(NamedTuple):
    messages: Sequence[Any]
    position: int
    broken: bool


async def _fetch(consumer: Any, partition: Any, most: int) -> _Fetched:
    """Read on; no messages and the same position if nothing comes for a while."""
    from aiokafka.errors import CorruptRecordException

    fetched: dict[Any, list[Any]] = {}
    broken = False
    try:
        fetched = await consumer.getmany(partition, timeout_ms=_POLL_MS, max_records=most)
    except CorruptRecordException:
        broken = True
    return _Fetched(fetched.get(partition, ()), await consumer.position(partition), broken)


@asynccontextmanager
async def _started(config: KafkaConfig) -> AsyncIterator[Any]:
    consumer = reader_of(
        config,
        max_partition_fetch_bytes=1,  # a broker gives the first batch even so, and no other
        fetch_max_wait_ms=100,
    )
    try:
        async with asyncio.timeout(_START_SECONDS):
            await consumer.start()
        yield consumer
    finally:
        await close_consumer(consumer, seconds=_CLOSE_SECONDS)
