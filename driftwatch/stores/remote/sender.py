"""The thread that takes deliveries from the spool to the collector."""

from __future__ import annotations

import logging
import os
import random
import threading
import time
import weakref

from driftwatch.stores.remote.client import Answer, CollectorClient
from driftwatch.stores.remote.spool import Spool

__all__ = ["Sender"]

_LOG = logging.getLogger("driftwatch")
_FIRST_WAIT = 0.5
_LONGEST_WAIT = 60.0
_LONGEST_ASKED = 600.0
_LEFT_ALONE = 60.0
_PASSING = frozenset((0, 401, 403, 404, 405, 408, 409, 421, 425, 429))


class Sender:
    """Sends what waits in a spool, the oldest first, one at a time, until it has arrived.

    Where the collector cannot be reached, or says that it cannot just now, it waits:
    longer every time, by a random part, and never shorter than the collector asks. What the
    collector says it will never take is set aside, counted, and said in the log.

    Args:
        client: The collector.
        spool: What waits.
        mine: The part of the names of this process's own deliveries. Those of others are
            sent too once they are a minute old, since their process may be gone.

    Attributes:
        sent: Deliveries that have arrived.
        refused: Deliveries that were set aside.
        problem: Why the last attempt failed; None if it did not.
    """

    def __init__(self, client: CollectorClient, spool: Spool, /, *, mine: str) -> None:
        self.client = client
        self.spool = spool
        self.mine = mine
        self.sent = 0
        self.refused = 0
        self.problem: str | None = None
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
        self._said = -_LONGEST_WAIT

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
            return _FIRST_WAIT
        try:
            for name in filter(self._is_due, self.spool.names()):
                left = None if end is None else end - time.monotonic()
                if left is not None and left <= 0:
                    return _FIRST_WAIT
                wait = self._send(name, left)
                if wait is not None:
                    return wait
            return None
        finally:
            self._busy.release()

    def _send(self, name: str, timeout: float | None) -> float | None:
        data = self.spool.read(name)
        if data is None:  # another process has sent it
            return None
        answer = self.client.post("/v1/segments", data, timeout=timeout)
        if 200 <= answer.status < 300:
            self._arrived(name)
        elif answer.status in _PASSING or answer.status >= 500:
            return self._failed(answer)
        else:
            self._refuse(name, answer)
        return None

    def _is_due(self, name: str) -> bool:
        if self.mine in name:
            return True
        try:
            made = float(name.partition("-")[0])
        except ValueError:
            return True
        return time.time() - made > _LEFT_ALONE

    def _arrived(self, name: str) -> None:
        if self._failures:
            _LOG.info("driftwatch: %s answers again", self.client.url)
        self.sent += 1
        self._failures, self.problem = 0, None
        self.spool.remove(name)

    def _failed(self, answer: Answer) -> float:
        self._failures += 1
        self.problem = f"{answer.status or 'unreachable'} {answer.reason}".strip()
        now = time.monotonic()
        if now - self._said >= 60.0:
            self._said = now
            _LOG.warning(
                "driftwatch: %s does not take deliveries (%s); they wait in %s",
                self.client.url,
                self.problem,
                self.spool.folder,
            )
        longest = min(_LONGEST_WAIT, _FIRST_WAIT * 2 ** min(self._failures, 10))
        wait = random.uniform(_FIRST_WAIT / 2, longest)  # noqa: S311 - to spread, not to hide
        if answer.retry_after is not None:
            wait += min(answer.retry_after, _LONGEST_ASKED)
        return wait

    def _refuse(self, name: str, answer: Answer) -> None:
        self.refused += 1
        self.spool.refuse(name)
        _LOG.warning(
            "driftwatch: %s refuses a delivery for good (%d %s); it is kept as %s.refused in %s",
            self.client.url,
            answer.status,
            answer.body[:200].decode("utf-8", "replace"),
            name,
            self.spool.folder,
        )

    def finish(self, timeout: float, /) -> bool:
        """Send what waits now; whether all of it has arrived in time."""
        end = time.monotonic() + timeout
        while (wait := self.send_waiting(within=end - time.monotonic())) is not None:
            if time.monotonic() + min(wait, 0.2) >= end:
                return False
            self._closed.wait(min(wait, 0.2))
        return True

    def close(self, timeout: float, /) -> None:
        """End the thread and send what can be sent; the rest waits for the next process."""
        if self._closed.is_set():
            return
        self._closed.set()
        self._wake.set()
        if self._thread is not None and self._pid == os.getpid():
            self._thread.join(timeout)
        self.send_waiting(within=timeout)

    def turn(self) -> tuple[threading.Event, float] | None:
        """Send what waits; what to wait for then, and how long. None if it is closed."""
        if self._closed.is_set():
            return None
        self._wake.clear()
        try:
            wait = self.send_waiting()
        except Exception as error:  # noqa: BLE001 - the thread outlives whatever happens
            _LOG.warning("driftwatch: deliveries wait in %s: %s", self.spool.folder, error)
            wait = _LONGEST_WAIT
        return (self._wake, _LEFT_ALONE) if wait is None else (self._closed, wait)


def _send_for_ever(sender: weakref.ref[Sender]) -> None:
    """Send for as long as the sender is in use; nothing here keeps it alive."""
    while (found := sender()) is not None and (pause := found.turn()) is not None:
        del found
        event, seconds = pause
        event.wait(seconds)
