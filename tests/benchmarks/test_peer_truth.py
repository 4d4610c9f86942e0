"""A peer that computes something else than it says is found out, and only such a one."""

from __future__ import annotations

from bisect import bisect_right
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2_contingency, chisquare

from benchmarks.peer_truth import ROWS, Numbers, Texts, examine
from benchmarks.peers.scripts.measures import chi2, chi2_of_categories, ks, psi

Sample = list[float]

values = st.floats(-5, 5).map(lambda value: round(value, 1))
samples = st.lists(values, min_size=1, max_size=60)


def counted(sample: Sample, cuts: Sample) -> list[int]:
    """Rows in each bin, closed on the right, counted one by one."""
    counts = [0] * (len(cuts) + 1)
    for value in sample:
        counts[sum(value > cut for cut in cuts)] += 1
    return counts


def gap(before: Sample, after: Sample, at: float) -> float:
    """Of the two distribution functions at a value."""
    below = (sum(value <= at for value in side) / len(side) for side in (before, after))
    return abs(next(below) - next(below))


def numbers(before: Sample, after: Sample) -> Numbers:
    return Numbers(np.array(before), np.array(after))


@given(samples, samples, st.sets(values, max_size=8).map(sorted))
def test_what_is_true_is_let_through(before: Sample, after: Sample, cuts: Sample) -> None:
    counts = counted(before, cuts), counted(after, cuts)
    found = {
        "psi": psi(*counts),
        "ks_of_bins": ks(*counts),
        "ks": max(gap(before, after, value) for value in before + after),
        "median": float(np.median(before)),
        "cut_points": cuts,
        "closed": "right",
    }
    column = numbers(before, after)
    column.slack = 1e-9
    assert list(column.faults(found)) == []


@given(samples, samples, st.sets(values, min_size=1, max_size=8).map(sorted))
def test_the_ks_of_bins_is_as_wrong_as_their_bins_are_full(
    before: Sample, after: Sample, cuts: Sample
) -> None:
    exact = numbers(before, after).ks
    found = ks(counted(before, cuts), counted(after, cuts))
    # The rows of a bin without those at its closed end: there both functions are known.
    inside = max(
        sum(value not in cuts and bisect_right(cuts, value) == each for value in side) / len(side)
        for side in (before, after)
        for each in range(len(cuts) + 1)
    )
    assert exact - inside - 1e-9 <= found <= exact + 1e-9


FULL = {"a": 400, "b": 350, "c": 250}
OTHER = {"a": 300, "b": 500, "c": 100, "d": 100}


@pytest.mark.parametrize(
    ("before", "after"), [(FULL, FULL), (FULL, OTHER), (OTHER, FULL), (OTHER, {"e": 7})]
)
def test_chi_squared_of_texts_is_that_of_scipy(
    before: dict[str, int], after: dict[str, int]
) -> None:
    names = sorted(before.keys() | after.keys())
    sides = [[side.get(name, 0) for name in names] for side in (before, after)]
    exact = chi2_contingency(sides, correction=False).statistic
    assert chi2_of_categories(before, after) == pytest.approx(exact)
    pairs = zip(*sides, strict=True)
    assert chi2(pairs, sum(before.values()), sum(after.values())) == pytest.approx(exact)
    assert list(Texts(before, after).faults({"chi2": exact})) == []
    assert list(Texts(before, after).faults({"chi2": exact * 1.001 + 1e-9}))


def test_chi_squared_with_the_reference_as_expectation_is_that_of_scipy() -> None:
    expected = np.array([300.0, 500.0, 100.0, 100.0]) * 0.8
    exact = chisquare([320, 280, 200, 0], f_exp=expected).statistic
    column = Texts(OTHER, {"a": 320, "b": 280, "c": 200})
    assert list(column.faults({"chi2_of_expected": exact})) == []
    assert list(column.faults({"chi2_of_expected": exact + 1})) != []


@pytest.fixture
def shifted() -> Numbers:
    rng = np.random.default_rng(7)
    return Numbers(rng.normal(size=5_000), rng.normal(0.2, 1.0, size=4_000))


@pytest.mark.parametrize("name", ["psi", "ks_of_bins", "ks", "median"])
def test_a_wrong_statistic_is_found(shifted: Numbers, name: str) -> None:
    cuts = [-1.0, 0.0, 1.0]
    sides = [side.tolist() for side in shifted.sides]
    counts = [counted(side, cuts) for side in sides]
    right = {
        "psi": psi(*counts),
        "ks_of_bins": ks(*counts),
        "ks": shifted.ks,
        "median": float(np.median(sides[0])),
    }
    about = {"cut_points": cuts, "closed": "right"}
    assert list(shifted.faults(right | about)) == []
    off = 2 * ROWS / 4_000
    faults = list(shifted.faults(right | about | {name: right[name] + off}))
    assert len(faults) == 1
    assert faults[0].startswith(f"{name} is {right[name]:.6g}, not ")


def test_the_side_on_which_bins_are_closed_matters() -> None:
    column = Numbers(np.array([0.0] * 900 + [1.0] * 100), np.array([0.0] * 500 + [1.0] * 500))
    found = {"ks_of_bins": 0.4, "cut_points": [0.0]}
    assert list(column.faults(found | {"closed": "right"})) == []
    assert list(column.faults(found | {"closed": "left"})) == ["ks_of_bins is 0, not 0.4"]


def test_an_interval_has_to_hold_the_exact_value(shifted: Numbers) -> None:
    wide = {"ks": [shifted.ks - 0.01, shifted.ks + 0.01]}
    beside = {"ks": [shifted.ks + 0.01, shifted.ks + 0.02]}
    assert list(shifted.faults({"ks": shifted.ks + 0.005, "intervals": wide})) == []
    assert len(list(shifted.faults({"ks": shifted.ks + 0.015, "intervals": beside}))) == 1


def test_rows_and_columns_have_to_be_there(shifted: Numbers) -> None:
    columns: dict[str, Numbers | Texts] = {"x": shifted, "plan": Texts(FULL, OTHER)}
    answer: dict[str, Any] = {"rows": [5_000, 4_000], "columns": {"x": {"ks": shifted.ks + 1e-4}}}
    found = examine(columns, [5_000, 4_000], answer)
    assert found["faults"] == ["nothing about plan"]
    assert found["ks_error"] == pytest.approx(1e-4)
    # What only reads the files says nothing about any column.
    assert examine(columns, [5_000, 4_000], {"rows": [5_000, 4_000], "columns": {}}) == {
        "faults": [],
        "ks_error": None,
    }
    lost = examine(columns, [5_000, 4_000], {"rows": [5_000, 3_999], "columns": {}})
    assert lost["faults"] == ["rows are [5000, 4000], not [5000, 3999]"]
