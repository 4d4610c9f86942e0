"""Metrics of the model over time: rows below the features, in pictures, frames and files."""

from __future__ import annotations

import importlib
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from driftwatch import Monitor
from driftwatch.cli.app import run
from driftwatch.core.reports.history import Cell, FeatureHistory
from driftwatch.core.reports.over_time import OverTime
from driftwatch.core.reports.performance import Metric
from driftwatch.core.reports.report import Status
from driftwatch.core.reports.results import Levels
from driftwatch.errors import UnknownColumnError
from driftwatch.render.drawing.feature_strips import feature_table, strip_lines

DAYS, A_DAY = 6, 2_000
DECIDING = ("roc_auc", "accuracy", "log_loss")


def scored(days: int, *, wrong_from: int | None = None, seed: int = 0) -> pd.DataFrame:
    """Rows with a feature that stays as it is, and a score that says nothing from some day on."""
    rng = np.random.default_rng(seed)
    rows = days * A_DAY
    day = np.arange(rows) // A_DAY
    truth = rng.random(rows) < 0.4
    score = np.clip(rng.normal(np.where(truth, 0.65, 0.35), 0.18), 0.01, 0.99)
    if wrong_from is not None:
        score = np.where(day >= wrong_from, rng.permutation(score), score)
    return pd.DataFrame(
        {
            "ts": pd.Timestamp("2026-01-05", tz="UTC") + pd.to_timedelta(day * 1440 + 5, "min"),
            "age": rng.normal(40, 9, rows).round(),
            "score": score,
            "truth": truth,
        }
    )


@pytest.fixture(scope="module")
def monitor() -> Monitor:
    rows = scored(3, seed=1).drop(columns="ts")
    return Monitor(rows, features=["age"], score="score", label="truth")


@pytest.fixture(scope="module")
def result(monitor: Monitor) -> OverTime:
    return monitor.over_time(scored(DAYS, wrong_from=4), time="ts", by="day")


def test_a_frame_has_the_metrics_that_decide_as_reports_do(result: OverTime) -> None:
    table = result.to_frame(library="pandas")
    rows = table[table.role == "performance"]
    assert set(rows.kind) == {"metric"}
    assert set(rows.test) == {"realised"}
    assert tuple(rows.feature[: len(DECIDING)]) == DECIDING
    assert len(rows) == DAYS * len(DECIDING)
    found = rows.set_index(["window", "feature"])
    for stretch in result:
        assert stretch.report.performance is not None
        for name in DECIDING:
            metric, row = stretch.report.performance[name], found.loc[(stretch.label, name)]
            assert row.status == metric.status
            assert row.statistic == metric.production
            assert row.reference == metric.reference
            assert (row.interval_low, row.interval_high) == metric.interval
            assert metric.threshold is not None
            assert metric.reference is not None
            worse = -1 if name != "log_loss" else 1
            limit = metric.reference + worse * metric.threshold.critical
            assert row.threshold_critical == pytest.approx(limit)
    assert table[table.role != "performance"].reference.isna().all()


def test_metrics_have_a_line_and_a_row_below_the_features(result: OverTime) -> None:
    lines = str(result).splitlines()
    (auc,) = (line for line in lines if line.strip().startswith("ROC AUC"))
    assert re.search(r" [·?]{4}██ ", auc)
    assert auc.endswith("since 2026-01-09")
    assert not set(DECIDING) & set(result.history.lines)
    assert max(n for n, line in enumerate(lines) if line.startswith("  age")) < lines.index(auc)
    last = result[-1].performance
    assert last is not None
    value, bound = last["roc_auc"].production, last["roc_auc"].bounds
    assert value is not None
    assert bound is not None
    assert f"CRITICAL  {value:.3g} / {bound.critical:.3g}" in auc

    page = feature_table(result.history)
    names = re.findall(r"<th scope=row class=c1><bdi>([^<]*)", page)
    assert names[-3:] == ["ROC AUC", "accuracy", "log loss"]
    assert page.count("<tr") == 2 + len(names)
    assert page.count("<svg class=bul") == len(names)  # each has an effect and its thresholds


@pytest.mark.parametrize(("higher_is_better", "effect"), [(True, -0.05), (False, 0.05)])
def test_an_effect_is_by_how_much_a_metric_got_worse(higher_is_better: bool, effect: float) -> None:
    metric = Metric("own", 0.9, 0.95, threshold=Levels(0.01, 0.02), status=Status.OK)
    cell = Cell.of_metric(replace(metric, higher_is_better=higher_is_better))
    assert cell.effect == pytest.approx(effect)
    assert cell.effects is not None
    assert cell.effects.critical == pytest.approx(0.02)
    assert Cell.of_metric(metric).threshold is None  # reports of before have no direction


def test_windows_without_labels_have_no_cell(monitor: Monitor) -> None:
    rows = scored(3)
    rows["truth"] = rows["truth"].astype("object")
    rows.loc[rows.index >= 2 * A_DAY, "truth"] = None
    history = monitor.over_time(rows, time="ts", by="day").history
    assert [status is None or status is Status.INSUFFICIENT_DATA
            for status in _padded(history, "roc_auc")] == [False, False, True]  # fmt: skip
    assert any("ROC AUC" in line for line in strip_lines(history))
    json.dumps(history.table().to_pylist(), default=str)


def _padded(history: FeatureHistory, name: str) -> list[Status | None]:
    statuses = history.metrics[name].statuses
    return statuses + [None] * (len(history.slots) - len(statuses))


@pytest.fixture
def pictures() -> Iterator[None]:
    """matplotlib without a window; its figures are closed behind a test."""
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    yield
    importlib.import_module("matplotlib.pyplot").close("all")


@pytest.mark.usefixtures("pictures")
def test_a_metric_is_drawn_beside_the_reference(result: OverTime) -> None:
    ax = result.plot("roc_auc")
    assert ax.get_ylabel() == "ROC AUC"
    assert ax.get_title() == "ROC AUC: CRITICAL at the worst"
    values = [stretch.report.performance["roc_auc"].production  # type: ignore[index]
              for stretch in result]  # fmt: skip
    assert ax.lines[0].get_ydata().tolist() == values
    labels = [label.get_text() for label in result.plot().get_yticklabels()]
    assert labels[-3:] == ["ROC AUC", "accuracy", "log loss"]
    with pytest.raises(UnknownColumnError, match="features and metrics"):
        result.plot("roc")


def test_replay_and_check_write_them_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    scored(3, seed=1).to_parquet("ref.parquet", index=False)
    scored(DAYS, wrong_from=4).to_parquet("prod.parquet", index=False)
    roles = ("--features", "age", "--score", "score", "--label", "truth", "--time", "ts", "-q")
    commands: dict[str, Callable[[], int]] = {
        "check": lambda: run(("check", "--ref", "ref.parquet", "--prod", "prod.parquet",
                              "--by", "day", "--output", "check.csv", *roles)),
        "replay": lambda: run(("replay", "prod.parquet", "--ref", "ref.parquet", "--window", "1d",
                               "--slide", "1d", "--output", "replay.csv", "--output",
                               "replay.html", *roles)),
    }  # fmt: skip
    for name, call in commands.items():
        assert call() == 1
        said = capsys.readouterr().out
        assert re.search(r"^ *ROC AUC +[·?]{4}[█▒]{2} ", said, re.MULTILINE), said
        table = pd.read_csv(f"{name}.csv")
        rows = table[(table.role == "performance") & (table.feature == "roc_auc")]
        assert rows.status.tolist()[-2:] == ["CRITICAL"] * 2
        assert rows.statistic.iloc[-1] < rows.threshold_critical.iloc[-1] < rows.reference.iloc[-1]
    assert "<bdi>ROC AUC</bdi>" in Path("replay.html").read_text()
