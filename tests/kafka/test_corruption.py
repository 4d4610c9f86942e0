"""Batches damaged on a broker's disk: nothing else is lost, and what is lost is counted."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from aiokafka import (  # type: ignore[import-untyped,unused-ignore]
    AIOKafkaConsumer,
    AIOKafkaProducer,
    TopicPartition,
)
from aiokafka.errors import (  # type: ignore[import-untyped,unused-ignore]
    CorruptRecordException,
)

from driftwatch.integrations.kafka import KafkaWorker
from driftwatch.integrations.kafka.partitions.corruption import CarefulRead, read_carefully
from tests.kafka import clients, working
from tests.kafka.broker import Broker, started_or_skipped
from tests.kafka.working import assert_holds, counters, is_all_stored, produce, running
from tests.waiting import until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

SIZE = 50
"""Messages of a batch; more than 4 KiB, so that the broker has every batch in its index."""
CODECS = ("gzip", "snappy", "lz4", "zstd")


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """A broker of this module alone: a damaged log is no joy to whoever comes later."""
    with started_or_skipped(tmp_path_factory.mktemp("damaged")) as made:
        yield made


class Batch(NamedTuple):
    """Where a batch stands in its file, and which offsets it has."""

    at: int
    size: int
    first: int
    end: int


class Log:
    """The only file of a partition, whose bytes can be changed while the broker is stopped."""

    def __init__(self, broker: Broker, topic: str, partition: int = 0) -> None:
        self._path = broker.folder / "data" / f"{topic}-{partition}" / f"{0:020}.log"

    def batches(self) -> list[Batch]:
        found, content, at = [], self._path.read_bytes(), 0
        while at < len(content) and (length := struct.unpack_from(">i", content, at + 8)[0]):
            (first,) = struct.unpack_from(">q", content, at)
            (last,) = struct.unpack_from(">i", content, at + 23)
            found.append(Batch(at, 12 + length, first, first + last + 1))
            at += 12 + length
        return found

    def flip(self, at: int, bits: int = 0x40) -> None:
        with self._path.open("r+b") as file:
            file.seek(at)
            (value,) = file.read(1)
            file.seek(at)
            file.write(bytes([value ^ bits]))

    def damage(self, *numbers: int) -> None:
        """Change a byte in the middle of these batches."""
        batches = self.batches()
        for number in numbers:
            self.flip(batches[number].at + (61 + batches[number].size) // 2)


@contextmanager
def stopped(broker: Broker) -> Iterator[None]:
    """While it is stopped in good order: after a crash it would check its logs, and cut them."""
    broker.stop()
    assert (broker.folder / "data" / ".kafka_cleanshutdown").exists()
    yield
    broker.start()


def write(
    broker: Broker,
    topic: str,
    batches: Iterable[Sequence[int]],
    partition: int = 0,
    codec: str | None = None,
) -> None:
    """Send the messages of these numbers, in batches like these."""

    async def work() -> None:
        producer = AIOKafkaProducer(
            bootstrap_servers=broker.bootstrap, acks="all", compression_type=codec
        )
        async with clients.started(producer):
            for numbers in batches:
                batch = producer.create_batch()
                for n in numbers:
                    assert batch.append(key=None, value=working.encoded(n), timestamp=None)
                await (await producer.send_batch(batch, topic, partition=partition))

    clients.run(work())


def in_batches(count: int, size: int = SIZE, first: int = 0) -> list[range]:
    return [range(n, n + size) for n in range(first, first + count * size, size)]


def read(broker: Broker, topic: str, offset: int = 0, **how: Any) -> CarefulRead:
    config, place = working.config(broker.bootstrap, topic), TopicPartition(topic, 0)
    return clients.run(read_carefully(config, place, offset, **how))


def offsets(found: CarefulRead) -> list[int]:
    return [message.offset for message in found.messages]


def assert_read(found: CarefulRead, messages: Iterable[int], begin: int, end: int) -> None:
    assert (offsets(found), found.begin, found.end) == (list(messages), begin, end)
    assert found.is_corrupt == (begin < end)


# -- what aiokafka does


def test_aiokafka_loses_what_it_fetched_together_with_a_corrupt_batch(
    broker: Broker, topic: str
) -> None:
    """Why the worker must seek every partition when it meets one."""
    broker.create_topic(topic, 2)
    for partition in (0, 1):
        write(broker, topic, in_batches(3), partition)
    with stopped(broker):
        Log(broker, topic, 1).damage(2)
    places = [TopicPartition(topic, partition) for partition in (0, 1)]

    async def attempt() -> tuple[int, int, str]:
        consumer = AIOKafkaConsumer(bootstrap_servers=broker.bootstrap, auto_offset_reset="none")
        got, said = 0, ""
        async with clients.started(consumer):
            consumer.assign(places)
            for place in places:
                consumer.seek(place, 0)
            while await consumer.position(places[0]) < 3 * SIZE or not said:
                try:
                    found = await consumer.getmany(timeout_ms=200)
                except CorruptRecordException as error:
                    said = str(error)
                else:
                    got += len(found.get(places[0], ()))
                    assert places[1] not in found
            assert await consumer.position(places[1]) == 0  # not where the damage is
        return got, 3 * SIZE, said

    async def attempts() -> list[tuple[int, int, str]]:
        return [await attempt() for _ in range(30)]

    found = clients.run(attempts())
    assert {expected - got for got, expected, _ in found} == {0, 3 * SIZE}  # by chance, all or none
    assert all(f"Invalid CRC - {places[1]}" in said for *_, said in found)


# -- reading carefully


@pytest.mark.parametrize(
    ("damaged", "begin", "end"),
    [([0], 0, 1), ([2], 2, 3), ([4], 4, 5), ([1, 2], 1, 3), ([0, 1, 2, 3, 4], 0, 5), ([], 5, 5)],
    ids=["first", "middle", "last", "adjacent", "all", "none"],
)
def test_the_damage_is_found_and_everything_before_and_behind_it_is_read(
    broker: Broker, topic: str, damaged: list[int], begin: int, end: int
) -> None:
    broker.create_topic(topic)
    write(broker, topic, in_batches(5))
    with stopped(broker):
        Log(broker, topic).damage(*damaged)
    begin, end, last = begin * SIZE, end * SIZE, 5 * SIZE
    found = read(broker, topic)
    assert_read(found, range(begin), begin, end)
    assert [message.value for message in found.messages] == list(map(working.encoded, range(begin)))
    assert_read(read(broker, topic, end), range(end, last), last, last)
    if damaged:  # from within it
        assert_read(read(broker, topic, begin + 7), [], begin + 7, end)
        assert_read(read(broker, topic, end - 1), [], end - 1, end)
    if begin:
        assert_read(read(broker, topic, begin - 1), [begin - 1], begin, end)
        assert_read(read(broker, topic, most=10), range(10), 10, 10)
    write(broker, topic, [[1, 2, 3]])
    assert_read(read(broker, topic, end), range(end, last + 3), last + 3, last + 3)


def test_damage_within_compressed_batches_is_found(broker: Broker, topic: str) -> None:
    for codec in CODECS:
        broker.create_topic(f"{topic}-{codec}")
        write(broker, f"{topic}-{codec}", in_batches(3), codec=codec)
    with stopped(broker):
        for codec in CODECS:
            Log(broker, f"{topic}-{codec}").damage(1)
    for codec in CODECS:
        found = read(broker, f"{topic}-{codec}")
        assert_read(found, range(SIZE), SIZE, 2 * SIZE)
        found = read(broker, f"{topic}-{codec}", found.end)
        assert_read(found, range(2 * SIZE, 3 * SIZE), 3 * SIZE, 3 * SIZE)


def test_one_good_message_between_damaged_batches_is_read(broker: Broker, topic: str) -> None:
    broker.create_topic(topic)
    write(broker, topic, [range(100), [100], range(101, 201), [201], [202], [203]])
    with stopped(broker):
        Log(broker, topic).damage(0, 2, 4)
    assert_read(read(broker, topic), [], 0, 100)
    assert_read(read(broker, topic, 100), [100], 101, 201)
    assert_read(read(broker, topic, 201), [201], 202, 203)
    assert_read(read(broker, topic, 203), [203], 204, 204)


def test_when_the_time_is_over_the_next_call_goes_on(broker: Broker, topic: str) -> None:
    broker.create_topic(topic)
    write(broker, topic, [range(5), *in_batches(2, 120, 5)])
    with stopped(broker):
        Log(broker, topic).damage(1)
    ends = [0]
    while ends[-1] < 125:
        found = read(broker, topic, ends[-1], seconds=0.05)
        assert ends[-1] < found.end <= 125
        ends.append(found.end)
    assert len(ends) > 2
    assert_read(read(broker, topic, ends[-1]), range(125, 245), 245, 245)


def test_marks_and_undone_transactions_around_the_damage_are_not_part_of_it(
    broker: Broker, topic: str
) -> None:
    broker.create_topic(topic)
    numbers = iter(range(10))
    for transaction in (True, False, True, False, True):
        produce(broker.bootstrap, topic, [next(numbers)], transaction=transaction)
    # A message at even offsets, of which 2 and 6 are undone, and a mark at odd ones.
    with stopped(broker):
        batches = Log(broker, topic).batches()
        assert [batch.first for batch in batches] == list(range(10))
        Log(broker, topic).damage(4)
    assert_read(read(broker, topic), [0], 4, 5)
    assert_read(read(broker, topic, 5), [8], 10, 10)
    with stopped(broker):
        Log(broker, topic).flip(batches[6].at + 18)
    assert_read(read(broker, topic), [0], 4, 5)
    assert_read(read(broker, topic, 5), [], 6, 7)
    assert_read(read(broker, topic, 7), [8], 10, 10)


def test_damage_to_a_header(broker: Broker, topic: str) -> None:
    """Found wherever a checksum covers it, or it is the checksum; the rest is said here."""
    places = {"checksum": 18, "codec": 22, "first_time": 30, "last_time": 38, "count": 60}
    places |= {"ends_late": 24, "ends_early": 26, "length": 10, "negative": 8}
    bits = {"codec": 0x02, "ends_early": 0x20, "length": 0x04, "negative": 0x80}
    for name in places:
        broker.create_topic(f"{topic}-{name}")
        write(broker, f"{topic}-{name}", in_batches(5))
    with stopped(broker):
        for name, place in places.items():
            log = Log(broker, f"{topic}-{name}")
            log.flip(log.batches()[2].at + place, bits.get(name, 0x01))
    begin, end, last = 2 * SIZE, 3 * SIZE, 5 * SIZE
    for name in ("checksum", "codec", "first_time", "last_time", "count", "ends_late"):
        assert_read(read(broker, f"{topic}-{name}"), range(begin), begin, end)
        assert_read(read(broker, f"{topic}-{name}", end), range(end, last), last, last)

    # What is behind the end that it tells is for the broker not there at all:
    assert_read(read(broker, f"{topic}-ends_early"), range(begin), begin, begin + 18)
    found = read(broker, f"{topic}-ends_early", begin + 18)
    assert_read(found, range(end, last), last, last)

    # The broker lives, does not find the next batch, and answers with an error:
    assert_read(read(broker, f"{topic}-length"), range(begin), begin, end)
    assert_read(read(broker, f"{topic}-length", end), [], end, end)
    assert_read(read(broker, f"{topic}-negative"), range(begin), begin, begin)
    assert broker.running


def test_brokers_that_hang_are_not_taken_for_damage(broker: Broker, topic: str) -> None:
    broker.create_topic(topic)
    write(broker, topic, in_batches(2))
    config = working.config(broker.bootstrap, topic)
    broker.pause()
    with pytest.raises(TimeoutError):
        clients.run(read_carefully(config, TopicPartition(topic, 0), 0))
    broker.resume()
    assert_read(read(broker, topic), range(2 * SIZE), 2 * SIZE, 2 * SIZE)


# -- the worker


def test_a_corrupt_batch_is_passed_over_and_counted(
    broker: Broker, topic: str, tmp_path: Path
) -> None:
    """For each partition: end - start = ok + bad + null + holes + gap + before_start + corrupt."""
    broker.create_topic(topic, 6)
    lost = {partition: set[int]() for partition in range(6)}  # numbers of batches
    lost |= {0: {2}, 1: {0, 3, 4, 9}}
    starts = {partition: 1_000 * partition for partition in lost}
    for partition, start in starts.items():
        write(broker, topic, in_batches(10, first=start), partition, "lz4" if partition else None)
    with stopped(broker):
        for partition, numbers in lost.items():
            Log(broker, topic, partition).damage(*numbers)
    watched = working.daily(tmp_path / "s.db")
    config = working.config(broker.bootstrap, topic)
    with running(KafkaWorker(watched, config)) as worker:
        until(lambda: is_all_stored(watched, broker.bootstrap, topic), 120)
        for partition, start in starts.items():  # it goes on
            write(broker, topic, [range(start + 500, start + 510)], partition)
        until(lambda: is_all_stored(watched, broker.bootstrap, topic))
    corrupt = SIZE * sum(map(len, lost.values()))
    total = sum(broker.end_offsets(topic).values())
    assert counters(watched) == {"kafka_ok": total - corrupt, "kafka_corrupt": corrupt}
    assert worker.state.outcomes["kafka_corrupt"] == corrupt
    kept = [
        n
        for partition, start in starts.items()
        for n in range(start, start + 510)
        if (n - start) // SIZE not in lost[partition]
    ]
    assert_holds(watched, kept)
    watched.close()
