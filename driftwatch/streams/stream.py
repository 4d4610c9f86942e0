"""A monitor's stream: records in, deliveries out, the open window on demand."""

from __future__ import annotations

import asyncio
import logging
import os
import threading
import time
import weakref
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from driftwatch.core.data.batch import batches_of
from driftwatch.core.data.instants import instant_of, instants_of
from driftwatch.core.data.schema import Role
from driftwatch.core.profiles.profile import Profile
from driftwatch.core.reports.report import DriftReport
from driftwatch.core.windows.evaluation_record import Result
from driftwatch.core.windows.segments import COLLECTOR_REACH, Delivery, Outcome, Segment
from driftwatch.core.windows.spec import WindowSpec
from driftwatch.errors import ConfigError, DataError, MergeError, StoreError
from driftwatch.evaluation.reference_in_use import ReferenceInUse
from driftwatch.ingest.accumulator import Accumulator
from driftwatch.ingest.record_buffer import RecordBuffer
from driftwatch.ingest.records import as_records
from driftwatch.logs.events import event
from driftwatch.process.background import in_turns
from driftwatch.process.quiet_log import QuietLog
from driftwatch.process.siblings import has_siblings
from driftwatch.process.tally import Tally
from driftwatch.profiling.references import saved_profile
from driftwatch.protocols import Destination

__all__ = ["Stream", "StreamClosedError", "StreamSettings"]

_LOG = logging.getLogger("driftwatch")


class StreamClosedError(Exception):
    """The stream was closed meanwhile; its monitor opens another."""


@dataclass(frozen=True, slots=True)
class StreamSettings:
    """How a monitor takes in a stream.

    Attributes:
        monitor: Name of the monitor.
        spec: How it is cut.
        source: Name of this process among those that feed it.
        flush_every: How long rows wait, at most, before they are stored; what a process that
            is killed can lose.
        model_version: Of the model, where a record does not name it.
    """

    monitor: str
    spec: WindowSpec
    source: str
    flush_every: timedelta
    model_version: str | None = None


class Stream:
    """What stands behind `Monitor.observe`: buffer, accumulator, and where deliveries go.

    Args:
        settings: How to take in.
        references: Which reference rows are counted for.
        destination: Where deliveries go, and who judges them.
        buffer: The records that it sketches.
        tally: What is counted instead of used.
        clock: Seconds since 1970.
        adopt: Brings the process's own reference to the store; called once, before the stream is
            fed or evaluated, and not where it is only looked at.

    Attributes:
        destination: Where deliveries go, as passed in.
        references: Which reference is in use, as passed in.
        accumulator: The panes that are open.
        closed: Set once nothing more is taken in.
    """

    def __init__(
        self,
        settings: StreamSettings,
        references: ReferenceInUse,
        destination: Destination,
        buffer: RecordBuffer,
        tally: Tally,
        /,
        *,
        clock: Callable[[], float],
        adopt: Callable[[], None] = lambda: None,
    ) -> None:
        self._adopt = adopt
        self._adopted = False
        self.settings = settings
        self.destination = destination
        self.buffer = buffer
        self.tally = tally
        self.closed = threading.Event()
        self._clock = clock
        self.references = references
        self._log = QuietLog()
        self._drain_lock = threading.RLock()
        self._drainer: ThreadPoolExecutor | None = None
        self._drain_queued = False
        self._flushed = time.monotonic()
        self._flusher: threading.Thread | None = None
        self._wake = threading.Event()
        self._last_flush = threading.Event()
        self._last_seconds: float | None = None
        self._pid = 0
        remote = destination.receiver.evaluates_elsewhere
        self.accumulator = Accumulator(
            references.current,
            settings.spec,
            destination.receiver,
            monitor=settings.monitor,
            source=settings.source,
            clock=clock,
            tally=tally,
            # A collector refuses what is older, and the whole delivery with it.
            reach=COLLECTOR_REACH if remote else np.inf,
        )

    def begin(self) -> None:
        """Make sure that what waits is stored in time; once in every process that feeds."""
        if self._pid == os.getpid() or self.closed.is_set():
            return
        self.adopt_reference()
        self._pid = os.getpid()
        self._warn_of_siblings()
        self._flusher = threading.Thread(
            target=_flush_now_and_then,
            args=(weakref.ref(self), self.settings.flush_every.total_seconds(), self._wake),
            name="driftwatch-flush",
            daemon=True,
        )
        self._flusher.start()

    def adopt_reference(self) -> None:
        """Bring the process's own reference to the store, where it may come into use; once.

        Raises:
            StoreError: If the store cannot be used.
        """
        if not self._adopted:
            self._adopt()
            self._adopted = True

    def _warn_of_siblings(self) -> None:
        receiver = self.destination.receiver
        shared = receiver.evaluates_elsewhere or getattr(receiver, "path", self) is not None
        if not shared and has_siblings(self.settings.monitor):
            _LOG.warning(
                "driftwatch: %s: several processes of this application observe, each into its own "
                "memory, and none sees it all; give them one store: "
                "Monitor(..., store='driftwatch.db'), or a collector's address",
                self.settings.monitor,
                extra=event("store.trouble"),
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
        if self.closed.is_set():
            return
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
        """Sketch the records that wait in the buffer; nothing once it is closed."""
        with self._drain_lock:
            if self.closed.is_set():
                return
            for taken in self.buffer.take(self.accumulator):
                version = taken.model_version or self.settings.model_version
                try:
                    self.accumulator.add(
                        taken.batch, times=taken.times, marks=taken.marks, model_version=version
                    )
                except Exception as error:  # noqa: BLE001 - counted there; the others go on
                    self._complain("records could not be sketched", error)

    def flush_quietly(self, *, within: float | None = None) -> None:
        """Store what waits; what goes wrong is counted, and tried again next time."""
        try:
            self.flush(within=within)
        except StreamClosedError:
            return
        except Exception as error:  # noqa: BLE001 - monitoring never breaks the host
            self.tally.count("failed_flushes")
            self._complain("not stored yet, will be tried again", error)

    def _complain(self, what: str, error: Exception) -> None:
        self._log.log(what, "driftwatch: %s: %s: %s", self.settings.monitor, what, error)

    def observe_many(self, data: Any, *, at: Any = None, model_version: str | None = None) -> None:
        """Sketch a frame's rows.

        Raises:
            DataError: If the data cannot be read as rows.
            StreamClosedError: If it is closed; none of them was taken.
        """
        version = model_version or self.settings.model_version
        time_column = self._time_column()
        with self._drain_lock:
            self._must_be_open()
            if self.buffer.waiting:
                self.drain()
            start = 0
            times = None if at is None else _times_of(at)
            for batch in batches_of(as_records(data)):
                mine = times
                if times is not None:
                    shared = times.size == 1
                    mine = np.full(batch.rows, times[0]) if shared else times[start:][: batch.rows]
                    if mine.size != batch.rows:
                        raise DataError(f"at has {times.size} times; the data has more rows")
                self.accumulator.add(
                    batch, times=mine, time_column=time_column, model_version=version
                )
                start += batch.rows
        if time.monotonic() - self._flushed >= self.settings.flush_every.total_seconds():
            self.flush_quietly()

    def _time_column(self) -> str | None:
        schema = self.references.current().schema
        return next((column.name for column in schema if column.role is Role.TIME), None)

    def _must_be_open(self) -> None:
        if self.closed.is_set():
            raise StreamClosedError

    def flush(self, *, within: float | None = None) -> int:
        """Sketch and store everything; returns the rows that the store acknowledged.

        Of a collector's those that are on their way to it, on disk, without those that it says it
        does not take.

        Args:
            within: Seconds that may be spent to see it arrive at a collector, or to wait for
                another process that writes to the file; if not given it arrives when it can.

        Raises:
            StoreError: If the store cannot take it; nothing is lost.
            StreamClosedError: If it is closed.
        """
        with self.destination.flushing(within) as turned_down, self._drain_lock:
            self._must_be_open()
            rows = self._flush_now()
        return max(0, rows - turned_down())

    def _flush_now(self) -> int:
        self._flushed = time.monotonic()
        self.drain()
        return self.accumulator.flush()

    def absorb(self, saved: Profile | bytes | str | Path, *, at: datetime | float | None) -> bool:
        """Store a profile made elsewhere as rows of one pane; False if it was there already."""
        self.adopt_reference()
        reference = self.references.current()
        profile = saved_profile(saved, reference.profile.guard)
        if profile is None:
            raise ConfigError("absorb takes a profile; give rows to observe_many", code="DW049")
        reference.check_fits(profile)
        profile = profile.read_as(reference.schema)
        spec = self.settings.spec
        period = profile.period
        when = at if at is not None else (period.end or self._clock())
        second = instant_of(when)
        if np.isnan(second):
            raise ConfigError(f"at is a time, such as a datetime; got {when!r:.80}")
        if spec.by_rows:
            raise MergeError("a profile cannot be absorbed into windows by rows; use time")
        delivery = Delivery(
            monitor=self.settings.monitor,
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
                    reference=reference.id,
                    model_version=self.settings.model_version,
                ),
            ),
            sent_at=self._clock(),
        )
        receiver = self.destination.receiver
        return receiver.deliver(delivery, now=self._clock()) is Outcome.STORED

    def check(self) -> DriftReport:
        """Report on the open window, what is not stored yet included."""
        if self.destination.receiver.evaluates_elsewhere:
            self.flush(within=5.0)
        with self._drain_lock:
            self._must_be_open()
            self.drain()
            return self.destination.check(self.accumulator)

    def evaluate(self) -> Result | None:
        """Evaluate what is due; None if nothing is, or another process does it.

        Raises:
            StoreError: If the store cannot be used.
            StreamClosedError: If it is closed.
        """
        try:
            self.adopt_reference()
            return self.destination.evaluate()
        except StoreError:
            self._must_be_open()
            raise

    def close(self) -> None:
        """Store everything and let go of threads and store; a second time does nothing.

        Raises:
            StoreError: If the store cannot take it: the stream stays open, with all it holds.
        """
        with self._drain_lock:
            if self.closed.is_set():
                return
            self._flush_now()
            self.closed.set()
        self._let_go_of_threads()
        self.destination.close()

    def _let_go_of_threads(self) -> None:
        drainer, self._drainer = self._drainer, None
        if drainer is not None and self._pid == os.getpid():
            drainer.shutdown(wait=True)
        flusher, self._flusher = self._flusher, None
        self._wake.set()
        if flusher is not None and self._pid == os.getpid():
            flusher.join()
        self.accumulator.close()

    def end(self, seconds: float, /) -> None:
        """Store what waits, as the process ends; gives up after so many seconds."""
        flusher = self._flusher
        if flusher is None or self._pid != os.getpid() or not flusher.is_alive():
            self.flush(within=seconds)
            return
        # In the thread that flushes anyway: this one can then stop waiting for it.
        self._last_seconds = seconds
        self._wake.set()
        if not self._last_flush.wait(seconds):
            _LOG.warning(
                "driftwatch: %s: the process ends before everything could be stored",
                self.settings.monitor,
                extra=event("store.trouble"),
            )

    def flush_in_background(self) -> bool:
        """A turn of the thread that flushes; false if it was the last."""
        if self.closed.is_set():
            return False
        seconds = self._last_seconds
        if seconds is None:
            with in_turns():
                self.flush_quietly()
            return True
        self.flush_quietly(within=seconds)
        self._last_flush.set()
        return False


def _flush_now_and_then(stream: weakref.ref[Stream], seconds: float, wake: threading.Event) -> None:
    """Store what waits every few seconds, for as long as the stream lives."""
    goes_on = True
    while goes_on:
        wake.wait(seconds)  # an unused stream may be collected while we wait
        alive = stream()
        goes_on = alive is not None and alive.flush_in_background()
        del alive


def _in_event_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def _times_of(at: Any) -> np.ndarray[Any, np.dtype[np.float64]]:
    if not hasattr(at, "__len__") or isinstance(at, str | bytes):
        return np.array([instant_of(at)])
    if isinstance(at, list | tuple):
        return instants_of(at)
    from driftwatch.core.data.batch import table_of
    from driftwatch.core.data.times import event_times

    column = table_of({"at": at}).column("at").combine_chunks()
    return event_times(column)
