"""A worker among brokers, stores and topics that misbehave: it goes on, and counts are exact."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer  # type: ignore[import-untyped,unused-ignore]

from driftwatch.integrations.kafka import KafkaWorker
from driftwatch.integrations.kafka.partitions import end_offsets as ends
from driftwatch.stores.sqlite.store import SQLiteStore
from tests.kafka import clients, working
from tests.kafka.broker import Broker
from tests.kafka.working import assert_holds, counters, is_all_stored, produce, running
from tests.waiting import until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

OUTAGE = 30.0
POLL = 5_000
"""Messages that one poll of a worker takes at most."""


def last(seconds: float) -> None:
    """Let a state last; nothing is waited for."""
    threading.Event().wait(seconds)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "s.db"


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """A store in which another connection is in the middle of a transaction."""
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")
    finally:
        connection.close()


def impatient(path: Path) -> SQLiteStore:
    """A store that does not wait long for another's transaction."""
    return SQLiteStore(path, timeout=0.2)


# -- the brokers


def test_brokers_that_are_down_for_half_a_minute_cost_nothing(
    broker: Broker, topic: str, path: Path
) -> None:
    broker.create_topic(topic, 2)
    produce(broker.bootstrap, topic, range(3_000))
    watched = working.daily(path)
    with running(KafkaWorker(watched, working.config(broker.bootstrap, topic))) as worker:
        until(lambda: worker.state.counts["messages"] > 0)
        broker.stop()
        last(OUTAGE)
        broker.start()
        produce(broker.bootstrap, topic, range(3_000, 6_000))
        until(lambda: is_all_stored(watched, broker.bootstrap, topic), 120)
    assert counters(watched) == {"kafka_ok": 6_000}
    assert_holds(watched, range(6_000))
    watched.close()


def test_a_worker_whose_brokers_hang_with_messages_to_read_connects_anew(
    broker: Broker, topic: str, path: Path
) -> None:
    broker.create_topic(topic)
    messages = 30_000
    body = [json.dumps(working.message(n) | {"note": "x" * 1_000}) for n in range(messages)]
    clients.produce(broker.bootstrap, topic, [each.encode() for each in body])
    watched = working.daily(path)
    config = working.config(broker.bootstrap, topic, stalled_seconds=3.0)
    with running(KafkaWorker(watched, config)) as worker:
        until(lambda: sum(worker.state.lag.values()) > 0)
        broker.pause()
        until(lambda: worker.state.counts["reconnects"] > 0)
        assert worker.state.counts["messages"] < messages
        broker.resume()
        until(lambda: is_all_stored(watched, broker.bootstrap, topic), 120)
    assert counters(watched) == {"kafka_ok": messages}
    assert_holds(watched, range(messages))
    watched.close()


def test_a_worker_is_told_to_stop_while_the_brokers_hang(
    broker: Broker, topic: str, path: Path
) -> None:
    broker.create_topic(topic)
    produce(broker.bootstrap, topic, range(100))
    watched = working.daily(path)
    with running(KafkaWorker(watched, working.config(broker.bootstrap, topic))) as worker:
        until(lambda: is_all_stored(watched, broker.bootstrap, topic))
        produce(broker.bootstrap, topic, range(100, 200))
        until(lambda: worker.state.counts["messages"] == 200)
        broker.pause()
        began = time.monotonic()
    assert time.monotonic() - began < 10
    assert working.stored(watched, topic) == {0: 200}
    with running(KafkaWorker(watched, working.config(broker.bootstrap, topic))):
        last(1.0)  # it tries to connect
        began = time.monotonic()
    assert time.monotonic() - began < 10
    watched.close()


def test_a_worker_is_told_to_stop_while_the_brokers_hang_when_partitions_come(
    broker: Broker, topic: str, path: Path
) -> None:
    broker.create_topic(topic, 3)
    watched = working.daily(path)
    hanging = threading.Event()

    class Adopting(KafkaWorker):
        async def assigned(self, consumer: Any, partitions: Collection[Any]) -> None:
            broker.pause()  # before it asks where they begin and end
            hanging.set()
            await super().assigned(consumer, partitions)

    with running(Adopting(watched, working.config(broker.bootstrap, topic))) as worker:
        until(hanging.is_set)
        last(1.0)  # it waits for the answer
        began = time.monotonic()
    assert time.monotonic() - began < 10
    assert not worker.state.next
    watched.close()


# -- the store


def test_a_store_that_is_locked_for_half_a_minute_costs_neither_messages_nor_memory(
    broker: Broker, topic: str, path: Path
) -> None:
    broker.create_topic(topic, 2)
    watched = working.daily(path)
    config = working.config(broker.bootstrap, topic)
    most, sent, waiting = 3_000, 0, [0]
    worker = KafkaWorker(watched, config, most_waiting=most)

    def all_stored() -> bool:
        waiting.append(worker.state.waiting)
        return is_all_stored(watched, broker.bootstrap, topic)

    with running(worker):
        until(lambda: bool(worker.state.next))
        with locked(path):
            end = time.monotonic() + OUTAGE
            while time.monotonic() < end:
                produce(broker.bootstrap, topic, range(sent, sent + 500))
                sent += 500
                for _ in range(10):
                    waiting.append(worker.state.waiting)
                    last(0.05)
            assert worker.state.paused
            assert worker.state.counts["segments_failed"] > 1
        until(all_stored)
        until(lambda: not worker.state.paused)
    assert sent > most + POLL  # else nothing was held back
    assert max(waiting) <= most + POLL
    assert counters(watched) == {"kafka_ok": sent}
    assert_holds(watched, range(sent))
    watched.close()


# -- the topic


def test_a_partition_that_is_added_is_read(broker: Broker, topic: str, path: Path) -> None:
    broker.create_topic(topic)
    produce(broker.bootstrap, topic, range(100))
    watched = working.daily(path)
    with running(KafkaWorker(watched, working.config(broker.bootstrap, topic))):
        until(lambda: working.stored(watched, topic) == {0: 100})
        broker.add_partitions(topic, 3)
        produce(broker.bootstrap, topic, range(100, 150), partition=1)
        produce(broker.bootstrap, topic, range(150, 300), partition=2)
        until(lambda: working.stored(watched, topic, range(3)) == {0: 100, 1: 50, 2: 150})
    assert counters(watched) == {"kafka_ok": 300}
    assert_holds(watched, range(300))
    watched.close()


def test_what_comes_to_an_added_partition_before_it_is_noticed_is_read_whatever_the_start(
    broker: Broker, topic: str, path: Path
) -> None:
    broker.create_topic(topic)
    produce(broker.bootstrap, topic, range(1_000, 1_100))
    watched = working.daily(path)
    config = working.config(broker.bootstrap, topic, start="latest")
    with running(KafkaWorker(watched, config)) as worker:
        until(lambda: bool(worker.state.next))
        broker.add_partitions(topic, 2)
        assert list(worker.state.next) == [f"{topic}/0"]  # it has not noticed
        produce(broker.bootstrap, topic, range(50), partition=1)
        produce(broker.bootstrap, topic, range(50, 60), partition=0)
        until(lambda: working.stored(watched, topic, (0, 1)) == {0: 110, 1: 50})
    broker.add_partitions(topic, 3)  # while nobody reads
    produce(broker.bootstrap, topic, range(60, 100), partition=2)
    with running(KafkaWorker(watched, config)):
        until(lambda: is_all_stored(watched, broker.bootstrap, topic))
    assert counters(watched) == {"kafka_before_start": 100, "kafka_ok": 100}
    assert_holds(watched, range(100))
    watched.close()


def test_workers_that_begin_a_topic_at_once_begin_all_of_it_at_its_end(
    broker: Broker, topic: str, path: Path
) -> None:
    broker.create_topic(topic, 4)
    produce(broker.bootstrap, topic, range(1_000, 1_400))
    old = sum(broker.end_offsets(topic).values())
    config = working.config(broker.bootstrap, topic, start="latest")
    monitors = [working.daily(path) for _ in range(3)]
    workers = [KafkaWorker(each, config) for each in monitors]
    with contextlib.ExitStack() as stack:
        for worker in workers:
            stack.enter_context(running(worker))
        until(lambda: sum(bool(worker.state.next) for worker in workers) == 3)
        until(lambda: sum(counters(monitors[0]).values()) == old)
        produce(broker.bootstrap, topic, range(100))
        until(lambda: is_all_stored(monitors[0], broker.bootstrap, topic))
    assert counters(monitors[0]) == {"kafka_before_start": old, "kafka_ok": 100}
    assert_holds(monitors[0], range(100))
    for each in monitors:
        each.close()


def test_what_retention_took_from_a_worker_that_was_away_is_counted(
    broker: Broker, topic: str, path: Path
) -> None:
    """For each partition: end - start = ok + bad + null + holes + gap + before_start."""
    broker.create_topic(topic, 2)
    produce(broker.bootstrap, topic, range(1_000), partition=0)
    broker.delete_records(topic, 0, 100)
    watched = working.daily(path)
    config = working.config(broker.bootstrap, topic)
    with running(KafkaWorker(watched, config)):
        until(lambda: working.stored(watched, topic, (0, 1)) == {0: 1_000, 1: 0})
    assert counters(watched) == {"kafka_before_start": 100, "kafka_ok": 900}  # partition 0

    produce(broker.bootstrap, topic, range(1_000, 2_000), partition=0)
    broker.delete_records(topic, 0, 1_400)
    clients.produce(broker.bootstrap, topic, [b"?", (b"key", None, (), None)], partition=0)
    with running(KafkaWorker(watched, config)):
        until(lambda: is_all_stored(watched, broker.bootstrap, topic))
    found = {"kafka_before_start": 100, "kafka_ok": 1_500, "kafka_gap": 400}
    found |= {"kafka_bad_not_json": 1, "kafka_null": 1}
    assert counters(watched) == found
    assert sum(found.values()) == broker.end_offsets(topic)[0]

    produce(broker.bootstrap, topic, range(2_000, 2_050), partition=1)
    with running(KafkaWorker(watched, config)):
        until(lambda: is_all_stored(watched, broker.bootstrap, topic))
    produce(broker.bootstrap, topic, range(2_050, 2_100), partition=1)
    broker.delete_records(topic, 1, 100)  # all of them
    with running(KafkaWorker(watched, config)):
        until(lambda: is_all_stored(watched, broker.bootstrap, topic))
    found |= {"kafka_ok": 1_550, "kafka_gap": 450}  # 50 each in partition 1
    assert counters(watched) == found
    assert sum(found.values()) == sum(broker.end_offsets(topic).values())
    assert_holds(watched, [*range(100, 1_000), *range(1_400, 2_050)])
    watched.close()


def test_what_retention_took_while_reading_waited_for_the_store_is_counted(
    broker: Broker, topic: str, path: Path
) -> None:
    broker.create_topic(topic)
    watched = working.daily(impatient(path))
    worker = KafkaWorker(watched, working.config(broker.bootstrap, topic), most_waiting=500)
    with running(worker):
        until(lambda: bool(worker.state.next))
        with locked(path):
            produce(broker.bootstrap, topic, range(1_000))
            until(lambda: worker.state.paused)
            produce(broker.bootstrap, topic, range(1_000, 3_000))
            last(1.0)  # what was fetched ahead is let go
            taken = worker.state.next[f"{topic}/0"]
            broker.delete_records(topic, 0, taken + 300)
        until(lambda: is_all_stored(watched, broker.bootstrap, topic))
    assert counters(watched) == {"kafka_ok": 2_700, "kafka_gap": 300}
    assert_holds(watched, [*range(taken), *range(taken + 300, 3_000)])
    watched.close()


def test_what_a_transaction_took_back_does_not_count(
    broker: Broker, topic: str, path: Path
) -> None:
    broker.create_topic(topic)
    produce(broker.bootstrap, topic, range(1_000, 1_050), transaction=False)
    produce(broker.bootstrap, topic, range(100), transaction=True)
    produce(broker.bootstrap, topic, range(1_050, 1_080), transaction=False)
    produce(broker.bootstrap, topic, range(100, 110))
    produce(broker.bootstrap, topic, range(110, 130), transaction=True)
    watched = working.daily(path)
    config = working.config(broker.bootstrap, topic, stalled_seconds=2.0)
    with running(KafkaWorker(watched, config)) as worker:
        # To the very end, which is a mark and no message:
        until(lambda: is_all_stored(watched, broker.bootstrap, topic))
        last(5.0)
        assert worker.state.lag == {f"{topic}/0": 0}
    assert worker.state.counts["reconnects"] == 0  # nothing to read is no stall
    found = counters(watched)
    assert found == {"kafka_ok": 130, "kafka_holes": 50 + 30 + 4}
    assert sum(found.values()) == broker.end_offsets(topic)[0]
    assert_holds(watched, range(130))
    watched.close()


def test_an_open_transaction_is_waited_for_without_alarm_and_lag_tells_of_it(
    broker: Broker, topic: str, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ends, "_EVERY_SECONDS", 0.2)
    broker.create_topic(topic)
    produce(broker.bootstrap, topic, range(10))
    watched = working.daily(path)
    config = working.config(broker.bootstrap, topic, stalled_seconds=2.0)

    async def write() -> None:
        producer = AIOKafkaProducer(bootstrap_servers=broker.bootstrap, transactional_id=topic)
        async with clients.started(producer), producer.transaction():
            for n in range(10, 30):
                await producer.send_and_wait(topic, json.dumps(working.message(n)).encode())
            await asyncio.sleep(6.0)  # longer than a stall would be
            assert working.stored(watched, topic) == {0: 10}
            assert worker.state.lag == {f"{topic}/0": 20}
            assert time.time() - worker.state.progress_at < 2.0

    with running(KafkaWorker(watched, config)) as worker:
        clients.run(write())
        until(lambda: is_all_stored(watched, broker.bootstrap, topic))
        until(lambda: worker.state.lag == {f"{topic}/0": 0})
    assert worker.state.counts["reconnects"] == 0
    assert worker.state.counts["end_offsets_failed"] == 0
    assert counters(watched) == {"kafka_ok": 30, "kafka_holes": 1}
    assert_holds(watched, range(30))
    watched.close()


# -- the worker itself


def test_a_worker_that_is_stopped_under_load_stores_what_it_took(
    broker: Broker, topic: str, path: Path
) -> None:
    broker.create_topic(topic, 2)
    produce(broker.bootstrap, topic, range(100_000))
    watched = working.daily(path)
    with running(KafkaWorker(watched, working.config(broker.bootstrap, topic))) as worker:
        until(lambda: worker.state.counts["messages"] > 10_000)
        began = time.monotonic()
    assert time.monotonic() - began < 10
    taken = worker.state.counts["messages"]
    assert 10_000 < taken < 100_000
    assert sum(working.stored(watched, topic, (0, 1)).values()) == taken
    assert counters(watched) == {"kafka_ok": taken}
    watched.close()


def test_a_process_that_is_terminated_under_load_ends_well_and_is_followed_exactly(
    broker: Broker, topic: str, path: Path
) -> None:
    broker.create_topic(topic, 2)
    watched = working.daily(path)
    command = [sys.executable, "-m", "tests.kafka.working", broker.bootstrap, topic, str(path)]
    sent, enough = 0, threading.Event()

    def position() -> int:
        return sum(working.stored(watched, topic, (0, 1)).values())

    def load() -> None:
        nonlocal sent
        while not enough.is_set():
            produce(broker.bootstrap, topic, range(sent, sent + 1_000))
            sent += 1_000

    loading = threading.Thread(target=load)
    loading.start()
    stops = [0]
    try:
        for _ in range(3):
            with subprocess.Popen([*command, "never", "0"]) as process:
                try:
                    until(lambda: position() > stops[-1])
                    assert loading.is_alive()
                    process.terminate()
                    assert process.wait(10) == 0
                finally:
                    process.kill()
            stops.append(position())
    finally:
        enough.set()
        loading.join()
    with subprocess.Popen([*command, "never", "0"]) as process:
        try:
            until(lambda: is_all_stored(watched, broker.bootstrap, topic))
            process.terminate()
            assert process.wait(10) == 0
        finally:
            process.kill()
    assert counters(watched) == {"kafka_ok": sent}
    assert_holds(watched, range(sent))
    watched.close()


def test_two_monitors_read_a_topic_independently(broker: Broker, topic: str, path: Path) -> None:
    """In one store, each with offsets and a group of its own; one of them comes later."""
    broker.create_topic(topic, 2)
    produce(broker.bootstrap, topic, range(1_000))
    config = working.config(broker.bootstrap, topic)
    first, second = working.daily(path), working.daily(path, name="n")
    with running(KafkaWorker(first, config)):
        until(lambda: is_all_stored(first, broker.bootstrap, topic))
        assert sum(working.stored(second, topic, (0, 1)).values()) == 0
        with running(KafkaWorker(second, config)):
            produce(broker.bootstrap, topic, range(1_000, 2_000))
            until(lambda: is_all_stored(first, broker.bootstrap, topic))
            until(lambda: is_all_stored(second, broker.bootstrap, topic))
    ends = {(topic, p): end for p, end in broker.end_offsets(topic).items()}
    for watched in (first, second):
        assert counters(watched) == {"kafka_ok": 2_000}
        assert_holds(watched, range(2_000))
        group = clients.committed(broker.bootstrap, f"driftwatch-{watched.name}")
        assert {place: group[place] for place in ends} == ends
        watched.close()
