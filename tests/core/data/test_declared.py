"""What callers say of columns: left out, of another kind, those of the model."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from driftwatch import Monitor
from driftwatch.errors import DriftWatchError

RNG = np.random.default_rng(2)
SIZE = 2_000
DATA: dict[str, Any] = {
    "age": RNG.integers(18, 80, SIZE),
    "income": RNG.lognormal(3, 1, SIZE),
    "zip": RNG.integers(10_000, 10_020, SIZE),
    "y": RNG.integers(0, 2, SIZE),
}


def test_what_is_excluded_is_neither_tested_nor_new() -> None:
    monitor = Monitor(DATA, exclude=["zip"])
    report = monitor.check(DATA)
    assert "zip" not in report.feature_drift()
    assert report.skipped["zip"] == "excluded"
    assert not report.schema_changes
    saved = Monitor(Monitor(DATA).reference.profile, exclude=["zip"]).check(DATA)
    assert "zip" not in saved.feature_drift()
    assert not saved.schema_changes


def test_a_kind_that_is_declared_is_not_guessed() -> None:
    report = Monitor(DATA, kinds={"zip": "categorical"}).check(DATA)
    assert report.feature_drift()["zip"].kind == "categorical"
    assert "psi" in report.feature_drift()["zip"].primary_test  # type: ignore[operator]
    with pytest.raises(DriftWatchError, match="profiled as numeric"):
        Monitor(Monitor(DATA).reference.profile, kinds={"zip": "categorical"})


def test_target_is_a_word_for_label() -> None:
    report = Monitor(DATA, roles={"y": "target"}).check(DATA)
    assert "y" in report.skipped


class Model:
    feature_names_in_ = np.array(["age", "income"], dtype=object)
    feature_importances_ = np.array([0.25, 0.75])


def test_the_features_are_those_of_the_model() -> None:
    report = Monitor({**DATA, "target": DATA["y"]}, model=Model()).check(
        {**DATA, "target": DATA["y"]}
    )
    assert set(report.feature_drift()) == {"age", "income"}
    assert report.feature_drift()["income"].importance == pytest.approx(0.75)
    assert "target" in report.skipped
    assert not report.schema_changes
    named = Monitor(DATA, features=["zip"], model=Model()).check(DATA)
    assert set(named.feature_drift()) == {"zip"}


def test_a_model_of_other_names_changes_nothing() -> None:
    class Other:
        feature_names_in_ = np.array(["x0", "x1"], dtype=object)

    assert len(Monitor(DATA, model=Other()).check(DATA).features) == 4


def test_importances_of_a_last_step_are_traced_to_their_columns() -> None:
    class Encoder:
        transformers = ()

    class Last:
        feature_names_in_ = np.array(
            ["encode__zip_10000", "encode__zip_10001", "rest__age"], dtype=object
        )
        feature_importances_ = np.array([0.2, 0.3, 0.5])

    class Pipeline:
        def __init__(self) -> None:
            self.steps = [("encode", Encoder()), ("model", Last())]
            self.feature_names_in_ = np.array(["age", "zip"], dtype=object)

    features = Monitor(DATA, model=Pipeline()).check(DATA).feature_drift()
    assert features["zip"].importance == pytest.approx(0.5)
    assert features["age"].importance == pytest.approx(0.5)
    assert "income" not in features


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"exclude": ["nope"]}, "no column 'nope'"),
        ({"exclude": "age"}, "exclude must be a list"),
        ({"exclude": ["age"], "features": ["age"]}, "excluded, and is named as a feature"),
        ({"exclude": ["y"], "roles": {"y": "label"}}, "excluded, and is named as a role"),
        ({"kinds": {"zip": "cat"}}, "known: numeric, categorical, boolean, datetime"),
        ({"kinds": {"zi": "categorical"}}, "did you mean 'zip'"),
        ({"roles": {"y": "targets"}}, "known: feature"),
        ({"thresholds": {"agee": {"ks": 0.1}}}, "did you mean 'age'"),
    ],
)
def test_what_makes_no_sense_is_one_clear_error(options: dict[str, Any], says: str) -> None:
    with pytest.raises(DriftWatchError, match=says):
        Monitor(DATA, **options)
