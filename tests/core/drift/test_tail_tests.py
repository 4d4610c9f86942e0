from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from driftwatch import DriftResult, Monitor, SketchConfig, Status
from driftwatch.core.drift.sides import SingleValues

Floats = NDArray[np.float64]
RNG = np.random.default_rng(7)
NORMAL = RNG.normal(50, 10, 30_000)


def results_of(before: Floats, after: Floats, **options: object) -> dict[str, DriftResult]:
    report = Monitor({"x": before}, features=["x"], **options).check({"x": after})  # type: ignore[arg-type]
    return dict(report.features[0].tests)


@given(
    st.integers(0, 2**32 - 1),
    st.sampled_from([400, 3_000, 9_000]),
    st.floats(-3, 3),
    st.sampled_from([0, 1024]),
)
def test_the_share_out_of_range_is_counted(
    seed: int, size: int, shift: float, exact_values: int
) -> None:
    rng = np.random.default_rng(seed)
    before, after = rng.normal(size=2_000), rng.normal(shift, 1, size)
    config = SketchConfig(exact_values=exact_values)
    result = results_of(before, after, config=config)["out_of_range"]
    exact = float(((after < before.min()) | (after > before.max())).mean())
    assert result.statistic == pytest.approx(exact, abs=1e-12)
    assert result.interval == pytest.approx((exact, exact), abs=1e-12)


def test_out_of_range_is_a_binomial_test_against_what_the_reference_may_leave_outside() -> None:
    before, after = NORMAL[:5_000], np.concatenate((NORMAL[5_000:9_900], np.full(100, 1e6)))
    result = results_of(before, after)["out_of_range"]
    assert result.statistic is not None
    assert result.p_effect is not None
    outside = round(result.statistic * 5_000)
    allowed = stats.beta.ppf(0.999, 2, 4_999)
    expected = stats.binom.sf(outside - 1, 5_000, allowed + 0.01)
    assert result.p_effect.warning == pytest.approx(expected, rel=1e-6)


def test_a_small_reference_shows_drift_out_of_its_range_but_never_proves_its_absence() -> None:
    small = NORMAL[:200]
    calm = results_of(small, NORMAL[200:20_200])["out_of_range"]
    assert (calm.gates, calm.status) == (False, None)
    loud = results_of(small, np.concatenate((NORMAL[200:2_200], np.full(400, 1e6))))["out_of_range"]
    assert loud.status is Status.CRITICAL


@given(
    st.integers(0, 2**32 - 1),
    st.floats(0.0, 0.2),
    st.floats(0.0, 0.2),
    st.sampled_from([0, 1024]),
)
def test_the_jump_of_a_value_is_cohens_h(
    seed: int, before: float, after: float, exact_values: int
) -> None:
    rng = np.random.default_rng(seed)
    sides = [
        np.where(rng.random(size) < share, 7.0, rng.normal(size=size))
        for share, size in ((before, 6_000), (after, 4_000))
    ]
    p, q = (float((side == 7.0).mean()) for side in sides)
    exact = abs(2 * math.asin(math.sqrt(q)) - 2 * math.asin(math.sqrt(p)))
    result = results_of(*sides, config=SketchConfig(exact_values=exact_values)).get("atoms")
    if max(p, q) < 0.02:
        return  # too light to be told from the values around it by a sketch
    assert result is not None
    assert result.interval is not None
    assert result.interval[0] - 1e-9 <= exact <= result.interval[1] + 1e-9
    assert result.details["value"] == 7.0 or exact < 0.05


def test_shares_that_are_estimated_to_be_equal_may_differ_by_their_errors() -> None:
    half, slack = np.array([0.5]), np.array([0.01])
    least, estimated, most = SingleValues(np.array([7.0]), half, half, slack, 0 * slack).changes()
    assert (float(least[0]), float(estimated[0])) == (0.0, 0.0)
    assert float(most[0]) == pytest.approx(
        2 * math.asin(math.sqrt(0.5)) - 2 * math.asin(math.sqrt(0.49))
    )


def test_values_that_repeat_without_a_jump_are_no_drift() -> None:
    before, after = RNG.poisson(3, 40_000), RNG.poisson(3, 20_000)
    result = results_of(before.astype(float), after.astype(float))["atoms"]
    assert result.status is Status.OK


def test_a_continuous_column_has_no_atoms() -> None:
    assert "atoms" not in results_of(NORMAL[:20_000], NORMAL[20_000:])


def test_the_mean_shift_is_the_z_test_of_two_means() -> None:
    before, after = RNG.normal(0, 2, 4_000), RNG.normal(0.1, 3, 3_000)
    result = results_of(before, after)["mean_shift"]
    assert result.statistic == pytest.approx((after.mean() - before.mean()) / before.std())
    welch = stats.ttest_ind(after, before, equal_var=False)
    assert result.p_value == pytest.approx(welch.pvalue, rel=0.02)
    assert not result.gates
    named = results_of(before, after + 2, thresholds={"mean_shift": 0.2})["mean_shift"]
    assert named.status is Status.CRITICAL


def test_a_time_of_day_in_short_windows_is_its_own_rhythm() -> None:
    hours = np.arange(24 * 40).repeat(60) % 24
    times = np.datetime64("2026-01-01", "s") + np.arange(hours.size).astype("timedelta64[m]")
    monitor = Monitor({"hour": hours, "ts": times}, roles={"ts": "time"}, pane="1h")
    part = slice(24 * 60 * 3, 24 * 60 * 3 + 360)
    report = monitor.check({"hour": hours[part], "ts": times[part]})
    assert not report.has_drift(), report.summary()
