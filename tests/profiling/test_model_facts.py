from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from driftwatch import Monitor
from driftwatch.profiling.model_facts import importances_of, version_of

RNG = np.random.default_rng(1)
X = pd.DataFrame({"a": RNG.normal(size=200), "b": RNG.normal(size=200)})
Y = (X["a"] > 0).astype(int)


@pytest.mark.parametrize(
    "model",
    [
        RandomForestClassifier(n_estimators=5, random_state=0),
        LogisticRegression(),
        make_pipeline(StandardScaler(), LogisticRegression()),
    ],
)
def test_fitted_estimators_tell_their_importances(model: Any) -> None:
    model.fit(X, Y)
    found = importances_of(model, ["a", "b"])
    assert sum(found.values()) == pytest.approx(1.0)
    assert found["a"] > found["b"]


def test_columns_are_matched_by_name_and_not_by_place() -> None:
    model = RandomForestClassifier(n_estimators=5, random_state=0).fit(X[["b", "a"]], Y)
    found = importances_of(model, ["x", "a", "b"])
    assert set(found) == {"a", "b"}
    assert found["a"] > found["b"]


class Bare:
    coef_ = np.array([[1.0, -3.0]])


class Odd:
    feature_importances_ = "many"
    version = ("no", "version")


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        (Bare(), {"a": 0.25, "b": 0.75}),
        (Odd(), {}),
        (object(), {}),
        ("a path", {}),
        (None, {}),
        (LogisticRegression(), {}),
    ],
)
def test_anything_may_be_given_and_nothing_breaks(model: Any, expected: dict[str, float]) -> None:
    assert importances_of(model, ["a", "b"]) == expected
    assert not Monitor(X, model=model).check(X).has_drift()


class Raising:
    @property
    def coef_(self) -> Any:
        raise RuntimeError("not fitted")

    @property
    def version(self) -> Any:
        raise ValueError("no version")


class Complex:
    coef_ = np.array([1j, 2.0])
    version = True


class NoSteps:
    steps = ((),)


@pytest.mark.parametrize("model", [Raising(), Complex(), NoSteps()])
def test_a_model_that_raises_is_a_model_without_facts(model: Any) -> None:
    assert importances_of(model, ["a", "b"]) == {}
    assert version_of(model) == type(model).__name__


def test_a_pipeline_that_reorders_columns_tells_nothing() -> None:
    scaler = ColumnTransformer([("s", StandardScaler(), ["b"])], remainder="passthrough")
    model = make_pipeline(scaler, LinearRegression()).fit(X, 5 * X["a"] + 0.1 * X["b"])
    assert importances_of(model, ["a", "b"]) == {}


class Versioned:
    model_version = "2024-05"
    version = 3


@pytest.mark.parametrize(
    ("model", "version"), [(Versioned(), "2024-05"), (Odd(), "Odd"), (None, None), (Bare(), "Bare")]
)
def test_the_version_is_the_models_or_its_class(model: Any, version: str | None) -> None:
    assert version_of(model) == version
    assert Monitor(X, model=model).check(X).model_version == version
