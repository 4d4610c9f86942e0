"""The same performance by files, command, configuration, stream, replicas and restarts."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from driftwatch import Monitor
from driftwatch.cli.app import app
from driftwatch.config.monitors import MonitorConfig
from driftwatch.core.reports.report import DriftReport
from driftwatch.errors import ConfigError

ROWS = 1_500
ROLES: dict[str, Any] = {"prediction": "says", "score": "p", "label": "y", "positive": "yes"}
START = datetime(2026, 3, 1, 12, tzinfo=UTC)


def frame(seed: int, *, shuffle: bool = False) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=ROWS)
    p = 1 / (1 + np.exp(-2.5 * x))
    label = np.where(rng.random(ROWS) < p, "yes", "no")
    if shuffle:
        label = rng.permutation(label)
    said = np.where(p > 0.5, "yes", "no")
    return pd.DataFrame({"x": x, "p": p, "says": said, "y": label})


@pytest.fixture(scope="module")
def expected() -> DriftReport:
    return Monitor(frame(0), **ROLES).check(frame(1, shuffle=True))


def same(report: DriftReport, expected: DriftReport) -> None:
    assert report.performance is not None
    assert expected.performance is not None
    assert report.performance.keys() == expected.performance.keys()
    for name, metric in expected.performance.items():
        got = report.performance[name].production
        ranked = name in ("roc_auc", "average_precision", "ece", "calibration")
        tolerance = 2e-3 if ranked else 1e-9
        assert got == pytest.approx(metric.production, abs=tolerance), name


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, str]:
    paths = tmp_path / "before.parquet", tmp_path / "after.parquet"
    frame(0).to_parquet(paths[0])
    frame(1, shuffle=True).to_parquet(paths[1])
    return str(paths[0]), str(paths[1])


def test_the_command_says_the_same(files: tuple[str, str], expected: DriftReport) -> None:
    columns = "--prediction says --score p --label y --positive yes --threshold roc_auc=0.03"
    arguments = ["check", "--ref", files[0], "--prod", files[1], *columns.split()]
    ran = CliRunner().invoke(app, [*arguments, "--format", "json", "-q"])
    assert ran.exit_code == 1
    same(DriftReport.from_dict(json.loads(ran.stdout)), expected)
    shown = CliRunner().invoke(app, [*arguments, "-q"])
    assert "ROC AUC" in shown.stdout
    wrong = CliRunner().invoke(app, [*arguments, "--task", "guess"])
    assert isinstance(wrong.exception, ConfigError)


def test_a_profile_of_files_keeps_it(
    files: tuple[str, str], tmp_path: Path, expected: DriftReport
) -> None:
    profile = str(tmp_path / "before.dwp")
    columns = ["--prediction", "says", "--score", "p", "--label", "y", "--positive", "yes"]
    made = CliRunner().invoke(app, ["profile", files[0], "-o", profile, *columns, "--k", "4096"])
    assert made.exit_code == 0, made.output
    ran = CliRunner().invoke(
        app, ["check", "--ref", profile, "--prod", files[1], "--format", "json", "-q"]
    )
    same(DriftReport.from_dict(json.loads(ran.stdout)), expected)


def test_a_configuration_says_the_same(files: tuple[str, str], expected: DriftReport) -> None:
    table = {
        "reference": files[0],
        "prediction": "says",
        "score": "p",
        "label": ["y"],
        "positive": "yes",
        "cost": [[0, 1], [5, 0]],
        "thresholds": {"cost": 0.5},
    }
    monitor = MonitorConfig.model_validate(table).monitor("m", folder=Path("/"))
    report = monitor.check(files[1])
    assert report.performance is not None
    assert report.performance["cost"].gates
    assert expected.performance is not None
    for name in ("accuracy", "log_loss"):
        assert report.performance[name].production == expected.performance[name].production
    with pytest.raises(ConfigError, match="task"):
        MonitorConfig.model_validate({**table, "task": "guess"})


def test_records_of_several_processes_and_a_restart(tmp_path: Path, expected: DriftReport) -> None:
    """Labels come with some records; what is stored is read by the next life."""
    rows = frame(1, shuffle=True).to_dict("records")
    store = tmp_path / "s.db"
    for part in range(3):
        with Monitor(frame(0), **ROLES, store=store, source=f"p{part}") as monitor:
            for number, row in enumerate(rows[part::3]):
                at = START + timedelta(seconds=number)
                if number % 2:
                    monitor.observe(row, at=at)
                else:
                    monitor.observe(
                        {"x": row["x"]},
                        prediction=row["says"],
                        score=row["p"],
                        label=row["y"],
                        at=at,
                    )
    with Monitor(frame(0), **ROLES, store=store) as monitor:
        report = monitor.check()
        assert report.rows_current == ROWS
        same(report, expected)
        assert monitor.counters == {}


def test_a_window_has_labels_of_some_rows(tmp_path: Path) -> None:
    with Monitor(frame(0), **ROLES, store=tmp_path / "s.db") as monitor:
        rows = frame(1)
        monitor.observe_many(rows[:500], at=START)
        monitor.observe_many(rows[500:].drop(columns="y"), at=START)
        report = monitor.check()
    assert report.performance is not None
    assert report.performance.labelled == (ROWS, 500)
    assert not report.schema_changes


def test_the_rhythm_of_the_reference_widens_the_errors() -> None:
    """Stretches that differ by themselves are counted as overdispersion."""
    rng = np.random.default_rng(3)
    times = pd.date_range("2026-01-01", periods=20_000, freq="5min", tz="UTC")
    good = 0.9 - 0.25 * (times.day_of_year % 2)
    label = rng.choice(["a", "b"], times.size)
    said = np.where(rng.random(times.size) < good, label, np.where(label == "a", "b", "a"))
    data = pd.DataFrame({"t": times, "says": said, "y": label})
    roles = {"t": "time"}
    steady = Monitor(data, prediction="says", label="y", roles=roles)
    rhythm = Monitor(data, prediction="says", label="y", roles=roles, pane="6h")
    first, second = (m.check(data[-288:]).performance for m in (steady, rhythm))
    assert first is not None
    assert second is not None
    assert first.overdispersion == 1.0
    assert second.overdispersion > 3.0
    assert first["accuracy"].p_value is not None
    assert second["accuracy"].p_value is not None
    assert second["accuracy"].p_value > first["accuracy"].p_value
