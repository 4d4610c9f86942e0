"""Verdicts that can be trusted: the figures of `benchmarks.bench_calibration`, fewer runs.

The bounds leave three standard errors of the shorter runs around the targets.
"""

from __future__ import annotations

import pytest

from benchmarks.calibration import detectors, intervals, nulls, windows
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
        "anderson_darling", "cramer_von_mises",
    }  # fmt: skip
    assert min(found.values()) >= 0.97
