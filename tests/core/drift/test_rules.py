from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwatch import Monitor, Profile, SketchConfig, Status
from driftwatch.core.data.rule import Rule
from driftwatch.errors import ConfigError, DriftWatchError

RNG = np.random.default_rng(5)


@pytest.fixture(autouse=True)
def _own_numbers() -> None:
    """Every test draws the same numbers, in any order of the tests."""
    RNG.bit_generator.state = np.random.default_rng(5).bit_generator.state


@given(
    st.integers(0, 2**32 - 1),
    st.floats(-2.5, 0.5),
    st.floats(0.5, 2.5),
    st.sampled_from([500, 4_000, 12_000]),
)
def test_rows_outside_of_the_bounds_are_counted_exactly(
    seed: int, low: float, high: float, size: int
) -> None:
    rng = np.random.default_rng(seed)
    before, after = rng.normal(size=3_000), rng.normal(0.1, 1.2, size)
    config = SketchConfig(exact_values=100)
    monitor = Monitor({"x": before}, rules={"x": {"min": low, "max": high}}, config=config)
    result = monitor.check({"x": after}).features[0].tests["rule"]
    exact = [float(((side < low) | (side > high)).mean()) for side in (before, after)]
    assert result.details["production"] == pytest.approx(exact[1], abs=1e-12)
    assert result.interval is not None
    assert result.interval[0] - 1e-9 <= abs(exact[1] - exact[0]) <= result.interval[1] + 1e-9


def test_values_that_are_not_in_the_set_are_drift_like_missing_ones() -> None:
    before = {"plan": RNG.choice(["basic", "pro"], 5_000)}
    after = {"plan": np.where(RNG.random(5_000) < 0.04, "PRO", RNG.choice(["basic", "pro"], 5_000))}
    monitor = Monitor(before, rules={"plan": {"in": ["basic", "pro"]}})
    rule = monitor.check(after).features[0].tests["rule"]
    assert rule.status is Status.WARNING
    assert rule.details["rule"] == "one of 'basic', 'pro'"
    assert monitor.check(before).features[0].tests["rule"].status is Status.OK


def test_a_set_is_counted_exactly_beyond_what_a_dictionary_holds() -> None:
    config = SketchConfig(exact_categories=200, dictionary=20)
    allowed = [f"u{number}" for number in range(400)]
    before = {"x": np.char.add("u", RNG.integers(0, 400, 20_000).astype(str))}
    after = {"x": np.char.add("u", RNG.integers(0, 500, 20_000).astype(str))}
    exact = float((~np.isin(after["x"], allowed)).mean())
    monitor = Monitor(before, rules={"x": {"in": allowed}}, config=config)
    result = monitor.check(after).features[0].tests["rule"]
    assert result.details["production"] == pytest.approx(exact, abs=1e-9)


def test_a_rule_travels_with_the_profile() -> None:
    monitor = Monitor({"age": RNG.integers(0, 90, 2_000)}, rules={"age": {"min": 0, "max": 120}})
    saved = Profile.from_bytes(monitor.reference.profile.to_bytes())
    assert saved.schema["age"].rule == Rule(0.0, 120.0)
    again = Monitor(saved).check({"age": np.full(2_000, 200)})
    assert again.features[0].tests["rule"].status is Status.CRITICAL


@pytest.mark.parametrize(
    "rules",
    [
        {"age": {"minimum": 0}},
        {"age": {"min": 3, "max": 1}},
        {"age": {"min": "0"}},
        {"age": {"min": True}},
        {"age": {"min": float("nan")}},
        {"age": {"in": "abc"}},
        {"age": {"in": []}},
        {"age": {"in": [1.5]}},
        {"age": {"in": ["a"]}},
        {"agee": {"min": 0}},
        {"age": None},
    ],
)
def test_a_rule_that_makes_no_sense_is_one_clear_error(rules: Any) -> None:
    with pytest.raises(DriftWatchError, match="age"):
        Monitor({"age": RNG.integers(0, 90, 500)}, rules=rules)


@given(st.one_of(st.none(), st.floats(-1e9, 1e9)), st.one_of(st.none(), st.floats(-1e9, 1e9)))
def test_bounds_survive_their_json(low: float | None, high: float | None) -> None:
    table = {k: v for k, v in (("min", low), ("max", high)) if v is not None}
    try:
        rule = Rule.of("x", table)
    except ConfigError:
        assert not table or (low is not None and high is not None and low > high)
    else:
        assert Rule.from_dict("x", rule.to_dict()) == rule
