"""Capturing: the host notices nothing, and what is not observed is counted."""

from __future__ import annotations

import json
import logging
import os
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from driftwatch.errors import ConfigError
from driftwatch.ingest.json_paths import JsonPath
from driftwatch.ingest.record_paths import RecordPaths
from driftwatch.integrations.bodies import Form
from driftwatch.integrations.capture import Capture, CaptureLimits
from driftwatch.process import background as turns
from driftwatch.process.background import in_turns
from driftwatch.process.quiet_log import QuietLog

PATHS = RecordPaths(
    JsonPath.of("$.inputs"),
    prediction=JsonPath.of("$.score"),
    id=JsonPath.of("$.id"),
    at=JsonPath.of("$.at"),
)


class Observer:
    """Stands where a monitor does."""

    def __init__(self) -> None:
        self.seen: list[tuple[Any, dict[str, Any]]] = []
        self.flushes: list[float] = []

    def observe(self, record: Any, **said: Any) -> None:
        self.seen.append((record, said))

    def flush(self, within: float) -> None:
        self.flushes.append(within)


def body(document: Any) -> bytes:
    return json.dumps(document).encode()


def capture(observer: Observer, **limits: Any) -> Capture:
    return Capture(observer.observe, observer.flush, PATHS, CaptureLimits(**limits))


def test_single_records_and_batches() -> None:
    observer = Observer()
    taken = capture(observer)
    taken.offer(body({"inputs": {"x": 1}, "id": "a", "at": 5.0}), body({"score": 0.5}))
    taken.offer(body({"inputs": [{"x": 2}, {"x": 3}]}), body({"score": [0.1, 0.2]}))
    assert taken.flush(20)
    first, second, third = observer.seen
    unsaid = {"score": None, "label": None, "model_version": None}
    assert first == ({"x": 1}, {"prediction": 0.5, "id": "a", "at": 5.0, **unsaid})
    assert (second[0], second[1]["prediction"]) == ({"x": 2}, 0.1)
    assert (third[0], third[1]["prediction"]) == ({"x": 3}, 0.2)
    assert second[1]["at"] > 1e9  # when it came
    assert taken.observed == 3
    assert len(observer.flushes) == 1


def test_a_record_with_a_value_that_is_no_number_is_a_record() -> None:
    observer = Observer()
    taken = capture(observer)
    taken.offer(b'{"inputs": {"x": NaN, "y": 2}}', b'{"score": -Infinity}')
    assert taken.flush(20)
    ((record, said),) = observer.seen
    assert np.isnan(record["x"])
    assert (record["y"], said["prediction"]) == (2, -np.inf)
    assert taken.dropped == {}


def test_what_cannot_be_used_is_counted() -> None:
    observer = Observer()
    taken = capture(observer)
    deep = (b'{"inputs":' * 20_000, b"[" * 60_000)
    for request in (
        b"not json",
        body({"else": 1}),
        body({"inputs": 5}),
        body({"inputs": [1]}),
        *deep,
    ):
        taken.offer(request, None)
    assert taken.flush(20)
    assert observer.seen == []
    assert taken.dropped == {"not_json": 3, "no_features": 2, "not_a_record": 1}


@pytest.mark.parametrize(
    ("response", "form", "reason"),
    [
        (b"oops", Form("application/json"), "response_not_json"),
        (b"", Form("application/json"), "response_not_json"),
        (b"<p>0.5</p>", Form("text/html"), "response_not_a_json_body"),
        (b"{}", Form("application/json", "gzip"), "response_compressed"),
    ],
)
def test_a_response_that_cannot_be_read_takes_no_row_with_it(
    response: bytes, form: Form, reason: str
) -> None:
    observer = Observer()
    taken = capture(observer)
    for request in (body({"inputs": {"x": 1}}), body({"inputs": [{"x": 2}, {"x": 3}]})):
        taken.offer(request, response, Form("application/json"), form)
    assert taken.flush(20)
    assert [record for record, _ in observer.seen] == [{"x": 1}, {"x": 2}, {"x": 3}]
    assert all(said["prediction"] is None for _, said in observer.seen)
    assert taken.dropped == {reason: 3}


def test_the_queue_is_bounded_and_the_oldest_go() -> None:
    observer = Observer()
    for limits in ({"records": 10}, {"size_bytes": 10 * len(body({"inputs": {"x": 11}}))}):
        taken = capture(observer, **limits)
        with taken._working:  # the thread cannot take anything meanwhile
            for x in range(10, 60):
                taken.offer(body({"inputs": {"x": x}}), None)
        assert taken.flush(20)
        assert taken.observed + taken.dropped["queue_full"] == 50
        assert taken.observed <= 11  # the thread may hold one
        assert observer.seen[-1][0] == {"x": 59}


def test_errors_are_swallowed_and_open_the_breaker(caplog: pytest.LogCaptureFixture) -> None:
    def broken(record: Any, **said: Any) -> None:
        raise RuntimeError("the monitor broke")

    taken = Capture(broken, Observer().flush, PATHS, CaptureLimits(errors=3))
    with caplog.at_level(logging.WARNING, "driftwatch"):
        for _ in range(3):
            taken.offer(body({"inputs": {"x": 1}}), None)
            taken.flush(20)
    assert taken.dropped["internal_error"] == 3
    assert "capturing stops" in caplog.text
    taken.offer(body({"inputs": {"x": 1}}), None)
    assert not taken._queue  # not even looked at
    assert taken.dropped["paused"] == 1
    assert "begins again" not in caplog.text
    taken._open_until = time.monotonic()  # the pause is over
    taken.offer(body({"inputs": {"x": 1}}), None)
    taken.flush(20)
    assert taken.dropped == {"internal_error": 4, "paused": 1}
    assert caplog.text.count("begins again") == 1


class Refusing(logging.Filter):
    """A filter of the host's that fails outside of a request."""

    def filter(self, record: logging.LogRecord) -> bool:
        raise LookupError("no request")


@pytest.fixture
def refusing() -> Iterator[None]:
    log, refusal = logging.getLogger("driftwatch"), Refusing()
    log.addFilter(refusal)
    yield
    log.removeFilter(refusal)


@pytest.mark.usefixtures("refusing")
def test_no_log_of_the_host_makes_counting_raise() -> None:
    taken = capture(Observer(), errors=2)
    taken.drop("too_large", 2)
    for _ in range(3):
        taken.failed(RuntimeError("ours"))
    taken.offer(body({"inputs": {"x": 1}}), None)
    assert taken.dropped == {"too_large": 2, "internal_error": 3, "paused": 1}
    taken._open_until = time.monotonic()  # the pause is over
    taken.offer(body({"inputs": {"x": 1}}), None)
    assert taken.dropped["internal_error"] == 4


@pytest.mark.parametrize("part", ["drop", "log", "_pause_after_many"])
def test_handling_an_error_cannot_raise_another(part: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> Any:
        raise RuntimeError("an internal error")

    taken = capture(Observer())
    monkeypatch.setattr(QuietLog if part == "log" else Capture, part, broken)
    taken.failed(RuntimeError("ours"))
    assert part == "drop" or taken.dropped == {"internal_error": 1}


def test_whoever_is_told_of_drops_is_told_of_all_and_may_fail() -> None:
    told: Counter[str] = Counter()

    def count(reason: str, rows: int) -> None:
        told[reason] += rows
        raise RuntimeError("the monitor broke")

    observer = Observer()
    taken = Capture(observer.observe, observer.flush, PATHS, count=count)
    taken.offer(b"not json", None)
    taken.drop("too_large", 3)
    assert taken.flush(20)
    assert told == taken.dropped == {"not_json": 1, "too_large": 3}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("errors", 0),
        ("errors", 2.5),
        ("records", 0),
        ("size_bytes", -1),
        ("body_bytes", "64k"),
        ("turn_seconds", 0.0),
        ("shutdown_seconds", float("inf")),
        ("pause_seconds", float("nan")),
    ],
)
def test_a_limit_that_is_not_positive_is_a_clear_error(name: str, value: Any) -> None:
    with pytest.raises(ConfigError, match=f"{name} must be a positive"):
        CaptureLimits(**{name: value})


def test_whole_numbers_do_as_seconds() -> None:
    assert CaptureLimits(shutdown_seconds=2).shutdown_seconds == 2


def test_a_thread_that_cannot_start_is_tried_again_later(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    tries: list[threading.Thread] = []

    def no_thread(thread: threading.Thread) -> None:
        tries.append(thread)
        raise RuntimeError("can't start new thread")

    came = threading.Event()
    taken = Capture(lambda _record, **_said: came.set(), lambda _within: None, PATHS)
    with monkeypatch.context() as limited:
        limited.setattr(threading.Thread, "start", no_thread)
        taken.offer(body({"inputs": {"x": 1}}), None)
        taken.offer(body({"inputs": {"x": 2}}), None)
    assert len(tries) == 1  # not with every request
    assert taken.dropped == {}
    assert len(taken._queue) == 2
    assert "can't start new thread" in caplog.text
    taken._start_again_at = time.monotonic()  # a second later
    taken.offer(body({"inputs": {"x": 3}}), None)
    assert came.wait(20)
    assert taken.flush(20)
    assert taken.observed == 3


def test_a_flush_that_must_wait_gives_up_in_time() -> None:
    observer = Observer()
    taken = capture(observer)
    taken.offer(body({"inputs": {"x": 1}}), None)
    assert taken.flush(20)
    with taken._working:  # as a thread does whose store hangs
        assert not taken.flush(0.01)
    assert 0 < observer.flushes[0] <= 20
    assert observer.flushes[1] == 0.0


def test_a_flush_whose_time_is_up_leaves_the_rest() -> None:
    observer = Observer()
    taken = capture(observer, turn_seconds=1e-9)
    taken._start_again_at = float("inf")  # nobody else takes anything
    for x in range(3):
        taken.offer(body({"inputs": {"x": x}}), None)
    assert not taken.flush(0.0)
    assert len(taken._queue) == 2


def test_what_waits_is_added_up_right_by_many_threads() -> None:
    taken = capture(Observer(), turn_seconds=0.05)
    request = body({"inputs": {"x": 1}})

    def offers() -> None:
        for _ in range(10_000):
            taken.offer(request, None)

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        threads = [threading.Thread(target=offers) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert taken.flush(20)
    assert taken._bytes == 0
    assert taken.observed + taken.dropped.total() == 80_000


def test_one_body_of_many_records_takes_many_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    resting: Counter[int] = Counter()
    monkeypatch.setattr(turns, "observer", lambda _: resting.update([threading.get_ident()]))
    observer = Observer()
    taken = capture(observer)
    with in_turns(0.0):
        many = body({"inputs": [{"x": x} for x in range(80)]})
        taken._take(many, None, 0.0, Form("application/json"), Form())
    assert len(observer.seen) == 80
    assert resting[threading.get_ident()] == 10


def test_switched_off(monkeypatch: pytest.MonkeyPatch) -> None:
    observer = Observer()
    monkeypatch.setenv("DRIFTWATCH_DISABLED", "1")
    taken = capture(observer)
    taken.offer(body({"inputs": {"x": 1}}), None)
    taken.enable()
    taken.offer(body({"inputs": {"x": 2}}), None)
    assert taken.flush(20)
    taken.disable()
    taken.offer(body({"inputs": {"x": 3}}), None)
    assert [record for record, _ in observer.seen] == [{"x": 2}]


def test_the_thread_starts_with_the_first_body_and_drains() -> None:
    came = threading.Event()
    taken = Capture(lambda _record, **_said: came.set(), lambda _within: None, PATHS)
    assert taken._thread is None
    taken.offer(body({"inputs": {"x": 1}}), None)
    assert came.wait(20)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_child_does_not_observe_what_its_parent_will() -> None:
    observer = Observer()
    taken = capture(observer)
    with taken._working:
        for x in range(9):
            taken.offer(body({"inputs": {"x": x}}), None)
        child = os.fork()
        if child == 0:  # pragma: no cover - the child is not measured
            code = 1
            try:
                taken.offer(body({"inputs": {"x": 100}}), None)
                taken.flush(20)
                code = 0 if [record for record, _ in observer.seen] == [{"x": 100}] else 2
            finally:
                os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert taken.flush(20)
    assert taken.observed == 9


def test_closing_ends_the_thread() -> None:
    observer = Observer()
    taken = capture(observer)
    taken.offer(body({"inputs": {"x": 1}}), None)
    taken.close()
    assert len(observer.seen) == 1
    assert taken._thread is not None
    assert not taken._thread.is_alive()
    taken.offer(body({"inputs": {"x": 2}}), None)
    taken.close()
    assert len(observer.seen) == 1


@pytest.mark.parametrize("text", ["", " ", "$.", "$..a", "$[x]", "$.a[", "$.a b"])
def test_paths_that_cannot_be_read(text: str) -> None:
    with pytest.raises(ConfigError, match="path"):
        JsonPath.of(text)


def test_paths() -> None:
    document = {"a": [{"b c": 1}], "d-e": {"f": None}}
    assert JsonPath.of("$").find(document) is document
    assert JsonPath.of("$.a[0]['b c']").find(document) == 1
    assert JsonPath.of('$["d-e"].f').find(document, 5) is None
    assert JsonPath.of("$.a[7]").find(document, 5) == 5
    with pytest.raises(LookupError):
        JsonPath.of("$.a.b").find(document)
