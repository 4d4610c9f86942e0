"""What a running service saw, taken aside: a bounded queue and a thread that drains it."""

from __future__ import annotations

import atexit
import contextlib
import logging
import os
import threading
import time
import weakref
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from driftwatch.json_paths import JsonPath
from driftwatch.turns import TURN_SECONDS, in_turns, rest

__all__ = ["Capture", "CaptureLimits", "CapturePaths"]

_LOG = logging.getLogger("driftwatch")
_SWITCH = "DRIFTWATCH_DISABLED"


@dataclass(frozen=True, slots=True)
class CapturePaths:
    """Where features and predictions stand in the bodies of a request and its response.

    Attributes:
        features: In the request: an object, one record; or a list of objects, many.
        prediction: In the response; a list of as many, if the features are a list.
        score: Likewise.
        id: In the request.
        at: In the request: the event time.
    """

    features: JsonPath
    prediction: JsonPath | None = None
    score: JsonPath | None = None
    id: JsonPath | None = None
    at: JsonPath | None = None


@dataclass(frozen=True, slots=True)
class CaptureLimits:
    """What capturing may take of its host.

    Attributes:
        records: Bodies that wait, at most; the oldest go, and are counted.
        size_bytes: Bytes of them, at most.
        body_bytes: Bytes of one body, at most; larger ones are passed over.
        turn_seconds: How long the thread works at a time before it lets others go on.
        shutdown_seconds: How long a flush at the end may take.
        errors: After so many errors within a minute capturing stops ...
        pause_seconds: ... for so long.
    """

    records: int = 2_048
    size_bytes: int = 8 << 20
    body_bytes: int = 64 << 10
    turn_seconds: float = TURN_SECONDS
    shutdown_seconds: float = 2.0
    errors: int = 5
    pause_seconds: float = 300.0


class Capture:
    """Takes bodies aside on the request path, and observes their records in a thread.

    `offer` appends to a queue and returns; whatever goes wrong afterwards stays here and is
    counted by reason. The thread starts with the first body, in every process that has
    one, and works in short turns, so that requests need not wait for the interpreter. Set
    ``DRIFTWATCH_DISABLED=1`` to do without, or call `disable`.

    Args:
        observe: Takes one record, as `Monitor.observe` does.
        flush: Stores what was observed.
        paths: Where things stand in the bodies.
        limits: What it may take.

    Attributes:
        dropped: Bodies and records that were not observed, by reason.
        observed: Records that were.
    """

    def __init__(
        self,
        observe: Callable[..., None],
        flush: Callable[[], object],
        paths: CapturePaths,
        limits: CaptureLimits | None = None,
        /,
    ) -> None:
        self.limits = limits or CaptureLimits()
        self.paths = paths
        self._observe = observe
        self._flush = flush
        self.dropped: Counter[str] = Counter()
        self.observed = 0
        self.enabled = os.environ.get(_SWITCH, "") not in ("1", "true", "yes")
        self._begin_life()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=partial(_in_child, weakref.ref(self)))
        atexit.register(_at_exit, weakref.ref(self))

    def _begin_life(self) -> None:
        self._queue: deque[tuple[bytes, bytes | None, float]] = deque()
        self._bytes = 0
        self._wake = threading.Event()
        self._working = threading.Lock()
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None
        self._closed = False
        self._errors: deque[float] = deque(maxlen=self.limits.errors)
        self._open_until = 0.0
        self._said: dict[str, float] = {}

    def disable(self) -> None:
        """Capture nothing more, from now on."""
        self.enabled = False

    def enable(self) -> None:
        """Capture again."""
        self.enabled = True

    def offer(self, request: bytes, response: bytes | None, /) -> None:
        """Take the bodies of one exchange aside. About two microseconds; never raises."""
        if not self.enabled or self._open_until > time.monotonic():
            return
        try:
            size = len(request) + (len(response) if response is not None else 0)
            self._queue.append((request, response, time.time()))
            self._bytes += size
            while len(self._queue) > self.limits.records or self._bytes > self.limits.size_bytes:
                old, answer, _ = self._queue.popleft()
                self._bytes -= len(old) + (len(answer) if answer is not None else 0)
                self.drop("queue_full")
            if self._thread is None:
                self._start()
            if not self._wake.is_set():
                self._wake.set()
        except Exception as error:  # noqa: BLE001 - nothing of ours reaches the host
            self.failed(error)

    def drop(self, reason: str, count: int = 1, /) -> None:
        """Count what is not observed; said in the log when it begins, and once a minute."""
        self.dropped[reason] += count
        now = time.monotonic()
        if now - self._said.get(reason, -60.0) >= 60.0:
            self._said[reason] = now
            _LOG.warning("driftwatch: not observed: %s (%d so far)", reason, self.dropped[reason])

    def failed(self, error: BaseException, /) -> None:
        """Count an error of ours; after too many, stop for a while."""
        self.drop("internal_error")
        now = time.monotonic()
        self._errors.append(now)
        full = len(self._errors) == self.limits.errors
        if full and now - self._errors[0] < 60.0:
            self._open_until = now + self.limits.pause_seconds
            self._errors.clear()
            _LOG.warning(
                "driftwatch: capturing stops for %.0f s after repeated errors: %s",
                self.limits.pause_seconds,
                error,
            )

    def flush(self, timeout: float | None = None, /) -> bool:
        """Wait until what was offered is observed, and store it; False if time ran out."""
        end = time.monotonic() + (self.limits.shutdown_seconds if timeout is None else timeout)
        try:
            while self.turn() and time.monotonic() < end:
                pass
            self._flush()
        except Exception as error:  # noqa: BLE001 - nothing of ours reaches the host
            self.failed(error)
            return False
        return not self._queue

    def close(self) -> None:
        """Observe and store what waits, end the thread, and take nothing more."""
        self.flush()
        self.enabled = False
        thread, self._closed = self._thread, True
        self._wake.set()
        if thread is not None and thread is not threading.current_thread():
            thread.join(self.limits.shutdown_seconds)

    @property
    def closed(self) -> bool:
        """Whether it has been closed."""
        return self._closed

    def _start(self) -> None:
        with self._starting:
            if self._thread is None:
                thread = threading.Thread(
                    target=_work,
                    args=(weakref.ref(self), self.limits.turn_seconds),
                    name="driftwatch-capture",
                    daemon=True,
                )
                thread.start()
                self._thread = thread

    def turn(self) -> bool:
        """Observe what waits for a short while; whether anything is left."""
        with self._working:
            return self._turn()

    def _turn(self) -> bool:
        end = time.perf_counter() + self.limits.turn_seconds
        while self._queue:
            try:
                request, response, at = self._queue.popleft()
            except IndexError:  # the request path has just dropped it
                break
            self._bytes -= len(request) + (len(response) if response is not None else 0)
            try:
                self._take(request, response, at)
            except Exception as error:  # noqa: BLE001 - nothing of ours reaches the host
                self.failed(error)
            if time.perf_counter() >= end:
                break
        return bool(self._queue)

    def _take(self, request: bytes, response: bytes | None, at: float) -> None:
        import orjson

        try:
            asked = orjson.loads(request)
            answered = orjson.loads(response) if response is not None else None
        except orjson.JSONDecodeError:
            self.drop("not_json")
            return
        try:
            features = self.paths.features.find(asked)
        except LookupError:
            self.drop("no_features")
            return
        said = {
            "prediction": _found(self.paths.prediction, answered),
            "score": _found(self.paths.score, answered),
            "id": _found(self.paths.id, asked),
            "at": _found(self.paths.at, asked),
        }
        if isinstance(features, Mapping):
            self._one(features, said, at)
        elif isinstance(features, list):
            for place, record in enumerate(features):
                self._one(record, {key: _at(value, place) for key, value in said.items()}, at)
        else:
            self.drop("no_features")

    def _one(self, record: Any, said: dict[str, Any], at: float) -> None:
        if not isinstance(record, Mapping):
            self.drop("not_a_record")
            return
        if said["at"] is None:
            said["at"] = at
        self._observe(record, **said)
        self.observed += 1

    def wait(self, seconds: float, /) -> None:
        """Let the thread sleep until something is offered."""
        self._wake.clear()
        if not self._queue and not self._closed:
            self._wake.wait(seconds)


def _found(path: JsonPath | None, document: Any) -> Any:
    return None if path is None else path.find(document, None)


def _at(value: Any, place: int) -> Any:
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return value[place] if place < len(value) else None
    return value


def _work(capture: weakref.ref[Capture], length: float) -> None:
    """Drain in turns, with a rest between them, for as long as the capture lives."""
    with in_turns(length):
        while (found := capture()) is not None and not found.closed:
            try:
                if not found.turn():
                    found.wait(1.0)
                rest()
            except Exception as error:  # noqa: BLE001 - the thread outlives whatever happens
                _excused(found, error)
            del found


def _excused(capture: Capture, error: Exception) -> None:
    with contextlib.suppress(Exception):
        capture.failed(error)
    time.sleep(1.0)  # whatever it is, it must not spin


def _in_child(capture: weakref.ref[Capture]) -> None:
    found = capture()
    if found is not None:
        found._begin_life()  # noqa: SLF001 - our own; what waits is the parent's


def _at_exit(capture: weakref.ref[Capture]) -> None:
    found = capture()
    if found is not None:
        # A thread that is ended with the interpreter would take what it holds with it.
        found.close()
