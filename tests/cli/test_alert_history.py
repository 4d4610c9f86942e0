"""``driftwatch alert history``: what was told, what is to be, and what nobody was told."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from driftwatch import Monitor
from driftwatch.alerts.settings import Alerts
from driftwatch.cli.app import run
from tests.integrations.alerting.servers import hooks

CONFIG = """
store = "d.db"
[monitors.churn]
reference = "ref.parquet"
window = "2h"
slide = "1h"
"""


class Phone:
    """A back end that is answered, or is not."""

    name = "phone"

    def __init__(self, *, is_answered: bool) -> None:
        self.is_answered = is_answered

    def send(self, message: Any, /) -> None:
        if not self.is_answered:
            raise OSError("nobody answers")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder with a configuration and a reference."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    pq.write_table(pa.table({"age": rng.normal(40, 9, 5_000)}), "ref.parquet")
    Path("driftwatch.toml").write_text(CONFIG)


def stream(*phones: Phone, back_at: int = 10_000, drift: float = 2.0) -> None:
    """The last fourteen hours, which drift from the third on, until they are back."""
    rng = np.random.default_rng(1)
    hours = 14
    now = [datetime.now(UTC) - timedelta(hours=hours)]
    with Monitor(
        "ref.parquet", name="churn", window="2h", slide="1h", store="d.db", clock=lambda: now[0],
        alerts=Alerts(phones, repeat="3h"),
    ) as monitor:  # fmt: skip
        for hour in range(hours):
            now[0] += timedelta(hours=1)
            rows = rng.normal(40 + 9 * (drift if 3 <= hour < back_at else 0.0), 9, 2_000)
            monitor.observe_many({"age": rows}, at=now[0] - timedelta(minutes=1))
            monitor.evaluate()
            if all(phone.is_answered for phone in phones):
                assert monitor.evaluator.sinks.finish(30)


def history(capsys: pytest.CaptureFixture[str]) -> tuple[str, list[str]]:
    assert run(["alert", "history"]) == 0
    text = capsys.readouterr().out
    assert run(["alert", "history", "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    told = [each["delivery"] for each in row["happenings"] if each["told"]]
    assert len(told) >= 2
    return text, told


def test_what_a_back_end_took_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    stream(Phone(is_answered=True), back_at=6)
    text, told = history(capsys)
    assert set(told) == {"told"}
    assert "told (opened): age" in text
    assert "told (resolved): over after" in text
    assert "opened taken by phone" in text


def test_what_no_back_end_has_taken_yet_is_to_be_told(capsys: pytest.CaptureFixture[str]) -> None:
    stream(Phone(is_answered=False))
    text, told = history(capsys)
    assert set(told) == {"to be told"}
    assert "to be told (opened): age" in text
    assert " told (opened)" not in text.replace("to be told", "")


def test_what_there_was_no_back_end_for_is_logged_only(capsys: pytest.CaptureFixture[str]) -> None:
    stream()
    text, told = history(capsys)
    assert set(told) == {"logged only"}
    assert "logged only (opened): age" in text


@pytest.mark.parametrize(
    ("command", "problem"),
    [
        (["ack", "--incident", "1"], "incident 1 of monitor 'churn' is over since"),
        (["ack", "--incident", "1", "--undo"], "is over since"),
        (["silence", "--incident", "1"], "is over since"),
        (["silence", "--incident", "1", "--for", "4h"], "is over since"),
        (["silence", "--all", "--incident", "1", "--for", "4h"], "not both"),
        (["silence", "--all", "--undo", "--for", "4h"], "takes no --for"),
        (["silence", "--all", "--undo", "--until", "2100-01-01"], "takes no --for"),
    ],
)
def test_what_means_nothing_is_refused_and_not_noted(
    capsys: pytest.CaptureFixture[str], command: list[str], problem: str
) -> None:
    stream(back_at=6)
    assert run(["alert", *command]) == 2
    assert problem in capsys.readouterr().err
    assert run(["alert", "history", "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["acknowledged"], row["silenced_until"]) == (None, None)


def test_an_incident_that_is_over_still_takes_notes_and_an_owner() -> None:
    stream(back_at=6)
    assert run(["alert", "note", "it was the feed", "--incident", "1"]) == 0
    assert run(["alert", "own", "--to", "ana", "--incident", "1"]) == 0


@pytest.mark.parametrize(
    ("drift", "more", "code"),
    [
        (2.0, [], 1),
        (2.0, ["--fail-on", "critical"], 1),
        (0.2, [], 1),
        (0.2, ["--fail-on", "undecided"], 1),
        (0.2, ["--fail-on", "critical"], 0),
    ],
)
def test_evaluate_exits_with_1_while_an_incident_is_open_also_where_nothing_is_due(
    capsys: pytest.CaptureFixture[str], drift: float, more: list[str], code: int
) -> None:
    stream(drift=drift)
    assert run(["evaluate", *more]) == code
    said = capsys.readouterr()
    assert "nothing is due" in said.err
    assert ("incident 1 is open" in said.err) is (code == 1)


def test_evaluate_exits_with_0_when_the_incident_is_over(
    capsys: pytest.CaptureFixture[str],
) -> None:
    stream(back_at=6)
    assert run(["evaluate"]) == 0


@pytest.mark.slow
def test_evaluate_waits_for_a_back_end_that_takes_its_time(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It takes a message when it is asked again, after pauses of more than five seconds."""
    with hooks(503, 503, 503) as server:
        monkeypatch.setenv("HOOK", server.url)
        hook = '[monitors.churn.alerts.webhook]\nurl_from = "env:HOOK"\nallow_private = true\n'
        Path("driftwatch.toml").write_text(CONFIG + hook)
        stream()
        assert run(["evaluate"]) == 1
        assert "wait for a sink" not in capsys.readouterr().err
        assert len(server.taken) == 1
