"""Every split of every real data set against the exact truth files and a numpy oracle."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from driftwatch import Monitor, Role
from driftwatch.core.assess import assess
from driftwatch.core.drift.policy import Policy
from driftwatch.core.report import DriftReport
from driftwatch.core.values import kind_of
from tests.core.conftest import load, splits

NOW = datetime(2024, 1, 1, tzinfo=UTC)
SPLITS = list(splits())
outside: list[str] = []
looked_at: list[str] = []


def check(reference: pa.Table, current: pa.Table, **options: Any) -> DriftReport:
    names = [f.name for f in reference.schema if kind_of(f.type).value != "unsupported"]
    roles = dict.fromkeys(names, Role.FEATURE)
    return Monitor(reference, roles=roles, **options).check(current)


def counts(column: pa.ChunkedArray) -> dict[Any, int]:
    found = column.drop_null().value_counts()
    return {item["values"]: item["counts"] for item in found.to_pylist()}


def inside(value: float, interval: tuple[float, float] | None) -> bool:
    assert interval is not None
    slack = 1e-9 * max(1.0, abs(value))
    return interval[0] - slack <= value <= interval[1] + slack


def numeric_oracle(before: Any, after: Any, edges: list[float]) -> dict[str, float]:
    ends = [np.searchsorted(np.sort(side), edges, side="right") for side in (before, after)]
    p = np.diff(ends[0], prepend=0, append=before.size)
    q = np.diff(ends[1], prepend=0, append=after.size)
    return divergences(p, q)


def divergences(p: Any, q: Any) -> dict[str, float]:
    a, b = (p + 0.5) / (p.sum() + p.size / 2), (q + 0.5) / (q.sum() + q.size / 2)
    middle = (a + b) / 2
    js = (a * np.log(a / middle) + b * np.log(b / middle)).sum() / 2
    return {
        "psi": float(((a - b) * np.log(a / b)).sum()),
        "jensen_shannon": float(np.sqrt(max(js, 0))),
        "hellinger": float(np.sqrt(((np.sqrt(a) - np.sqrt(b)) ** 2).sum() / 2)),
        "tvd": float(np.abs(p / p.sum() - q / q.sum()).sum() / 2),
    }


@pytest.mark.parametrize(("name", "split"), SPLITS)
def test_intervals_contain_the_exact_statistics(name: str, split: str) -> None:
    reference, current, truth = load(name, split)
    report = check(reference, current)
    misses = 0
    seen = 0
    for column, facts in truth["columns"].items():
        feature = report.feature_drift()[column]
        if facts["status"] != "ok" or facts["kind"] != "numeric":
            continue
        result = feature.tests["ks"]
        assert result.interval is not None
        assert result.interval[1] - result.interval[0] <= 0.02
        seen += 1
        misses += not inside(facts["numeric"]["ks"]["stat"], result.interval)
        before = reference[column].drop_null().cast(pa.float64()).to_numpy()
        after = current[column].drop_null().cast(pa.float64()).to_numpy()
        if "psi" in feature.tests:
            edges = feature.tests["psi"].details["cells"]["edges"]
            for method, value in numeric_oracle(before, after, edges).items():
                found = feature.tests[method]
                assert inside(value, found.interval), (column, method, value, found.interval)
    # Each interval holds with 99 %; two misses in one data set would be a fault.
    assert misses <= 1, f"{misses} of {seen} KS intervals miss the truth"


@pytest.mark.parametrize(("name", "split"), SPLITS)
def test_categorical_statistics_equal_a_numpy_oracle(name: str, split: str) -> None:
    reference, current, truth = load(name, split)
    report = check(reference, current)
    for column, facts in truth["columns"].items():
        feature = report.feature_drift()[column]
        if facts["status"] != "ok" or "tvd" not in feature.tests or facts["kind"] == "numeric":
            continue
        if feature.kind not in ("categorical", "boolean"):
            continue
        old, new = counts(reference[column]), counts(current[column])
        texts = sorted(old.keys() | new.keys(), key=str)
        p = np.array([old.get(text, 0) for text in texts])
        q = np.array([new.get(text, 0) for text in texts])
        tvd = float(np.abs(p / p.sum() - q / q.sum()).sum() / 2)
        if max(len(old), len(new)) > 10_000:
            continue  # counted by dictionary from here on
        assert feature.tests["tvd"].statistic == pytest.approx(tvd, abs=1e-12)
        expected = (p + q) / (p.sum() + q.sum()) * min(p.sum(), q.sum())
        kept = expected >= 5
        pooled = [np.append(side[kept], side[~kept].sum()) for side in (p, q)]
        if not pooled[0][-1] + pooled[1][-1]:
            pooled = [side[:-1] for side in pooled]
        for method, value in divergences(*pooled).items():
            if method != "tvd" and method in feature.tests:
                assert feature.tests[method].statistic == pytest.approx(value, abs=1e-9)


@pytest.mark.parametrize(("name", "split"), SPLITS)
def test_the_classic_policy_reproduces_the_truth_where_the_state_is_exact(
    name: str, split: str
) -> None:
    reference, current, truth = load(name, split)
    report = check(reference, current, policy="classic")
    for column, facts in truth["columns"].items():
        feature = report.feature_drift()[column]
        exact = facts.get("categorical")
        if facts["status"] != "ok" or exact is None or "tvd" not in feature.tests:
            continue
        if max(exact["k_ref"], exact["k_prod"]) > 10_000:
            continue
        assert feature.tests["tvd"].statistic == pytest.approx(exact["tvd"], abs=1e-9)
        if "chi2" in feature.tests and "stat" in (exact.get("chi2") or {}):
            stat = exact["chi2"]["stat"]
            assert feature.tests["chi2"].statistic == pytest.approx(stat, rel=1e-9, abs=1e-9)
        if "psi" in feature.tests:
            assert feature.tests["psi"].statistic == pytest.approx(exact["psi_eps1e4"], abs=1e-9)


@pytest.mark.parametrize(("name", "split"), [s for s in SPLITS if s[1] in ("control", "none")])
def test_random_halves_are_never_critical(name: str, split: str) -> None:
    reference, current, _ = load(name, split)
    report = Monitor(reference).check(current)
    assert not report.has_drift("critical"), report.summary()


def test_a_large_sample_with_a_tiny_effect_is_not_critical() -> None:
    reference, current, truth = load("acs_employment_ma", "drift")
    features = [name for name in truth["columns"] if name not in ("id", "year")]
    assert not Monitor(reference, features=features).check(current).has_drift("critical")


def test_assess_does_not_change_what_it_looks_at() -> None:
    reference, current, _ = load("wine_quality", "drift")
    monitor = Monitor(reference)
    from driftwatch.profiling import profile_like

    profile = profile_like(monitor.reference, current)
    before = profile.to_bytes(), monitor.reference.profile.to_bytes()
    first = assess(monitor.reference, profile, policy=Policy(), created_at=NOW)
    second = assess(monitor.reference, profile, policy=Policy(), created_at=NOW)
    assert first.to_dict() == second.to_dict()
    assert before == (profile.to_bytes(), monitor.reference.profile.to_bytes())
