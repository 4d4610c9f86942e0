"""Corrupt batches that are not there to stay: nothing is passed over, and nothing else is lost.

Those that stay are in `test_corruption.py`, on a real broker's disk.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from aiokafka.consumer.fetcher import (  # type: ignore[import-untyped,unused-ignore]
    PartitionRecords,
)
from aiokafka.errors import (  # type: ignore[import-untyped,unused-ignore]
    CorruptRecordException,
)

from driftwatch.integrations.kafka import KafkaWorker
from driftwatch.integrations.kafka.partitions import corrupt_batches as suspects
from driftwatch.integrations.kafka.partitions.corruption import read_carefully
from tests.kafka import working
from tests.kafka.mock_cluster import MockCluster
from tests.kafka.test_cancellation import stopped_in_time
from tests.kafka.working import assert_holds, counters, is_all_stored, produce, running
from tests.waiting import until


class Damage:
    """Batches of partition 1 that come with a wrong checksum for the next so many times."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, text: str = "Invalid CRC - {}") -> None:
        self.times = 0
        self.met = 0
        original = PartitionRecords._unpack_records
        damage = self

        def unpack(self: Any) -> Iterator[Any]:
            if self._tp.partition == 1 and damage.met < damage.times:
                damage.met += 1
                raise CorruptRecordException(text.format(self._tp))
            yield from original(self)

        monkeypatch.setattr(PartitionRecords, "_unpack_records", unpack)


@pytest.fixture
def careful(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Offsets from which partitions are read carefully, which works at the third attempt."""
    begun: list[int] = []

    async def reading(config: Any, partition: Any, offset: int) -> Any:
        begun.append(offset)
        if len(begun) < 3:
            raise TimeoutError("for the test")
        return await read_carefully(config, partition, offset)

    monkeypatch.setattr(suspects, "read_carefully", reading)
    return begun


@pytest.mark.parametrize(
    ("times", "said", "attempts"),
    [
        (1, True, 0),
        pytest.param(3, True, 0, marks=pytest.mark.slow),
        (4, True, 1),
        pytest.param(6, True, 3, marks=pytest.mark.slow),
        (5, False, 3),
    ],
)
def test_a_batch_that_comes_right_at_last_is_read(
    cluster: MockCluster,
    topic: str,
    monkeypatch: pytest.MonkeyPatch,
    careful: list[int],
    times: int,
    said: bool,
    attempts: int,
) -> None:
    """Whether or not aiokafka says which partition it is of."""
    monkeypatch.setattr("driftwatch.integrations.kafka.worker._AGAIN_SECONDS", 0.1)
    cluster.create_topic(topic, 2)
    damage = Damage(monkeypatch, "Invalid CRC - {}" if said else "no")
    for start in range(0, 900, 100):
        produce(cluster.bootstrap, topic, range(start, start + 100), partition=start // 100 % 2)
    damage.times = times
    watched = working.daily(None)
    with running(KafkaWorker(watched, working.config(cluster.bootstrap, topic))) as worker:
        until(lambda: is_all_stored(watched, cluster.bootstrap, topic))
    assert damage.met == times
    assert len(careful) >= attempts
    assert bool(careful) == bool(attempts)
    assert worker.state.counts["reconnects"] == 0
    assert counters(watched) == {"kafka_ok": 900}
    assert_holds(watched, range(900))
    watched.close()


def test_it_stops_while_it_looks_for_the_end_of_a_corrupt_batch(
    cluster: MockCluster, topic: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("driftwatch.integrations.kafka.worker._AGAIN_SECONDS", 0.1)
    looking = threading.Event()

    async def hanging(*_: Any) -> None:
        looking.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(suspects, "read_carefully", hanging)
    cluster.create_topic(topic, 2)
    Damage(monkeypatch).times = 100
    watched = working.monitor(None)
    with stopped_in_time(KafkaWorker(watched, working.config(cluster.bootstrap, topic)), 5.0):
        produce(cluster.bootstrap, topic, range(10), partition=1)
        until(looking.is_set)
    assert working.stored(watched, topic, (1,)) == {1: 0}
    watched.close()
