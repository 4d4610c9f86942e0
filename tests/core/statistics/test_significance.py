"""Test vectors computed with SciPy 1.17.1, and SciPy itself as the oracle."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from driftwatch.core.sketches.cdf import Cdf
from driftwatch.core.sketches.quantiles import rank_error
from driftwatch.core.statistics import distances
from driftwatch.core.statistics.kolmogorov import kolmogorov_critical, kolmogorov_p
from driftwatch.core.statistics.significance import (
    benjamini_hochberg,
    binomial_sf,
    cauchy_combination,
    chi2_family_bound,
    chi2_family_p,
    effective_size,
)


@pytest.mark.parametrize(
    ("k", "single", "interval"),
    [
        (200, 0.0132947575, 0.0165156191),
        (400, 0.0067762427, 0.0085888153),
        (800, 0.0034538024, 0.0044665445),
        (2000, 0.0014170345, 0.0018818927),
        (4096, 0.0007057881, 0.0009570118),
    ],
)
def test_rank_errors(k: int, single: float, interval: float) -> None:
    assert rank_error(k) == pytest.approx(single, abs=5e-6)
    assert rank_error(k, interval=True) == pytest.approx(interval, abs=5e-6)


@pytest.mark.parametrize(
    ("n", "m", "gap", "expected"),
    [
        (100_000, 20_000, 0.0105, 0.0506979852),
        (5000, 5000, 0.03, 0.0222179626),
        (1000, 200, 0.1, 0.0713447448),
    ],
)
def test_kolmogorov_p_values(n: int, m: int, gap: float, expected: float) -> None:
    size = effective_size(n, m)
    exact = stats.kstwobign.sf(np.sqrt(size) * gap)
    assert kolmogorov_p(gap, size) == pytest.approx(exact, rel=1e-12)
    # The written vectors carry seven digits that agree with SciPy's own limit law.
    assert exact == pytest.approx(expected, rel=1e-7)


@pytest.mark.parametrize(
    ("effect", "expected"), [(0.0, 1.326e-54), (0.02, 6.352e-30), (0.05, 7.310519e-07), (0.1, 1.0)]
)
def test_minimum_effect_kolmogorov_p_values(effect: float, expected: float) -> None:
    size = effective_size(100_000, 12_000)
    assert kolmogorov_p(0.08 - 0.0037, size, effect=effect) == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize(
    ("alpha", "expected"), [(0.05, 1.3580986393), (0.01, 1.6276236115), (1e-5, 2.4704324162)]
)
def test_kolmogorov_critical_values(alpha: float, expected: float) -> None:
    assert kolmogorov_critical(alpha) == pytest.approx(expected, rel=1e-9)


def test_psi_of_counts_with_p_values_and_interval() -> None:
    before = np.array([253, 302, 204, 134, 72, 26, 8])
    after = np.array([177, 262, 285, 158, 88, 25, 6])
    p, q = before / before.sum(), after / after.sum()
    psi = float(distances.psi_terms(p, q).sum())
    size = effective_size(int(before.sum()), int(after.sum()))
    assert psi == pytest.approx(0.0676929885, abs=1e-10)
    for effect, expected in ((0.0, 7.20256e-06), (0.02, 0.0188206733), (0.1, 0.9499311509)):
        found = chi2_family_p("psi", psi, size, 7, effect=effect)
        assert found == pytest.approx(expected, rel=1e-4)
    low, high = (
        chi2_family_bound("psi", psi, size, 7, confidence=confidence)
        for confidence in (0.025, 0.975)
    )
    assert (low, high) == pytest.approx((0.0216657887, 0.1093977222), rel=1e-6)


def test_divergences_of_shares() -> None:
    p = np.full(10, 0.1)
    q = np.array([0.05, 0.08, 0.09, 0.1, 0.1, 0.1, 0.1, 0.11, 0.12, 0.15])
    js = float(distances.jensen_shannon_terms(p, q).sum())
    assert js == pytest.approx(0.0080270255, abs=1e-10)
    hellinger = float(distances.hellinger_terms(p, q).sum()) ** 0.5
    assert hellinger == pytest.approx(0.0898798616, abs=1e-9)
    assert distances.total_variation_terms(p, q).sum() == pytest.approx(0.08)


def test_half_a_row_of_smoothing() -> None:
    p, q = distances.smoothed(np.array([0, 3, 7, 10])), distances.smoothed(np.array([5, 5, 5, 5]))
    assert distances.psi_terms(p, q).sum() == pytest.approx(0.7612223769, abs=1e-10)


def test_chi_squared_equals_scipy() -> None:
    table = np.array([[500, 300, 200], [60, 25, 15]])
    expected = stats.chi2_contingency(table, correction=False).statistic
    assert distances.chi_squared(*table) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_ks_and_wasserstein_equal_scipy_with_ties(seed: int) -> None:
    rng = np.random.default_rng(seed)
    x, y = rng.integers(0, 12, 300).astype(float), rng.integers(2, 15, 200).astype(float)
    sides = [Cdf.of_counts(*np.unique(side, return_counts=True)) for side in (x, y)]
    steps = distances.Steps.of(*sides)
    assert abs(steps.ks()[0]) == pytest.approx(stats.ks_2samp(x, y).statistic)
    found = steps.wasserstein(-1e9, 1e9)
    assert found == pytest.approx(stats.wasserstein_distance(x, y))


def test_corrections() -> None:
    p = [0.001, 0.008, 0.039, 0.041, 0.042, 0.06, 0.074, 0.205]
    expected = [0.008, 0.032, 0.0672, 0.0672, 0.0672, 0.08, 0.0845714286, 0.205]
    assert benjamini_hochberg(p).tolist() == pytest.approx(expected, abs=1e-9)
    assert cauchy_combination([0.001, 0.2, 0.5, 0.9]) == pytest.approx(0.0040212934, abs=1e-9)
    assert binomial_sf(7, 20, 0.1) == pytest.approx(stats.binom.sf(6, 20, 0.1), rel=1e-12)


@pytest.mark.parametrize(("x", "df", "nc"), [(127.0, 9, 20.0), (500.0, 9, 100.0), (3e5, 9, 2.9e5)])
def test_noncentral_tails_keep_their_order_of_magnitude(x: float, df: int, nc: float) -> None:
    found = chi2_family_p("psi", x / 1000, 1000, df + 1, effect=nc / 1000)
    expected = stats.ncx2.sf(x, df, nc)
    assert abs(np.log10(found) - np.log10(expected)) < 0.5


@pytest.mark.parametrize("effect", [0.02, 0.1, 0.2])
def test_the_size_at_the_boundary_of_the_psi_test_is_the_level(effect: float) -> None:
    rng = np.random.default_rng(int(effect * 100))
    p = np.full(10, 0.1)
    tilt = np.linspace(-1, 1, 10)
    low, high = 0.0, 3.0
    for _ in range(60):
        middle = (low + high) / 2
        q = p * np.exp(middle * tilt)
        q /= q.sum()
        low, high = (middle, high) if distances.psi_terms(p, q).sum() < effect else (low, middle)
    rejected = 0
    for _ in range(2000):
        a, b = rng.multinomial(20_000, p), rng.multinomial(5_000, q)
        psi = distances.psi_terms(distances.smoothed(a), distances.smoothed(b)).sum()
        size = effective_size(20_000, 5_000)
        rejected += chi2_family_p("psi", float(psi), size, 10, effect=effect) <= 0.05
    assert 0.03 <= rejected / 2000 <= 0.07
