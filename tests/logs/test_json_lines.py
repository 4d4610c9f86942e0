"""Every line is one JSON object that the schema knows, whatever data are named."""

from __future__ import annotations

import json
import logging
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

import driftwatch
from driftwatch import Monitor
from driftwatch.alerts.settings import Alerts
from driftwatch.logs import EVENTS, JsonFormatter, event, json_schema

VALIDATOR = jsonschema.Draft202012Validator(json_schema())
SOURCE = Path(driftwatch.__file__).parent


class _Lines(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.setFormatter(JsonFormatter())
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


@pytest.fixture
def lines() -> Iterator[list[str]]:
    logger, handler = logging.getLogger("driftwatch"), _Lines()
    before = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    yield handler.lines
    logger.removeHandler(handler)
    logger.setLevel(before)


class _Broken:
    name = "broken"

    def send(self, _message: object) -> None:
        raise ConnectionError("away")


def drifting(feature: str, name: str) -> None:
    """A stream that drifts, comes back, and whose back end never takes anything."""
    rng = np.random.default_rng(5)
    now = [datetime(2026, 1, 1, tzinfo=UTC)]
    monitor = Monitor(
        {feature: rng.normal(size=5_000)},
        name=name,
        window="2h",
        slide="1h",
        clock=lambda: now[0],
        alerts=Alerts([_Broken()], escalate=True, repeat="2h"),
    )
    with monitor:
        for hour in range(16):
            now[0] += timedelta(hours=1)
            rows = rng.normal(3.0 if 3 <= hour < 8 else 0.0, 1, 400)
            monitor.observe_many({feature: rows}, at=now[0] - timedelta(minutes=1))
            monitor.evaluate()
        monitor.evaluator.sinks.deliver_due("broken")


@pytest.mark.parametrize("feature", ["age", "a\nb\x1b[31m", "x" * 10_240, '"}{"', "<script>"])
def test_every_line_of_a_drift_is_in_the_schema(feature: str, lines: list[str]) -> None:
    drifting(feature, f"m-{len(feature)}")
    assert len(lines) > 20
    seen = set()
    for line in lines:
        assert "\n" not in line
        read = json.loads(line)
        VALIDATOR.validate(read)
        seen.add(read["event"])
        if read["event"] == "feature.drift":
            assert read["feature"] == feature[:10_000]
            assert read["score"] > 0
            assert read["threshold"] > 0
            assert read["window_end"].endswith("Z")
    assert seen >= {
        "window.evaluated",
        "feature.drift",
        "alarm.raised",
        "alarm.cleared",
        "incident.opened",
        "incident.resolved",
        "sink.failed",
    }
    drifts = [json.loads(line) for line in lines if '"feature.drift"' in line]
    assert any(each["incident"] == 1 for each in drifts)


def test_every_event_of_the_catalogue_has_a_line_that_validates_and_no_other_does() -> None:
    values: dict[str, Any] = {"string": "s", "number": 1.5, "integer": 3}
    formatter = JsonFormatter()
    for kind in EVENTS.values():
        facts = {name: values[type_] for name, type_ in kind.facts.items()}
        for more in ({}, dict.fromkeys(kind.maybe)):
            record = logging.LogRecord("driftwatch", 30, "", 0, "said", (), None)
            record.__dict__.update(event(kind.name, **facts, **more))
            VALIDATOR.validate(json.loads(formatter.format(record)))
    record = logging.LogRecord("driftwatch", 30, "", 0, "said", (), None)
    record.__dict__.update(event("nothing.known"))
    assert not VALIDATOR.is_valid(json.loads(formatter.format(record)))


def test_every_call_in_the_package_names_an_event_of_the_catalogue() -> None:
    named = set()
    for file in SOURCE.rglob("*.py"):
        text = file.read_text("utf-8")
        named |= set(re.findall(r'event(?:_facts)?\(\s*f?"([a-z_.{}]+)"', text))
        named |= set(re.findall(r'name="([a-z]+\.[a-z]+)"', text))
    known = {name for name in named if "{" not in name}
    assert known <= EVENTS.keys()
    assert len(known) > 10
    assert {name for name in named if "{" in name} == {
        "alarm.{change.value}",
        "incident.{message.kind}",
    }


def test_lone_surrogates_infinities_and_exceptions_are_written() -> None:
    try:
        raise ValueError("a\ud800b")
    except ValueError:
        record = logging.LogRecord("driftwatch", 40, "", 0, "it \ud800 failed", (), sys.exc_info())
    record.__dict__.update(event("message", score=float("inf"), other=object()))
    read = json.loads(JsonFormatter().format(record))
    assert read["score"] is None
    assert "ValueError" in read["exception"]


class _Hostile:
    """An object none of whose texts can be had."""

    def __str__(self) -> str:
        raise RuntimeError("no")

    __repr__ = __str__

    def tolist(self) -> Any:
        raise RuntimeError("no")


class _Text(str):
    __slots__ = ()

    def __str__(self) -> str:
        raise RuntimeError("no")


def _circle() -> Any:
    inner: list[Any] = []
    inner.append({"again": inner})
    return inner


def _endless() -> Any:
    made: list[Any] = []
    for _ in range(60):
        made = [made, made]
    return made


anything = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.sampled_from([2**64, -(2**70), 2**63, -(2**63) - 1]),
        st.floats(),
        st.text(st.characters(), max_size=12),
        st.just("\ud800"),
        st.binary(max_size=8),
        st.dates(),
        st.datetimes(),
        st.timedeltas(),
        st.decimals(),
        st.sampled_from([np.float32("nan"), np.int64(3), np.arange(4), np.datetime64("NaT")]),
        st.builds(_Hostile),
        st.builds(_Text, st.just("x")),
        st.builds(_circle),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.lists(inner, max_size=3).map(tuple),
        st.dictionaries(
            st.one_of(st.text(max_size=3), st.integers(), st.none(), st.just("\ud800")),
            inner,
            max_size=3,
        ),
    ),
    max_leaves=8,
)


@given(
    st.dictionaries(
        st.one_of(
            st.sampled_from(["time", "level", "logger", "event", "message", "exception", "x"]),
            st.text(max_size=4),
            st.integers(),
        ),
        st.one_of(anything, st.builds(_endless)),  # whose text nobody could write
        max_size=4,
    ),
    st.one_of(st.text(max_size=9), anything),
    st.lists(anything, max_size=2),
    st.integers(-5, 90),
)
def test_any_record_with_any_facts_is_one_line_of_json(
    facts: dict[Any, Any], message: Any, arguments: list[Any], level: int
) -> None:
    record = logging.LogRecord("driftwatch", level, "", 0, message, tuple(arguments), None)
    record.__dict__["driftwatch"] = facts
    line = JsonFormatter().format(record)
    assert "\n" not in line
    assert len(line) < 1_000_000
    read = json.loads(line, parse_constant=pytest.fail)
    base = {"time", "level", "logger", "message"}
    VALIDATOR.validate({"event": "message", **{key: read[key] for key in base}})
    assert isinstance(read["event"], str)


def test_an_integer_of_thousands_of_digits_and_an_error_without_a_text_are_written() -> None:
    record = logging.LogRecord("driftwatch", 40, "", 0, "%d", (10**5_000,), None)
    record.exc_info = (_MuteError, _MuteError(), None)
    record.__dict__.update(event("message", many=10**5_000, key={10**5_000: [2**64, -(2**64)]}))
    read = json.loads(JsonFormatter().format(record))
    assert read["many"] is None
    assert read["key"] == {"int": [2.0**64, -(2.0**64)]}
    assert isinstance(read["exception"], str)


class _MuteError(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no")


def test_facts_do_not_take_the_place_of_what_every_line_has() -> None:
    record = logging.LogRecord("driftwatch", 25, "", 0, "said", (), None)
    record.__dict__["driftwatch"] = {"time": 5, "level": "?", "message": None, "event": 7, "x": 1}
    read = json.loads(JsonFormatter().format(record))
    VALIDATOR.validate(read)
    assert (read["level"], read["message"], read["event"], read["x"]) == (
        "INFO",
        "said",
        "message",
        1,
    )


SERVED = """
import logging, sys, threading, warnings
from driftwatch.logs import say, set_up
set_up("json")
say("begun")
warnings.warn("a warning")
logging.getLogger("uvicorn.error").error("of another library")
class Lost:
    def __del__(self):
        raise ValueError("lost")
Lost()
def fail():
    raise ValueError("in a thread")
thread = threading.Thread(target=fail)
thread.start()
thread.join()
raise ValueError("the end")
"""


def test_whatever_a_process_says_on_stderr_is_json() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", SERVED], capture_output=True, text=True, check=False, timeout=60
    )
    read = [json.loads(line) for line in ran.stderr.splitlines()]
    assert len(read) == 6
    for each in read:
        VALIDATOR.validate(each)
    assert read[0]["message"] == "begun"
    assert "the end" in read[-1]["exception"]
    assert ran.returncode == 1


def test_structlog_gets_the_facts() -> None:
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[structlog.stdlib.ExtraAdder()],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.JSONRenderer(),
        ],
    )
    record = logging.LogRecord("driftwatch", 30, "", 0, "alarm", (), None)
    record.__dict__.update(event("alarm.raised", monitor="m"))
    read = json.loads(formatter.format(record))
    assert read["driftwatch"] == {"event": "alarm.raised", "monitor": "m"}
    assert read["event"] == "alarm"


def test_importing_sets_up_nothing() -> None:
    code = (
        "import logging, driftwatch, driftwatch.logs, driftwatch.integrations.alerting as a; "
        "assert not logging.getLogger().handlers; l = logging.getLogger('driftwatch'); "
        "assert not l.handlers and l.level == 0"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
