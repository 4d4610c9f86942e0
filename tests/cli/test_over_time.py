"""`driftwatch check --by` and `driftwatch replay`: features x time, and its numbers in files."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from driftwatch import Monitor
from driftwatch.cli.app import run

RNG = np.random.default_rng(4)


def call(*arguments: str) -> int:
    return run(arguments)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    rows = 6000
    late = np.arange(rows) >= 4000
    frame = pd.DataFrame(
        {
            "ts": pd.Timestamp("2026-01-05") + pd.to_timedelta(np.arange(rows) * 10, unit="min"),
            "age": (RNG.normal(40, 9, rows) + 12 * late).round(),
            "plan": RNG.choice(["basic", "pro"], rows),
        }
    )
    frame.to_parquet("prod.parquet", index=False)
    frame.to_csv("prod.csv", index=False)
    frame.iloc[:3000].to_parquet("timed.parquet", index=False)
    frame.iloc[:3000][["age", "plan"]].to_parquet("ref.parquet", index=False)
    Monitor("ref.parquet").save("ref.dwp")
    return tmp_path


@pytest.mark.parametrize("ref", ["ref.parquet", "ref.dwp"])
@pytest.mark.parametrize("prod", ["prod.parquet", "prod.csv"])
def test_check_by_week(ref: str, prod: str, capsys: pytest.CaptureFixture[str]) -> None:
    sides = ("check", "--ref", ref, "--prod", prod, "--time", "ts", "-q")
    outputs = [f for name in ("o.csv", "o.parquet", "o.json", "o.html") for f in ("--output", name)]
    assert call(*sides, "--by", "week", *outputs) == 1
    said = capsys.readouterr().out
    assert "Drift in 2 of 6 stretches (every 7d of ts, 6,000 rows)" in said
    (line,) = (line for line in said.splitlines() if line.lstrip().startswith("age"))
    assert line.split()[2] == "CRITICAL"
    expected = Monitor("ref.parquet").over_time(prod, time="ts", by="week").to_frame()
    for written in (pd.read_csv("o.csv"), pd.read_parquet("o.parquet")):
        assert written.window.tolist() == expected.window.tolist()
        assert written.status.tolist() == expected.status.tolist()
        assert np.allclose(written.statistic, expected.statistic)
    assert pd.read_csv("o.csv").start[0] == "2026-01-05T00:00:00Z"
    stretches = json.loads(Path("o.json").read_text())["stretches"]
    assert [s["label"] for s in stretches] == expected.window.unique().tolist()
    assert "<svg" in Path("o.html").read_text()


def test_check_by_rows_and_by_a_column(capsys: pytest.CaptureFixture[str]) -> None:
    sides = ("check", "--ref", "ref.parquet", "--prod", "prod.parquet", "--time", "ts", "-q")
    for by in ("2000", "2000 rows"):
        assert call(*sides, "--by", by) == 1
        assert "Drift in 1 of 3 stretches (every 2,000 rows" in capsys.readouterr().out
    assert call(*sides, "--by", "plan", "--format", "json", "--fail-on", "critical") == 1
    found = json.loads(capsys.readouterr().out)
    assert [s["label"] for s in found["stretches"]] == ["basic", "pro"]


def test_exit_codes_are_those_of_the_worst_stretch(capsys: pytest.CaptureFixture[str]) -> None:
    pd.read_parquet("prod.parquet").iloc[:4000].to_parquet("calm.parquet", index=False)
    pd.read_parquet("prod.parquet").iloc[:0].to_parquet("few.parquet", index=False)
    options = ("--time", "ts", "--by", "2000", "-q")
    assert call("check", "--ref", "ref.parquet", "--prod", "calm.parquet", *options) == 0
    assert call("check", "--ref", "ref.parquet", "--prod", "few.parquet", *options) == 3
    capsys.readouterr()


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--by", "week"), "no column of times is known"),
        (("--by", "wek"), "no column 'wek'"),
        (("--by", "week", "--time", "tz"), "no column 'tz'"),
        (("--by", "0"), "at least one row"),
        (("--by", "100", "--format", "junit"), "known: text, json, html"),
        (("--by", "100", "--output", "o.pdf"), "cannot tell the form"),
        (("--by", "100", "--mlflow-run", "new"), "--by cuts the files"),
        (("--by", "100", "--fail-on", "never"), "--fail-on"),
    ],
)
def test_wrong_options_are_one_line(
    options: tuple[str, ...], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call("check", "--ref", "ref.parquet", "--prod", "prod.parquet", "-q", *options) == 2
    assert says in " ".join(capsys.readouterr().err.replace("│", " ").split())


def test_replay_draws_features_and_writes_numbers(capsys: pytest.CaptureFixture[str]) -> None:
    replay = ("replay", "prod.parquet", "--ref", "timed.parquet", "--time", "ts", "--window", "7d",
              "--slide", "1d", "-q", "--reports", "r.jsonl")  # fmt: skip
    outputs = ("--output", "t.csv", "--output", "t.parquet", "--output", "t.html")
    assert call(*replay, *outputs) == 1
    said = capsys.readouterr().out
    (line,) = (line for line in said.splitlines() if line.lstrip().startswith("age  "))
    assert "█" in line
    assert "since 2026-02-0" in line
    reports = [json.loads(text) for text in Path("r.jsonl").read_text().splitlines()]
    table = pq.read_table("t.parquet").to_pylist()
    assert len(table) == sum(len(report["per_feature_metrics"]) for report in reports)
    rows = iter(table)
    for report in reports:
        for _ in report["per_feature_metrics"]:
            row = next(rows)
            feature = report["per_feature_metrics"][row["feature"]]
            assert row["status"] == feature["status"]
            assert row["test"] == feature["primary_test"]
            if row["test"]:
                assert row["statistic"] == feature["tests"][row["test"]]["statistic"]
    assert len(pd.read_csv("t.csv")) == len(table)
    assert Path("t.html").read_text().count('role=img aria-label="age') == 1


@pytest.mark.parametrize("ref", ["ref.parquet", "ref.dwp"])
def test_replay_needs_times_of_the_history_only(
    ref: str, capsys: pytest.CaptureFixture[str]
) -> None:
    window = ("--time", "ts", "--window", "7d", "--slide", "1d", "-q", "--format", "json")
    found = {}
    for name in (ref, "timed.parquet"):
        assert call("replay", "prod.parquet", "--ref", name, *window, "--reports", "r.jsonl") == 1
        found[name] = json.loads(capsys.readouterr().out)
        reports = [json.loads(line) for line in Path("r.jsonl").read_text().splitlines()]
        assert not any(report["schema_changes"] for report in reports)
    ends = [[moment["end"] for moment in each["moments"]] for each in found.values()]
    assert ends[0] == ends[1]
    assert found[ref]["rows"] == 6000
    assert found[ref]["episodes"][0]["features"] == ["age"]


def test_a_column_of_times_that_no_side_has_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    sides = ("replay", "prod.parquet", "--ref", "ref.parquet", "--time", "tz", "-q")
    assert call(*sides, "--window", "7d") == 2
    assert "no column 'tz'" in capsys.readouterr().err
