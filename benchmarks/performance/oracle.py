"""Random binary cases: metrics of the merged state beside scikit-learn's on all rows."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from sklearn import metrics as sk

from benchmarks.performance.laws import reference_of
from driftwatch.core.data.batch import batches_of
from driftwatch.core.performance.binary import binary_metrics
from driftwatch.core.profiles.profile import Profile, merged

__all__ = ["random_cases"]

_SHARDS = 50


def _case(case: int, rng: np.random.Generator) -> dict[str, Any]:
    """Labels and scores: continuous, rounded, of a tree, or piled up; rare classes among them."""
    size, rate = int(rng.integers(300, 30_000)), float(rng.choice([0.5, 0.1, 0.01, 0.001]))
    labels = rng.random(size) < rate
    labels[:2] = (True, False)
    logit = rng.normal(size=size) + np.where(labels, rng.uniform(0.2, 2.5), 0) + math.log(rate)
    scores = 1 / (1 + np.exp(-logit))
    shapes = {
        1: np.round(scores, 2),
        2: np.floor(scores * 7) / 7 + 0.01,
        3: np.where(rng.random(size) < 0.3, 0.5, scores),
    }
    scores = shapes.get(case % 4, scores)
    data = {"y": labels.astype(int), "p": scores}
    data["says"] = (scores >= np.quantile(scores, 1 - max(rate, 2 / size))).astype(int)
    if case % 5 == 4:
        data["w"] = rng.gamma(2.0, size=size)
    return data


def random_cases(cases: int) -> Iterator[dict[str, Any]]:
    """The largest deviations over so many random cases, after fifty shards through bytes."""
    sums = area = precision = weighted = outside = 0.0
    for case in range(cases):
        rng = np.random.default_rng(15_000 + case)
        data = _case(case, rng)
        roles = {"w": "weight"} if "w" in data else {}
        # A reference of other rows, so that the cells are not made for these.
        before = _case(case, np.random.default_rng(25_000 + case))
        reference = reference_of(before, prediction="says", score="p", label="y", roles=roles)
        rows = np.arange(data["y"].size)
        shards = []
        for part in np.array_split(rng.permutation(rows), _SHARDS):
            shard = reference.new_profile()
            for batch in batches_of({name: values[part] for name, values in data.items()}):
                shard.update(batch)
            shards.append(Profile.from_bytes(shard.to_bytes()))
        total = merged(shards[i] for i in rng.permutation(_SHARDS))
        assert total is not None  # noqa: S101
        assert reference.outcomes is not None  # noqa: S101
        got = binary_metrics(total.outcomes[reference.outcomes.spec.id])
        y, p, said, w = data["y"], data["p"], data["says"], data.get("w")
        exact = {
            "accuracy": sk.accuracy_score(y, said, sample_weight=w),
            "precision": sk.precision_score(y, said, sample_weight=w),
            "recall": sk.recall_score(y, said, sample_weight=w),
            "f1": sk.f1_score(y, said, sample_weight=w),
            "balanced_accuracy": sk.balanced_accuracy_score(y, said, sample_weight=w),
            "log_loss": sk.log_loss(y, p, sample_weight=w),
            "brier": sk.brier_score_loss(y, p, sample_weight=w),
        }
        sums = max(sums, *(abs(got[name].value - value) for name, value in exact.items()))
        ranked = {
            "roc_auc": sk.roc_auc_score(y, p, sample_weight=w),
            "average_precision": sk.average_precision_score(y, p, sample_weight=w),
        }
        for name, value in ranked.items():
            low, high = got[name].bracket or (got[name].value, got[name].value)
            outside += not low - 1e-9 <= value <= high + 1e-9
        if min(y.sum(), (1 - y).sum()) < 20:
            continue
        off = {name: abs(got[name].value - value) for name, value in ranked.items()}
        area = max(area, off["roc_auc"])
        if w is None:
            precision = max(precision, off["average_precision"])
        else:
            weighted = max(weighted, off["average_precision"])
    yield {
        "cases": cases, "exact sums off": sums, "AUC off": area, "AP off": precision,
        "AP off, weighted": weighted, "outside of the bracket": int(outside),
    }  # fmt: skip
