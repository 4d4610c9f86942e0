"""Messages that cannot be read, to a topic of their own."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from typing import Any

from driftwatch.integrations.kafka.connecting import producer_of
from driftwatch.integrations.kafka.decoding import Rejected
from driftwatch.kafka_config import KafkaConfig

__all__ = ["DeadLetters"]

_LOG = logging.getLogger("driftwatch")
_SECONDS = 5.0


class DeadLetters:
    """Sends messages on as they were, with the reason in headers; never waits for long.

    At least once: a message that is read again after a crash is sent again.

    Args:
        config: Whose topic; without one nothing is sent.
        counts: Where what was sent, and lost, is counted.
    """

    def __init__(self, config: KafkaConfig, counts: Counter[str], /) -> None:
        self._config = config
        self._counts = counts
        self._producer: Any = None

    async def send(self, rejected: list[tuple[Any, Rejected]], /) -> None:
        """Send messages with the partitions that they are from."""
        if not rejected or self._config.dead_letters is None:
            return
        try:
            async with asyncio.timeout(_SECONDS):
                await self._send(self._config.dead_letters, rejected)
            self._counts["dead_letters_sent"] += len(rejected)
        except Exception as error:  # noqa: BLE001 - they are counted; reading goes on
            self._counts["dead_letters_lost"] += len(rejected)
            _LOG.warning("driftwatch: %d dead letters lost: %s", len(rejected), error)

    async def _send(self, topic: str, rejected: list[tuple[Any, Rejected]]) -> None:
        if self._producer is None:
            producer = producer_of(self._config, max_request_size=64 << 20)
            try:
                await producer.start()
            except BaseException:
                await producer.stop()
                raise
            self._producer = producer
        waiting = [
            await self._producer.send(
                topic,
                each.message.value,
                each.message.key,
                headers=[*each.message.headers, *_headers(partition, each)],
            )
            for partition, each in rejected
        ]
        await asyncio.gather(*waiting)

    async def close(self) -> None:
        """Let go of the connection."""
        producer, self._producer = self._producer, None
        if producer is not None:
            try:
                async with asyncio.timeout(_SECONDS):
                    await producer.stop()
            except Exception as error:  # noqa: BLE001 - nothing waits in it
                _LOG.warning("driftwatch: %s", error)


def _headers(partition: Any, rejected: Rejected) -> list[tuple[str, bytes]]:
    facts = {
        "error": rejected.kind.value,
        "topic": partition.topic,
        "partition": partition.partition,
        "offset": rejected.message.offset,
        "timestamp": rejected.message.timestamp,
    }
    return [(f"driftwatch.{name}", str(value).encode()) for name, value in facts.items()]
