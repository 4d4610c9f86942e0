"""Every metric from the state beside scikit-learn's on the rows, after many merges of bytes."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from sklearn import metrics as sk

from driftwatch.core.data.batch import batches_of
from driftwatch.core.data.declared import DeclaredColumns
from driftwatch.core.data.declared_outcomes import DeclaredOutcomes
from driftwatch.core.performance.binary import binary_metrics
from driftwatch.core.performance.estimate import Estimate
from driftwatch.core.performance.multiclass import multiclass_metrics
from driftwatch.core.performance.regression import regression_metrics
from driftwatch.core.profiles.profile import Profile, merged
from driftwatch.core.profiles.reference import Reference
from driftwatch.profiling.build import profile_like
from driftwatch.profiling.references import ReferenceOptions, build_reference

SHARDS = 50
CASES = 15


def reference_of(data: dict[str, Any], declared: DeclaredOutcomes, **roles: str) -> Reference:
    columns = DeclaredColumns.of(roles=declared.with_roles(roles))
    return build_reference(data, ReferenceOptions(replace(columns, outcomes=declared)))


def in_shards(reference: Reference, data: dict[str, Any], rng: np.random.Generator) -> Profile:
    """Production as some fifty profiles through bytes, merged in any order."""
    rows = len(next(iter(data.values())))
    cuts = np.sort(rng.integers(0, rows + 1, SHARDS - 1))
    shards = []
    for part in np.split(np.arange(rows), cuts):
        shard = reference.new_profile()
        for batch in batches_of({name: values[part] for name, values in data.items()}):
            shard.update(batch)
        shards.append(shard)
    restored = [Profile.from_bytes(shard.to_bytes()) for shard in shards]
    total = merged(restored[i] for i in rng.permutation(SHARDS))
    assert total is not None
    return total


def outcomes_of(reference: Reference, profile: Profile) -> Any:
    assert reference.outcomes is not None
    return profile.outcomes[reference.outcomes.spec.id]


def close(got: Estimate, expected: float, tolerance: float = 1e-9) -> None:
    assert got.value == pytest.approx(expected, rel=tolerance, abs=tolerance)


def scores_of(case: int, rng: np.random.Generator, size: int, rate: float) -> Any:
    """Labels and scores: continuous, rounded, of a tree, or piled up; rare classes among them."""
    labels = rng.random(size) < rate
    logit = rng.normal(size=size) + np.where(labels, rng.uniform(0.2, 2.5), 0) + math.log(rate)
    scores = 1 / (1 + np.exp(-logit))
    shape = case % 4
    if shape == 1:
        scores = np.round(scores, 2)
    elif shape == 2:
        scores = np.floor(scores * 7) / 7 + 0.01
    elif shape == 3:
        scores = np.where(rng.random(size) < 0.3, 0.5, scores)
    return labels, scores


@pytest.mark.parametrize("case", range(CASES))
def test_binary(case: int) -> None:
    rng = np.random.default_rng(1500 + case)
    size, rate = int(rng.integers(300, 30_000)), float(rng.choice([0.5, 0.1, 0.01]))
    weighted = case % 5 == 4
    labels, scores = scores_of(case, rng, size, rate)
    said = scores >= np.quantile(scores, 1 - rate)
    data: dict[str, Any] = {"y": labels.astype(int), "p": scores, "says": said.astype(int)}
    roles = {}
    if weighted:
        data["w"], roles = rng.gamma(2.0, size=size), {"w": "weight"}
    declared = DeclaredOutcomes.of("says", "p", "y", task="binary")
    before = {name: values[: size // 3] for name, values in data.items()}
    if before["y"].min() == before["y"].max():
        before["y"] = np.append(before["y"][:-1], 1 - before["y"][0])
    reference = reference_of(before, declared, **roles)
    outcomes = outcomes_of(reference, in_shards(reference, data, rng))
    got, weights = binary_metrics(outcomes), data.get("w")

    close(got["accuracy"], sk.accuracy_score(labels, said, sample_weight=weights))
    close(got["precision"], sk.precision_score(labels, said, sample_weight=weights))
    close(got["recall"], sk.recall_score(labels, said, sample_weight=weights))
    close(got["f1"], sk.f1_score(labels, said, sample_weight=weights))
    close(got["specificity"], sk.recall_score(~labels, ~said, sample_weight=weights))
    expected = sk.balanced_accuracy_score(labels, said, sample_weight=weights)
    close(got["balanced_accuracy"], expected)
    close(got["log_loss"], sk.log_loss(labels, scores, sample_weight=weights))
    close(got["brier"], sk.brier_score_loss(labels, scores, sample_weight=weights))
    area = sk.roc_auc_score(labels, scores, sample_weight=weights)
    precision = sk.average_precision_score(labels, scores, sample_weight=weights)
    for name, true, most in (("roc_auc", area, 1e-3), ("average_precision", precision, 0.015)):
        metric = got[name]
        low, high = metric.bracket or (metric.value, metric.value)
        assert low - 1e-9 <= true <= high + 1e-9, name
        if labels.sum() >= 20:
            assert abs(metric.value - true) <= (most if not weighted else 4 * most)
        if metric.bracket is None:
            close(metric, true)


@pytest.mark.parametrize("only", [0, 1])
def test_one_class_only_says_so(only: int) -> None:
    rng = np.random.default_rng(3)
    data = {"y": rng.integers(0, 2, 500), "p": rng.random(500), "says": rng.integers(0, 2, 500)}
    reference = reference_of(data, DeclaredOutcomes.of("says", "p", "y"))
    profile = profile_like(reference, {**data, "y": np.full(500, only)})
    got = binary_metrics(outcomes_of(reference, profile))
    for name in ("roc_auc", "average_precision"):
        assert math.isnan(got[name].value)
        assert "one class" in got[name].note
    assert got["accuracy"].value == (data["says"] == only).mean()
    assert got["log_loss"].interval is None


@pytest.mark.parametrize("case", range(CASES // 3))
def test_multiclass(case: int) -> None:
    rng = np.random.default_rng(2500 + case)
    size, classes = int(rng.integers(500, 20_000)), int(rng.integers(3, 8))
    names = np.array([f"c{i}" for i in range(classes)])
    labels = rng.choice(classes, size, p=rng.dirichlet(np.full(classes, 4.0)))
    logits = rng.normal(size=(size, classes)) + 1.5 * np.eye(classes)[labels]
    scores = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    said = scores.argmax(axis=1)
    data: dict[str, Any] = {f"p_{name}": scores[:, i] for i, name in enumerate(names)}
    data |= {"y": names[labels], "says": names[said]}
    weights, roles = None, {}
    if case % 3 == 2:
        weights, roles = rng.gamma(2.0, size=size), {"w": "weight"}
        data["w"] = weights
    score = {name: f"p_{name}" for name in names}
    reference = reference_of(data, DeclaredOutcomes.of("says", score, "y"), **roles)
    got = multiclass_metrics(outcomes_of(reference, in_shards(reference, data, rng)))

    close(got["accuracy"], sk.accuracy_score(labels, said, sample_weight=weights))
    balanced = sk.balanced_accuracy_score(labels, said, sample_weight=weights)
    close(got["balanced_accuracy"], balanced)
    for average in ("macro", "micro", "weighted"):
        f1 = sk.f1_score(labels, said, average=average, sample_weight=weights)
        close(got[f"f1_{average}"], f1)
    for average in ("macro", "weighted"):
        kwargs = {"average": average, "sample_weight": weights, "zero_division": 0}
        close(got[f"precision_{average}"], sk.precision_score(labels, said, **kwargs))
        close(got[f"recall_{average}"], sk.recall_score(labels, said, **kwargs))
    close(got["log_loss"], sk.log_loss(labels, scores, sample_weight=weights))
    area = sk.roc_auc_score(labels, scores, multi_class="ovr", sample_weight=weights)
    assert got["roc_auc_ovr"].value == pytest.approx(area, abs=1e-3)
    bracket = got["roc_auc_ovr"].bracket
    assert bracket is not None
    assert bracket[0] - 1e-9 <= area <= bracket[1] + 1e-9


@pytest.mark.parametrize("case", range(CASES // 3))
def test_regression(case: int) -> None:
    rng = np.random.default_rng(3500 + case)
    size = int(rng.integers(300, 20_000))
    labels = rng.normal(50, 10, size) if case % 2 else rng.lognormal(3, 1, size)
    said = labels + rng.standard_t(5, size) * (1 + case)
    data: dict[str, Any] = {"y": labels, "says": said}
    weights, roles = None, {}
    if case % 3 == 2:
        weights, roles = rng.gamma(2.0, size=size), {"w": "weight"}
        data["w"] = weights
    reference = reference_of(data, DeclaredOutcomes.of("says", label="y"), **roles)
    profile = in_shards(reference, data, rng)
    errors = profile["absolute error of says"].numbers
    assert errors is not None
    got = regression_metrics(outcomes_of(reference, profile), errors.cdf())

    close(got["mae"], sk.mean_absolute_error(labels, said, sample_weight=weights))
    close(got["mse"], sk.mean_squared_error(labels, said, sample_weight=weights))
    close(got["rmse"], sk.root_mean_squared_error(labels, said, sample_weight=weights))
    close(got["r2"], sk.r2_score(labels, said, sample_weight=weights))
    mape = sk.mean_absolute_percentage_error(labels, said, sample_weight=weights)
    close(got["mape"], mape)
    if weights is None:
        metric = got["median_absolute_error"]
        low, high = metric.bracket or (metric.value, metric.value)
        ranks = np.sort(np.abs(said - labels))
        assert low - 1e-9 <= ranks[int(np.ceil(size / 2)) - 1] <= high + 1e-9


def test_the_state_does_not_depend_on_how_rows_are_shared_out() -> None:
    """Few scores are an exact map, many are cells; both are the same however they are merged."""
    rng = np.random.default_rng(11)
    for digits in (2, 9):
        labels, scores = scores_of(0, rng, 6_000, 0.3)
        data = {"y": labels, "p": np.round(scores, digits)}
        reference = reference_of(data, DeclaredOutcomes.of(None, "p", "y"))
        whole = outcomes_of(reference, profile_like(reference, data))
        for _ in range(3):
            other = outcomes_of(reference, in_shards(reference, data, rng))
            assert np.array_equal(whole.cells[0].weights, other.cells[0].weights)
            assert np.array_equal(whole.confusion, other.confusion)
            assert (whole.cells[0].values is None) == (digits == 9)
