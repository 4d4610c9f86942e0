from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats

from driftwatch.core.statistics.kolmogorov import (
    bridge_tail,
    contact_p,
    kolmogorov_p,
    kolmogorov_size,
    kolmogorov_upper,
    pooled_heights,
)

ends = st.floats(0, 1)
heights = st.floats(0.05, 6)


@pytest.fixture(scope="module")
def bridges() -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    rng = np.random.default_rng(0)
    steps = 2_000
    paths = np.cumsum(rng.standard_normal((4_000, steps)), axis=1) / math.sqrt(steps)
    return paths - np.arange(1, steps + 1) / steps * paths[:, -1:]


@pytest.mark.parametrize(("a", "b"), [(0, 1), (0.2, 0.4), (0.5, 0.5), (0.6, 0.99), (0, 0.3)])
@pytest.mark.parametrize("height", [0.3, 0.7, 1.0])
def test_the_tail_is_that_of_simulated_bridges(
    bridges: np.ndarray[tuple[int, ...], np.dtype[np.float64]], a: float, b: float, height: float
) -> None:
    part = bridges[:, max(0, int(a * 2_000) - 1) : max(int(b * 2_000), int(a * 2_000) + 1)]
    simulated = float((part.max(axis=1) > height).mean())
    exact = bridge_tail(height, a, b)
    # Four standard errors, and what a path seen at 2,000 points misses of its supremum.
    assert abs(simulated - exact) < 4 * math.sqrt(exact * (1 - exact) / 4_000) + 0.025


@given(heights, ends, ends)
def test_the_tail_is_a_probability_between_that_of_one_point_and_of_the_whole(
    height: float, a: float, b: float
) -> None:
    a, b = min(a, b), max(a, b)
    tail = bridge_tail(height, a, b)
    middle = min(max(0.5, a), b)
    point = stats.norm.sf(height / math.sqrt(middle * (1 - middle))) if 0 < middle < 1 else 0.0
    assert point * (1 - 1e-6) - 1e-15 <= tail <= math.exp(-2 * height**2) * (1 + 1e-9) + 1e-15


@given(heights, st.lists(ends, min_size=4, max_size=4))
def test_a_wider_interval_has_a_larger_tail(height: float, places: list[float]) -> None:
    outer_a, a, b, outer_b = sorted(places)
    assume(b - a > 1e-6)
    assert bridge_tail(height, a, b) <= bridge_tail(height, outer_a, outer_b) * (1 + 1e-6) + 1e-14


@given(st.integers(0, 2**32 - 1), st.integers(50, 400), st.integers(50, 400), st.floats(0.01, 0.3))
def test_where_it_is_reached_never_makes_a_p_value_larger_than_the_bound_over_everything(
    seed: int, n: int, m: int, effect: float
) -> None:
    rng = np.random.default_rng(seed)
    values = np.sort(np.concatenate((x := rng.normal(size=n), y := rng.normal(0.5, 1, m))))
    before = np.searchsorted(np.sort(x), values, side="right") / n
    after = np.searchsorted(np.sort(y), values, side="right") / m
    size = n * m / (n + m)
    distance = float(np.abs(before - after).max())
    p = contact_p(
        before - after,
        pooled_heights(before, after, n, m),
        distance,
        size,
        effect=effect,
        error=0.0,
    )
    assert 0 <= p <= 1
    # Both signs over [0, 1]: the two-sided bound up to its second term.
    bound = min(1.0, 2 * math.exp(-2 * size * max(0.0, distance - effect) ** 2))
    assert p <= bound * (1 + 1e-9)
    if distance <= effect:
        assert p == 1
    assert kolmogorov_p(distance, size) <= 1


@given(st.floats(0.0, 0.2), st.floats(100, 1e6), st.floats(0, 0.02))
def test_the_upper_bound_is_above_the_distance_and_below_the_band(
    distance: float, size: float, error: float
) -> None:
    spread = np.array([1 / (2 * math.sqrt(size))])
    upper = kolmogorov_upper(np.array([distance]), spread, size, error=error)
    assert distance + error <= upper <= distance + error + 1.36 / math.sqrt(size)


def test_below_a_hundred_rows_the_bound_is_the_band_of_kolmogorov() -> None:
    upper = kolmogorov_upper(np.array([0.1]), np.array([0.0]), 50.0, error=0.0)
    assert upper == pytest.approx(0.1 + 1.3581 / math.sqrt(50), abs=1e-4)


@pytest.mark.parametrize(
    ("distance", "error", "size"),
    [
        (0.02, 0.0, 1_675),  # 0.87 / sqrt(750) is more: no drift is as likely as this one
        (0.02, 0.03, math.inf),
        (0.30, 0.0, 57),
    ],
)
def test_the_size_that_would_decide(distance: float, error: float, size: float) -> None:
    needed = kolmogorov_size(distance, 750.0, effect=0.05, error=error, level=0.05)
    assert needed == pytest.approx(size, rel=0.05)


def test_no_size_shows_the_absence_of_any_drift() -> None:
    assert kolmogorov_size(0.1, 500.0, effect=0.0, error=0.0, level=0.05) is None
