"""Damaged states and reports, which have no checksum: nothing ends for them, and each is said."""

from __future__ import annotations

import json
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from driftwatch import Monitor
from driftwatch.cli.app import run
from driftwatch.stores import open_store

START = datetime(2026, 1, 1, tzinfo=UTC)
ROWS: dict[str, list[Any]] = {
    "x": [float(n % 97) for n in range(500)],
    "c": ["abc"[n % 3] for n in range(500)],
}


class Shop:
    """A monitor whose store has three reports, and a configuration for it."""

    def __init__(self) -> None:
        self.now = START
        rows = zip(*ROWS.values(), strict=True)
        lines = [json.dumps(dict(zip(ROWS, row, strict=True))) for row in rows]
        Path("train.json").write_text("\n".join(lines))
        Path("driftwatch.toml").write_text(
            'store = "s.db"\n[monitors.m]\nreference = "train.json"\nwindow = "1h"\n'
        )
        for _ in range(4):
            self.pass_an_hour()

    def pass_an_hour(self) -> Any:
        with Monitor(
            "train.json", name="m", window="1h", store="s.db", clock=lambda: self.now
        ) as monitor:
            monitor.observe_many(ROWS)
            monitor.flush()
            self.now += timedelta(minutes=70)
            return monitor.evaluator.step()


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DRIFTWATCH_STATE", str(tmp_path / "state"))
    return Shop()


def change(statement: str, *values: str) -> None:
    direct = sqlite3.connect("s.db")
    with direct:
        assert direct.execute(statement, values).rowcount
    direct.close()


STATES = [
    "{}", '{"a":1}', "[]", "7", '"text"', "null",
    '{"reference":"r"}', '{"reference":7,"evaluated":"x","desk":[],"laggards":[1]}',
    '{"reference":7,"evaluated":"x"}',
]  # fmt: skip


@pytest.mark.parametrize("state", STATES)
def test_an_evaluator_goes_on_after_a_state_that_makes_no_sense(
    shop: Shop, state: str, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    change("UPDATE states SET body=?", state)
    assert run(["doctor"]) == 0
    assert capsys.readouterr().err == ""
    result = shop.pass_an_hour()
    assert result is not None
    assert result.report.rows_current == 500
    assert "what was stored of its alarm" in caplog.text
    assert shop.pass_an_hour() is not None  # from a state that is sound again
    assert caplog.text.count("what was stored of its alarm") == 1


@pytest.mark.parametrize("body", ["bz2:zzzz", "{", "{}", "[]"])
def test_a_damaged_report_is_named_and_the_others_are_shown(
    shop: Shop, body: str, capsys: pytest.CaptureFixture[str]
) -> None:
    change("UPDATE reports SET body=? WHERE id=(SELECT max(id) FROM reports)", body)
    for arguments in (["report", "--monitor", "m"], ["report", "--monitor", "m", "--last", "3"]):
        capsys.readouterr()
        assert run(arguments) == 2
        said = capsys.readouterr()
        assert "the stored report of pane" in said.err
        assert "cannot be read" in said.err
    assert len(said.out.splitlines()) == 2
    run(["doctor"])
    assert "cannot be read" in capsys.readouterr().out


def test_reports_outlive_damage_elsewhere_in_the_file(shop: Shop) -> None:
    """They are compressed, so that they are no JSON as they stand."""
    store = open_store("s.db", reads_only=True)
    before = store.reports("m", limit=9)
    store.close()
    change("UPDATE states SET body=?", "{")  # no JSON: the whole file is set aside
    store = open_store("s.db")
    assert store.damage is not None
    assert store.reports("m", limit=9) == before
    assert len(before) == 4
    store.close()
