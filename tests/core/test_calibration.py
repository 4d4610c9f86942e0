"""Verdicts that can be trusted: the figures of `benchmarks.bench_calibration`, fewer runs.

The bounds leave three standard errors of the shorter runs around the targets.
"""

from __future__ import annotations

import pytest

from benchmarks.calibration import boundary, detectors, faults, intervals, nulls, windows
from driftwatch import Status


@pytest.mark.slow
@pytest.mark.parametrize("grid", [False, True])
def test_identical_distributions_rarely_differ_and_small_differences_show(grid: bool) -> None:
    large = nulls.point_null(n=10**6, m=10**6, distance=0, runs=20, grid=grid, seed=1)
    small = nulls.point_null(n=10**5, m=20_000, distance=0, runs=50, grid=grid, seed=2)
    power = nulls.point_null(n=10**5, m=20_000, distance=0.04, runs=50, grid=grid, seed=3)
    assert large <= 0.20
    assert small <= 0.14
    assert power >= 0.95


@pytest.mark.slow
def test_the_default_thresholds_separate_what_they_say() -> None:
    below, above = (nulls.verdicts_at(distance=d, runs=60, seed=4) for d in (0.04, 0.10))
    assert below[Status.WARNING] + below[Status.CRITICAL] <= 0.05
    assert above[Status.WARNING] + above[Status.CRITICAL] >= 0.95


@pytest.mark.slow
def test_sizes_at_the_threshold_are_the_level() -> None:
    sizes = nulls.boundary_sizes(runs=2_000, seed=5)
    assert len(sizes) == 24
    assert min(sizes.values()) >= 0.03
    assert max(sizes.values()) <= 0.07


@pytest.mark.slow
def test_a_budget_holds_for_90_days_and_no_budget_does_not() -> None:
    found = windows.no_drift_for_90_days(runs=20, seed=6)
    assert found.episodes <= 1.5  # the target of 1 is for 40 runs
    naive = windows.no_drift_for_90_days(runs=1, seed=6, budget=None)
    assert naive.episodes > 50


@pytest.mark.slow
@pytest.mark.parametrize("window", [6, 24])
def test_a_rhythm_is_no_drift_once_the_reference_knows_it(window: int) -> None:
    aware = windows.rhythm_for_90_days(runs=10, seed=7, window=window, natural=True)
    assert aware.episodes <= 0.15


@pytest.mark.slow
def test_without_that_a_rhythm_alarms_all_the_time() -> None:
    assert windows.rhythm_for_90_days(runs=2, seed=7, window=6, natural=False).episodes > 20
    assert detectors.rhythm_alarms(runs=2, seed=8, natural=False) > 10
    assert detectors.rhythm_alarms(runs=6, seed=8, natural=True) <= 0.15


@pytest.mark.slow
def test_detectors_keep_their_run_length() -> None:
    assert detectors.null_alarms(features=1, runs=20, seed=9) <= 2
    assert detectors.null_alarms(features=20, runs=4, seed=10) <= 1


@pytest.mark.slow
def test_intervals_hold_the_statistic_of_all_rows() -> None:
    found = intervals.coverage(runs=8, seed=11)
    assert set(found) == {
        "ks", "psi", "wasserstein", "jensen_shannon", "hellinger", "tvd",
        "anderson_darling", "cramer_von_mises", "mean_shift", "out_of_range", "atoms",
    }  # fmt: skip
    assert min(found.values()) >= 0.97


@pytest.mark.slow
@pytest.mark.parametrize("shape", boundary.SHAPES)
@pytest.mark.parametrize("sizes", boundary.SIZES[:2])
def test_a_tolerated_distance_is_rejected_no_more_often_than_said(
    shape: str, sizes: tuple[int, int]
) -> None:
    rejected = boundary.rejections(shape, *sizes, runs=300, seed=9)
    assert rejected[0.05] <= 0.05 + 3 * 0.0126
    assert rejected[0.01] <= 0.01 + 3 * 0.0058


@pytest.mark.slow
def test_a_distance_above_it_is_seen_and_none_is_soon_ok() -> None:
    assert boundary.power("shift", distance=0.07, size=5_000, runs=200, seed=10) >= 0.45
    assert boundary.power("scale", distance=0.07, size=5_000, runs=200, seed=10) >= 0.65
    assert boundary.clean_ok(size=3_000, runs=200, seed=11) >= 0.75


@pytest.mark.slow
@pytest.mark.parametrize("name", faults.FAULTS)
def test_a_fault_that_ranks_do_not_see_is_seen(name: str) -> None:
    feature = faults.fault(name, seed=12)
    assert feature.status.is_drift, feature.explanation


@pytest.mark.slow
def test_clean_long_tails_raise_no_alarm() -> None:
    verdicts = list(faults.clean_long_tails(seeds=1))
    assert len(verdicts) == 6
    assert [name for name, status in verdicts if status.is_drift] == []


@pytest.mark.slow
def test_one_of_many_features_is_shown_and_none_is_made_up() -> None:
    assert faults.of_many_features(runs=40, shift=0.3, seed=13) >= 0.6
    assert faults.of_many_features(runs=40, shift=0.0, seed=14) <= 0.15
