"""No line of the log is a command or a control, in any form, whatever is logged."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable, Iterator

import pytest

from driftwatch.errors import DataError
from driftwatch.logs import JsonFormatter, event, say
from driftwatch.process.quiet_log import QuietLog
from tests.hostile_names import HOSTILE, commands_in, controls_in

LOG = logging.getLogger("driftwatch")
FORMS: dict[str, Callable[[], logging.Formatter]] = {
    "text": lambda: logging.Formatter("%(message)s"),
    "with facts": lambda: logging.Formatter("%(levelname)s:%(name)s:%(message)s"),
    "json": JsonFormatter,
}


@pytest.fixture(params=FORMS)
def written(request: pytest.FixtureRequest) -> Iterator[io.StringIO]:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(FORMS[request.param]())
    LOG.addHandler(handler)
    level = LOG.level
    LOG.setLevel(logging.INFO)
    yield stream
    LOG.removeHandler(handler)
    LOG.setLevel(level)


@pytest.mark.parametrize("name", HOSTILE)
def test_names_and_errors_in_a_message(name: str, written: io.StringIO) -> None:
    facts = event("feature.drift", monitor=name, feature=name, status="CRITICAL")
    LOG.warning("driftwatch: %s: %s", name, DataError(name), extra=facts)
    LOG.warning("%s", name)
    QuietLog().log("kind", "%s", name)
    lines = written.getvalue()
    assert commands_in(lines) == []
    assert controls_in(lines) == []
    assert lines.count("\n") == 3


@pytest.mark.parametrize("name", HOSTILE)
def test_a_traceback(name: str, written: io.StringIO) -> None:
    try:
        raise ValueError(name)
    except ValueError:
        LOG.exception("driftwatch: %s", name)
    assert commands_in(written.getvalue()) == []
    assert controls_in(written.getvalue()) == []
    assert "Traceback" in written.getvalue()


def test_json_has_the_exact_facts() -> None:
    for name in HOSTILE:
        record = logging.LogRecord("driftwatch", 30, "", 0, "m", (), None)
        record.driftwatch = {"event": "alarm.raised", "monitor": name}
        line = JsonFormatter().format(record)
        assert commands_in(line) == controls_in(line) == []
        assert json.loads(line)["monitor"] == name.encode("utf-8", "replace").decode()


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_said_on_stderr(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    say(name)
    said = capsys.readouterr().err
    assert commands_in(said) == controls_in(said) == []


def test_arguments_that_harm_nobody_are_handed_on_as_they_are() -> None:
    error = DataError("no column 'age'")
    record = LOG.makeRecord("driftwatch", 30, "", 0, "%s %d %.1f %s", (error, 3, 0.5, None), None)
    assert LOG.filter(record)
    assert record.args == (error, 3, 0.5, None)
    assert record.getMessage() == "no column 'age' 3 0.5 None [DW010]"


class Broken:
    def __str__(self) -> str:
        raise RuntimeError("no text")


def test_an_argument_whose_text_raises_is_left_to_the_handlers() -> None:
    record = LOG.makeRecord("driftwatch", 30, "", 0, "%s", (Broken(),), None)
    assert LOG.filter(record)
    assert "message" in json.loads(JsonFormatter().format(record))
