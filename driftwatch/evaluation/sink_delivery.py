"""From the store's outbox to the sinks: in order, again and again, one thread a sink."""

from __future__ import annotations

import contextlib
import logging
import math
import os
import threading
import time
import weakref
from collections.abc import Callable, Sequence

import orjson

from driftwatch.alerts.message import Message, merged
from driftwatch.core.reports.report import DriftReport
from driftwatch.core.windows.alarm import Event
from driftwatch.core.windows.evaluation_record import OutgoingMessage, Result
from driftwatch.core.windows.stored import OutboxEntry
from driftwatch.errors import ConfigError, StoreError
from driftwatch.logs.events import event
from driftwatch.protocols import Notifier, Outbox, Sink
from driftwatch.render.plain import plain

__all__ = ["SinkDelivery", "forget_removed_sinks", "names_of_sinks", "outgoing"]

_LOG = logging.getLogger("driftwatch")
_HOLD_SECONDS = 120.0
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 300.0
_GIVE_UP_SECONDS = 7 * 86_400.0
_CUT_OFF = 20
"""Attempts, which the ends of processes may all have cut off, after which age alone decides."""

_CLOSE_SECONDS = 3.0
_LOOK_SECONDS = 30.0
_ERROR_LENGTH = 300
_LONGEST_ASKED = 3600.0
_MOST_WAITING = 20


class SinkDelivery:
    """Gives every result in the outbox to its sink.

    The oldest result of a sink goes first; while it fails the sink's others wait, so that
    "cleared" never overtakes "raised". A result that fails is tried again after 1 s, then 2 s, up
    to every five minutes, and is given up, counted and logged after a week. Each sink
    has a daemon thread, which several processes may run over the same store.

    Args:
        store: The outbox.
        monitor: Whose results.
        sinks: The sinks, which are given results.
        notifiers: Back ends of alerts, which are given messages; the oldest of more than
            twenty that wait for one of them are merged into one.
        clock: Seconds since 1970.

    Attributes:
        names: Names of all of them.
        sink_names: Those of the sinks.
        notifier_names: Those of the back ends.

    Raises:
        ConfigError: If one has no name, or no ``emit`` or ``send``, or two have the same name.
    """

    def __init__(
        self,
        store: Outbox,
        monitor: str,
        sinks: Sequence[Sink],
        notifiers: Sequence[Notifier] = (),
        /,
        *,
        clock: Callable[[], float],
    ) -> None:
        self.sink_names = names_of_sinks(sinks)
        self.notifier_names = names_of_sinks(notifiers, beside=self.sink_names)
        self.names = (*self.sink_names, *self.notifier_names)
        self._store = store
        self._monitor = monitor
        self._clock = clock
        self._due: dict[str, float] = {}
        self._sinks = dict(zip(self.sink_names, sinks, strict=True))
        self._notifiers = dict(zip(self.notifier_names, notifiers, strict=True))
        self._begin()

    def _begin(self) -> None:
        self._pid = os.getpid()
        self._threads: dict[str, threading.Thread] = {}
        self._sending: set[str] = set()
        self._news = {name: threading.Event() for name in self.names}
        self._closed = threading.Event()

    def wake(self) -> None:
        """Have what is due delivered soon; returns at once."""
        if self._pid != os.getpid():  # threads do not follow a fork
            self._begin()
        if self._closed.is_set():
            return
        for name in self.names:
            running = self._threads.get(name)
            if running is None or not running.is_alive():
                thread = threading.Thread(
                    target=_deliver_again_and_again,
                    args=(weakref.ref(self), name, self._news[name], self._closed),
                    name=f"driftwatch-sink-{name}",
                    daemon=True,
                )
                try:
                    thread.start()
                except RuntimeError:  # no thread to be had now: the next result asks again
                    continue
                self._threads[name] = thread
            self._news[name].set()

    def deliver_due(self, sink: str, /) -> float:
        """Give a sink everything that is due, in this thread.

        Returns:
            Seconds until there may be something to do again.

        Raises:
            StoreError: If the store cannot be used now.
        """
        while not self._closed.is_set():
            self._sending.add(
                sink
            )  # before the result is held back: `finish` sees one or the other
            try:
                now = self._clock()
                entry = self._store.take_due(self._monitor, sink, now=now, hold=_HOLD_SECONDS)
                if entry is None:
                    left = self._due.get(sink, 0.0) - now
                    return min(max(left, 0.0) or _LOOK_SECONDS, _LOOK_SECONDS)
                pause = self._emit(entry)
            finally:
                self._sending.discard(sink)
            if pause is not None:
                return pause
        return _LOOK_SECONDS

    def _emit(self, entry: OutboxEntry) -> float | None:
        """Give one result to its sink; seconds until the next attempt, None if it was taken."""
        if entry.attempts >= _CUT_OFF and self._clock() - entry.created > _GIVE_UP_SECONDS:
            self._give_up(entry, entry.error or "every attempt was cut off")
            return None
        try:
            self._give(entry)
        except BaseException as error:  # noqa: BLE001 - a sink may raise anything, in this thread
            return self._failed(entry, _said_by(error), _asked_by(error))
        self._store.delivered(entry, now=self._clock())
        return None

    def _give(self, entry: OutboxEntry) -> None:
        if entry.message is None:
            self._sinks[entry.sink].emit(_result_of(entry))
        else:
            message = Message.from_dict(orjson.loads(entry.message))
            self._notifiers[entry.sink].send(message)

    def _failed(self, entry: OutboxEntry, error: str, asked: float) -> float | None:
        now = self._clock()
        if now - entry.created > _GIVE_UP_SECONDS:
            self._give_up(entry, error)
            return None
        if entry.message is not None:
            self._store.merge_waiting(entry.monitor, entry.sink, keep=_MOST_WAITING, merge=_merged)
        pause = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2.0 ** min(entry.attempts, 20))
        pause = max(pause, min(asked, _LONGEST_ASKED))
        self._store.postpone(entry, due=now + pause, error=error)
        self._due[entry.sink] = now + pause
        if entry.attempts == 0:
            _LOG.warning(
                "driftwatch: %s: sink %s failed, will be tried again: %s",
                plain(self._monitor),
                entry.sink,
                error,
                extra=event("sink.failed", monitor=self._monitor, sink=entry.sink, error=error),
            )
        return pause

    def _give_up(self, entry: OutboxEntry, error: str) -> None:
        self._store.give_up(entry)
        _LOG.error(
            "driftwatch: %s: sink %s never took %s: %s",
            plain(self._monitor),
            entry.sink,
            entry.event_id,
            error,
            extra=event("sink.gave_up", monitor=self._monitor, sink=entry.sink, error=error),
        )

    def finish(self, seconds: float, /) -> bool:
        """Wait until what is due in the meantime was delivered, or tried; whether nothing is left.

        What is to be tried again only later is not waited for.

        Args:
            seconds: How long to wait at most.
        """
        self.wake()
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0 and (self._sending or self._waits(left)):
            self._closed.wait(0.02)
        return not self._waits(math.inf)

    def _waits(self, within: float) -> bool:
        """Whether anything in the outbox is due within some seconds."""
        try:
            last = self._clock() + within
            waiting = self._store.outbox(self._monitor)
            return any(entry.sink in self.names and entry.due <= last for entry in waiting)
        except StoreError:
            return within == math.inf

    def close(self, within: float = _CLOSE_SECONDS) -> None:
        """Deliver what is due, and end the threads; what is left waits in the store.

        Args:
            within: Seconds that it may take, which a back end that hangs takes.
        """
        if self._threads and self._pid == os.getpid() and not self._closed.is_set():
            self.finish(within)
        self._closed.set()
        if self._pid != os.getpid():
            return
        end = time.monotonic() + 0.2
        for name, thread in self._threads.items():
            self._news[name].set()
            if thread is not threading.current_thread():
                thread.join(max(0.0, end - time.monotonic()))
        self._threads = {}


def forget_removed_sinks(store: Outbox, monitor: str, /, *, now: float) -> None:
    """Give up results that have waited twice as long as any sink is tried.

    Their sink was removed from the configuration, or is only that of a process that is gone.

    Args:
        store: Where results wait.
        monitor: Whose.
        now: Seconds since 1970.
    """
    for entry in store.outbox(monitor):
        if now - entry.created > 2 * _GIVE_UP_SECONDS:
            store.give_up(entry)


def names_of_sinks(
    sinks: Sequence[Sink] | Sequence[Notifier], /, *, beside: Sequence[str] | None = None
) -> tuple[str, ...]:
    """Names of sinks, or of back ends of alerts.

    Args:
        sinks: The sinks, or the back ends.
        beside: Names of the sinks, where `sinks` are back ends.

    Raises:
        ConfigError: If one has no name, or no ``emit`` or ``send``, or two have the same name.
    """
    what, call = ("sink", "emit(result)") if beside is None else ("back end", "send(message)")
    socket = "Sink" if beside is None else "Notifier"
    names: list[str] = []
    for sink in sinks:
        name, method = getattr(sink, "name", None), getattr(sink, call.partition("(")[0], None)
        if not isinstance(name, str) or not name or not callable(method):
            raise ConfigError(
                f"a {what} has a name and a method {call}; {type(sink).__name__} has not: see "
                f"driftwatch.protocols.{socket}",
                code="DW081",
            )
        if name in (*names, *(beside or ())):
            raise ConfigError(
                f"two {what}s are called {name!r}; each needs a name of its own", code="DW081"
            )
        names.append(name)
    return tuple(names)


def _said_by(error: BaseException, /) -> str:
    try:
        return plain(f"{type(error).__name__}: {error}", _ERROR_LENGTH)
    except Exception:  # noqa: BLE001 - an error that cannot be written
        return type(error).__name__


def _asked_by(error: BaseException, /) -> float:
    """Seconds that a back end asked to wait; 0 if it did not."""
    try:
        asked = getattr(error, "retry_after", None)
    except Exception:  # noqa: BLE001 - a property that raises
        return 0.0
    return float(asked) if isinstance(asked, int | float) and asked >= 0 else 0.0


def _merged(bodies: Sequence[str], /) -> OutgoingMessage:
    one = merged([Message.from_dict(orjson.loads(body)) for body in bodies])
    return outgoing(one)


def outgoing(message: Message, /) -> OutgoingMessage:
    """A message as it is stored."""
    body = orjson.dumps(message.to_dict()).decode()
    return OutgoingMessage(message.key, message.kind, message.incident, body)


def _result_of(entry: OutboxEntry) -> Result:
    report = None if entry.report is None else DriftReport.from_dict(orjson.loads(entry.report))
    event = None if entry.event is None else Event(entry.event)
    return Result(
        report, event, entry.pane, entry.monitor, entry.event_id, revised=entry.revision > 0
    )


def _deliver_again_and_again(
    delivery: weakref.ref[SinkDelivery],
    sink: str,
    news: threading.Event,
    closed: threading.Event,
) -> None:
    """The life of a sink's thread."""
    pause = 0.0
    while not closed.is_set():
        news.wait(pause)
        news.clear()
        alive = delivery()
        if alive is None or closed.is_set():
            return
        pause = _FIRST_PAUSE
        with contextlib.suppress(Exception):  # the store is closed, or locked: looked at again
            pause = alive.deliver_due(sink)
        del alive
