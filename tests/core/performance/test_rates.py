"""Measured rates: intervals that hold, verdicts that are false, and what they see."""

from __future__ import annotations

import pytest

from benchmarks.performance.concept import concept_drift
from benchmarks.performance.laws import Binormal, separation
from benchmarks.performance.real import DATA, controls, shuffled_labels, truth_files
from benchmarks.performance.verdicts import area_to, coverage, seen

needs_data = pytest.mark.skipif(not DATA.exists(), reason="needs the shared data sets")


@pytest.mark.slow
@pytest.mark.parametrize("rate", [0.5, 0.1, 0.01])
@pytest.mark.parametrize("rows", [2_000, 20_000])
def test_a_model_that_stays_raises_no_alarm(rate: float, rows: int) -> None:
    before, after = area_to(0.83, 0.0, rate)
    warned, critical, _ = seen(before, after, rows, 60, seed=int(1_000 * rate) + rows)
    assert warned <= 0.10  # .05, and what 60 runs scatter
    assert critical <= 0.05


@pytest.mark.slow
def test_a_model_that_gets_worse_is_seen() -> None:
    before, after = area_to(0.83, 0.03, 0.5)
    assert seen(before, after, 20_000, 40, seed=1)[0] == 1.0
    assert seen(before, after, 2_000, 100, seed=2)[0] >= 0.45  # .60 of 300 runs
    trained = separation(0.83)
    fallen = Binormal(trained, 1.083, 0.5)
    assert seen(Binormal(trained, trained, 0.5), fallen, 2_000, 60, seed=3)[0] >= 0.85


@pytest.mark.slow
def test_intervals_hold_the_truth() -> None:
    law = Binormal(separation(0.83), separation(0.83), 0.5)
    for name, held, without in coverage(law, 2_000, 150, seed=4):
        assert without == 0, name
        assert 0.88 <= held <= 1.0, name


def test_shuffled_labels_are_critical_and_nothing_else_is() -> None:
    (line,) = shuffled_labels(8_000)
    assert line["performance"] == line["report"] == "CRITICAL"
    assert line["features"] == "OK"
    assert line["auc_before"] > 0.88
    assert abs(line["auc_after"] - 0.5) < 0.03


@needs_data
def test_the_truth_files_say_the_same() -> None:
    lines = list(truth_files())
    assert len(lines) == 7
    for line in lines:
        assert line["off"] < 1e-9, line
        assert line["auc_off"] < 1e-3, line
        if line["kind"] == "control":
            assert line["drift_types"] == "none"
    worse = {line["split"] for line in lines if line["performance"] == "CRITICAL"}
    assert worse == {"foreign_born", "age_65plus"}


@needs_data
@pytest.mark.slow
def test_random_halves_of_real_data_raise_no_alarm() -> None:
    for line in controls(3):
        assert line["performance"] in ("OK", "UNDECIDED"), line
        assert line["drift_types"] == "none", line


@pytest.mark.slow
def test_only_the_concept_changed() -> None:
    for line in concept_drift(runs=1):
        # The noise of the sketches may leave one undecided; none may be taken for drift.
        assert line["features"] in ("OK", "UNDECIDED"), line
        drifted = line["performance"] in ("WARNING", "CRITICAL")
        assert drifted == (line["production"] == "new concept"), line
