"""Messages that cannot be read, to a topic of their own."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from typing import Any

from driftwatch.config.kafka import KafkaConfig
from driftwatch.integrations.kafka.cancellation import Stop
from driftwatch.integrations.kafka.connecting import close_producer, producer_of
from driftwatch.integrations.kafka.messages.decoding import Rejected
from driftwatch.logs.events import event

__all__ = ["DeadLetters"]

_LOG = logging.getLogger("driftwatch")
_SECONDS = 5.0
_PARTING_SECONDS = 0.5
_CLOSE_SECONDS = 2.0
_CLOSE_BY_SECONDS = 6.5


class DeadLetters:
    """Sends messages on as they were, with the reason in headers; never waits for long.

    At least once: a message that is read again after a crash is sent again.

    Args:
        config: Whose topic; without one nothing is sent.
        counts: Where what was sent, and lost, is counted.
        stop: When told, it waits even less.
    """

    def __init__(self, config: KafkaConfig, counts: Counter[str], stop: Stop, /) -> None:
        self._config = config
        self._counts = counts
        self._stop = stop
        self._producer: Any = None

    async def send(self, rejected: list[tuple[Any, Rejected]], /) -> None:
        """Send messages with the partitions that they are from."""
        if not rejected or self._config.dead_letters is None:
            return
        try:
            sending = self._send(self._config.dead_letters, rejected)
            sent = await self._stop.within(sending, seconds=_SECONDS, after_told=_PARTING_SECONDS)
            self._counts["dead_letters_sent" if sent else "dead_letters_lost"] += len(rejected)
        except Exception as error:  # noqa: BLE001 - they are counted; reading goes on
            self._counts["dead_letters_lost"] += len(rejected)
            _LOG.warning(
                "driftwatch: %d dead letters lost: %s",
                len(rejected),
                error,
                extra=event("kafka.trouble", code="DW067"),
            )

    async def _send(self, topic: str, rejected: list[tuple[Any, Rejected]]) -> bool:
        if self._producer is None:
            self._producer = producer_of(self._config, max_request_size=64 << 20)
            try:
                await self._producer.start()
            except BaseException:
                await self.close()
                raise
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
        return True

    async def close(self) -> None:
        """Let go of the connection."""
        producer, self._producer = self._producer, None
        if producer is not None:
            seconds = min(_CLOSE_SECONDS, self._stop.left(_CLOSE_BY_SECONDS))
            await close_producer(producer, seconds=seconds)


def _headers(partition: Any, rejected: Rejected) -> list[tuple[str, bytes]]:
    facts = {
        "error": rejected.kind.value,
        "topic": partition.topic,
        "partition": partition.partition,
        "offset": rejected.message.offset,
        "timestamp": rejected.message.timestamp,
    }
    return [(f"driftwatch.{name}", str(value).encode()) for name, value in facts.items()]
