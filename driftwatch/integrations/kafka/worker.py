"""The worker: a group's share of some topics, into the windows of a monitor."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Collection, Iterable, Iterator
from datetime import timedelta
from typing import Any

from driftwatch.config.kafka import KafkaConfig
from driftwatch.errors import ConfigError
from driftwatch.evaluation.runner import EvaluationRunner
from driftwatch.integrations.kafka.assignment import Assignment
from driftwatch.integrations.kafka.cancellation import StalledError, Stop
from driftwatch.integrations.kafka.connecting import close_consumer, consumer_of
from driftwatch.integrations.kafka.dead_letters import DeadLetters
from driftwatch.integrations.kafka.examination import UnreachableError, check_start
from driftwatch.integrations.kafka.flushing import LAST_FLUSH_SECONDS, Flushing
from driftwatch.integrations.kafka.membership import Membership, reader_of_store
from driftwatch.integrations.kafka.messages.decoding import Decoder
from driftwatch.integrations.kafka.partitions.corrupt_batches import Suspects
from driftwatch.integrations.kafka.partitions.feed import (
    OtherTopicError,
    Target,
)
from driftwatch.integrations.kafka.partitions.lag import Watch
from driftwatch.integrations.kafka.rebalancing import listener_of
from driftwatch.integrations.kafka.state import WorkerState
from driftwatch.integrations.kafka.taking import Taking
from driftwatch.logs.events import event
from driftwatch.monitor import Monitor

__all__ = ["KafkaWorker"]

_LOG = logging.getLogger("driftwatch")
_POLL_MS = 200
_MOST_MESSAGES = 5_000
_WIDE = 200
_HELD_SECONDS = 2.0
_AGAIN_SECONDS = 1.0
_FINISH_SECONDS = 6.0
_CLOSE_BY_SECONDS = 8.0
_CLOSE_SECONDS = 2.0
_LONGEST_PAUSE = 30.0
_START_SECONDS = 30.0


class KafkaWorker:
    """Reads prediction traffic from Kafka, each message once, across crashes and rebalances.

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
                'time, such as window = "24h"',
                code="DW069",
            )
        self.monitor = monitor
        monitor.stream.adopt_reference()
        self.config = config
        self.group = config.group or f"driftwatch-{monitor.name}"
        self.state = WorkerState()
        target = Target(
            monitor.store,
            monitor.evaluator.references,
            monitor.spec,
            monitor.name,
            monitor.seconds,
        )
        self._membership = Membership(reader_of_store(target, config.topics[0]), monitor.name)
        reference = monitor.reference
        self._decoder = Decoder(config, reference.schema, classes=reference.classes)
        # A schema registry is waited for, and a thousand rows of many columns take a second.
        takes_long = config.format != "json" or len(monitor.reference.schema) > _WIDE
        self._held: dict[Any, float] = {}
        self._paused: set[Any] = set()  # on purpose; those without a beginning are paused, too
        self._stop = Stop()
        self._taking = Taking(self.state, self._stop, takes_long=takes_long)
        self._assignment = Assignment(
            config, target, self._decoder, self.state, self._stop, self.group
        )
        self._flushing = Flushing(
            self._assignment,
            self.state,
            self._stop,
            monitor=monitor.name,
            every=monitor.flush_every.total_seconds(),
            most_waiting=most_waiting,
        )
        self._suspects = Suspects(config, self._stop)
        self._fatal: Exception | None = None
        self._has_worked = False  # until then, what is wrong ends it
        self._patience = config.stalled_seconds

    @property
    def has_worked(self) -> bool:
        """Whether it has got as far as reading."""
        return self._has_worked

    def stop(self) -> None:
        """End `run` after storing what was taken; within ten seconds. From any thread."""
        self._stop.tell()

    def run(self) -> None:
        """Work until `stop`, or SIGTERM or SIGINT reach the command that runs it."""
        asyncio.run(self.run_async())

    async def run_async(self) -> None:
        """As `run`, inside an event loop.

        Raises:
            ConfigError: If the brokers cannot be talked to as configured. What may pass by itself
                is waited for, half a minute at the start, and for ever once it has worked.
            OtherTopicError: If a topic is not the one that was read before.
        """
        pause, started = 0.5, time.monotonic()
        while not self._stop.told:
            began = time.monotonic()
            try:
                if not self._has_worked:
                    await self._stop.within(check_start(self.config, self.group))
                if not self._stop.told:
                    await self._session()
            except (ConfigError, OtherTopicError) as error:
                passing = isinstance(error, UnreachableError)
                if not passing or time.monotonic() - started > _START_SECONDS:
                    raise
                _LOG.warning(
                    "driftwatch: %s: %s; trying again",
                    self.monitor.name,
                    error,
                    extra=event("kafka.trouble"),
                )
                await self._stop.rest(pause)
            except Exception as error:  # a cluster fails in many ways, and comes back
                if not self._has_worked and time.monotonic() - started > _START_SECONDS:
                    raise ConfigError(
                        f"Kafka at {self.config.bootstrap}: {error}", code="DW061"
                    ) from error
                lasted = time.monotonic() - began
                self.state.counts["reconnects"] += 1
                self._be_patient(error, lasted)
                _LOG.warning(
                    "driftwatch: %s: connecting to Kafka anew: %s: %s",
                    self.monitor.name,
                    type(error).__name__,
                    error,
                    extra=event("kafka.trouble"),
                )
                long = lasted > min(60.0, self.config.stalled_seconds)
                pause = 0.5 if long else min(2 * pause, _LONGEST_PAUSE)
                await self._stop.rest(pause)

    def _be_patient(self, error: Exception, lasted: float) -> None:
        """Disturb the group less and less often for a partition that connecting does not help."""
        least = self.config.stalled_seconds
        again = isinstance(error, StalledError) and lasted < 4 * self._patience
        self._patience = min(2 * self._patience, 10 * least) if again else least

    async def _session(self) -> None:
        """Read until told to stop, or until something is wrong with the connection."""
        consumer = consumer_of(self.config, self.group, self._membership)
        self._lock = asyncio.Lock()
        self._fatal = None
        letters = DeadLetters(self.config, self.state.counts, self._stop)
        try:
            await self._stop.within(consumer.start())
            self._watch = Watch(consumer, self.state, self._patience)
            self._assignment.ends = self._watch.ends
            if not self._stop.told:
                consumer.subscribe(self.config.topics, listener=listener_of(self, consumer))
            async with self._watch.asking():
                while not self._stop.told:
                    await self._one_turn(consumer, letters)
            await self._finish(consumer)
        finally:
            self._assignment.drop(list(self._assignment.feeds))
            await letters.close()
            seconds = min(_CLOSE_SECONDS, self._stop.left(_CLOSE_BY_SECONDS) / 2)
            await close_consumer(consumer, seconds=seconds)

    async def _finish(self, consumer: Any) -> None:
        """Store what was taken, as far as that can be done in time."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._stop.left(_FINISH_SECONDS)), self._lock:
                while self._stop.left(LAST_FLUSH_SECONDS) > 0 and self._flushing.has_unstored:
                    await self._flushing.flush(consumer)
                    await asyncio.sleep(0.1)
        self.state.waiting = self._assignment.waiting

    async def _one_turn(self, consumer: Any, letters: DeadLetters) -> None:
        self._regulate(consumer)
        turn, due = self._assignment.turn, self._suspects.due(self._assignment.feeds)
        careful = (
            None if due is None else await self._suspects.read(due, self._assignment.feeds[due])
        )
        messages = await self._read(consumer) if careful is None else {due: careful.messages}
        anew = await self._assignment.made_anew(consumer, messages) if messages else []
        if self._fatal is not None:
            raise self._fatal
        if messages is None:
            return
        async with self._lock:
            if anew:
                await self._go_over(consumer, anew)
            if messages and turn != self._assignment.turn:
                self._assignment.seek(consumer, messages)
            elif turn == self._assignment.turn:
                if messages:
                    stopped = await self._taking.take(self._assignment.feeds, messages)
                    self._hold(consumer, stopped)
                    await letters.send(self._assignment.rejected())
                    if careful is not None and not stopped:
                        self._suspects.go_past(due, self._assignment.feeds[due], careful)
                        self._assignment.seek(consumer, messages)
                await self._assignment.pass_over(consumer)
            if self._flushing.is_due:
                await self._flushing.flush(consumer)
        full = sum(map(len, messages.values())) >= _MOST_MESSAGES
        self._watch.note(self._assignment.feeds, paused=self._paused, full=full)

    async def _read(self, consumer: Any) -> dict[Any, list[Any]] | None:
        """Messages that have come; None if told to stop."""
        from aiokafka.errors import (
            CorruptRecordException,
            NoOffsetForPartitionError,
            OffsetOutOfRangeError,
        )

        try:
            # While a group is joined, aiokafka waits for as long as that takes.
            reading = consumer.getmany(timeout_ms=_POLL_MS, max_records=_MOST_MESSAGES)
            patience = self.config.stalled_seconds + self.config.session_seconds
            return await self._stop.within(reading, seconds=patience)
        except OffsetOutOfRangeError as error:
            async with self._lock:
                anew = await self._assignment.begin_at_the_log_start(consumer, error.args[0])
                if anew:
                    await self._go_over(consumer, anew)
        except NoOffsetForPartitionError:  # asked for before it was assigned for good
            async with self._lock:
                self._assignment.seek(consumer, self._assignment.feeds)
        except CorruptRecordException as error:
            async with self._lock:
                # What aiokafka had fetched with it, of other partitions too, it has dropped.
                self._assignment.seek(consumer, self._assignment.feeds)
                again = time.monotonic() + _AGAIN_SECONDS
                self._held |= dict.fromkeys(
                    self._suspects.note(error, self._assignment.feeds), again
                )
        return {}

    async def _go_over(self, consumer: Any, partitions: list[Any]) -> None:
        """Store what was taken of topics that are gone, and begin those that have their names."""
        self._assignment.turn += 1
        self._flushing.retry_now()
        await self._flushing.flush(consumer)
        await self._assignment.go_over(
            consumer, [each for each in partitions if each in self._assignment.feeds]
        )

    def _hold(self, consumer: Any, partitions: Iterable[Any]) -> None:
        """Read these again: once flushed, or in a while if the schema registry did not answer."""
        for partition in partitions:
            if not self._assignment.feeds[partition].is_full:
                self._held[partition] = time.monotonic() + _HELD_SECONDS
        self._assignment.seek(consumer, partitions)

    # -- the store

    def _regulate(self, consumer: Any) -> None:
        """Pause reading while too much waits for the store; go on when it is gone."""
        paused, now = self._flushing.is_overdue, time.monotonic()
        self._held = {partition: until for partition, until in self._held.items() if until > now}
        mine = {
            partition for partition in consumer.assignment() if partition in self._assignment.feeds
        }
        stopping = mine if paused else mine & self._held.keys()
        already = consumer.paused() & mine
        if stopping - already:
            consumer.pause(*(stopping - already))
        if already - stopping:
            consumer.resume(*(already - stopping))
        self._paused, self.state.paused = stopping, paused or bool(stopping)

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
            self._assignment.turn += 1
            self.state.counts["rebalances"] += 1
            self._assignment.note_members(self._membership.said(self.group))
            try:
                await self._assignment.adopt(consumer, list(partitions))
                self._has_worked = True
            except Exception as error:  # noqa: BLE001 - aiokafka would log it and go on reading
                self._fatal = error

    async def revoked(self, consumer: Any, partitions: Iterable[Any]) -> None:
        """Store what was taken of these partitions, and let them go."""
        async with self._lock:
            self._assignment.turn += 1
            self._flushing.retry_now()
            try:
                await self._flushing.flush(consumer)
            except Exception as error:  # noqa: BLE001 - whoever gets them reads it again
                _LOG.warning(
                    "driftwatch: %s: %s", self.monitor.name, error, extra=event("kafka.trouble")
                )
            self._assignment.drop(list(partitions))

    @contextlib.contextmanager
    def evaluating(self, *, every: timedelta) -> Iterator[None]:
        """Evaluate in a thread beside it; of all workers of a store one does."""
        runner = EvaluationRunner(self.monitor.evaluator, every=every)
        runner.start()
        try:
            yield
        finally:
            runner.stop()
