"""A worker that is told to stop ends soon, whatever it is doing, though the brokers hang."""

from __future__ import annotations

import asyncio
import gc
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from driftwatch.core.windows.segments import Delivery, Outcome
from driftwatch.errors import StoreError
from driftwatch.integrations.kafka import KafkaWorker, dead_letters
from driftwatch.integrations.kafka.cancellation import StalledError, Stop
from driftwatch.integrations.kafka.connecting import producer_of
from driftwatch.stores.sqlite.memory import MemoryStore
from tests.kafka import clients, working
from tests.kafka.mock_cluster import Api, MockCluster
from tests.kafka.working import produce, running
from tests.waiting import until

SECONDS = 10.0
"""What `KafkaWorker.stop` promises."""


# aiokafka lets go of a connection that it has just made when its start is cancelled, and says so
# itself when the collector finds it; nobody else has that connection to close it.
pytestmark = pytest.mark.filterwarnings(
    "ignore:.*AIOKafkaConnection.__del__:pytest.PytestUnraisableExceptionWarning"
)


@contextmanager
def stopped_in_time(worker: KafkaWorker, seconds: float = SECONDS) -> Iterator[None]:
    """A worker that runs until the end, and must not take long to stop then."""
    with running(worker):
        yield
        began = time.monotonic()
    took = time.monotonic() - began
    gc.collect()  # what aiokafka let go is found here, and not in another test
    assert took < seconds


class Telling(MemoryStore):
    """A store that tells of the delivery of the fiftieth message, just before."""

    def __init__(self, hook: Callable[[], None]) -> None:
        super().__init__()
        self.hook = hook
        self.fails_after = 0.0
        self.all_sent = threading.Event()

    def deliver(self, delivery: Delivery, /, *, now: float) -> Outcome:
        if any(move.end == 50 for move in delivery.cursors):
            self.all_sent.wait(30)  # else it is the test's own producer that hangs
            self.hook()
            if self.fails_after:
                threading.Event().wait(self.fails_after)
                raise StoreError("locked, for the test")
        return super().deliver(delivery, now=now)


class Adopting(KafkaWorker):
    """A worker that tells when it gets partitions, just before it asks where they begin."""

    hook: Callable[[], None]

    async def assigned(self, consumer: Any, partitions: Any) -> None:
        self.hook()
        await super().assigned(consumer, partitions)


@pytest.fixture
def hung(cluster: MockCluster) -> Iterator[Callable[[], None]]:
    """Lets the brokers hang, and notes that they do."""
    done = threading.Event()

    def hang() -> None:
        cluster.pause()
        done.set()

    hang.done = done  # type: ignore[attr-defined]
    yield hang
    cluster.resume()


def test_it_stops_while_it_connects() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:  # takes connections, and no more
        address = f"127.0.0.1:{server.getsockname()[1]}"
        worker = KafkaWorker(working.monitor(None), working.config(address, "t"))
        with stopped_in_time(worker, 5.0):
            server.accept()[0].close()
    worker.monitor.close()


def test_it_stops_while_it_asks_where_partitions_begin(
    cluster: MockCluster, topic: str, hung: Any
) -> None:
    cluster.create_topic(topic)
    worker = Adopting(working.monitor(None), working.config(cluster.bootstrap, topic))
    worker.hook = hung
    with stopped_in_time(worker):
        until(hung.done.is_set)
    assert not worker.state.next
    worker.monitor.close()


def test_it_stops_while_nobody_knows_where_partitions_begin(
    cluster: MockCluster, topic: str
) -> None:
    """An answer for aiokafka to ask again: it does for 40 s."""
    cluster.create_topic(topic)
    leader_not_available = 5
    cluster.errors(Api.LIST_OFFSETS, *[leader_not_available] * 20_000)
    worker = KafkaWorker(working.monitor(None), working.config(cluster.bootstrap, topic))
    with stopped_in_time(worker, 5.0):
        until(lambda: worker.state.counts["rebalances"] > 0)
    worker.monitor.close()


def test_it_stops_while_it_reads_and_stores_what_it_took(
    cluster: MockCluster, topic: str, hung: Any
) -> None:
    cluster.create_topic(topic)
    watched = working.monitor(None, flush_every="1h")
    worker = KafkaWorker(watched, working.config(cluster.bootstrap, topic))
    with stopped_in_time(worker):
        produce(cluster.bootstrap, topic, range(50))
        until(lambda: worker.state.counts["messages"] == 50)
        hung()
    assert working.stored(watched, topic) == {0: 50}
    assert worker.state.waiting == 0
    watched.close()


def test_it_stops_while_it_tells_the_brokers_what_is_stored(
    cluster: MockCluster, topic: str, hung: Any
) -> None:
    cluster.create_topic(topic)
    store = Telling(hung)
    watched = working.monitor(store)
    worker = KafkaWorker(watched, working.config(cluster.bootstrap, topic))
    with stopped_in_time(worker):
        produce(cluster.bootstrap, topic, range(50))
        store.all_sent.set()
        until(hung.done.is_set)
    assert working.stored(watched, topic) == {0: 50}
    assert worker.state.counts["commits_failed"] > 0
    watched.close()
    store.close()


@pytest.mark.slow
def test_it_stops_while_the_store_is_locked_and_the_brokers_hang(
    cluster: MockCluster, topic: str, hung: Any
) -> None:
    cluster.create_topic(topic)
    store = Telling(hung)
    store.fails_after = 5.0  # a store in a file waits so long for another process
    watched = working.monitor(store)
    worker = KafkaWorker(watched, working.config(cluster.bootstrap, topic))
    with stopped_in_time(worker):
        produce(cluster.bootstrap, topic, range(50))
        store.all_sent.set()
        until(hung.done.is_set)
    left = worker.state.waiting  # which it says
    assert 0 < left == 50 - working.stored(watched, topic)[0]
    watched.close()
    store.close()


def test_it_stops_while_it_sends_dead_letters(
    cluster: MockCluster, topic: str, hung: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster.create_topic(topic)
    cluster.create_topic(f"{topic}-dead")

    def hanging(*given: Any, **named: Any) -> Any:
        hung()
        return producer_of(*given, **named)

    monkeypatch.setattr(dead_letters, "producer_of", hanging)
    watched = working.monitor(None)
    config = working.config(cluster.bootstrap, topic, dead_letters=f"{topic}-dead")
    worker = KafkaWorker(watched, config)
    with stopped_in_time(worker):
        clients.produce(cluster.bootstrap, topic, [b"?"])
        until(hung.done.is_set)
    assert worker.state.counts["dead_letters_lost"] == 1
    assert working.stored(watched, topic) == {0: 1}
    watched.close()


@pytest.mark.slow
def test_it_stops_with_a_connection_for_dead_letters_that_hangs(
    cluster: MockCluster, topic: str, hung: Any
) -> None:
    cluster.create_topic(topic)
    cluster.create_topic(f"{topic}-dead")
    watched = working.monitor(None)
    config = working.config(cluster.bootstrap, topic, dead_letters=f"{topic}-dead")
    worker = KafkaWorker(watched, config)
    with stopped_in_time(worker):
        clients.produce(cluster.bootstrap, topic, [b"?"])
        until(lambda: worker.state.counts["dead_letters_sent"] == 1)
        hung()
    watched.close()


def test_waiting_ends_when_told_or_when_it_takes_too_long() -> None:
    async def work() -> None:
        stop = Stop()
        assert await stop.within(asyncio.sleep(0, "done")) == "done"
        with pytest.raises(StalledError, match=r"no answer for 0\.2 s"):
            await stop.within(asyncio.Event().wait(), seconds=0.2)
        with pytest.raises(ZeroDivisionError):
            await stop.within(failing())
        asyncio.get_running_loop().call_later(0.2, stop.tell)
        assert await stop.within(asyncio.Event().wait()) is None
        assert await stop.within(asyncio.sleep(0, "done")) is None
        assert await stop.within(asyncio.sleep(0, "done"), after_told=5.0) == "done"

    asyncio.run(work())


def test_work_that_does_not_let_itself_be_cancelled_is_left_alone() -> None:
    async def stubborn(end: asyncio.Event) -> bool:
        while not end.is_set():
            try:
                await end.wait()
            except asyncio.CancelledError:
                continue
        return True

    async def work() -> None:
        stop, end = Stop(), asyncio.Event()
        stop.tell()
        async with asyncio.timeout(10):
            assert await stop.within(stubborn(end), after_told=0.2) is None
        end.set()

    asyncio.run(work())


async def failing() -> None:
    raise ZeroDivisionError
