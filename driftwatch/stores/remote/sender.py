"""The thread that takes deliveries from the spool to the collector."""

from __future__ import annotations

import os
import threading
import time
import weakref
from collections import Counter
from collections.abc import Callable, Iterable

from driftwatch.errors import StoreError
from driftwatch.stores.remote.backoff import FIRST_WAIT, LONGEST_WAIT, Holds, pause
from driftwatch.stores.remote.client import CollectorClient
from driftwatch.stores.remote.halving import put_halves
from driftwatch.stores.remote.losses import REFUSED, TOO_LARGE, rows_lost
from driftwatch.stores.remote.names import made_at, monitor_in
from driftwatch.stores.remote.readings import has_a_half, is_healthy, limit_in, took_it
from driftwatch.stores.remote.sending_log import SendingLog
from driftwatch.stores.remote.spool import Spool
from driftwatch.stores.remote.trouble import Trouble
from driftwatch.stores.remote.turned_down import TurnedDown
from driftwatch.transport.client import Answer

__all__ = ["Sender"]

_LEFT_ALONE = 60.0
_AWAY = frozenset((401, 429))
"""These say nothing about the delivery: no other would fare better."""
_NO_ANSWER = frozenset((0, 408, 502, 504))
"""Nothing of a collector's: it may be away, or what is between does not let this delivery pass."""
_FINAL = frozenset((400, 413, 415, 422))
_TOO_LARGE = 413
_BUSY = 503
_ATTEMPTS_WHOLE = 3
"""How often a delivery without an answer is sent before it is cut in halves."""
_MOST_UNANSWERED = 3
"""Deliveries that a collector which can be reached leaves unanswered before it is left alone."""
_PROBE = "/healthz"
_PROBE_SECONDS = 5.0


class Sender:
    """Sends what waits in a spool, the oldest first, one at a time, until it has arrived.

    Where the collector cannot be reached, or says that it cannot just now, it waits:
    longer every time, by a random part, and never shorter than the collector asks. Where it
    does not take one delivery for now, those of the same monitor wait and the others go on.
    One that gets no answer although the collector can be reached is tried after all others, and
    more and more rarely. What is larger than the collector, or a proxy before it, takes goes in
    halves; so does what has got no answer several times. What the collector says it will never
    take, and what is too large and cannot be cut, is set aside, counted, and logged.

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
        self._turned_down = TurnedDown()
        self._held = Holds(self._clock)
        self._knows_troubles = False
        self._limit: int | None = None
        self._was_cut = False
        self._unanswered = self._unanswered_rounds = 0
        self._sent_before: dict[str, int] = {}
        self._log = SendingLog(self.client.url, self.spool.folder)

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
        while True:
            self._was_cut = False
            wait = self._send_each(end)
            if not self._was_cut:
                return wait

    def _send_each(self, end: float | None) -> float | None:
        names = [name for name in self.spool.names() if self._is_due(name)]
        self._remember_troubles(names)
        self._unanswered = 0
        waits: list[float] = []
        for name in sorted(names, key=self._held.failures):  # what is stuck comes last
            wait = self._held.seconds(name)
            if not wait:
                if end is not None and end <= time.monotonic():
                    return FIRST_WAIT
                wait = self._send_or_hold(name, end)
                if wait and self._failures:
                    return wait
                if self._unanswered >= _MOST_UNANSWERED:
                    self._unanswered_rounds += 1
                    return pause(self._unanswered_rounds, None)
            if wait:
                waits.append(wait)
        return min(waits, default=None)

    def _remember_troubles(self, names: list[str]) -> None:
        """Forget what waits no more; and put behind what earlier processes sent in vain."""
        self._held.keep_only(names)
        waiting = set(names)
        self._sent_before = {n: sent for n, sent in self._sent_before.items() if n in waiting}
        if self._knows_troubles:
            return
        self._knows_troubles = True
        for name in names:
            trouble = self.spool.trouble(name)
            if trouble is not None:
                self._held.put_behind(name, failures=trouble.attempts)

    def _send_or_hold(self, name: str, end: float | None) -> float:
        try:
            return self._send(name, end)
        except StoreError as error:  # of this file, perhaps; the others go on
            self.problem = str(error)
            self._log.unreadable(error)
            return self._held.hold_alone(name, asked=None)

    def _send(self, name: str, end: float | None) -> float:
        """Send one; returns the seconds to wait before its next attempt, 0 if none is needed."""
        data = self.spool.read(name)
        if data is None:  # another process has sent it
            return 0.0
        if self._limit is not None and len(data) > self._limit and self._cut(name, data):
            return 0.0
        answer = self.client.post("/v1/segments", data, timeout=_left(end))
        self._learn_limit(answer, len(data))
        if answer.status in _AWAY:
            return self._failed(name, answer)
        if answer.status == _BUSY and self.client.explains(answer):
            return self._hold(name, data, answer)
        if answer.status in _NO_ANSWER or answer.status >= 500:
            if self._answers_others(name, end):
                return self._not_answered(name, data, answer)
            return self._failed(name, answer)
        if self._failures:
            self._log.back()
        self._failures, self.problem = 0, None
        return self._conclude(name, data, answer)

    def _conclude(self, name: str, data: bytes, answer: Answer) -> float:
        """Do what an answer says of a delivery; returns the seconds to wait, 0 if it is done."""
        if took_it(answer):
            self._arrived(name)
        elif has_a_half(answer):
            return 0.0 if self._cut(name, data) else self._hold(name, data, answer)
        elif answer.status not in _FINAL:
            return self._hold(name, data, answer)
        elif answer.status != _TOO_LARGE or not self._cut(name, data):
            self._refuse(name, data, answer)
        return 0.0

    def send_these(self, names: Iterable[str], /) -> list[str]:
        """Send some deliveries now, once, whoever made them and however long they are held.

        Returns:
            Those of them that have not arrived; of what was cut, the halves.
        """
        left: list[str] = []
        with self._busy:
            queue = [*names]
            while queue:
                name = queue.pop(0)
                self._send(name, None)
                halves = self._turned_down.halves_of(name)
                if self.spool.has(name) or name in self._turned_down:
                    left.append(name)
                elif halves:
                    queue = [*halves, *queue]
        return left

    def rows_not_taken(self, name: str, rows: int, /) -> int:
        """Rows of a delivery that the collector says it does not take, or others before it."""
        halves = self._turned_down.halves_of(name)
        if halves:
            return sum(self.rows_not_taken(half, part) for half, part in halves.items())
        held_up = self._turned_down.holds_up(name) and self._held.seconds(monitor_in(name)) > 0
        is_not_taken = name in self._turned_down or (held_up and self.spool.has(name))
        return rows if is_not_taken else 0

    def _learn_limit(self, answer: Answer, size: int) -> None:
        """Note how large a delivery may be: as the collector says, or below what was too large."""
        said = limit_in(answer)
        if answer.status == _TOO_LARGE:
            self._limit = min(size - 1, said or size, self._limit or size)
        elif self._limit is None or (took_it(answer) and size > self._limit):
            self._limit = said

    def _cut(self, name: str, data: bytes) -> bool:
        """Put the halves of a delivery in its place; False if it cannot be cut."""
        halves = put_halves(self.spool, name, data, mine=self.mine)
        if not halves:
            return False
        self._was_cut = True
        self._turned_down.cut(name, halves)
        return True

    def _answers_others(self, name: str, end: float | None) -> bool:
        """Whether the collector can be reached, or others have arrived, so that it is this one."""
        if self.sent > self._sent_before.setdefault(name, self.sent):
            return True
        left = _left(end)
        if left is not None and left <= 0:
            return False
        within = _PROBE_SECONDS if left is None else min(left, _PROBE_SECONDS)
        answer = self.client.get(_PROBE, timeout=within)
        if not is_healthy(answer):
            return False
        if self._limit is None:
            self._limit = limit_in(answer)
        return True

    def _is_due(self, name: str) -> bool:
        # One from the future was made by another clock, or one that was wrong.
        return self.mine in name or abs(self._now() - made_at(name)) > _LEFT_ALONE

    def _arrived(self, name: str) -> None:
        self.sent += 1
        self._unanswered_rounds = 0
        self._held.release(name)
        self._turned_down.forget(name)
        self.spool.remove(name)

    def _failed(self, name: str, answer: Answer) -> float:
        """Leave the collector alone; another delivery is the first to be tried then."""
        self._failures += 1
        if answer.status not in _AWAY:
            self._held.put_behind(name)
        self.problem = self.client.why(answer)
        self._log.away(answer.status, self.problem)
        return pause(self._failures, answer.retry_after)

    def _not_answered(self, name: str, data: bytes, answer: Answer) -> float:
        """Put a delivery behind the others, and cut it if it gets no answer again and again."""
        self._failures, self.problem = 0, self.client.why(answer)
        trouble = self._note(name, data, self.problem, turned_down=False)
        tried = max(trouble.attempts, self._held.failures(name) + 1)
        cut_now = (tried >= _ATTEMPTS_WHOLE and answer.status in _NO_ANSWER) or (
            self._limit is not None and len(data) > self._limit
        )
        if cut_now and self._cut(name, data):
            return 0.0
        self._unanswered += 1
        self._log.unanswered(name, self.problem, attempts=trouble.attempts)
        return self._held.hold_alone(name, asked=answer.retry_after)

    def _note(self, name: str, data: bytes, why: str, *, turned_down: bool) -> Trouble:
        return self.spool.note(name, why, data=data, turned_down=turned_down, now=self._now())

    def _hold(self, name: str, data: bytes, answer: Answer) -> float:
        unknown = ", but no answer of a collector" if answer.succeeded else ""
        self.problem = self.client.why(answer) + unknown
        turned_down = answer.status != _BUSY  # its store is away: that is said of no delivery
        self._note(name, data, self.problem, turned_down=turned_down)
        if turned_down:
            self._turned_down.add(name)
        else:
            self._turned_down.forget(name)
        self._log.held(name, answer.status, self.problem)
        return self._held.hold(name, asked=answer.retry_after)

    def _refuse(self, name: str, data: bytes, answer: Answer) -> None:
        why = self.client.why(answer)
        if not self.spool.refuse(name):
            return
        self._note(name, data, why, turned_down=True)
        self._turned_down.add(name, for_good=True)
        self.refused += 1
        reason = TOO_LARGE if answer.status == _TOO_LARGE else REFUSED
        self.lost = self.lost + rows_lost(data, reason)
        self._log.refused(name, len(data), why)

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
            self._log.broken(error)
            return self._closed, LONGEST_WAIT
        if wait is None:
            return self._wake, _LEFT_ALONE
        return self._closed if self._failures else self._wake, wait


def _left(end: float | None) -> float | None:
    return None if end is None else end - time.monotonic()


def _send_for_ever(sender: weakref.ref[Sender]) -> None:
    """Send for as long as the sender is in use; nothing here keeps it alive."""
    while (alive := sender()) is not None and (pause := alive.turn()) is not None:
        del alive
        event, seconds = pause
        event.wait(seconds)
