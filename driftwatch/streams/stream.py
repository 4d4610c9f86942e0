"""A monitor's stream: records in, deliveries out, the current window on demand."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import threading
import time
import weakref
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from driftwatch.core.data.batch import batches_of
from driftwatch.core.data.schema import Role
from driftwatch.core.data.times import seconds_of
from driftwatch.core.profiles.profile import Profile
from driftwatch.core.profiles.reference import Reference
from driftwatch.core.reports.report import DriftReport
from driftwatch.core.windows.segments import COLLECTOR_REACH, Delivery, Outcome, Segment
from driftwatch.core.windows.spec import WindowSpec
from driftwatch.errors import DataError, MergeError, StoreError
from driftwatch.evaluation.evaluator import Evaluator
from driftwatch.evaluation.rules import EvaluationRules, Result
from driftwatch.ingest.accumulator import Accumulator
from driftwatch.ingest.record_buffer import RecordBuffer
from driftwatch.process.background import in_turns
from driftwatch.process.siblings import has_siblings
from driftwatch.process.tally import Tally
from driftwatch.protocols import Store
from driftwatch.stores.remote import RemoteStore
from driftwatch.stores.sqlite.store import SQLiteStore

__all__ = ["Stream", "StreamOptions"]

_TIDY_EVERY = 32  # flushes; so many segments of a pane are as quickly merged as read

_LOG = logging.getLogger("driftwatch")


@dataclass(frozen=True, slots=True)
class StreamOptions:
    """How a monitor takes in a stream.

    Attributes:
        spec: How it is cut.
        store: Where it is kept, or the way to the collector that keeps it.
        rules: How it is judged.
        source: Who sees the rows.
        flush_every: How long rows wait, at most, before they are stored; what a process that
            is killed can lose.
    """

    spec: WindowSpec
    store: Store | RemoteStore
    rules: EvaluationRules
    source: str
    flush_every: timedelta


class Stream:
    """What stands behind `Monitor.observe`: composes buffer, accumulator and evaluator.

    Args:
        reference: Whose columns and cells the rows are counted in.
        options: How to take in.
        buffer: The records that it sketches.
        tally: What is counted instead of used.
        monitor: Name of the monitor.
        clock: Seconds since 1970.
        importances: Weights of the features in the model.
        model_version: Of the model, where a record does not say.
        ignore_new: Whether columns that the reference does not have are of no interest.

    Raises:
        StoreError: If the store cannot be read.
    """

    def __init__(  # noqa: PLR0913 - what is taken in, how, and for whom
        self,
        reference: Reference,
        options: StreamOptions,
        buffer: RecordBuffer,
        tally: Tally,
        /,
        *,
        monitor: str,
        clock: Callable[[], float],
        importances: Mapping[str, float] | None = None,
        model_version: str | None = None,
        ignore_new: bool = False,
    ) -> None:
        self.options = options
        self.monitor = monitor
        self._clock = clock
        self._reference = reference
        self._version = model_version
        self._time = next((c.name for c in reference.schema if c.role is Role.TIME), None)
        self._drain_lock = threading.RLock()
        self._drainer: ThreadPoolExecutor | None = None
        self._drain_queued = False
        self._flushed = time.monotonic()
        self._complained = -np.inf
        self._flushes = 0
        self._pid = 0
        self.closed = threading.Event()
        self.accumulator = Accumulator(
            reference,
            options.spec,
            options.store,
            monitor=monitor,
            source=options.source,
            clock=clock,
            tally=tally,
            # A collector refuses what is older, and the whole delivery with it.
            reach=COLLECTOR_REACH if isinstance(options.store, RemoteStore) else np.inf,
        )
        self.buffer = buffer
        self.tally = tally
        self._evaluator: Evaluator | None = None
        if not isinstance(options.store, RemoteStore):
            self._evaluator = Evaluator(
                options.store,
                reference,
                options.spec,
                clock=clock,
                rules=options.rules,
                monitor=monitor,
                importances=importances,
                model_version=model_version,
                ignore_new=ignore_new,
            )

    @property
    def evaluator(self) -> Evaluator:
        """What evaluates the stored stream.

        Raises:
            StoreError: If a collector keeps it, which evaluates it too.
        """
        if self._evaluator is None:
            raise StoreError(f"{self.options.store} evaluates the windows of {self.monitor!r}")
        return self._evaluator

    @property
    def store(self) -> Store:
        """The store.

        Raises:
            StoreError: If a collector has it.
        """
        if isinstance(self.options.store, RemoteStore):
            raise StoreError(f"the store of {self.monitor!r} is behind {self.options.store}")
        return self.options.store

    def begin(self) -> None:
        """Make sure that what waits is stored in time; once in every process that feeds."""
        if self._pid == os.getpid():
            return
        self._pid = os.getpid()
        self._warn_of_siblings()
        threading.Thread(
            target=_flush_now_and_then,
            args=(weakref.ref(self), self.options.flush_every.total_seconds()),
            name="driftwatch-flush",
            daemon=True,
        ).start()

    def after_fork(self) -> None:
        """Let go of what the parent will store, and of its threads; called in the child."""
        self._drain_lock = threading.RLock()
        self._drainer, self._drain_queued = None, False
        self.accumulator.after_fork()

    def _warn_of_siblings(self) -> None:
        store = self.options.store
        alone = isinstance(store, RemoteStore) or getattr(store, "path", self) is not None
        if not alone and has_siblings(self.monitor):
            _LOG.warning(
                "driftwatch: %s: several processes of this application observe, each into its own "
                "memory, and none sees it all; give them one store: "
                "Monitor(..., store='driftwatch.db'), or a collector's address",
                self.monitor,
            )

    def settle(self) -> None:
        """Sketch what waits; in a thread where an event loop must not be held up."""
        if not _in_event_loop():
            # Whoever drains already takes these too; a request must not wait for that.
            if self._drain_lock.acquire(blocking=False):
                try:
                    self.drain()
                finally:
                    self._drain_lock.release()
            else:
                self.buffer.drop_surplus()
            return
        self.buffer.drop_surplus()
        if self._drainer is None:
            self._drainer = ThreadPoolExecutor(1, thread_name_prefix="driftwatch-drain")
        if not self._drain_queued:
            self._drain_queued = True
            try:
                self._drainer.submit(self._drain_queued_rows)
            except RuntimeError:  # no thread to be had, for now or for good
                self._drain_queued = False

    def _drain_queued_rows(self) -> None:
        self._drain_queued = False
        with in_turns():
            self.drain()

    def drain(self) -> None:
        """Sketch the records that wait in the buffer."""
        with self._drain_lock:
            try:
                for found in self.buffer.take(self.accumulator.watermark):
                    version = found.model_version or self._version
                    self.accumulator.add(
                        found.batch, times=found.times, marks=found.marks, model_version=version
                    )
            except Exception as error:  # noqa: BLE001 - monitoring never breaks the host
                self.tally.count("failed_batches")
                self._complain(f"records could not be sketched: {error}")

    def flush_quietly(self, *, within: float | None = None) -> None:
        """Store what waits; what goes wrong is counted, and tried again next time."""
        try:
            self.flush(within=within)
        except Exception as error:  # noqa: BLE001 - monitoring never breaks the host
            self.tally.count("failed_flushes")
            self._complain(f"not stored yet, will be tried again: {error}")

    def _complain(self, message: str) -> None:
        now = time.monotonic()
        if now - self._complained >= 60:
            self._complained = now
            _LOG.warning("driftwatch: %s: %s", self.monitor, message)

    def tidy_now_and_then(self) -> None:
        """Keep the store small, whether or not anybody evaluates."""
        self._flushes += 1
        if self._evaluator is not None and self._flushes % _TIDY_EVERY == 0:
            try:
                self._evaluator.tidy()
            except Exception as error:  # noqa: BLE001 - monitoring never breaks the host
                self._complain(f"the store could not be tidied: {error}")

    def observe_many(self, data: Any, *, at: Any = None, model_version: str | None = None) -> None:
        """Sketch a frame's rows."""
        version = model_version or self._version
        with self._drain_lock:
            if self.buffer.waiting:
                self.drain()
            start = 0
            times = None if at is None else _times_of(at)
            for batch in batches_of(data):
                mine = times
                if times is not None:
                    shared = times.size == 1
                    mine = np.full(batch.rows, times[0]) if shared else times[start:][: batch.rows]
                    if mine.size != batch.rows:
                        raise DataError(f"at has {times.size} times; the data has more rows")
                self.accumulator.add(
                    batch, times=mine, time_column=self._time, model_version=version
                )
                start += batch.rows
        if time.monotonic() - self._flushed >= self.options.flush_every.total_seconds():
            self.flush_quietly()

    def flush(self, *, within: float | None = None) -> int:
        """Sketch and store everything; returns the rows that the store acknowledged.

        Args:
            within: Seconds that may be spent to see it arrive at a collector, or to wait for
                another process that writes to the file; if not given it arrives when it can.
        """
        store = self.options.store
        patience: contextlib.AbstractContextManager[None] = contextlib.nullcontext()
        if within is not None and isinstance(store, SQLiteStore):
            patience = store.patience(within)
        with self._drain_lock, patience:
            self._flushed = time.monotonic()
            self.drain()
            stored = self.accumulator.flush()
        if within is not None and isinstance(store, RemoteStore):
            store.flush(within)
        return stored

    def absorb(self, profile: Profile, *, at: datetime | float | None) -> bool:
        """Store a profile made elsewhere as rows of one pane; False if it was there already."""
        self._check(profile)
        spec = self.options.spec
        period = profile.period
        when = at if at is not None else (period.end or self._clock())
        second = seconds_of(when)
        if spec.by_rows:
            raise MergeError("a profile cannot be absorbed into windows by rows; use time")
        delivery = Delivery(
            monitor=self.monitor,
            source="absorbed",
            epoch=profile.content_hash,
            sequence=0,
            segments=(
                Segment(
                    pane=spec.pane_at(second),
                    width=spec.width,
                    rows=profile.rows,
                    body=profile.to_bytes(),
                    earliest=None if period.start is None else period.start.timestamp(),
                    latest=second if period.end is None else period.end.timestamp(),
                    reference=self._reference.id,
                    model_version=self._version,
                ),
            ),
            sent_at=self._clock(),
        )
        return self.options.store.deliver(delivery, now=self._clock()) is Outcome.STORED

    def _check(self, profile: Profile) -> None:
        trial = self._reference.new_profile()
        if profile.k != trial.k:
            raise MergeError(
                f"the profile has quantiles of k={profile.k}; windows need k={trial.k} (make it "
                "with `driftwatch profile`, not as a reference)"
            )
        trial.check_mergeable(profile)

    def report(self) -> DriftReport:
        """Report on the current window, what is not stored yet included."""
        if isinstance(self.options.store, RemoteStore):
            self.flush(within=5.0)
            return self.options.store.report(self.monitor)
        with self._drain_lock:
            self.drain()
            spec, found = self.options.spec, self.evaluator.progress()
            panes = [self.accumulator.latest_pane(), found.newest if found else None]
            last = max((pane for pane in panes if pane is not None), default=None)
            unstored = None
            if last is not None:
                unstored = self.accumulator.unstored(spec.first_of(last), last)
        return self.evaluator.peek(last, unstored=unstored)

    def evaluate(self) -> Result | None:
        """Evaluate what is due; None if nothing is, or a collector does it."""
        return self._evaluator.step() if self._evaluator is not None else None

    def close(self) -> None:
        """Store everything and let go of threads; a second time does nothing."""
        if self.closed.is_set():
            return
        self.closed.set()
        drainer, self._drainer = self._drainer, None
        if drainer is not None and self._pid == os.getpid():
            drainer.shutdown(wait=True)
        try:
            self.flush()
            if self._evaluator is not None:
                self._evaluator.close()
        finally:
            self.accumulator.close()


def _flush_now_and_then(stream: weakref.ref[Stream], seconds: float) -> None:
    """Store what waits every few seconds, for as long as the stream lives."""
    pid = os.getpid()
    while (found := stream()) is not None and not found.closed.is_set():
        closed = found.closed
        del found  # a stream that nobody uses any more may go while we wait
        if closed.wait(seconds):
            return
        found = stream()
        if found is not None and os.getpid() == pid:
            with in_turns():
                found.flush_quietly()
                found.tidy_now_and_then()


def _in_event_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def _times_of(at: Any) -> np.ndarray[Any, np.dtype[np.float64]]:
    if isinstance(at, datetime | int | float):
        return np.array([seconds_of(at)])
    from driftwatch.core.data.batch import table_of
    from driftwatch.core.data.times import event_times

    column = table_of({"at": at}).column("at").combine_chunks()
    return event_times(column)
