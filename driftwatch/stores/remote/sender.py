"""The thread that takes deliveries from the spool to the collector."""

from __future__ import annotations

import logging
import os
import threading
import time
import weakref
from collections import Counter
from collections.abc import Callable, Iterable

from driftwatch.logs.events import event
from driftwatch.process.quiet_log import QuietLog
from driftwatch.stores.remote.backoff import FIRST_WAIT, LONGEST_WAIT, Holds, pause
from driftwatch.stores.remote.client import CollectorClient
from driftwatch.stores.remote.kept_back import facts_of
from driftwatch.stores.remote.losses import REFUSED, rows_lost
from driftwatch.stores.remote.names import made_at
from driftwatch.stores.remote.readings import took_it
from driftwatch.stores.remote.spool import Spool
from driftwatch.transport.client import Answer

__all__ = ["Sender"]

_LOG = logging.getLogger("driftwatch")
_LEFT_ALONE = 60.0
_REMEMBERED = 10_000
_AWAY = frozenset((0, 401, 408, 429))
"""These, and 500 and more, say nothing about the delivery: no other would fare better."""
_FINAL = frozenset((400, 413, 415, 422))


class Sender:
    """Sends what waits in a spool, the oldest first, one at a time, until it has arrived.

    Where the collector cannot be reached, or says that it cannot just now, it waits:
    longer every time, by a random part, and never shorter than the collector asks. Where it
    does not take one delivery for now, those of the same monitor wait and the others go on.
    What the collector says it will never take is set aside, counted, and logged.

    Args:
        client: The collector.
        spool: What waits.
        mine: The part of the names of this process's own deliveries. Those of others are
            sent too once they are a minute old, since their process may be gone.
        clock: Seconds, from any point on, by which deliveries are held back.
        now: Seconds since 1970, by which deliveries are a minute old.

    Attributes:
        sent: Deliveries that have arrived.
        refused: Deliveries that were set aside.
        lost: Rows of those by reason; replaced, never changed.
        problem: Why the last attempt failed; None if it did not.
        turned_down: Deliveries that the collector said it would not take, now or ever; replaced,
            never changed.
    """

    def __init__(
        self,
        client: CollectorClient,
        spool: Spool,
        /,
        *,
        mine: str,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.client = client
        self.spool = spool
        self.mine = mine
        self.sent = 0
        self.refused = 0
        self.lost: Counter[str] = Counter()
        self.problem: str | None = None
        self._clock = clock
        self._now = now
        self.after_fork(mine)

    def after_fork(self, mine: str) -> None:
        """Begin anew in a child, whose parent goes on sending its own."""
        self.mine = mine
        self._pid = os.getpid()
        self._busy = threading.Lock()
        self._wake = threading.Event()
        self._closed = threading.Event()
        self._thread: threading.Thread | None = None
        self._failures = 0
        self.turned_down: frozenset[str] = frozenset()
        self._held = Holds(self._clock)
        self._log = QuietLog()

    def wake(self) -> None:
        """Say that there is something to send; starts the thread where there is none."""
        if self._thread is None and not self._closed.is_set():
            self._thread = threading.Thread(
                target=_send_for_ever,
                args=(weakref.ref(self),),
                name="driftwatch-send",
                daemon=True,
            )
            self._thread.start()
        self._wake.set()

    def send_waiting(self, *, within: float | None = None) -> float | None:
        """Send everything that waits.

        Args:
            within: Seconds that this may take; as long as it takes if not given.

        Returns:
            None if all of it has arrived; or seconds to wait before the next attempt.
        """
        end = None if within is None else time.monotonic() + within
        if not self._busy.acquire(timeout=-1 if within is None else max(0.0, within)):
            return FIRST_WAIT
        try:
            return self._send_all(end)
        finally:
            self._busy.release()

    def _send_all(self, end: float | None) -> float | None:
        names = [name for name in self.spool.names() if self._is_due(name)]
        self._held.keep_only(names)
        self.turned_down = frozenset(sorted(self.turned_down)[-_REMEMBERED:])
        waits: list[float] = []
        for name in sorted(names, key=self._held.failures):  # what is stuck comes last
            wait = self._held.seconds(name)
            if not wait:
                left = None if end is None else end - time.monotonic()
                if left is not None and left <= 0:
                    return FIRST_WAIT
                wait = self._send(name, left)
                if wait and self._failures:
                    return wait
            if wait:
                waits.append(wait)
        return min(waits, default=None)

    def _send(self, name: str, timeout: float | None) -> float:
        """Send one; returns the seconds to wait before its next attempt, 0 if none is needed."""
        data = self.spool.read(name)
        if data is None:  # another process has sent it
            return 0.0
        answer = self.client.post("/v1/segments", data, timeout=timeout)
        if answer.status in _AWAY or answer.status >= 500:
            return self._failed(answer)
        if self._failures:
            _LOG.info(
                "driftwatch: %s answers again", self.client.url, extra=event("delivery.recovered")
            )
        self._failures, self.problem = 0, None
        if took_it(answer):
            self._arrived(name)
        elif answer.status in _FINAL:
            self._refuse(name, data, answer)
        else:
            return self._hold(name, data, answer)
        return 0.0

    def send_these(self, names: Iterable[str], /) -> None:
        """Send some deliveries now, once, whoever made them and however long they are held."""
        with self._busy:
            for name in names:
                self._send(name, None)

    def is_not_taken(self, name: str, /) -> bool:
        """Whether the collector does not take a delivery, or others of its monitor before it."""
        if name in self.turned_down:
            return True
        return self._held.seconds(name) > 0 and self.spool.has(name)

    def _is_due(self, name: str) -> bool:
        # One from the future was made by another clock, or one that was wrong.
        return self.mine in name or abs(self._now() - made_at(name)) > _LEFT_ALONE

    def _arrived(self, name: str) -> None:
        self.sent += 1
        self._held.release(name)
        self.turned_down -= {name}
        self.spool.remove(name)

    def _failed(self, answer: Answer) -> float:
        self._failures += 1
        self.problem = self.client.why(answer)
        self._log.log(
            answer.status,
            "driftwatch: %s does not take deliveries (%s); they wait in %s",
            self.client.url,
            self.problem,
            self.spool.folder,
            name="delivery.trouble",
        )
        return pause(self._failures, answer.retry_after)

    def _hold(self, name: str, data: bytes, answer: Answer) -> float:
        unknown = ", but no answer of a collector" if answer.succeeded else ""
        self.problem = self.client.why(answer) + unknown
        self._turn_down(name, data, self.problem)
        self._log.log(
            answer.status,
            "driftwatch: %s does not take a delivery for now (%s); it waits with the "
            "others of its monitor as %s in %s",
            self.client.url,
            self.problem,
            name,
            self.spool.folder,
            name="delivery.trouble",
        )
        return self._held.hold(name, asked=answer.retry_after)

    def _refuse(self, name: str, data: bytes, answer: Answer) -> None:
        if not self.spool.refuse(name):
            return
        self._turn_down(name, data, self.client.why(answer))
        self.refused += 1
        self.lost = self.lost + rows_lost(data, REFUSED)
        _LOG.warning(
            "driftwatch: %s refuses a delivery for good (%s); it is kept as %s.refused in %s "
            "(`driftwatch quarantine` lists it and sends it again)",
            self.client.url,
            self.client.why(answer),
            name,
            self.spool.folder,
            extra=event("delivery.trouble"),
        )

    def _turn_down(self, name: str, data: bytes, why: str) -> None:
        self.turned_down |= {name}
        monitor, rows = facts_of(data)
        self.spool.note(name, why=why, monitor=monitor, rows=rows)

    def finish(self, timeout: float, /) -> bool:
        """Send what waits now; whether all of it has arrived in time.

        It does not wait for what is held back longer than that.
        """
        end = time.monotonic() + timeout
        while (wait := self.send_waiting(within=end - time.monotonic())) is not None:
            if self._failures:
                wait = min(wait, 0.2)
            if time.monotonic() + wait >= end:
                return False
            threading.Event().wait(wait)
        return True

    def close(self, timeout: float, /) -> None:
        """End the thread and send what can be sent; the rest waits for the next process."""
        if self._closed.is_set():
            return
        end = time.monotonic() + timeout
        self._closed.set()
        self._wake.set()
        if self._thread is not None and self._pid == os.getpid():
            self._thread.join(timeout)
        self.send_waiting(within=end - time.monotonic())

    def turn(self) -> tuple[threading.Event, float] | None:
        """Send what waits; what to wait for then, and how long. None if it is closed."""
        self._wake.clear()  # before the question, since closing sets both
        if self._closed.is_set():
            return None
        try:
            wait = self.send_waiting()
        except Exception as error:  # noqa: BLE001 - the thread outlives every error
            _LOG.warning(
                "driftwatch: deliveries wait in %s: %s",
                self.spool.folder,
                error,
                extra=event("delivery.trouble"),
            )
            return self._closed, LONGEST_WAIT
        if wait is None:
            return self._wake, _LEFT_ALONE
        return self._closed if self._failures else self._wake, wait


def _send_for_ever(sender: weakref.ref[Sender]) -> None:
    """Send for as long as the sender is in use; nothing here keeps it alive."""
    while (alive := sender()) is not None and (pause := alive.turn()) is not None:
        del alive
        event, seconds = pause
        event.wait(seconds)
