from __future__ import annotations

import json
import statistics

import numpy as np
import pytest

from benchmarks.calibration import detectors
from driftwatch import Monitor
from driftwatch.core.drift.sequential import ColumnDetector, PaneDetector, log_ratio
from driftwatch.errors import ConfigError

COIN = np.array([[True, False]])


def coin(**options: float) -> ColumnDetector:
    return ColumnDetector(COIN, np.array([0.5]), ("heads",), rows=10**6, **options)


def test_the_likelihood_ratio_is_that_of_the_test_vector() -> None:
    found = log_ratio(np.array(70.0), 500, np.array(0.1), np.array(0.14))
    assert float(found) == pytest.approx(4.0042357105, abs=1e-9)


def test_wealth_is_the_shiryaev_roberts_sum() -> None:
    detector = coin()
    wealth = np.zeros(2 * 1 * 5)
    for heads in (260, 270, 240):
        detector.update(np.array([heads, 500 - heads]))
        hits = np.array([[[heads]], [[500 - heads]]], dtype=float)
        ratio = log_ratio(hits, 500, detector._before, detector._after)
        wealth = (wealth + 1) * np.exp(ratio).ravel()
    assert np.exp(detector.wealth).ravel() == pytest.approx(wealth)
    assert detector.score == pytest.approx(np.log(wealth.mean()))


def test_without_drift_the_mean_likelihood_ratio_is_at_most_one() -> None:
    rng = np.random.default_rng(1)
    gains = []
    for heads in rng.binomial(500, 0.5, 4_000):
        detector = coin()
        detector.update(np.array([heads, 500 - heads]))
        gains.append(np.exp(detector.wealth).mean())
    assert np.mean(gains) <= 1.0 + 3 * np.std(gains) / np.sqrt(len(gains))


@pytest.mark.parametrize(("tolerance", "most"), [(0.0, 3), (0.05, 8)])
def test_a_tenth_is_found_in_few_panes(tolerance: float, most: int) -> None:
    found = detectors.delays(distance=0.1, tolerance=tolerance, runs=60, seed=2)
    assert statistics.median(found) <= most


def test_a_change_within_the_tolerance_raises_nothing() -> None:
    rng = np.random.default_rng(3)
    detector = PaneDetector({"x": coin(tolerance=0.05)}, run_length=500)
    alarms = [detector.update({"x": np.array([h, 500 - h])}) for h in rng.binomial(500, 0.54, 500)]
    assert not any(alarms)


def test_an_alarm_names_the_column_the_place_and_the_direction() -> None:
    rng = np.random.default_rng(4)
    detector = PaneDetector({"calm": coin(), "moved": coin()}, run_length=1_000)
    for _ in range(50):
        down = rng.binomial(500, 0.35)
        counts = {"calm": np.array([250, 250]), "moved": np.array([down, 500 - down])}
        if alarms := detector.update(counts):
            break
    assert [(a.column, a.where) for a in alarms] == [("moved", "heads")]
    assert alarms[0].change < 0
    assert detector.score == -np.inf  # all bets start again


def test_saved_bets_go_on_where_they_were() -> None:
    first, second = (PaneDetector({"x": coin()}, run_length=10**6) for _ in range(2))
    first.update({"x": np.array([280, 220])})
    second.restore(json.loads(json.dumps(first.to_dict())))
    for detector in (first, second):
        detector.update({"x": np.array([280, 220])})
    assert first.score == second.score


def test_saved_bets_that_do_not_fit_are_left_alone() -> None:
    detector = PaneDetector({"x": coin()}, run_length=100)
    detector.restore({"x": [1.0, 2.0], "gone": [0.0]})
    assert detector.score == -np.inf


def test_empty_panes_and_absent_columns_change_nothing() -> None:
    detector = PaneDetector({"x": coin()}, run_length=100)
    assert detector.update({"x": np.array([0, 0])}) == []
    assert detector.update({}) == []
    assert detector.score == -np.inf


def test_a_run_length_of_a_pane_is_refused() -> None:
    with pytest.raises(ConfigError, match="run_length"):
        PaneDetector({}, run_length=1.0)


def test_detectors_are_made_for_every_tested_column_of_a_reference() -> None:
    rng = np.random.default_rng(5)
    reference = Monitor(
        {
            "x": rng.normal(size=5_000),
            "n": rng.integers(0, 5, 5_000),
            "c": rng.choice(["a", "b", "c"], 5_000),
            "constant": np.ones(5_000),
        }
    ).reference
    detector = PaneDetector.of(reference, run_length=720)
    assert set(detector.columns) == {"x", "n", "c", "constant"}
    grid = reference["x"].grid
    assert grid is not None
    drifted = np.searchsorted(grid.edges, rng.normal(1.0, size=2_000))
    alarms = detector.update({"x": np.bincount(drifted, minlength=grid.size)})
    assert [alarm.column for alarm in alarms] == ["x"]
    assert alarms[0].change < 0  # fewer rows at or below
