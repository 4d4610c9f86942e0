"""A model is called where data lack its predictions, by what it offers."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import accuracy_score, log_loss, mean_absolute_error, roc_auc_score
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder

from driftwatch import Monitor
from driftwatch.errors import ConfigError, DataError

Frame = Any


def frame(rows: int = 2_000, seed: int = 0) -> Frame:
    rng = np.random.default_rng(seed)
    x, plan = rng.normal(size=rows), rng.choice(["a", "b"], rows)
    logits = 2 * x + np.where(plan == "a", 1.0, -1.0)
    label = np.where(rng.random(rows) < 1 / (1 + np.exp(-logits)), "yes", "no")
    return pd.DataFrame({"x": x, "plan": plan, "z": rng.random(rows), "label": label})


def fitted() -> Pipeline:
    data = frame(seed=9)
    encode = ColumnTransformer([("plan", OneHotEncoder(), ["plan"])], remainder="passthrough")
    model = Pipeline([("encode", encode), ("model", LogisticRegression())])
    return model.fit(data[["x", "plan"]], data["label"])


def test_a_pipeline_gives_predictions_and_scores() -> None:
    model, today = fitted(), frame(seed=1)
    monitor = Monitor(frame(), model=model, label="label")
    performance = monitor.check(today).performance
    assert performance is not None
    scores = model.predict_proba(today[["x", "plan"]])[:, 1]
    area = roc_auc_score(today["label"] == "yes", scores)
    assert performance["roc_auc"].production == pytest.approx(area, abs=1e-3)
    loss = log_loss(today["label"], scores, labels=["no", "yes"])
    assert performance["log_loss"].production == pytest.approx(loss, abs=1e-9)
    said = accuracy_score(today["label"], model.predict(today[["x", "plan"]]))
    assert performance["accuracy"].production == pytest.approx(said, abs=1e-9)


def test_files_are_predicted_as_they_are_read(tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("before.parquet", "after.parquet")]
    for seed, path in enumerate(paths):
        frame(seed=seed).to_parquet(path)
    model = fitted()
    of_files = Monitor(str(paths[0]), model=model, label="label").check(str(paths[1]))
    of_frames = Monitor(frame(seed=0), model=model, label="label").check(frame(seed=1))
    assert of_files.performance is not None
    assert of_frames.performance is not None
    for name, metric in of_files.performance.items():
        assert metric.production == pytest.approx(of_frames.performance[name].production, abs=1e-3)


def test_the_positive_class_is_the_named_one() -> None:
    monitor = Monitor(frame(), model=fitted(), label="label", positive="no")
    performance = monitor.check(frame(seed=1)).performance
    assert performance is not None
    assert performance.classes == ("yes", "no")
    assert (performance["roc_auc"].production or 0) > 0.8


def test_columns_that_are_there_are_not_computed_anew() -> None:
    def never(_: Any) -> Any:
        raise AssertionError("called")

    data = frame().assign(says=lambda d: np.where(d["x"] > 0, "yes", "no"))
    monitor = Monitor(data, model=never, prediction="says", label="label")
    assert monitor.check(data).performance is not None
    assert Monitor(frame(), model=never).check(frame()).performance is None  # no label is named


def test_a_function_a_regression_and_a_session() -> None:
    rng = np.random.default_rng(3)
    data = pd.DataFrame({"x": rng.normal(size=1_000)})
    data["y"] = 3 * data["x"] + rng.normal(size=1_000)
    model = LinearRegression().fit(data[["x"]], data["y"])
    expected = mean_absolute_error(data["y"], model.predict(data[["x"]]))
    session = SimpleNamespace(
        get_inputs=lambda: [SimpleNamespace(name="input")],
        run=lambda _, feed: [model.coef_ * feed["input"] + model.intercept_],
    )
    for called in (model, model.predict, session):
        monitor = Monitor(data, model=called, label="y")
        performance = monitor.check(data).performance
        assert performance is not None
        assert performance["mae"].production == pytest.approx(expected, rel=1e-5)


def test_several_classes_get_a_column_each() -> None:
    rng = np.random.default_rng(4)
    labels = rng.choice(["a", "b", "c"], 3_000)
    data = pd.DataFrame({"x": rng.normal(size=3_000) + (labels == "a"), "z": (labels == "b") * 1.0})
    data["z"] += rng.normal(size=3_000)
    model = LogisticRegression().fit(data, labels)
    data["label"] = labels
    performance = Monitor(data, model=model, label="label").check(data).performance
    assert performance is not None
    area = roc_auc_score(labels, model.predict_proba(data[["x", "z"]]), multi_class="ovr")
    assert performance["roc_auc_ovr"].production == pytest.approx(area, abs=1e-3)


def test_a_model_that_fails_is_one_clear_error() -> None:
    def fails(_: Any) -> Any:
        raise ValueError("no such weather")

    with pytest.raises(DataError, match=r"could not predict: ValueError: no such weather.*score="):
        Monitor(frame(), model=fails, label="label")
    with pytest.raises(DataError, match="gave 3 predictions"):
        Monitor(frame(), model=lambda _: [1, 2, 3], label="label")
    with pytest.raises(ConfigError, match="takes the column 'plan'"):
        Monitor(frame().drop(columns="plan"), model=fitted(), label="label")
    with pytest.raises(ConfigError, match="has no predict"):
        Monitor(frame(), model=object(), label="label")


def test_permutation_finds_what_a_model_uses() -> None:
    data = frame()
    monitor = Monitor(data, model=fitted(), label="label", importances="permutation")
    report = monitor.check(frame(seed=1))
    weights = {f.name: f.importance or 0.0 for f in report.features if f.role == "feature"}
    assert weights["x"] > weights["plan"] > 0
    assert weights.get("z", 0.0) == 0.0
    rng = np.random.default_rng(3)
    numbers = pd.DataFrame({"a": rng.normal(size=800), "b": rng.normal(size=800)})
    numbers["y"] = 3 * numbers["a"] + 0.1 * rng.normal(size=800)
    model = LinearRegression().fit(numbers[["a", "b"]], numbers["y"])
    of_numbers = Monitor(numbers, model=model, label="y", importances="permutation")
    shares = {f.name: f.importance for f in of_numbers.check(numbers).features}
    assert (shares["a"] or 0) > 0.99


def test_importances_may_be_given() -> None:
    monitor = Monitor(frame(), importances={"x": 3, "z": 1})
    weights = {f.name: f.importance for f in monitor.check(frame(seed=1)).features}
    assert weights["x"] == 0.75
    for wrong, message in (("all", "permutation"), ({"q": 1.0}, "no tested column")):
        with pytest.raises(ConfigError, match=message):
            Monitor(frame(), importances=wrong)  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="needs the model and the label"):
        Monitor(frame(), importances="permutation")
