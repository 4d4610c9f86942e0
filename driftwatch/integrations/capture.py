"""What a running service saw, taken aside: a bounded queue and a thread that drains it."""

from __future__ import annotations

import contextlib
import logging
import math
import threading
import time
import weakref
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Any

from driftwatch.errors import ConfigError
from driftwatch.ingest.json_paths import UNREADABLE, Each
from driftwatch.ingest.payloads import OtherPayloadError
from driftwatch.ingest.record_paths import Extracted, Found, RecordPaths
from driftwatch.integrations.bodies import Form, UnreadableError, document_of
from driftwatch.logs.events import event
from driftwatch.process.background import TURN_SECONDS, in_turns, rest, rest_if_due
from driftwatch.process.lifetime import follow
from driftwatch.process.quiet_log import QuietLog
from driftwatch.process.switch import is_switched_off
from driftwatch.process.tally import Tally
from driftwatch.render.plain import plain

__all__ = ["Capture", "CaptureLimits"]

_LOG = logging.getLogger("driftwatch")
_START_AGAIN_SECONDS = 1.0
_RECORDS_AT_ONCE = 8
_EMPTY_ANSWERS = 100
_JSON = Form("application/json")


@dataclass(frozen=True, slots=True)
class CaptureLimits:
    """What capturing may take of its host.

    Attributes:
        records: Bodies that wait, at most; the oldest go, and are counted.
        size_bytes: Bytes of them, at most.
        body_bytes: Bytes of one body, at most; larger ones are passed over.
        unpacked_bytes: Bytes that a compressed body may have when it is unpacked.
        rows: Records of one body, at most; further ones are passed over.
        turn_seconds: How long the thread works at a time before it lets others go on.
        shutdown_seconds: How long a flush at the end may take.
        errors: After so many errors within a minute capturing stops ...
        pause_seconds: ... for so long.

    Raises:
        ConfigError: If one is not a positive number.
    """

    records: int = 2_048
    size_bytes: int = 8 << 20
    body_bytes: int = 64 << 10
    rows: int = 10_000
    unpacked_bytes: int = 1 << 20
    turn_seconds: float = TURN_SECONDS
    shutdown_seconds: float = 2.0
    errors: int = 5
    pause_seconds: float = 300.0

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            whole = isinstance(field.default, int)
            if not isinstance(value, int if whole else (int, float)) or not 0 < value < math.inf:
                kind = "whole number" if whole else "number"
                raise ConfigError(f"{field.name} must be a positive {kind}; got {value!r}")


class Capture:
    """Takes bodies aside on the request path, and observes their records in a thread.

    `offer` appends to a queue and returns; errors afterwards stay here and are
    counted by reason. The thread starts with the first body, in every process that has
    one, and works in short turns, so that requests need not wait for the interpreter. Set
    ``DRIFTWATCH_DISABLED=1`` to do without, or call `disable`.

    Args:
        observe: Takes one record, as `Monitor.observe` does.
        flush: Stores what was observed, within so many seconds.
        paths: Where things stand in the request's body; prediction and score in the response's.
        limits: What it may take.
        count: Told of everything that is dropped, by reason.
        clock: Seconds since 1970; when a body came, which is the time of records that bring none.

    Attributes:
        observed: Records that were observed.
    """

    def __init__(
        self,
        observe: Callable[..., None],
        flush: Callable[[float], object],
        paths: RecordPaths,
        limits: CaptureLimits | None = None,
        /,
        *,
        count: Callable[[str, int], None] | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.limits = limits or CaptureLimits()
        self.paths = paths
        self._observe = observe
        self._flush = flush
        self._count = count
        self._clock = clock
        self.observed = 0
        self.enabled = not is_switched_off()
        self._begin_life()
        follow(self)

    def _begin_life(self) -> None:
        self._tally = Tally()
        self._queue: deque[tuple[bytes, bytes | None, float, Form, Form, int]] = deque()
        self._empty_answers: int | None = 0
        self._bytes = 0
        self._wake = threading.Event()
        self._working = threading.Lock()
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None
        self._start_again_at = 0.0
        self._closed = False
        self._errors: deque[float] = deque(maxlen=self.limits.errors)
        self._open_until = 0.0
        self._log = QuietLog()

    @property
    def dropped(self) -> Counter[str]:
        """Bodies and records that were not observed, by reason."""
        return Counter(self._tally.counts())

    def disable(self) -> None:
        """Capture nothing more, from now on."""
        self.enabled = False

    def enable(self) -> None:
        """Capture again."""
        self.enabled = True

    def offer(
        self,
        request: bytes,
        response: bytes | None,
        asked: Form = _JSON,
        answered: Form = _JSON,
        /,
    ) -> None:
        """Take the bodies of one exchange aside. About two microseconds; never raises.

        Args:
            request: The body of the request.
            response: That of the response; None if nothing is to be found in it.
            asked: How the request's is written.
            answered: How the response's is.
        """
        if not self.enabled:
            return
        try:
            if self._open_until and self._pausing():
                self.drop("paused")
                return
            size = len(request) + (0 if response is None else len(response))
            self._queue.append((request, response, self._clock(), asked, answered, size))
            self._bytes += size  # nothing is called within: no other thread comes between
            while len(self._queue) > self.limits.records or self._bytes > self.limits.size_bytes:
                *_, size = self._queue.popleft()
                self._bytes -= size
                self.drop("queue_full")
            if self._thread is None:
                self._start()
            if not self._wake.is_set():
                self._wake.set()
        except Exception as error:  # noqa: BLE001 - nothing of ours reaches the host
            self.failed(error)

    def drop(self, reason: str, count: int = 1, /) -> None:
        """Count what is not observed; logged when it begins, and once a minute.

        Never raises, even where the host has broken its logging.
        """
        with contextlib.suppress(Exception):
            self._tally.count(reason, count)
            if self._count is not None:
                self._count(reason, count)
            so_far = self._tally.counts()[reason]
            message = "driftwatch: not observed: %s (%d so far)"
            self._log.log(reason, message, reason, so_far, name="capture.trouble")

    def failed(self, error: BaseException, /) -> None:
        """Count an error of ours; after too many, stop for a while. Never raises."""
        with contextlib.suppress(Exception):
            self.drop("internal_error")
            self._pause_after_many(error)

    def _pause_after_many(self, error: BaseException) -> None:
        now = time.monotonic()
        self._errors.append(now)
        full = len(self._errors) == self.limits.errors
        if full and now - self._errors[0] < 60.0 and now >= self._open_until:
            self._open_until = now + self.limits.pause_seconds
            self._errors.clear()
            _LOG.warning(
                "driftwatch: capturing stops for %.0f s after repeated errors: %s",
                self.limits.pause_seconds,
                error,
                extra=event("capture.trouble"),
            )

    def _pausing(self) -> bool:
        """Whether the pause after repeated errors goes on; its end is logged."""
        if time.monotonic() < self._open_until:
            return True
        self._open_until = 0.0
        _LOG.warning("driftwatch: capturing begins again", extra=event("capture.trouble"))
        return False

    def flush(self, timeout: float | None = None, /) -> bool:
        """Wait until what was offered is observed, and store it; False if time ran out."""
        end = time.monotonic() + (self.limits.shutdown_seconds if timeout is None else timeout)
        try:
            done = self._drain(end)
            self._flush(max(0.0, end - time.monotonic()))
        except Exception as error:  # noqa: BLE001 - nothing of ours reaches the host
            self.failed(error)
            return False
        return done

    def _drain(self, end: float) -> bool:
        """Take turns until nothing is left; False if time ran out."""
        while self._working.acquire(timeout=max(0.0, end - time.monotonic())):
            try:
                left = self._turn()
            finally:
                self._working.release()
            if not left or time.monotonic() >= end:
                return not left
        return False

    def begin_again(self) -> None:
        """In a child after a fork: what waits is the parent's."""
        self._begin_life()

    def end(self, seconds: float, /) -> None:
        """Observe and store what waits, as the process ends."""
        # A thread that is ended with the interpreter would take what it holds with it.
        self.close(min(seconds, self.limits.shutdown_seconds))

    def close(self, within: float | None = None, /) -> None:
        """Observe and store what waits, end the thread, and take nothing more.

        Args:
            within: Seconds that it may take; those of the limits if not given.
        """
        end = time.monotonic() + (self.limits.shutdown_seconds if within is None else within)
        self.flush(within)
        self.enabled = False
        thread, self._closed = self._thread, True
        self._wake.set()
        if thread is not None and thread is not threading.current_thread():
            thread.join(max(0.1, end - time.monotonic()))

    @property
    def closed(self) -> bool:
        """Whether it has been closed."""
        return self._closed

    def _start(self) -> None:
        """Start the thread; where none is to be had, what waits waits for the next try."""
        with self._starting:
            now = time.monotonic()
            if self._thread is not None or now < self._start_again_at:
                return
            self._start_again_at = now + _START_AGAIN_SECONDS
            thread = threading.Thread(
                target=_work,
                args=(weakref.ref(self), self.limits.turn_seconds),
                name="driftwatch-capture",
                daemon=True,
            )
            try:
                thread.start()
            except (RuntimeError, OSError, MemoryError) as error:  # a limit on processes, say
                self._log.log(
                    "no_thread",
                    "driftwatch: bodies wait for a thread: %s",
                    error,
                    name="capture.trouble",
                )
            else:
                self._thread = thread

    def turn(self) -> bool:
        """Observe what waits for a short while; whether anything is left."""
        with self._working:
            return self._turn()

    def _turn(self) -> bool:
        end = time.perf_counter() + self.limits.turn_seconds
        while self._queue:
            try:
                request, response, at, asked, answered, size = self._queue.popleft()
            except IndexError:  # the request path has just dropped it
                break
            self._bytes -= size
            try:
                self._take(request, response, at, asked, answered)
            except Exception as error:  # noqa: BLE001 - nothing of ours reaches the host
                self.failed(error)
            if time.perf_counter() >= end:
                break
        return bool(self._queue)

    def _take(
        self, request: bytes, response: bytes | None, at: float, asked: Form, answered: Form
    ) -> None:
        most, rows = self.limits.unpacked_bytes, self.limits.rows
        answer, unread = (None, "") if response is None else self._answer(response, answered)
        try:
            question = document_of(request, asked, most, rows)
            found = self.paths.extract(question, answer)
        except UnreadableError as error:
            self.drop(str(error))
            return
        except OtherPayloadError:
            self.drop("other_payload")
            return
        except LookupError:
            self.drop("no_features")
            return
        bad = answer.count(UNREADABLE) if isinstance(answer, Each) else 0
        if unread:  # the rows are none the worse; no prediction stands beside them
            self.drop(unread, max(1, len(found.records)))
        if bad or found.surplus or found.unmatched or not found.records:
            self._count_odd(found, bad)
        if self._empty_answers is not None:
            self._look_for_answers(found.records)
        for place, extracted in enumerate(found.records):
            if not place % _RECORDS_AT_ONCE:  # one body may hold thousands
                rest_if_due()
            self._one(extracted, at)

    def _answer(self, response: bytes, form: Form) -> tuple[Any, str]:
        """The document of a response, or None and why there is none, as it is counted."""
        try:
            return document_of(response, form, self.limits.unpacked_bytes, self.limits.rows), ""
        except UnreadableError as error:
            return None, f"response_{error}"

    def _count_odd(self, found: Found, bad: int) -> None:
        """Count what of two bodies is not observed, or stands beside no record.

        Args:
            found: What was in them.
            bad: Lines of the answer that are no JSON.
        """
        if not found.records:
            self.drop("no_records")
        if found.surplus:
            self.drop("too_many_rows", found.surplus)
        for reason in found.unmatched:
            self.drop(reason, len(found.records))
        if bad:
            self.drop("not_json", bad)

    def _look_for_answers(self, records: Sequence[Extracted]) -> None:
        """Say once that no prediction stands where one should, in any of the first answers."""
        words = [word for word in ("prediction", "score") if word in self.paths.words]
        if self._empty_answers is None or not records or not words:
            return
        if any(record.by_role[word] is not None for record in records for word in words):
            self._empty_answers = None
            return
        self._empty_answers += 1
        if self._empty_answers >= _EMPTY_ANSWERS:
            self._empty_answers = None
            _LOG.warning(
                "driftwatch: nothing stands where %s should be in %d responses, one after another; "
                "see the path that was given to the middleware",
                " and ".join(words),
                _EMPTY_ANSWERS,
                extra=event("capture.trouble"),
            )

    def never_matched(self, routes: Sequence[str], path: str, many: int, /) -> None:
        """Say and count that requests come, and none on a watched route. Never raises."""
        with contextlib.suppress(Exception):
            _LOG.warning(
                "driftwatch: of %d requests none was on a watched route (%s); the last was on %s",
                many,
                ", ".join(routes),
                plain(path, 200),
                extra=event("capture.trouble"),
            )
            self.drop("route_never_matched", many)

    def _one(self, extracted: Extracted, at: float) -> None:
        if extracted.record is None or extracted.record is UNREADABLE:
            self.drop("not_a_record" if extracted.record is None else "not_json")
            return
        if extracted.by_role["at"] is None:
            extracted.by_role["at"] = at
        self._observe(extracted.record, **extracted.by_role)
        self.observed += 1

    def wait(self, seconds: float, /) -> None:
        """Let the thread sleep until something is offered."""
        self._wake.clear()
        if not self._queue and not self._closed:
            self._wake.wait(seconds)


def _work(capture: weakref.ref[Capture], length: float) -> None:
    """Drain in turns, with a rest between them, for as long as the capture lives."""
    with in_turns(length):
        while (alive := capture()) is not None and not alive.closed:
            try:
                if not alive.turn():
                    alive.wait(1.0)
                rest()
            except Exception as error:  # noqa: BLE001 - the thread outlives every error
                _excused(alive, error)
            del alive


def _excused(capture: Capture, error: Exception) -> None:
    with contextlib.suppress(Exception):
        capture.failed(error)
    time.sleep(1.0)  # an error that comes at once must not spin
