from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from driftwatch import Kind, Monitor, Status
from driftwatch.core.drift.evidence import Evidence, rows_beside
from driftwatch.core.drift.methods import ALWAYS, METHODS
from driftwatch.core.drift.policy import Policy
from driftwatch.core.drift.verdict import judge
from driftwatch.core.reports.report import Levels
from driftwatch.core.statistics.significance import benjamini_hochberg
from driftwatch.errors import ConfigError


@pytest.mark.parametrize("method", [method.name for method in METHODS])
def test_one_number_warns_there_and_is_critical_at_twice_of_it(method: str) -> None:
    assert Policy.of({method: 0.2}).effects[method] == Levels(0.2, 0.4)


@pytest.mark.parametrize(
    "value",
    [
        [0.1, 0.3],
        (np.float64(0.1), 0.3),
        Levels(0.1, 0.3),
        {"warning": 0.1, "critical": 0.3},
    ],
)
def test_two_numbers_are_both_thresholds(value: Any) -> None:
    assert Policy.of({"psi": value}).effects["psi"] == Levels(0.1, 0.3)


def test_zero_asks_for_any_drift_at_all() -> None:
    policy = Policy.of({"ks": 0})
    assert policy.effects["ks"].warning == 0.0
    assert policy.effects["ks"].critical == Policy().effects["ks"].critical


@pytest.mark.parametrize(
    ("alias", "method"),
    [
        ("kolmogorov_smirnov", "ks"),
        ("emd", "wasserstein"),
        ("chi_squared", "chi2"),
        ("missing_rate", "missing"),
    ],
)
def test_other_names_of_a_test_are_understood(alias: str, method: str) -> None:
    assert Policy.of({alias: 0.3}).named == (method,)


def test_a_p_value_sets_the_level_of_its_test_only() -> None:
    policy = Policy.of({"ks_pvalue": 0.01})
    assert (policy.level_of("ks"), policy.level_of("psi")) == (0.01, 0.05)
    assert policy.effects == Policy().effects


@pytest.mark.parametrize(
    ("thresholds", "says"),
    [
        ({"pis": 0.1}, "did you mean 'psi'"),
        ({"psi": -0.1}, "at least 0"),
        ({"psi": True}, "number"),
        ({"psi": "0.1"}, "number"),
        ({"psi": float("nan")}, "number"),
        ({"psi": [0.3, 0.1]}, "above critical"),
        ({"psi": [0.1, 0.2, 0.3]}, "one number or"),
        ({"psi": {"warning": 0.1}}, "'warning' and 'critical'"),
        ({"ks": 5}, "below 1"),
        ({"unseen": 1.0}, "below 1"),
        ({"ks": 1e-200}, "too small"),
        ({"psi": Levels(0.3, 0.1)}, "above critical"),
        ({"psi": b"12"}, "number"),
        ({1: 0.1}, "named by texts"),
        ({"ks_pvalue": 1.5}, "between 0 and 1"),
        ([0.1], "must be a dict"),
    ],
)
def test_a_threshold_that_makes_no_sense_is_one_clear_error(thresholds: Any, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        Policy.of(thresholds)


@pytest.mark.parametrize(
    ("thresholds", "numeric", "categorical"),
    [
        (None, ("ks",), ("psi",)),
        ({"psi": 0.2, "ks_pvalue": 0.05}, ("psi", "ks"), ("psi",)),
        ({"wasserstein": 0.2}, ("wasserstein",), ("psi",)),
        ({"chi2": 0.2}, ("ks",), ("chi2",)),
        ({"missing": 0.1}, ("ks",), ("psi",)),
    ],
)
def test_named_tests_decide_where_they_apply(
    thresholds: Any, numeric: tuple[str, ...], categorical: tuple[str, ...]
) -> None:
    policy = Policy.of(thresholds)
    for kind in (Kind.NUMERIC, Kind.DATETIME):
        assert policy.gating("x", kind) == (*numeric, *ALWAYS)
    for kind in (Kind.CATEGORICAL, Kind.BOOLEAN):
        assert policy.gating("x", kind) == categorical


def test_few_numbers_are_judged_by_their_shares_too() -> None:
    assert Policy().gating("x", Kind.NUMERIC, few_values=True) == ("ks", "psi", *ALWAYS)
    named = Policy.of({"wasserstein": 0.2})
    assert named.gating("x", Kind.NUMERIC, few_values=True) == ("wasserstein", *ALWAYS)


def test_thresholds_of_a_column_switch_nothing_else_off() -> None:
    policy = Policy.of({"age": {"wasserstein": 0.3, "ks": [0.1, 0.2]}})
    assert policy.gating("age", Kind.NUMERIC) == ("ks", "wasserstein", *ALWAYS)
    assert policy.gating("income", Kind.NUMERIC) == ("ks", *ALWAYS)
    assert policy.effects_above(None, "age")["ks"] == Levels(0.1, 0.2)
    assert policy.effects_above(None, "income")["ks"] == Levels(0.05, 0.1)


@pytest.mark.parametrize(
    ("thresholds", "says"),
    [
        ({"age": {"kss": 0.1}}, r"age\.kss.*did you mean 'ks'"),
        ({"age": {"ks_pvalue": 0.1}}, r"age\.ks_pvalue.*all columns"),
        ({"age": {"ks": 2}}, "below 1"),
        ({"share_drifted": 2}, "below 1"),
    ],
)
def test_a_threshold_of_a_column_is_checked(thresholds: Any, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        Policy.of(thresholds)


def evidence(
    warning: float,
    critical: float,
    upper: float = 1.0,
    effect: float = 0.05,
    p_value: float = 0.0,
) -> Evidence:
    return Evidence(
        "ks", 0.1, (0.1, 0.1), p_value, Levels(warning, critical), Levels(effect, 0.1), upper,
        rows=(1_000, 500), size_needed=600.0,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("found", "status"),
    [
        (evidence(0.001, 0.001), Status.CRITICAL),
        (evidence(0.001, 0.5), Status.WARNING),
        (evidence(0.5, 1.0, upper=0.04), Status.OK),
        (evidence(0.5, 1.0, upper=0.06), Status.UNDECIDED),
        (evidence(0.5, 1.0, upper=0.06, effect=0.0), Status.OK),
        (evidence(0.001, 0.001, p_value=0.06), Status.UNDECIDED),
    ],
)
def test_the_ladder_of_statuses(found: Evidence, status: Status) -> None:
    (result,) = judge([(found, True)], Policy())
    assert result.status is status
    assert (result.rows_needed is not None) == (status is Status.UNDECIDED)


def test_tests_that_do_not_decide_have_no_status_and_cost_nothing() -> None:
    gating, shown = judge([(evidence(0.04, 1), True), (evidence(0.9, 1), False)], Policy())
    assert gating.status is Status.WARNING  # alone, so not corrected
    assert (shown.status, shown.gates) == (None, False)


def test_false_discoveries_are_counted_over_all_deciding_tests() -> None:
    every = [(evidence(0.01, 1, p_value=p), True) for p in (0.01, 0.04, 0.9, 0.9)]
    results = judge(every, Policy())
    assert [result.status for result in results[:2]] == [Status.WARNING, Status.UNDECIDED]
    assert [result.p_adjusted for result in results[:2]] == pytest.approx([0.04, 0.08])


def test_the_effect_is_not_corrected_for_the_number_of_tests() -> None:
    every = [(evidence(0.04, 1, p_value=p), True) for p in (1e-9, 0.9, 0.9, 0.9)]
    assert judge(every, Policy())[0].status is Status.WARNING


@pytest.mark.parametrize(
    ("found", "status"),
    [
        (evidence(0.5, 1.0, p_value=0.02), Status.WARNING),
        (evidence(0.5, 0.03, p_value=0.02), Status.CRITICAL),
        (evidence(0.5, 1.0, p_value=0.06), Status.OK),
    ],
)
def test_a_named_p_value_warns_of_any_drift_and_is_critical_beyond_the_effect(
    found: Evidence, status: Status
) -> None:
    (result,) = judge([(found, True)], Policy.of({"ks_pvalue": 0.05}))
    assert result.status is status


@given(st.lists(st.floats(0, 1), min_size=1, max_size=40))
def test_the_correction_is_that_of_scipy(p_values: list[float]) -> None:
    expected = stats.false_discovery_control(p_values)
    np.testing.assert_allclose(benjamini_hochberg(p_values), expected, atol=1e-12)


@given(st.integers(1, 10**7), st.floats(1.0, 1e6))
def test_the_rows_needed_are_enough_and_no_more(n: int, size: float) -> None:
    m = rows_beside(n, size)
    if m is None:
        assert size >= n
    else:
        assert n * m / (n + m) >= size * (1 - 1e-9)
        assert m == 1 or n * (m - 1) / (n + m - 1) <= size * (1 + 1e-9)


@pytest.mark.parametrize(
    ("drift", "p_value", "size", "kind", "lacks"),
    [
        (0.02, 0.4, None, "too_few_rows", "production"),
        (0.02, 0.4, math.inf, "too_few_rows", "sketch"),
        (0.02, 0.4, 1_200.0, "too_few_rows", "reference"),
        (0.07, 1e-9, 500.0, "size_not_shown", "production"),
        (0.053, 1e-9, 500.0, "at_the_threshold", None),
    ],
)
def test_the_kinds_of_undecided(
    drift: float, p_value: float, size: float | None, kind: str, lacks: str | None
) -> None:
    found = Evidence(
        "ks", drift, (drift, drift), p_value, Levels(0.08, 1), Levels(0.05, 0.1), 1.0,
        rows=(1_000, 100), size_needed=size,
    )  # fmt: skip
    (result,) = judge([(found, True)], Policy())
    assert result.status is Status.UNDECIDED
    assert result.undecided is not None
    assert (result.undecided.kind, result.undecided.lacks) == (kind, lacks)
    assert (result.rows_needed is None) == (
        kind == "at_the_threshold" or lacks != "production" or size is None
    )


def test_the_rows_that_are_said_to_be_needed_do_decide() -> None:
    rng = np.random.default_rng(3)
    monitor = Monitor({"x": rng.normal(size=100_000)})
    few = monitor.check({"x": rng.normal(size=300)}).feature_drift()["x"]
    assert few.status is Status.UNDECIDED
    needed = few.tests["ks"].rows_needed
    assert needed is not None
    assert 1_000 < needed < 5_000
    decided = [
        monitor.check({"x": rng.normal(size=needed)}).feature_drift()["x"].status for _ in range(20)
    ]
    assert decided.count(Status.OK) >= 17
