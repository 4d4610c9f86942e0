"""What comes wrong, large or of another type is counted and told, and never a wrong number."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pytest
from sklearn import metrics as sk

from driftwatch import Monitor, Status
from driftwatch.core.profiles.outcomes import Outcomes
from driftwatch.core.profiles.profile import Profile
from driftwatch.core.reports.report import DriftReport
from driftwatch.errors import ConfigError, ProfileFormatError
from driftwatch.profiling.build import profile_like

ROWS = 2_000
ROLES: dict[str, Any] = {"prediction": "says", "score": "p", "label": "y"}
START = datetime(2026, 3, 1, tzinfo=UTC)


def frame(seed: int = 0, rows: int = ROWS) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=rows)
    p = 1 / (1 + np.exp(-2 * x))
    y = (rng.random(rows) < p).astype(int)
    return {"x": x, "p": p, "y": y, "says": (p >= 0.5).astype(int)}


def of_classes(seed: int = 0, rows: int = ROWS) -> tuple[dict[str, Any], Any, Any]:
    rng = np.random.default_rng(seed)
    labels = rng.choice(["a", "b", "c"], rows)
    logits = rng.normal(size=(rows, 3)) + 2 * np.eye(3)[np.searchsorted(["a", "b", "c"], labels)]
    scores = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return {f"p_{name}": scores[:, i] for i, name in enumerate("abc")}, labels, scores


def performance(report: DriftReport) -> Any:
    assert report.performance is not None
    return report.performance


@pytest.mark.parametrize("positive", ["a", "b"])
def test_lists_of_two_scores_are_in_the_order_of_the_classes(positive: str) -> None:
    data = frame()
    labels = np.where(data["y"] == 1, "b", "a")
    lists = [[1 - p, p] for p in data["p"]]
    monitor = Monitor({"s": lists, "y": labels}, score="s", label="y", positive=positive)
    got = performance(monitor.check({"s": lists, "y": labels}))
    area = sk.roc_auc_score(data["y"], data["p"])
    assert got["roc_auc"].production == pytest.approx(area, abs=1e-3)
    assert got["log_loss"].production == pytest.approx(sk.log_loss(data["y"], data["p"]))


def test_a_score_of_the_negative_class_alone_is_refused() -> None:
    data = frame()
    for score in ({0: "p"}, {"7": "x", "1": "p"}):
        with pytest.raises(ConfigError, match="score is given for"):
            Monitor(data, score=score, label="y")


@pytest.mark.parametrize("weight", [0.0, 1e-200, 1e155, 1e200, -1.0, np.nan])
def test_weights_that_cannot_be_summed_are_counted(weight: float) -> None:
    data = {**frame(), "w": np.ones(ROWS)}
    monitor = Monitor(data, **ROLES, roles={"w": "weight"})
    weights = np.where(np.arange(ROWS) < 10, weight, 1.0)
    got = performance(monitor.check({**frame(1), "w": weights}))
    assert any("10 labelled rows without a usable weight" in note for note in got.notes)
    kept = {name: values[10:] for name, values in frame(1).items()}
    expected = sk.accuracy_score(kept["y"], kept["says"])
    assert got["accuracy"].production == pytest.approx(expected)
    none = monitor.check({**frame(1), "w": np.full(ROWS, weight)})
    assert none.performance is None or none.performance["accuracy"].production is None


@pytest.mark.parametrize("column", ["p", "w"])
def test_one_extreme_value_loses_no_other_row_of_a_stream(column: str, tmp_path: Path) -> None:
    data = {**frame(), "w": np.ones(ROWS)}
    data["p"] = 5 * data["x"]  # no probabilities, so that scores have no bounds
    monitor = Monitor(data, **ROLES, roles={"w": "weight"}, store=tmp_path / "s.db")
    rows = {**frame(1), "w": np.ones(ROWS)}
    rows[column] = np.where(np.arange(ROWS) < 2, 1.7e308, rows[column])
    monitor.observe_many(rows, at=START)
    report = monitor.check()
    assert report.rows_current == ROWS
    assert performance(report)["accuracy"].production is not None
    monitor.close()


@pytest.mark.parametrize("value", [1e60, 1e200, np.inf, np.nan, None])
def test_one_huge_label_is_no_label(value: Any) -> None:
    rng = np.random.default_rng(2)
    said = rng.normal(50, 5, ROWS)
    data = {"says": said, "y": said + rng.normal(size=ROWS)}
    monitor = Monitor(data, prediction="says", label="y")
    labels = [value, *data["y"].tolist()[1:]]
    got = performance(monitor.check({"says": said, "y": labels}))
    expected = sk.mean_absolute_error(data["y"][1:], said[1:])
    assert got["mae"].production == pytest.approx(expected)
    assert got.labelled[1] == ROWS - 1


def test_a_regression_counts_what_has_no_prediction() -> None:
    rng = np.random.default_rng(3)
    said = rng.normal(50, 5, ROWS)
    monitor = Monitor({"says": said, "y": said + 1.0}, prediction="says", label="y")
    some = [None if i % 4 else v for i, v in enumerate(said.tolist())]
    got = performance(monitor.check({"says": some, "y": said + 1.0}))
    assert got.labelled_share == 1.0
    assert any("1,500 labelled rows without a prediction" in note for note in got.notes)
    gone = performance(monitor.check({"y": said}))
    assert gone.status is Status.INSUFFICIENT_DATA


def test_probabilities_beyond_their_bounds_are_counted() -> None:
    data = frame(1)
    got = performance(Monitor(frame(), **ROLES).check({**data, "p": 100 * data["p"]}))
    beyond = int((100 * data["p"] > 1).sum())
    assert any(f"{beyond:,} labelled rows without a usable score" in note for note in got.notes)


def test_a_right_prediction_of_a_new_class_is_right() -> None:
    _, labels, _ = of_classes()
    said = np.where(np.arange(ROWS) % 20 == 0, "a", labels)
    monitor = Monitor({"says": said, "y": labels}, prediction="says", label="y")
    new = np.where(np.arange(ROWS) % 2 == 0, "z", labels)
    answers = np.where(np.arange(ROWS) % 2 == 0, np.where(np.arange(ROWS) % 4 == 0, "z", "q"), said)
    got = performance(monitor.check({"says": answers, "y": new}))
    assert got["accuracy"].production == pytest.approx(sk.accuracy_score(new, answers))


def test_the_median_is_that_of_scikit_learn_and_weights_have_none() -> None:
    rng = np.random.default_rng(4)
    said, labels = rng.normal(size=30), rng.normal(size=30)
    data = {"says": said, "y": labels}
    got = performance(Monitor(data, prediction="says", label="y").check(data))
    expected = sk.median_absolute_error(labels, said)
    assert got["median_absolute_error"].production == pytest.approx(expected)
    weighted = {**data, "w": np.ones(30)}
    monitor = Monitor(weighted, prediction="says", label="y", roles={"w": "weight"})
    assert "median_absolute_error" not in performance(monitor.check(weighted))


def test_constant_labels_do_not_vary() -> None:
    said = np.random.default_rng(5).normal(size=500)
    monitor = Monitor({"says": said, "y": said * 2}, prediction="says", label="y")
    for constant in (5.0, 1e6 + 0.1):
        got = performance(monitor.check({"says": said, "y": np.full(500, constant)}))
        assert got["r2"].production is None
        assert "do not vary" in got["r2"].note


@pytest.mark.parametrize("index", ["uint8", "uint32", "int8"])
def test_dictionaries_and_categoricals_are_read(index: str) -> None:
    data = frame()
    texts = pa.array(data["y"].astype(str))
    coded = texts.dictionary_encode().cast(pa.dictionary(getattr(pa, index)(), pa.string()))
    expected = performance(Monitor(data, **ROLES).check(data))["accuracy"].production
    got = performance(Monitor({**data, "y": coded}, **ROLES).check({**data, "y": coded}))
    assert got["accuracy"].production == expected
    table = pl.DataFrame({**data, "y": data["y"].astype(str)})
    frame_of_polars = table.with_columns(pl.col("y").cast(pl.Categorical))
    got = performance(Monitor(frame_of_polars, **ROLES).check(frame_of_polars))
    assert got["accuracy"].production == expected


@pytest.mark.parametrize(
    "labels",
    [
        [date(2026, 1, 1), date(2026, 1, 2)],
        [START, START + timedelta(1)],
        [timedelta(1), timedelta(2)],
    ],
)
def test_labels_that_are_times_are_refused(labels: list[Any]) -> None:
    data = {"p": frame()["p"], "y": labels * (ROWS // 2)}
    with pytest.raises(ConfigError, match="holds times"):
        Monitor(data, score="p", label="y")


@pytest.mark.parametrize("odd", ["²", "--1", b"a", "1e5", "é"])
def test_labels_of_odd_texts_are_classes(odd: Any) -> None:
    labels = [odd, odd if isinstance(odd, bytes) else "1"] * 200
    labels[1::2] = [b"b" if isinstance(odd, bytes) else "1"] * 200
    data = {"says": labels, "y": labels}
    got = performance(Monitor(data, prediction="says", label="y").check(data))
    assert got["accuracy"].production == 1.0


@pytest.mark.parametrize(
    "scores",
    [
        [["a", "b", "c"]] * 300,
        [[[0.1], [0.2], [0.7]]] * 300,
        [[0.1, 0.9]] * 300,
        [None] * 300,
    ],
)
def test_lists_that_are_no_scores_are_counted(scores: list[Any]) -> None:
    _, labels, good = of_classes(rows=300)
    reference = {"s": good.tolist(), "y": labels}
    monitor = Monitor(reference, score="s", label="y")
    got = monitor.check({"s": scores, "y": labels})
    assert performance(got)["roc_auc_ovr"].production is None
    assert any("300 labelled rows without a usable score" in n for n in performance(got).notes)


def test_lists_of_margins_are_no_probabilities() -> None:
    _, labels, good = of_classes()
    data = {"s": (10 * good - 3).tolist(), "y": labels}
    got = performance(Monitor(data, score="s", label="y").check(data))
    expected = sk.roc_auc_score(labels, good, multi_class="ovr")
    assert got["roc_auc_ovr"].production == pytest.approx(expected, abs=2e-3)
    assert "log_loss" not in got


@pytest.mark.parametrize("form", ["list", "array", "mapping", "column"])
def test_scores_of_several_classes_come_with_a_record(form: str) -> None:
    columns, labels, scores = of_classes(rows=600)
    if form == "column":
        monitor = Monitor({"s": scores.tolist(), "y": labels}, score="s", label="y")
    else:
        monitor = Monitor({**columns, "y": labels}, score=list(columns), label="y")
    for row, label in zip(scores, labels, strict=True):
        given: Any = row if form == "array" else row.tolist()
        if form == "mapping":
            given = dict(zip("abc", row.tolist(), strict=True))
        monitor.observe({}, score=given, label=str(label), at=START)
    got = performance(monitor.check())
    assert got.labelled[1] == 600
    expected = sk.log_loss(labels, scores)
    assert got["log_loss"].production == pytest.approx(expected)
    monitor.observe({}, score="much", label="a", at=START)
    monitor.flush()
    assert monitor.counters.get("score_without_a_column", 0) == (0 if form == "column" else 1)


@pytest.mark.parametrize(
    ("thresholds", "message"),
    [
        ({"r2": 0.1}, "no such metric of this binary model"),
        ({"f1_macro": 0.1}, "no such metric"),
        ({"cost": 0.1}, "no such metric"),
        ({"positive_rate": 0.1}, "no better and worse"),
    ],
)
def test_thresholds_that_can_never_alarm_are_refused(
    thresholds: dict[str, float], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        Monitor(frame(), **ROLES, thresholds=thresholds)
    with pytest.raises(ConfigError, match="name the columns of labels"):
        Monitor(frame(), thresholds={"roc_auc": 0.1})


def test_metrics_without_an_error_are_judged_by_their_value() -> None:
    _, labels, _ = of_classes()
    data = {"says": labels, "y": labels}
    for name in ("f1_weighted", "balanced_accuracy", "recall_macro", "precision_weighted"):
        monitor = Monitor(data, prediction="says", label="y", thresholds={name: 0.02})
        assert performance(monitor.check(data)).status is Status.OK
        worse = monitor.check({"says": np.full(ROWS, "a"), "y": labels})
        assert performance(worse)[name].status is Status.CRITICAL
    never = Monitor(frame(), **ROLES, thresholds={"precision": 0.02})
    got = performance(never.check({**frame(1), "says": np.zeros(ROWS, dtype=int)}))
    assert got["precision"].production == 0.0
    assert got["precision"].status is Status.CRITICAL


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"metrics": {"accuracy": lambda a, b: a - b}}, "is a metric already"),
        ({"metrics": {1: lambda a, b: a - b}}, "functions by name"),
        ({"metrics": [len]}, "functions by name"),
        ({"score": 5}, "score must be a column"),
        ({"cost": np.ones((3, 3)).tolist()}, "3 rows and columns, and there are 2 classes"),
        ({"cost": [[0, True], [1, 0]]}, "no costs"),
        ({"cost": [[0, 1], [1, 10**400]]}, "square matrix"),
        ({"positive": float("nan")}, "positive must be a class"),
    ],
)
def test_bad_arguments_are_one_clear_error(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Monitor(frame(), **{**ROLES, **options})


def test_a_saved_profile_without_labels_says_so() -> None:
    saved = Monitor(frame(), roles={"y": "label"}).reference.profile.to_bytes()
    with pytest.raises(ConfigError, match="made without labels"):
        Monitor(saved, **ROLES)


def test_a_saved_profile_with_labels_serves_as_reference() -> None:
    monitor = Monitor(frame(), **ROLES)
    again = Monitor(monitor.reference.profile.to_bytes(), **ROLES)
    first, second = (performance(m.check(frame(1))) for m in (monitor, again))
    for name, metric in first.items():
        assert second[name].production == pytest.approx(metric.production)
        assert second[name].reference == pytest.approx(metric.reference)


def test_an_unchanged_model_with_rare_large_losses_raises_no_alarm() -> None:
    """A small reference has seen few of them, so that its own errors look too much alike."""

    def sure(seed: int, rows: int) -> dict[str, Any]:
        rng = np.random.default_rng(seed)
        said = rng.integers(0, 2, rows)
        labels = np.where(rng.random(rows) < 0.001, 1 - said, said)
        return {"p": np.where(said == 1, 0.999, 0.001), "y": labels}

    alarms = 0
    for seed in range(40):
        monitor = Monitor(sure(seed, 500), score="p", label="y")
        alarms += performance(monitor.check(sure(1_000 + seed, 5_000))).status.is_drift
    assert alarms <= 4


def test_a_damaged_state_is_refused_or_read_and_nothing_else() -> None:
    reference = Monitor(frame(), **ROLES).reference
    profile = profile_like(reference, frame(1))
    assert reference.outcomes is not None
    sections = profile.outcomes[reference.outcomes.spec.id].to_sections()
    rng = np.random.default_rng(6)
    for name, body in sections.items():
        for _ in range(60):
            damaged = bytearray(body)
            damaged[rng.integers(0, len(body))] ^= 1 << int(rng.integers(0, 8))
            try:
                outcomes = Outcomes.from_sections({**sections, name: bytes(damaged)})
            except ProfileFormatError:
                continue
            outcomes.merge(outcomes.copy())
    for bad in (b'{"grids": [Infinity]}', b"[]", b"{}", b'{"centre": 1e999}'):
        with pytest.raises(ProfileFormatError):
            Outcomes.from_sections({**sections, "spec": bad})
    assert Profile.from_bytes(profile.to_bytes()).content_hash == profile.content_hash
