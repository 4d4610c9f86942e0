"""A stream that opens by itself, and the records that wait for it."""

from __future__ import annotations

import atexit
import logging
import os
import threading
import time
import weakref
from collections.abc import Callable
from functools import partial

from driftwatch.errors import StoreError
from driftwatch.ingest.record_buffer import RecordBuffer
from driftwatch.process.fork_lock import ForkLock
from driftwatch.streams.stream import Stream

__all__ = ["OpeningStream"]

_FIRST_PAUSE = 0.25
_LONGEST_PAUSE = 60.0
_EXIT_SECONDS = 2.0
_LEAST_EXIT_SECONDS = 0.1
_LOG = logging.getLogger("driftwatch")


class OpeningStream:
    """Keeps records until their stream is open, and opens it in a thread of its own.

    Whoever observes never waits for a store. Where it cannot be opened (locked, no space,
    its folder not there yet) it is tried again and again, with longer pauses; records wait
    meanwhile, so many at most that memory stays bounded, and those beyond are counted.

    Args:
        buffer: Where records wait.
        open_: Opens the stream; raises if it cannot be done now. Held weakly, as it is its
            owner's.

    Attributes:
        buffer: The same.
        begun: Whether the stream is open, or being opened, in this process.
        opened: The stream, once it is open.
    """

    def __init__(
        self, buffer: RecordBuffer, open_: weakref.WeakMethod[Callable[[], Stream]], /
    ) -> None:
        self.buffer = buffer
        self.begun = False
        self.opened: Stream | None = None
        self._open = open_
        self._opening = ForkLock(rank=0)
        self._beginning = threading.Lock()
        self._life = object()
        self._registered = False

    def begin(self) -> None:
        """Have the stream opened soon; returns at once."""
        with self._beginning:
            if self.begun:
                return
            self._life = object()
            self._register()
            if self.opened is not None:  # in a child after a fork
                self.opened.begin()
            else:
                threading.Thread(
                    target=_keep_trying,
                    args=(weakref.ref(self), self._life),
                    name="driftwatch-open",
                    daemon=True,
                ).start()
            self.begun = True  # not before: a thread that cannot be had now is asked for again

    def now(self) -> Stream:
        """The stream, opened if it is not.

        Raises:
            ConfigError: If the store's address is of no store.
            StoreError: If the store cannot be opened.
        """
        with self._opening:
            self._register()
            if self.opened is None:
                open_ = self._open()
                if open_ is None:
                    raise StoreError("the monitor is gone")
                self.opened = open_()
            return self.opened

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
        if self.opened is None and not self.buffer.waiting:
            return 0
        return self.now().flush(within=within)

    def close(self) -> None:
        """Store what waits and let the stream go; a second time does nothing.

        Raises:
            StoreError: If the store cannot take it.
        """
        with self._opening:
            self.begun, self._life = False, object()
            if self.opened is None and self.buffer.waiting:
                self.now()
            stream, self.opened = self.opened, None
        if stream is not None:
            stream.close()

    def _register(self) -> None:
        """Be told of forks and of the process's end, once there is something to lose."""
        if self._registered:
            return
        self._registered = True
        me = weakref.ref(self)
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=partial(_in_child, me))
        atexit.register(_at_exit, me)

    def _open_for(self, life: object) -> None:
        """Open it and let it begin, unless it was closed meanwhile."""
        with self._opening:
            if self._life is life:
                self.now().begin()

    def _begin_again(self) -> None:
        """In a child after a fork: what waits is the parent's, and so are its threads."""
        self._beginning = threading.Lock()
        self.begun, self._life = False, object()
        self.buffer.clear()
        if self.opened is not None:
            self.opened.after_fork()


def _keep_trying(opening: weakref.ref[OpeningStream], life: object) -> None:
    pause, said = _FIRST_PAUSE, -60.0
    while (found := opening()) is not None:
        try:
            found._open_for(life)  # noqa: SLF001 - our own
        except Exception as error:  # noqa: BLE001 - monitoring never breaks the host
            if time.monotonic() - said >= 60.0:
                said = time.monotonic()
                _LOG.warning("driftwatch: records wait for their store: %s", error)
        else:
            return
        del found  # a monitor that nobody uses any more may go while we wait
        time.sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE)


def _in_child(opening: weakref.ref[OpeningStream]) -> None:
    found = opening()
    if found is not None:
        found._begin_again()  # noqa: SLF001 - our own


def _at_exit(opening: weakref.ref[OpeningStream]) -> None:
    found = opening()
    if found is None:
        return
    try:
        found.flush(within=_left_at_exit())
    except Exception as error:  # noqa: BLE001 - monitoring never breaks the host
        _LOG.warning("driftwatch: not stored when the process ended: %s", error)


_exit_began: list[float] = []


def _left_at_exit() -> float:
    """Seconds that the end of the process may still take; all its monitors share them."""
    now = time.monotonic()
    if not _exit_began:
        _exit_began.append(now)
    return max(_LEAST_EXIT_SECONDS, _exit_began[0] + _EXIT_SECONDS - now)
