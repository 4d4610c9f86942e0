"""Where partitions end: what the brokers answer, and what came with the last fetch."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Collection, Mapping
from typing import Any

__all__ = ["Ends"]

_EVERY_SECONDS = 5.0
_ANSWER_SECONDS = 3.0


class Ends:
    """Where the partitions of a consumer end, though fetches may fail or pause.

    A fetch tells two ends: of what is written (the high watermark), and of what can be read (the
    last stable offset, where the first open transaction begins). A question that is asked beside
    the fetches tells the second only, for that is how a consumer that reads committed messages
    asks. So while nothing is fetched, messages of transactions that are open are not known of.

    Args:
        consumer: A consumer of aiokafka that reads committed messages only.
        counts: Where questions that were not answered are counted.
    """

    def __init__(self, consumer: Any, counts: Counter[str], /) -> None:
        self._consumer = consumer
        self._counts = counts
        self._asked: dict[Any, int] = {}

    def learn(self, ends: Mapping[Any, int], /) -> None:
        """Note an answer to the question where partitions end."""
        self._asked |= ends

    def readable(self, partition: Any, /) -> int:
        """Offset behind the last message that can be read; 0 if not known."""
        stable: int | None = self._consumer.last_stable_offset(partition)
        if stable is None or stable < 0:  # old brokers know no transactions
            stable = self._consumer.highwater(partition)
        return max(stable or 0, self._asked.get(partition, 0))

    def written(self, partition: Any, /) -> int:
        """Offset behind the last message that is there, be its transaction open; 0 if not known."""
        return max(self._consumer.highwater(partition) or 0, self.readable(partition))

    async def keep_asking(self) -> None:
        """Ask every few seconds until cancelled; answers that fail to come are counted."""
        while True:
            await asyncio.sleep(_EVERY_SECONDS)
            mine = self._consumer.assignment()
            self._asked = {known: end for known, end in self._asked.items() if known in mine}
            # One broker that hangs or has no leader spoils the answer for all partitions.
            if mine and not await self._ask(mine):
                await asyncio.gather(*(self._ask([each]) for each in mine))

    async def _ask(self, partitions: Collection[Any]) -> bool:
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                self.learn(await self._consumer.end_offsets(partitions))
        except Exception:  # noqa: BLE001 - no failure here may stop the reading
            self._counts["end_offsets_failed"] += 1
            return False
        return True
