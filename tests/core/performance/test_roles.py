"""Which columns are taken for labels, predictions and scores, and which are left alone."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from driftwatch import Monitor, Status

AT = datetime(2026, 1, 1, tzinfo=UTC)


def customers(seed: int, rows: int = 3_000) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=rows)
    p = 1 / (1 + np.exp(-2 * x))
    y = np.where(rng.random(rows) < p, "yes", "no")
    return pd.DataFrame({"x": x, "p": p, "says": np.where(p > 0.5, "yes", "no"), "y": y})


def fitted(columns: list[str]) -> Any:
    data = customers(9).assign(score=np.random.default_rng(9).normal(650, 60, 3_000))
    return LogisticRegression(max_iter=9_999).fit(data[columns], data["y"])


def test_nothing_is_judged_of_which_nothing_was_said() -> None:
    """A column called score is no reason to call a model bad."""

    def data(seed: int) -> pd.DataFrame:
        rng = np.random.default_rng(seed)
        x = rng.normal(size=5_000)
        target = (x + rng.normal(size=5_000) > 0).astype(int)
        return pd.DataFrame({"x": x, "score": rng.normal(650, 60, 5_000), "target": target})

    after = data(2)
    after["target"] = (after["score"] < 650).astype(int)
    report = Monitor(data(1)).check(after)
    assert report.performance is None
    assert not report.has_drift()
    odd = data(1).assign(**{"error of y_pred": 1.0, "y_pred": 1})
    assert Monitor(odd).check(odd).performance is None


def test_a_feature_called_score_is_a_feature() -> None:
    rng = np.random.default_rng(3)
    before, after = (customers(s).assign(score=rng.normal(650, 60, 3_000)) for s in (1, 2))
    model = fitted(["x", "score"])
    monitor = Monitor(before[["x", "score", "y"]], model=model, label="y")
    performance = monitor.check(after[["x", "score", "y"]]).performance
    assert performance is not None
    assert (performance["roc_auc"].production or 0) > 0.8
    plain = Monitor(before, prediction="says", label="y").check(after).performance
    assert plain is not None
    assert "roc_auc" not in plain


def test_a_guess_that_fits_is_taken() -> None:
    before, after = (customers(s).rename(columns={"p": "y_score"}) for s in (1, 2))
    performance = Monitor(before.drop(columns="says"), label="y").check(after).performance
    assert performance is not None
    assert (performance["roc_auc"].production or 0) > 0.8


def test_texts_of_a_csv_file_are_numbers_for_a_model(tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    k = rng.integers(0, 6, 4_000)
    y = np.where(rng.random(4_000) < np.where(k % 2, 0.9, 0.1), "yes", "no")
    data = pd.DataFrame({"k": k, "y": y})
    model = make_pipeline(OneHotEncoder(handle_unknown="ignore"), LogisticRegression())
    model.fit(data[["k"]], data["y"])
    path = tmp_path / "k.csv"
    data.to_csv(path, index=False)
    monitor = Monitor(data, model=model, label="y")
    for side in (data, str(path)):
        performance = monitor.check(side).performance
        assert performance is not None
        assert (performance["roc_auc"].production or 0) > 0.85


def test_a_saved_reference_has_the_model_called_for_production() -> None:
    model = fitted(["x"])
    first = Monitor(customers(1)[["x", "y"]], model=model, label="y")
    again = Monitor(first.reference.profile.to_bytes(), model=model, label="y")
    for monitor in (first, again):
        performance = monitor.check(customers(2)[["x", "y"]]).performance
        assert performance is not None
        assert (performance["roc_auc"].production or 0) > 0.8


def test_what_the_model_computes_is_never_gone() -> None:
    monitor = Monitor(customers(1)[["x", "y"]], model=fitted(["x"]), roles={"y": "label"})
    monitor.observe_many(customers(2)[["x"]], at=AT)
    report = monitor.check()
    assert report.schema_changes == ()
    assert not report.has_drift()
    empty = monitor.check(customers(2)[["x", "y"]].iloc[:0])
    assert empty.global_status is Status.INSUFFICIENT_DATA


@pytest.mark.parametrize("positive", ["yes", "no", None])
def test_a_function_may_return_the_scores_of_the_classes(positive: str | None) -> None:
    model = fitted(["x"])
    monitor = Monitor(
        customers(1)[["x", "y"]],
        model=model.predict_proba,
        label="y",
        positive=positive,
    )
    performance = monitor.check(customers(2)[["x", "y"]]).performance
    assert performance is not None
    assert (performance["roc_auc"].production or 0) > 0.8
    assert performance.classes[1] == (positive or "yes")


def test_permutation_of_probabilities_and_of_scores() -> None:
    rng = np.random.default_rng(5)
    data = pd.DataFrame({"a": rng.normal(size=3_000), "b": rng.normal(size=3_000)})
    data["y"] = (data["a"] > 0).astype(int)

    def chance(rows: Any) -> Any:
        return 1 / (1 + np.exp(-3 * rows["a"]))

    def both(rows: Any) -> Any:
        return np.column_stack((1 - chance(rows), chance(rows)))

    for model in (chance, both):
        monitor = Monitor(data, model=model, label="y", importances="permutation")
        weights = {f.name: f.importance for f in monitor.check(data).features}
        assert weights["a"] == 1.0
        assert not weights["b"]


def test_a_model_is_not_given_identifiers() -> None:
    data = customers(1)[["x", "y"]].assign(id=np.arange(3_000))
    model = LogisticRegression().fit(data[["x"]].to_numpy(), data["y"])

    def on_arrays(rows: Any) -> Any:
        assert list(rows.columns) == ["x"]
        return model.predict_proba(rows.to_numpy())

    assert Monitor(data, model=on_arrays, label="y").check(data).performance is not None


def test_another_positive_class_is_another_column_of_errors() -> None:
    names = []
    for positive in ("yes", "no"):
        monitor = Monitor(customers(1), score="p", label="y", positive=positive)
        names += [c.name for c in monitor.reference.schema if c.role == "error"]
    assert names == ["log loss of p", "log loss of p for no"]


def test_two_builds_of_a_reference_are_the_same() -> None:
    """Beyond what a quantile sketch keeps exactly, too: replicas count in the same cells."""
    data = customers(1, 30_000)
    roles: dict[str, Any] = {"prediction": "says", "score": "p", "label": "y"}
    first, second = (Monitor(data, **roles).reference for _ in range(2))
    assert first.id == second.id


def test_profiles_made_apart_are_compared_by_their_sums() -> None:
    roles: dict[str, Any] = {"prediction": "says", "score": "p", "label": "y"}
    before, after = (Monitor(customers(s), **roles).reference.profile for s in (1, 2))
    monitor = Monitor(before.to_bytes(), **roles)
    performance = monitor.check(after).performance
    exact = monitor.check(customers(2)).performance
    assert performance is not None
    assert exact is not None
    for name in ("accuracy", "log_loss", "brier", "f1"):
        assert performance[name].production == pytest.approx(exact[name].production)
    assert performance["roc_auc"].production is None
    assert any("counted in other cells" in note for note in performance.notes)


@pytest.mark.parametrize("form", ["list", "array", "mapping", "single", "number"])
def test_scores_of_both_classes_come_with_a_record(form: str) -> None:
    monitor = Monitor(customers(1), score="p", label="y")
    rows = customers(2, 400)
    for row in rows.to_dict("records"):
        p = row.pop("p")
        both = [1 - p, p]
        score = {
            "list": both,
            "array": np.array(both),
            "mapping": {"no": 1 - p, "yes": p},
            "single": np.array([p]),
            "number": p,
        }[form]
        monitor.observe(row, score=score, at=AT)
    report = monitor.check()
    assert report.performance is not None
    expected = monitor.check(rows).performance
    assert expected is not None
    got = report.performance["log_loss"].production
    assert got == pytest.approx(expected["log_loss"].production)


def test_a_saved_reference_of_another_key_is_read_with_that_key() -> None:
    """By the scorer, too, which looks at it before anybody else."""
    model, key = fitted(["x"]), b"a key of ours"
    mail = [f"somebody{i % 40}@example.org" for i in range(3_000)]
    data = customers(1)[["x", "y"]].assign(mail=mail)
    roles = {"mail": "group"}  # kept beside the model's features, as tokens
    first = Monitor(data, model=model, label="y", hash_key=key, roles=roles)
    body = first.reference.profile.to_bytes()
    again = Monitor(body, model=model, label="y", hash_key=key)
    assert again.check(data).performance is not None
    assert again.check(first.reference.profile).performance is not None
