"""Partitions that gave a corrupt batch: tried again a few times, then read on behind it."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from driftwatch.config.kafka import KafkaConfig
from driftwatch.integrations.kafka.cancellation import Stop
from driftwatch.integrations.kafka.partitions.corruption import CarefulRead, read_carefully
from driftwatch.integrations.kafka.partitions.feed import PartitionFeed
from driftwatch.logs.events import event

__all__ = ["Suspects"]

_LOG = logging.getLogger("driftwatch")
_TRIES = 4
_CAREFUL_SECONDS = 20.0


class Suspects:
    """Decides when a corrupt batch is passed over, and counts what is lost with it.

    A batch whose checksum is wrong may come from a network, or from a replica that is no leader
    for long. So it is fetched a few times. If it stays corrupt, exactly its offsets are passed
    over, and counted as ``kafka_corrupt``.

    Args:
        config: How to connect.
        stop: When told, nothing is waited for.
    """

    def __init__(self, config: KafkaConfig, stop: Stop, /) -> None:
        self._config = config
        self._stop = stop
        self._tries: dict[Any, tuple[int, int]] = {}

    def note(self, error: Exception, feeds: Mapping[Any, PartitionFeed], /) -> list[Any]:
        """Note that aiokafka met a corrupt batch; gives the partitions that it may be of."""
        # It says in its message which one; where it does not, all are read carefully.
        suspects = [each for each in feeds if str(each) in str(error)] or list(feeds)
        for partition in suspects:
            feed = feeds[partition]
            offset, tries = self._tries.get(partition, (feed.next, 0))
            self._tries[partition] = (feed.next, tries + 1 if offset == feed.next else 1)
            _LOG.warning(
                "driftwatch: %s at %d or behind: %s",
                feed.name,
                feed.next,
                error,
                extra=event("kafka.trouble"),
            )
        return suspects

    def due(self, feeds: Mapping[Any, PartitionFeed], /) -> Any:
        """A partition that was tried often enough; None if there is none."""
        for partition, (offset, tries) in self._tries.items():
            feed = feeds.get(partition)
            if feed is not None and feed.next == offset and tries >= _TRIES:
                return partition
        return None

    async def read(self, partition: Any, feed: PartitionFeed, /) -> CarefulRead | None:
        """Read up to the corrupt batch, and find its end; None if that cannot be done now."""
        # If it comes to nothing, or there is more of it behind, it is not tried so often again.
        self._tries[partition] = (feed.next, _TRIES - 1)
        reading = read_carefully(self._config, partition, feed.next)
        try:
            return await self._stop.within(reading, seconds=_CAREFUL_SECONDS)
        except Exception as error:  # noqa: BLE001 - the brokers may be away; it is tried again
            kind = type(error).__name__
            _LOG.warning(
                "driftwatch: %s: its corrupt batch: %s: %s",
                feed.name,
                kind,
                error,
                extra=event("kafka.trouble"),
            )
            return None

    def go_past(self, partition: Any, feed: PartitionFeed, careful: CarefulRead, /) -> None:
        """Go on behind what was found to be corrupt, once all messages before it were taken."""
        feed.skip_to(careful.begin, "kafka_holes")
        if careful.is_corrupt:
            feed.skip_to(careful.end, "kafka_corrupt")
            self._tries[partition] = (careful.end, _TRIES - 1)
            _LOG.error(
                "driftwatch: %s: a corrupt batch: offsets %d to %d are passed over and lost",
                feed.name,
                careful.begin,
                careful.end - 1,
                extra=event("kafka.trouble", code="DW067"),
            )
        else:
            del self._tries[partition]
