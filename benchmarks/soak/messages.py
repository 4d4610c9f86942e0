"""Messages for Kafka's workers: good ones, unreadable ones and tombstones, each counted."""

from __future__ import annotations

import asyncio
import json
import random
import threading
import time
from collections import Counter
from typing import Any

from benchmarks.soak.settings import PARTITIONS, TOPIC, a_row
from tests.kafka import clients

__all__ = ["Messages"]

_BACKLOG = 120_000
"""Messages that are there before all others: the memory of a worker that reads all of them anew
grows with their number at first, and no more from some ten thousands on."""
_BACKLOG_SECONDS = 600.0
_BACKLOG_AT_ONCE = 2_000
_AT_ONCE = 20
_PAUSE_SECONDS = 0.1
_BAD, _NULL = 0.01, 0.02


class Messages:
    """A producer in a thread.

    Args:
        bootstrap: The broker's address.
        seed: Of what it sends.

    Attributes:
        sent: Messages that the broker has acknowledged, by what the account calls them.
        failure: What has ended the thread, if something has.
    """

    def __init__(self, bootstrap: str, *, seed: int) -> None:
        self.sent: Counter[str] = Counter()
        self.failure: BaseException | None = None
        self._bootstrap = bootstrap
        self._rng = random.Random(seed)  # noqa: S311 - to vary
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        try:
            asyncio.run(self._produce())
        except BaseException as error:  # noqa: BLE001 - it is shown with the account
            self.failure = error

    async def _produce(self) -> None:
        from aiokafka import AIOKafkaProducer

        producer = AIOKafkaProducer(bootstrap_servers=self._bootstrap, enable_idempotence=True)
        async with clients.started(producer):
            for start in range(0, _BACKLOG, _BACKLOG_AT_ONCE):
                age = _BACKLOG_SECONDS * (1.0 - start / _BACKLOG)
                await self._send(producer, _BACKLOG_AT_ONCE, age)
            while not self._over.is_set():
                await self._send(producer, _AT_ONCE, 0.0)
                await asyncio.sleep(_PAUSE_SECONDS)

    async def _send(self, producer: Any, count: int, age: float) -> None:
        """Send some messages that are so many seconds old, and wait until the broker has them."""
        made = [self._message(time.time() - age) for _ in range(count)]
        sent = [
            await producer.send(TOPIC, value, b"key", self._rng.randrange(PARTITIONS))
            for _, value in made
        ]
        for (what, _), acknowledged in zip(made, sent, strict=True):
            await acknowledged
            self.sent[what] += 1

    def _message(self, at: float) -> tuple[str, bytes | None]:
        chance = self._rng.random()
        if chance < _BAD:
            return "bad", b'{"inputs": '
        if chance < _NULL:
            return "null", None
        row = a_row(self._rng)
        body = {"ts": at, "inputs": row, "yhat": row["x"] / 1_000}
        return "ok", json.dumps(body).encode()
