"""Capturing: the host notices nothing, and what is not observed is counted."""

from __future__ import annotations

import json
import logging
import os
import threading
from typing import Any

import pytest

from driftwatch.capture import Capture, CaptureLimits, CapturePaths
from driftwatch.errors import ConfigError
from driftwatch.json_paths import JsonPath

PATHS = CapturePaths(
    JsonPath.of("$.inputs"),
    prediction=JsonPath.of("$.score"),
    id=JsonPath.of("$.id"),
    at=JsonPath.of("$.at"),
)


class Observer:
    """Stands where a monitor does."""

    def __init__(self) -> None:
        self.seen: list[tuple[Any, dict[str, Any]]] = []
        self.flushes = 0

    def observe(self, record: Any, **said: Any) -> None:
        self.seen.append((record, said))

    def flush(self) -> None:
        self.flushes += 1


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
    assert first == ({"x": 1}, {"prediction": 0.5, "score": None, "id": "a", "at": 5.0})
    assert (second[0], second[1]["prediction"]) == ({"x": 2}, 0.1)
    assert (third[0], third[1]["prediction"]) == ({"x": 3}, 0.2)
    assert second[1]["at"] > 1e9  # when it came
    assert taken.observed == 3
    assert observer.flushes == 1


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
    taken._open_until = 0.0  # the pause is over
    taken.offer(body({"inputs": {"x": 1}}), None)
    taken.flush(20)
    assert taken.dropped["internal_error"] == 4


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
    taken = Capture(lambda _record, **_said: came.set(), lambda: None, PATHS)
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


@pytest.mark.parametrize("text", ["", "inputs", "$.", "$..a", "$[x]", "$.a[", "$.a b"])
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
