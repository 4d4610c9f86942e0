"""A stream that opens by itself, and the records that wait for it."""

from __future__ import annotations

import os
import threading
import time
import weakref
from collections.abc import Callable
from typing import TypeVar

from driftwatch.errors import StoreError
from driftwatch.ingest.record_buffer import RecordBuffer
from driftwatch.process.lifetime import follow
from driftwatch.process.quiet_log import QuietLog
from driftwatch.process.tally import Tally
from driftwatch.streams.stream import Stream, StreamClosedError

__all__ = ["LazyStream"]

_FIRST_PAUSE = 0.25
_LONGEST_PAUSE = 60.0
T = TypeVar("T")
_INHERITED: list[Stream] = []
"""Streams of a parent process."""


class LazyStream:
    """Keeps records until their stream is open, and opens it in a thread of its own.

    Whoever observes never waits for a store. Where it cannot be opened (locked, no space,
    its folder not there yet) it is tried again and again, with longer pauses; records wait
    meanwhile, so many at most that memory stays bounded, and those beyond are counted.

    A stream that was closed is opened anew when it is needed. Records that come while one is
    being closed wait for the next.

    Args:
        buffer: Where records wait.
        tally: What is counted instead of used.
        open_: Opens the stream; raises if it cannot be done now. Held weakly, as it is its
            owner's.

    Attributes:
        buffer: Where records wait, as passed in.
        begun: Whether the stream is open, or being opened, in this process.
        opened: The stream, once it is open.
    """

    def __init__(
        self,
        buffer: RecordBuffer,
        tally: Tally,
        open_: weakref.WeakMethod[Callable[[], Stream]],
        /,
    ) -> None:
        self.buffer = buffer
        self._tally = tally
        self.begun = False
        self.opened: Stream | None = None
        self._open = open_
        self._new_life()
        follow(self)

    def _new_life(self) -> None:
        self.begun = False
        self._opening = threading.RLock()
        self._beginning = threading.Lock()
        self._life = object()
        self._pid = os.getpid()
        self._thread: threading.Thread | None = None

    def begin(self) -> None:
        """Have the stream opened soon; returns at once."""
        with self._beginning:
            if self.begun:
                return
            self._life = object()
            self._thread = threading.Thread(
                target=_keep_trying,
                args=(weakref.ref(self), self._life),
                name="driftwatch-open",
                daemon=True,
            )
            self._thread.start()
            self.begun = True  # not before: a thread that cannot be had now is asked for again

    def now(self) -> Stream:
        """The stream, opened if it is not.

        Raises:
            ConfigError: If the store's address is of no store.
            StoreError: If the store cannot be opened.
        """
        with self._opening:
            if self.opened is None or self.opened.closed.is_set():
                open_ = self._open()
                if open_ is None:
                    raise StoreError("the monitor is gone", code="DW036")
                self.opened = open_()
            return self.opened

    def use(self, work: Callable[[Stream], T], /) -> T:
        """Do something with the stream; with the next one if it is closed meanwhile."""
        while True:
            try:
                return work(self.now())
            except StreamClosedError:
                continue

    def settle(self) -> None:
        """Have sketched what waits, or keep it bounded while that cannot be."""
        stream = self.opened
        if stream is not None:
            stream.settle()
        else:
            self.buffer.drop_surplus()

    def flush(self, *, within: float | None) -> int:
        """Store what waits; returns the rows that were acknowledged.

        Raises:
            StoreError: If that cannot be done now; nothing is lost.
        """
        if self.opened is None and not self.buffer.waiting and not self._tally.counts():
            return 0
        return self.use(lambda stream: stream.flush(within=within))

    def close(self) -> None:
        """Store what waits and let the stream go; a second time does nothing.

        Raises:
            StoreError: If the store cannot take it; the stream stays open, and nothing is lost.
        """
        with self._opening:
            with self._beginning:
                self.begun, self._life = False, object()
                thread, self._thread = self._thread, None
            if self.opened is None and (self.buffer.waiting or self._tally.counts()):
                self.now()
            if self.opened is not None:
                self.opened.close()
                self.opened = None
        if thread is not None and self._pid == os.getpid():
            thread.join(_FIRST_PAUSE)  # it notices at its next try that it is not wanted

    def end(self, seconds: float, /) -> None:
        """Store what waits, as the process ends.

        Raises:
            StoreError: If the store cannot take it.
        """
        if self.opened is None and not self.buffer.waiting and not self._tally.counts():
            return
        end = time.monotonic() + seconds
        if not self._opening.acquire(timeout=seconds):
            raise StoreError(
                "the store was being opened, or closed, when the process ended", code="DW036"
            )
        try:
            self.now().end(max(0.1, end - time.monotonic()))
        finally:
            self._opening.release()

    def open_for(self, life: object) -> None:
        """Open it and let it begin, unless it was closed meanwhile."""
        with self._opening:
            if self._life is life:
                self.now().begin()

    def begin_again(self) -> None:
        """In a child after a fork: what waits is the parent's, and so are its threads."""
        self._new_life()
        self.buffer.clear()
        self._tally.clear()
        if self.opened is not None:
            # Its locks may be held by threads that do not exist here, and closing its files would
            # take locks of the parent's. So it stays as it is, unused.
            _INHERITED.append(self.opened)
            self.opened = None


def _keep_trying(lazy: weakref.ref[LazyStream], life: object) -> None:
    pause, quiet = _FIRST_PAUSE, QuietLog()
    while (alive := lazy()) is not None:
        try:
            alive.open_for(life)
        except Exception as error:  # noqa: BLE001 - monitoring never breaks the host
            quiet.log("opening", "driftwatch: records wait for their store: %s", error)
        else:
            return
        del alive  # an unused monitor may be collected while we wait
        time.sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE)
