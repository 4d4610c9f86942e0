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
    drifting(feature, f"m-{feature[:20]}")
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
