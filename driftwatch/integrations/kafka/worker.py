"""The worker: a group's share of some topics, into the windows of a monitor."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import time
from collections.abc import Awaitable, Callable, Collection, Iterable
from datetime import timedelta
from typing import Any, TypeVar

from driftwatch.errors import ConfigError, StoreError
from driftwatch.integrations.kafka.connecting import close_consumer, consumer_of, readable_end
from driftwatch.integrations.kafka.dead_letters import DeadLetters
from driftwatch.integrations.kafka.decoding import Decoder
from driftwatch.integrations.kafka.feed import FencedError, OtherTopicError, PartitionFeed, Target
from driftwatch.integrations.kafka.state import WorkerState
from driftwatch.kafka_config import KafkaConfig
from driftwatch.monitor import Monitor

__all__ = ["KafkaWorker"]

_LOG = logging.getLogger("driftwatch")
_POLL_MS = 200
_MOST_MESSAGES = 5_000
_SLICE = 1_024
_WIDE = 200
_COMMIT_SECONDS = 5.0
_HELD_SECONDS = 2.0
_FINISH_SECONDS = 5.0
_CLOSE_SECONDS = 2.0
_LONGEST_PAUSE = 30.0
T = TypeVar("T")


class _StalledError(Exception):
    """Messages are there, and none comes."""


class KafkaWorker:
    """Reads prediction traffic from Kafka, each message once, whatever dies when.

    Where a partition stands is kept in the store, in the same transaction as the sketches of its
    messages; what is committed to the broker is for its tools only. Any number of workers of
    one group share the partitions. A worker that lost its partitions without knowing cannot
    store anything of them any more.

    While the store is away, reading pauses when too much waits; while the brokers are, they are
    tried again and again.

    Args:
        monitor: Whose windows the messages go into; its store must be a file (or in memory).
        config: What to read.
        most_waiting: Messages that may wait for the store before reading pauses.

    Attributes:
        state: How it is doing.

    Raises:
        ConfigError: If the monitor's windows go by rows, or its store is a collector's.
        StoreError: If the store cannot be opened.

    Example:
        >>> worker = KafkaWorker(
        ...     Monitor({"age": list(range(20, 70)) * 40}),
        ...     KafkaConfig(bootstrap="127.0.0.1:9092", topics=["predictions"]),
        ... )
        >>> worker.stop()
        >>> worker.run()  # ends at once: it was told to stop
    """

    def __init__(
        self, monitor: Monitor, config: KafkaConfig, /, *, most_waiting: int = 100_000
    ) -> None:
        if monitor.spec.by_rows:
            raise ConfigError(
                "windows by rows need one feeder, and partitions are many; give the window as a "
                'time, such as window = "24h"'
            )
        stream = monitor.stream
        self.monitor = monitor
        self.config = config
        self.group = config.group or f"driftwatch-{monitor.name}"
        self.state = WorkerState()
        self._target = Target(
            stream.store, monitor.reference, monitor.spec, monitor.name, time.time
        )
        self._flush_seconds = stream.options.flush_every.total_seconds()
        self._most_waiting = most_waiting
        self._decoder = Decoder(config, frozenset(monitor.reference.schema.names))
        # A schema registry is waited for, and a thousand rows of many columns take a second.
        self._takes_long = config.format != "json" or len(monitor.reference.schema) > _WIDE
        self._feeds: dict[Any, PartitionFeed] = {}
        self._held: dict[Any, float] = {}
        self._stopping = False
        self._fatal: Exception | None = None
        self._turn = 0  # of rebalances: what was fetched before one is not taken after it
        self._flushed = 0.0
        self._retry_at = 0.0
        self._pause = 0.0

    def stop(self) -> None:
        """End `run` after storing what was taken; within ten seconds. From any thread."""
        self._stopping = True

    def run(self) -> None:
        """Work until `stop`, or SIGTERM or SIGINT reach the command that runs it."""
        asyncio.run(self.run_async())

    async def run_async(self) -> None:
        """As `run`, inside an event loop.

        Raises:
            ConfigError: If the brokers cannot be talked to as configured.
            OtherTopicError: If a topic is not the one that was read before.
        """
        pause = 0.5
        while not self._stopping:
            began = time.monotonic()
            try:
                await self._session()
            except (ConfigError, OtherTopicError):
                raise
            except Exception as error:  # noqa: BLE001 - a cluster fails in many ways, and comes back
                self.state.counts["reconnects"] += 1
                _LOG.warning(
                    "driftwatch: %s: connecting to Kafka anew: %s: %s",
                    self.monitor.name,
                    type(error).__name__,
                    error,
                )
                pause = 0.5 if time.monotonic() - began > 60 else min(2 * pause, _LONGEST_PAUSE)
                await self._rest(pause)

    async def _rest(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while not self._stopping and time.monotonic() < end:  # noqa: ASYNC110 - `stop` may be
            # called from any thread, and from signal handlers, where an event may not be set
            await asyncio.sleep(0.1)

    async def _unless_stopped(self, work: Awaitable[T], *, seconds: float = math.inf) -> T | None:
        """Wait for something that may take long while the brokers hang; None if told to stop.

        Raises:
            _StalledError: If it takes longer than it may.
        """
        task, end = asyncio.ensure_future(work), time.monotonic() + seconds
        try:
            while not task.done() and not self._stopping:
                if time.monotonic() > end:
                    raise _StalledError(f"no answer for {seconds:g} s")
                await asyncio.wait([task], timeout=0.1)
            return task.result() if task.done() else None
        finally:
            task.cancel()
            await asyncio.wait([task])

    async def _session(self) -> None:
        """Read until told to stop, or until something is wrong with the connection."""
        consumer = consumer_of(self.config, self.group)
        self._lock = asyncio.Lock()
        self._fatal = None
        letters = DeadLetters(self.config, self.state.counts)
        try:
            await self._unless_stopped(consumer.start())
            if not self._stopping:
                consumer.subscribe(self.config.topics, listener=_listener(self, consumer))
            self.state.progress_at = time.time()
            while not self._stopping:
                await self._one_turn(consumer, letters)
            await self._finish(consumer)
        finally:
            self._drop(list(self._feeds))
            await letters.close()
            await close_consumer(consumer, seconds=_CLOSE_SECONDS)

    async def _finish(self, consumer: Any) -> None:
        """Store what was taken, as far as that can be done in time."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_FINISH_SECONDS), self._lock:
                while any(feed.next > feed.stored or feed.waiting for feed in self._feeds.values()):
                    await self._flush(consumer)
                    await asyncio.sleep(0.1)
        self.state.waiting = sum(feed.waiting for feed in self._feeds.values())

    async def _one_turn(self, consumer: Any, letters: DeadLetters) -> None:
        from aiokafka.errors import NoOffsetForPartitionError, OffsetOutOfRangeError

        self._regulate(consumer)
        turn = self._turn
        found: dict[Any, list[Any]] = {}
        try:
            # While a group is joined, aiokafka waits for as long as that takes.
            reading = consumer.getmany(timeout_ms=_POLL_MS, max_records=_MOST_MESSAGES)
            patience = self.config.stalled_seconds + self.config.session_seconds
            found = await self._unless_stopped(reading, seconds=patience) or {}
        except OffsetOutOfRangeError as error:
            async with self._lock:
                await self._begin_at_the_log_start(consumer, error.args[0])
        except NoOffsetForPartitionError:  # asked for before it was assigned for good
            async with self._lock:
                self._seek(consumer, self._feeds)
        if self._fatal is not None:
            raise self._fatal
        async with self._lock:
            if found and turn != self._turn:
                self._seek(consumer, found)
            elif turn == self._turn:
                if found:
                    stopped = await self._take(found)
                    self._hold(consumer, stopped)
                    await letters.send(self._rejected())
                await self._pass_over(consumer)
            if time.monotonic() - self._flushed >= self._flush_seconds or self._too_much():
                await self._flush(consumer)
        self._watch(consumer, found)

    def _seek(self, consumer: Any, partitions: Iterable[Any]) -> None:
        """Have read again what was fetched and not taken."""
        for partition in partitions:
            feed = self._feeds.get(partition)
            if feed is not None and partition in consumer.assignment():
                consumer.seek(partition, feed.next)

    async def _take(self, found: dict[Any, list[Any]]) -> list[Any]:
        """Take messages; gives the partitions that had to stop before a message."""
        stopped = []
        for partition, messages in found.items():
            feed = self._feeds.get(partition)
            if feed is not None:
                before = feed.taken
                take = asyncio.to_thread if self._takes_long else _in_slices
                if not await take(feed.take, messages):
                    stopped.append(partition)
                self.state.counts["messages"] += feed.taken - before
        return stopped

    def _hold(self, consumer: Any, partitions: Iterable[Any]) -> None:
        """Read these again: once flushed, or in a while if the schema registry did not answer."""
        for partition in partitions:
            if not self._feeds[partition].is_full:
                self._held[partition] = time.monotonic() + _HELD_SECONDS
        self._seek(consumer, partitions)

    async def _pass_over(self, consumer: Any) -> None:
        """Count what the consumer went past without a message: marks and undone transactions."""
        mine = consumer.assignment()
        for partition, feed in self._feeds.items():
            if partition in mine:  # and has a position since it was assigned, so nothing is awaited
                feed.skip_to(await consumer.position(partition), "kafka_holes")

    def _rejected(self) -> list[tuple[Any, Any]]:
        taken = []
        for partition, feed in self._feeds.items():
            while feed.rejected:
                taken.append((partition, feed.rejected.popleft()))
        return taken

    # -- the store

    def _too_much(self) -> bool:
        feeds = self._feeds.values()
        full = any(feed.is_full for feed in feeds)
        return full or sum(feed.waiting for feed in feeds) >= self._most_waiting

    def _regulate(self, consumer: Any) -> None:
        """Pause reading while too much waits for the store; go on when it is gone."""
        paused, now = self._too_much(), time.monotonic()
        self._held = {partition: until for partition, until in self._held.items() if until > now}
        mine = {partition for partition in consumer.assignment() if partition in self._feeds}
        stopping = mine if paused else mine & self._held.keys()
        already = consumer.paused() & mine
        if stopping - already:
            consumer.pause(*(stopping - already))
        if already - stopping:
            consumer.resume(*(already - stopping))
        self.state.paused = paused or bool(stopping)

    async def _flush(self, consumer: Any) -> None:
        """Store what was taken; while the store is away, try less and less often."""
        if time.monotonic() < self._retry_at and not self._stopping:
            return
        commits = {}
        for partition, feed in list(self._feeds.items()):
            try:
                if await asyncio.to_thread(feed.flush):
                    self.state.counts["segments_stored"] += 1
                    commits[partition] = feed.stored
            except FencedError:
                self.state.counts["segments_fenced"] += 1
                self._drop([partition])
                await self._adopt(consumer, [partition])
            except StoreError as error:
                self.state.counts["segments_failed"] += 1
                self._pause = min(5.0, max(0.25, 2 * self._pause))
                self._retry_at = time.monotonic() + self._pause
                _LOG.warning("driftwatch: %s: not stored yet: %s", self.monitor.name, error)
                break
        else:
            self._pause, self._flushed = 0.0, time.monotonic()
        await self._commit(consumer, commits)

    async def _commit(self, consumer: Any, offsets: dict[Any, int]) -> None:
        """Tell the broker, whose tools show it; nothing depends on it."""
        if not offsets:
            return
        try:
            async with asyncio.timeout(_COMMIT_SECONDS):
                await consumer.commit(offsets)
        except Exception:  # noqa: BLE001 - between two generations, or the broker is away
            self.state.counts["commits_failed"] += 1

    # -- partitions come and go

    async def assigned(self, consumer: Any, partitions: Collection[Any]) -> None:
        """Go on where the store says that these partitions stand."""
        # At once, before anything is awaited: a partition without a position would be looked up
        # by aiokafka among the group's committed offsets, which are not what counts.
        for partition in partitions:
            consumer.seek(partition, 0)
        if partitions:
            consumer.pause(*partitions)
        async with self._lock:
            self._turn += 1
            self.state.counts["rebalances"] += 1
            try:
                await self._adopt(consumer, list(partitions))
            except Exception as error:  # noqa: BLE001 - aiokafka would log it and go on reading
                self._fatal = error

    async def revoked(self, consumer: Any, partitions: Iterable[Any]) -> None:
        """Store what was taken of these partitions, and let them go."""
        async with self._lock:
            self._turn += 1
            self._retry_at = 0.0
            try:
                await self._flush(consumer)
            except Exception as error:  # noqa: BLE001 - whoever gets them reads it again
                _LOG.warning("driftwatch: %s: %s", self.monitor.name, error)
            self._drop(list(partitions))

    async def _adopt(self, consumer: Any, partitions: list[Any]) -> None:
        if not partitions:
            return
        begins = await consumer.beginning_offsets(partitions)
        ends = await consumer.end_offsets(partitions)
        for partition in partitions:
            if partition not in consumer.assignment():  # gone again meanwhile
                continue
            name = f"{partition.topic}/{partition.partition}"
            feed = await asyncio.to_thread(
                PartitionFeed, self._target, name, self._decoder, self.state.outcomes
            )
            feed.check_end(ends[partition])
            if feed.is_new:
                latest = self.config.start == "latest"
                first = ends[partition] if latest else begins[partition]
                feed.skip_to(first, "kafka_before_start")
                if latest:  # whoever comes next must not begin even later
                    await asyncio.to_thread(feed.flush)
            else:
                feed.skip_to(begins[partition], "kafka_gap")
            self._feeds[partition] = feed
            self._seek(consumer, [partition])

    async def _begin_at_the_log_start(self, consumer: Any, partitions: Iterable[Any]) -> None:
        """Retention has overtaken us: what it took is counted, and reading goes on behind it."""
        mine = [partition for partition in partitions if partition in self._feeds]
        for partition, begin in (await consumer.beginning_offsets(mine)).items() if mine else ():
            feed = self._feeds[partition]
            if begin <= feed.next:  # so it is not retention: the offset lies behind the end
                feed.check_end((await consumer.end_offsets([partition]))[partition])
            feed.skip_to(begin, "kafka_gap")
            self._seek(consumer, [partition])
            _LOG.warning("driftwatch: retention has overtaken %s; on at %d", feed.name, begin)

    def _drop(self, partitions: Iterable[Any]) -> None:
        for partition in partitions:
            feed = self._feeds.pop(partition, None)
            if feed is not None:
                feed.close()

    # -- how it is doing

    def _watch(self, consumer: Any, found: dict[Any, list[Any]]) -> None:
        """Note how far it is, and find out that nothing moves though there is something to read.

        Raises:
            _StalledError: If that is so for too long.
        """
        state, now = self.state, time.time()
        state.next = {feed.name: feed.next for feed in self._feeds.values()}
        mine = consumer.assignment()
        state.lag = {
            feed.name: max(0, (readable_end(consumer, partition) or 0) - feed.next)
            for partition, feed in self._feeds.items()
            if partition in mine
        }
        state.waiting = sum(feed.waiting for feed in self._feeds.values())
        if found or state.paused or not any(state.lag.values()):
            state.progress_at = now
        elif now - state.progress_at > self.config.stalled_seconds:
            raise _StalledError(f"no message for {self.config.stalled_seconds:g} s")

    def evaluating(self, *, every: timedelta) -> contextlib.AbstractContextManager[None]:
        """Evaluate in a thread beside it; of all workers of a store one does."""
        return _evaluating(self.monitor, every)


async def _in_slices(take: Callable[[list[Any]], bool], messages: list[Any]) -> bool:
    """Take messages here, a slice at a time, with heartbeats between.

    In a thread, every message would cost half as much again: it and the event loop, which goes
    on fetching, would take the interpreter from each other all the time.
    """
    for start in range(0, len(messages), _SLICE):
        if not take(messages[start : start + _SLICE]):
            return False
        await asyncio.sleep(0)
    return True


@contextlib.contextmanager
def _evaluating(monitor: Monitor, every: timedelta) -> Any:
    evaluator = monitor.stream.evaluator
    evaluator.start(every=every)
    try:
        yield
    finally:
        evaluator.stop()


def _listener(worker: KafkaWorker, consumer: Any) -> Any:
    from aiokafka import ConsumerRebalanceListener

    class Listener(ConsumerRebalanceListener):  # type: ignore[misc]
        async def on_partitions_revoked(self, revoked: Iterable[Any]) -> None:
            await worker.revoked(consumer, revoked)

        async def on_partitions_assigned(self, assigned: Collection[Any]) -> None:
            await worker.assigned(consumer, assigned)

    return Listener()
