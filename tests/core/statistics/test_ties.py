from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwatch.core.sketches.cdf import Cdf
from driftwatch.core.statistics.kolmogorov import kolmogorov_p
from driftwatch.core.statistics.significance import effective_size
from driftwatch.core.statistics.ties import TiedNull

Draw = Callable[[np.random.Generator, int], Any]

LAWS: dict[str, Draw] = {
    "a fair coin": lambda rng, n: rng.integers(0, 2, n),
    "a rare value": lambda rng, n: rng.random(n) < 0.05,
    "small counts": lambda rng, n: rng.poisson(3, n),
    "large counts": lambda rng, n: rng.poisson(50, n),
    "zeros and a continuum": lambda rng, n: np.where(
        rng.random(n) < 0.6, 0, rng.exponential(size=n)
    ),
    "a continuum with an atom": lambda rng, n: np.where(
        rng.random(n) < 0.02, 0, rng.normal(size=n)
    ),
}


def cdf_of(values: Any) -> Cdf:
    found, counts = np.unique(np.asarray(values, dtype=float), return_counts=True)
    return Cdf.of_counts(found, counts)


def distance(a: Any, b: Any) -> float:
    points = np.union1d(a, b)
    heights = [np.searchsorted(np.sort(side), points, "right") / side.size for side in (a, b)]
    return float(np.abs(heights[0] - heights[1]).max())


@pytest.mark.parametrize("law", LAWS)
def test_the_size_is_five_percent_where_kolmogorov_is_too_careful(law: str) -> None:
    rng = np.random.default_rng(1)
    n, m, runs = 20_000, 2_000, 600
    rejected = 0
    null = TiedNull(cdf_of(LAWS[law](rng, n)))
    for _ in range(runs):
        a, b = (np.asarray(LAWS[law](rng, k), dtype=float) for k in (n, m))
        rejected += null.p(distance(a, b), effective_size(n, m)) <= 0.05
    # Three standard errors of a share of 5 % in 600 runs are 2.7 %.
    assert 0.02 <= rejected / runs <= 0.077


@given(
    st.lists(st.integers(0, 30), min_size=2, max_size=60), st.floats(0, 1), st.integers(1, 10**7)
)
def test_it_is_never_more_careful_than_kolmogorov(values: list[int], gap: float, size: int) -> None:
    p = TiedNull(cdf_of(values)).p(gap, float(size))
    assert 0 <= p <= kolmogorov_p(gap, float(size))


def test_larger_distances_are_less_likely() -> None:
    null = TiedNull(cdf_of(np.random.default_rng(2).poisson(3, 10_000)))
    found = [null.p(gap, 1_000.0) for gap in np.linspace(0, 0.2, 50)]
    assert found == sorted(found, reverse=True)


def test_far_tails_are_analytic() -> None:
    null = TiedNull(cdf_of([0.0, 1.0] * 5_000))
    assert null.p(0.2, 10_000.0) == kolmogorov_p(0.2, 10_000.0) < 1e-100


def test_with_few_rows_on_the_thin_side_only_the_careful_law_is_used() -> None:
    rare = cdf_of([0.0] * 9_990 + [1.0] * 10)
    assert TiedNull(rare).p(0.01, 100.0) == kolmogorov_p(0.01, 100.0)


def test_continuous_columns_need_none_and_tied_ones_do() -> None:
    rng = np.random.default_rng(3)
    assert not TiedNull.is_needed(cdf_of(rng.normal(size=5_000)))
    assert TiedNull.is_needed(cdf_of(rng.integers(0, 10, 5_000)))
    assert TiedNull.is_needed(cdf_of(np.where(rng.random(5_000) < 0.1, 0, rng.normal(size=5_000))))


def test_a_constant_column_never_drifts_from_itself() -> None:
    assert TiedNull(cdf_of([3.0, 3.0])).p(0.0, 1_000.0) == 1.0
