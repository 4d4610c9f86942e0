"""The performance part of a report: statuses, what drifted, every form, and odd input."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from driftwatch import Monitor, Status
from driftwatch.core.reports.report import DriftReport
from driftwatch.errors import ConfigError
from driftwatch.render import FORMATS, render

ROWS = 4_000


def frame(seed: int, rows: int = ROWS, *, shuffle: bool = False) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=rows)
    p = 1 / (1 + np.exp(-2.5 * x))
    y = (rng.random(rows) < p).astype(int)
    labels = rng.permutation(y) if shuffle else y
    return {"x": x, "p": p, "says": (p > 0.5).astype(int), "y": labels}


@pytest.fixture(scope="module")
def monitor() -> Monitor:
    return Monitor(frame(0), prediction="says", score="p", label="y")


@pytest.fixture(scope="module")
def shuffled(monitor: Monitor) -> DriftReport:
    return monitor.check(frame(1, shuffle=True))


def test_shuffled_labels_are_critical_and_features_are_fine(shuffled: DriftReport) -> None:
    assert shuffled.performance is not None
    assert shuffled.performance.status is Status.CRITICAL
    assert shuffled.global_status is Status.CRITICAL
    assert shuffled.part_status("feature") is Status.OK
    assert shuffled.part_status("prediction") is not Status.CRITICAL
    assert shuffled.drift_types == ["error", "performance"]
    assert "ROC AUC got worse" in shuffled.headline()


def test_an_unchanged_model_is_no_drift(monitor: Monitor) -> None:
    report = monitor.check(frame(2))
    assert report.performance is not None
    assert not report.performance.status.is_drift
    assert report.drift_types == []


def test_without_labels_there_is_no_performance_and_no_complaint(monitor: Monitor) -> None:
    data = frame(3)
    del data["y"]
    report = monitor.check(data)
    assert report.performance is not None
    assert report.performance.status is Status.INSUFFICIENT_DATA
    assert report.performance["roc_auc"].production is None
    assert any("production has no labels" in note for note in report.performance.notes)
    assert not report.has_drift()
    assert report.schema_changes == ()
    assert {feature.name for feature in report.features} == {"x", "p", "says"}
    none = monitor.check({**data, "y": [None] * ROWS})
    assert none.performance is not None
    assert none.performance.labelled == (ROWS, 0)
    for form in FORMATS:
        assert "no labels" in render(none, form)


def test_some_labels_are_a_share(monitor: Monitor) -> None:
    data = frame(4)
    labels = [y if i % 4 == 0 else None for i, y in enumerate(data["y"].tolist())]
    report = monitor.check({**data, "y": labels})
    assert report.performance is not None
    assert report.performance.labelled_share == 0.25
    assert report.to_dict()["performance"]["accuracy"]["labelled_share"] == 0.25
    assert not report.drift_types


def test_the_json_is_read_back(shuffled: DriftReport) -> None:
    data = shuffled.to_dict()
    assert data["drift_types"] == ["error", "performance"]
    auc = data["performance"]["roc_auc"]
    assert auc["status"] == "CRITICAL"
    assert auc["interval"][0] < auc["production"] < auc["interval"][1]
    assert DriftReport.from_dict(data) == shuffled


@pytest.mark.parametrize("form", FORMATS)
def test_every_form_says_it(shuffled: DriftReport, form: str) -> None:
    text = render(shuffled, form)
    assert ("roc_auc" if form == "json" else "ROC AUC") in text
    assert shuffled.performance is not None
    value = shuffled.performance["roc_auc"].production
    assert value is not None
    assert f"{value:.3f}"[:4] in text


def test_the_page_draws_curves_and_escapes_classes() -> None:
    data = {"says": ["<b>", "a&b"] * 500, "y": ["<b>", "a&b"] * 400 + ["a&b", "<b>"] * 100}
    page = render(Monitor(data, prediction="says", label="y").check(data), "html")
    assert "&lt;b&gt;" in page
    assert "<b>a" not in page
    assert "Confusion of classes" in page
    curves = render(Monitor(frame(0), score="p", label="y").check(frame(1)), "html")
    for title in ("ROC curve", "Precision and recall", "Calibration"):
        assert f"<figcaption>{title}</figcaption>" in curves


@pytest.mark.parametrize(
    "spell",
    [
        lambda y: y,
        lambda y: y.astype(bool),
        lambda y: y.astype(float),
        lambda y: y.astype(str),
        lambda y: np.where(y == 1, "True", "false"),
        lambda y: pd.Series(y).astype("category"),
        lambda y: [" 1 " if value else "0.0" for value in y],
    ],
)
def test_labels_of_any_spelling_are_the_same_classes(
    monitor: Monitor, spell: Callable[[Any], Any]
) -> None:
    data = frame(5)
    expected = monitor.check(data).performance
    report = monitor.check({**data, "y": spell(data["y"])})
    assert expected is not None
    assert report.performance is not None
    for name in ("accuracy", "roc_auc", "log_loss"):
        assert report.performance[name].production == expected[name].production
    other = Monitor({**frame(0), "y": spell(frame(0)["y"])}, prediction="says", label="y")
    said = other.check({**data, "y": spell(data["y"])}).performance
    assert said is not None
    assert said["accuracy"].production == expected["accuracy"].production


def test_classes_that_never_agree_are_one_clear_error() -> None:
    data = {"says": ["approve", "refuse"] * 100, "y": ["yes", "no"] * 100}
    with pytest.raises(ConfigError, match="none of them is the same"):
        Monitor(data, prediction="says", label="y")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"label": "y", "prediction": "says", "positive": "maybe"}, "positive must be one of"),
        ({"label": "y", "prediction": "says", "task": "guess"}, "task must be one of"),
        ({"label": "y", "prediction": "says", "task": "regression"}, None),
        ({"prediction": "says", "positive": 1}, "name the column of labels"),
        ({"label": "y", "prediction": "y"}, "named for"),
        ({"label": "y", "prediction": "says", "metrics": {"m": 3}}, "must be functions"),
        ({"label": "y", "prediction": "says", "metrics": {"m": lambda a, b: 3}}, "a loss a row"),
        ({"label": "y", "prediction": "says", "cost": [[0, 1]]}, "square matrix"),
        ({"label": "y", "prediction": "says", "thresholds": {"roc_acu": 0.1}}, "roc_auc"),
        ({"label": "nothing"}, "nothing"),
    ],
)
def test_bad_declarations_are_one_clear_error(options: dict[str, Any], message: str | None) -> None:
    if message is None:
        assert Monitor(frame(0), **options).check(frame(1)).performance is not None
        return
    with pytest.raises((ConfigError, KeyError), match=message):
        Monitor(frame(0), **options)


def test_new_classes_and_odd_rows_are_counted_and_told(monitor: Monitor) -> None:
    data = frame(6)
    labels = ["9" if i < 10 else str(y) for i, y in enumerate(data["y"].tolist())]
    scores = np.where(np.arange(ROWS) < 20, np.nan, data["p"])
    said = [None if i >= ROWS - 5 else v for i, v in enumerate(data["says"].tolist())]
    report = monitor.check({**data, "y": labels, "p": scores, "says": said})
    assert report.performance is not None
    notes = " ".join(report.performance.notes)
    assert "10 labels of a class that the reference does not have" in notes
    assert "10 labelled rows without a usable score" in notes
    assert "5 labelled rows without a prediction" in notes


def test_scores_that_are_no_probabilities_are_told_apart() -> None:
    data = frame(0)
    data["p"] = 10 * data["x"]
    report = Monitor(data, score="p", label="y").check(data)
    assert report.performance is not None
    assert "log_loss" not in report.performance
    assert report.performance["roc_auc"].production == pytest.approx(0.9, abs=0.05)
    assert any("no probabilities" in note for note in report.performance.notes)


def test_thresholds_name_what_decides() -> None:
    options = {"prediction": "says", "score": "p", "label": "y"}
    strict = Monitor(frame(0), thresholds={"recall": [0.1, 0.9]}, **options)  # type: ignore[arg-type]
    report = strict.check(frame(1, shuffle=True))
    assert report.performance is not None
    decided = [name for name, metric in report.performance.items() if metric.gates]
    assert decided == ["recall"]
    assert report.performance.status is Status.WARNING
    assert report.policy["metrics"]["recall"] == {"warning": 0.1, "critical": 0.9}


def test_own_losses_and_costs_are_means_with_a_verdict() -> None:
    def off(label: Any, said: Any) -> Any:
        return np.abs(label - said)

    def with_scores(label: Any, said: Any, score: Any) -> Any:
        return (label - score) ** 2

    monitor = Monitor(
        frame(0),
        prediction="says",
        score="p",
        label="y",
        metrics={"off": off, "square": with_scores},
        cost=[[0, 5], [1, 0]],
        thresholds={"off": 0.05, "cost": 0.2},
    )
    data = frame(1, shuffle=True)
    performance = monitor.check(data).performance
    assert performance is not None
    wrong = data["says"] != data["y"]
    assert performance["off"].production == pytest.approx(wrong.mean())
    assert performance["square"].production == pytest.approx(performance["brier"].production)
    costs = np.where(wrong, np.where(data["y"] == 0, 5, 1), 0)
    assert performance["cost"].production == pytest.approx(costs.mean())
    assert performance["cost"].status is Status.CRITICAL
    assert performance["off"].status is Status.CRITICAL


def test_a_loss_that_fails_later_loses_nothing_else() -> None:
    calls = []

    def sometimes(label: Any, said: Any) -> Any:
        calls.append(1)
        if len(calls) > 2:
            raise ValueError("no")
        return np.abs(label - said)

    monitor = Monitor(frame(0), prediction="says", label="y", metrics={"m": sometimes})
    performance = monitor.check(frame(1)).performance
    assert performance is not None
    assert performance["accuracy"].production is not None
    assert performance["m"].production is None
    assert any("own losses failed" in note for note in performance.notes)


def test_scores_in_lists_and_in_columns_are_the_same() -> None:
    rng = np.random.default_rng(8)
    labels = rng.choice(["a", "b", "c"], 2_000)
    logits = rng.normal(size=(2_000, 3)) + np.eye(3)[np.searchsorted(["a", "b", "c"], labels)]
    scores = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    columns = {f"p_{name}": scores[:, i] for i, name in enumerate("abc")}
    one = Monitor({**columns, "y": labels}, score=list(columns), label="y")
    two = Monitor({"p": scores.tolist(), "y": labels}, score="p", label="y")
    first = one.check({**columns, "y": labels}).performance
    second = two.check({"p": scores.tolist(), "y": labels}).performance
    assert first is not None
    assert second is not None
    for name, metric in first.items():
        assert second[name].production == pytest.approx(metric.production, abs=1e-4), name
    names = {feature.name for feature in two.check({"p": scores.tolist(), "y": labels}).features}
    assert {"p of a", "p of b", "p of c"} <= names


def test_few_rows_of_a_class_are_too_few() -> None:
    data = frame(0)
    data["y"] = np.zeros(ROWS, dtype=int)
    data["y"][:5] = 1
    report = Monitor(data, score="p", label="y").check(data)
    assert report.performance is not None
    assert "too few" in report.performance["roc_auc"].note
    assert report.performance["roc_auc"].interval is None
    assert report.performance["roc_auc"].status is Status.INSUFFICIENT_DATA


def test_drift_of_scores_is_judged_by_psi_too() -> None:
    data = frame(1)
    report = Monitor(frame(0), score="p", label="y").check({**data, "p": data["p"] ** 2})
    scores = report.feature_drift()["p"]
    assert scores.tests["psi"].gates
    assert "prediction" in report.drift_types


def test_a_regression_has_its_own_metrics() -> None:
    rng = np.random.default_rng(5)

    def houses(noise: float) -> dict[str, Any]:
        size = rng.uniform(30, 200, 3_000)
        return {"size": size, "says": 3 * size, "y": 3 * size + rng.normal(0, noise, 3_000)}

    monitor = Monitor(houses(20), prediction="says", label="y")
    fine, worse = monitor.check(houses(20)), monitor.check(houses(35))
    assert fine.performance is not None
    assert worse.performance is not None
    assert fine.performance.task == "regression"
    assert not fine.performance.status.is_drift
    assert worse.performance.status is Status.CRITICAL
    assert worse.performance["rmse"].production == pytest.approx(35, rel=0.05)
    assert worse.part_status("error").is_drift
    assert worse.part_status("feature") is Status.OK


def test_scores_of_the_other_class_are_noticed() -> None:
    data = frame(0)
    data["p"] = 1 - data["p"]
    report = Monitor(data, prediction="says", score="p", label="y").check(frame(1))
    assert report.performance is not None
    assert any("is the score that of ‘0’" in note for note in report.performance.notes)
