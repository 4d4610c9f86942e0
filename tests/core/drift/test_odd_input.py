"""Odd and small data: no verdict out of nothing, and no crash."""

from __future__ import annotations

import json
from typing import Any
from unittest.mock import MagicMock

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from driftwatch import DriftReport, Monitor, Status
from driftwatch.core.statistics.shares import jump_p
from driftwatch.errors import ConfigError

RNG = np.random.default_rng(17)


def zipf(exponent: float, size: int) -> NDArray[np.str_]:
    return np.array([f"u{number}" for number in RNG.zipf(exponent, size).tolist()])


@pytest.fixture(autouse=True)
def _own_numbers() -> None:
    """Every test draws the same numbers, in any order of the tests."""
    RNG.bit_generator.state = np.random.default_rng(17).bit_generator.state


@pytest.mark.parametrize("rows", [1, 2, 5, 30])
def test_a_handful_of_rows_shows_nothing(rows: int) -> None:
    many = {"x": RNG.normal(size=5_000)}
    for before, after in ((many, {"x": many["x"][:rows]}), ({"x": many["x"][:rows]}, many)):
        assert not Monitor(before).check(after).has_drift()


def test_values_that_repeat_raise_no_alarm_in_small_samples() -> None:
    alarms = 0
    for _ in range(150):
        before, after = (np.round(RNG.lognormal(3, 0.5, n)) - 0.01 for n in (2_000, 100))
        alarms += Monitor({"x": before}).check({"x": after}).has_drift()
    assert alarms <= 5  # 1 % of them at most, and three standard errors


@given(st.integers(1, 60), st.integers(0, 60), st.sampled_from([0.0, 0.15, 0.3]))
def test_a_jump_is_never_more_certain_than_the_binomial_law_says(
    before: int, after: int, effect: float
) -> None:
    n, m = 2_000, 100
    p, q = np.array([before / n]), np.array([min(after, m) / m])
    (found,) = jump_p(p, q, n, m, effect=effect)
    angle = 2 * np.arcsin(np.sqrt(p[0]))
    up = q[0] > p[0]
    bound = np.sin(np.clip(angle + (effect if up else -effect), 0, np.pi) / 2) ** 2
    exact = stats.binom.sf(after - 1, m, bound) if up else stats.binom.cdf(after, m, bound)
    assert found >= min(1.0, exact) * (1 - 1e-9) or p[0] == q[0]


@pytest.mark.parametrize(
    ("law", "rows"),
    [
        (lambda n: zipf(1.3, n), (300, 3_000)),
        (lambda n: zipf(1.5, n), (100, 3_000)),
        (lambda n: RNG.choice(list("abcdefgh"), n), (20, 1_000)),
        (lambda n: RNG.choice(list("abcde"), n), (10, 1_000)),
    ],
)
def test_what_a_small_reference_has_not_seen_is_no_drift(law: Any, rows: tuple[int, int]) -> None:
    alarms = 0
    for _ in range(40):
        before, after = (law(n) for n in rows)
        alarms += Monitor({"x": before}, ["x"]).check({"x": after}).has_drift()
    assert alarms <= 5  # at 5 % two of forty are expected, at most


def test_what_could_not_be_compared_is_not_called_harmless() -> None:
    before, after = RNG.choice(list("abcdefgh"), 20), np.array(["a"] * 5)
    (feature,) = Monitor({"x": before}, ["x"]).check({"x": after}).features
    assert feature.status is Status.INSUFFICIENT_DATA
    assert feature.explanation.startswith("too few rows of any value to compare")


@pytest.mark.parametrize("value", [2**60, 1e17, -1e20, 1.7e308])
def test_a_huge_constant_is_drawn(value: float) -> None:
    data = {"x": [value] * 500, "y": RNG.normal(size=500)}
    report = Monitor(data).check(data)
    assert json.dumps(report.to_dict(), allow_nan=False)


def test_a_range_wider_than_a_double_is_finite_in_the_report() -> None:
    data = {"x": RNG.choice([1e308, -1e308], 600)}
    report = Monitor(data).check(data)
    again = DriftReport.from_dict(json.loads(json.dumps(report.to_dict(), allow_nan=False)))
    assert again.global_status is report.global_status


def test_lists_where_texts_were_are_unreadable() -> None:
    report = Monitor({"x": ["a"] * 300}).check({"x": [[1, 2]] * 300})
    assert report.global_status is Status.CRITICAL
    assert "held text, now holds lists" in report.features[0].explanation


def test_a_model_that_answers_anything_is_survived() -> None:
    data = {"x": RNG.normal(size=500)}
    assert Monitor(data, model=MagicMock()).check(data).features[0].importance is None


def test_a_rule_of_an_identifier_or_a_label_is_judged() -> None:
    ids = np.arange(5_000) % 4_000
    before = {"customer_id": ids, "label": ids % 2, "x": RNG.normal(size=5_000)}
    rules = {"customer_id": {"min": 0}, "label": {"max": 1}}
    monitor = Monitor(before, rules=rules)
    assert not monitor.check(before).has_drift()
    after = {**before, "customer_id": -1 - ids, "label": np.full(5_000, 7)}
    report = monitor.check(after)
    assert set(report.drifted_features) == {"customer_id", "label"}
    assert "rows that are not at least 0" in report.feature_drift()["customer_id"].explanation


def test_a_rule_of_an_identifier_that_is_not_counted_is_refused() -> None:
    codes = [f"c{number}" for number in range(500)]
    with pytest.raises(ConfigError, match="not counted"):
        Monitor({"code": codes, "x": RNG.normal(size=500)}, rules={"code": {"in": codes}})


def test_classic_rules_stand_beside_a_threshold_of_one_column() -> None:
    before = {"a": RNG.normal(size=20_000), "b": RNG.normal(size=20_000)}
    after = {"a": RNG.normal(size=20_000) + 0.06, "b": RNG.normal(size=20_000)}
    for thresholds in (None, {"b": {"ks": 0.3}}):
        report = Monitor(before, policy="classic", thresholds=thresholds).check(after)
        assert report.feature_drift()["a"].status is Status.WARNING


def test_a_share_of_zero_asks_for_any_feature() -> None:
    before = {"a": RNG.normal(size=5_000), "b": RNG.normal(size=5_000)}
    monitor = Monitor(before, thresholds={"share_drifted": 0})
    assert not monitor.check(before).has_drift()
    assert monitor.check({**before, "a": before["a"] + 2}).global_status is Status.WARNING


def test_rows_are_compared_only_where_there_is_a_rhythm() -> None:
    with pytest.raises(ConfigError, match="pane="):
        Monitor({"x": RNG.normal(size=500)}, thresholds={"rows": 0.5})
    with pytest.raises(ConfigError, match="of the data set"):
        Monitor({"x": RNG.normal(size=500)}, thresholds={"x": {"rows": 0.5}})


def test_the_headline_and_the_feature_ask_for_the_same_rows() -> None:
    report = Monitor({"x": RNG.normal(size=30_000)}).check({"x": RNG.normal(size=24)})
    needed = max(r.rows_needed or 0 for r in report.features[0].tests.values())
    assert f"about {needed:,} production rows would decide" in report.headline()
    assert f"about {needed:,} would" in report.features[0].explanation


def test_a_few_rows_at_an_odd_place_are_named_even_where_they_do_not_matter() -> None:
    before, after = RNG.normal(50, 10, 50_000), RNG.normal(50, 10, 20_000)
    after[:140] *= 1_000
    (feature,) = Monitor({"x": before}).check({"x": after}).features
    assert not feature.status.is_drift
    assert "0.7 % of rows above the reference's greatest value" in feature.explanation


def test_a_profile_that_was_made_without_an_id_is_compared_in_the_rest() -> None:
    data = {"x": RNG.normal(size=2_000), "order_id": np.arange(2_000)}
    monitor = Monitor(data)
    current = Monitor(data).reference.profile.select(["x"])
    assert "order_id" in current.seen
    assert set(monitor.check(current).feature_drift()) == {"x"}


def test_a_rule_of_a_label_has_its_part_of_the_budget() -> None:
    data = {"x": RNG.normal(size=2_000), "label": np.arange(2_000) % 2}
    budget = {"false_alarms": "1 per 30d"}
    without, with_rule = (
        Monitor(data, rules=rules, **budget).check(data).policy["level"]  # type: ignore[arg-type]
        for rules in ({}, {"label": {"max": 1}})
    )
    assert with_rule == pytest.approx(without * 4 / 5)
