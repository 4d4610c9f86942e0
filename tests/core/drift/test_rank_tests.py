"""Cramér-von Mises and Anderson-Darling against SciPy, and the socket that a user's test fits."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats

from driftwatch import Monitor, Reference, Status
from driftwatch.core.data.batch import batches_of
from driftwatch.core.data.schema import ORDERED
from driftwatch.core.drift.rank_tests import AndersonDarling, CramerVonMises
from driftwatch.core.drift.sides import NumericSides, compare_sides
from driftwatch.core.statistics.quadratic import quadratic_critical, quadratic_p
from driftwatch.errors import ConfigError
from driftwatch.profiling.build import profile_data


def sides_of(before: Any, after: Any, *, grid: bool) -> NumericSides:
    reference = Reference(profile_data({"x": before}, reference=True))
    profile = reference.new_profile() if grid else profile_data({"x": after})
    if grid:
        for batch in batches_of({"x": after}):
            profile.update(batch)
    sides = compare_sides(reference["x"], profile["x"])
    assert isinstance(sides, NumericSides)
    return sides


def scipy_statistics(before: Any, after: Any) -> dict[str, float]:
    cvm = stats.cramervonmises_2samp(before, after, method="asymptotic").statistic
    both = [np.asarray(before), np.asarray(after)]
    pooled = np.sort(np.concatenate(both))
    n, m = len(before), len(after)
    ranks = np.searchsorted(np.sort(before), pooled, side="right") / n
    other = np.searchsorted(np.sort(after), pooled, side="right") / m
    high = np.arange(1, n + m + 1) / (n + m)
    weight = high[:-1] * (1 - high[:-1])
    size = n * m / (n + m)
    darling = size * float(((ranks - other)[:-1] ** 2 / weight).sum()) / (n + m)
    return {"cramer_von_mises": float(cvm), "anderson_darling": darling}


@pytest.mark.parametrize("shift", [0.0, 0.1, 0.5])
def test_small_samples_give_the_textbooks_statistic(shift: float) -> None:
    rng = np.random.default_rng(int(10 * shift))
    before, after = rng.normal(size=400), rng.normal(shift, 1, 300)
    sides = sides_of(before, after, grid=True)
    assert sides.source == "exact"
    expected = scipy_statistics(before, after)
    for test in (CramerVonMises(), AndersonDarling()):
        found = test(sides, effect=test.effect, level=0.05)
        assert found.statistic == pytest.approx(expected[test.name], rel=1e-6)
        assert found.interval[0] == pytest.approx(found.interval[1])


def test_anderson_darling_is_scipys_before_it_is_standardised() -> None:
    rng = np.random.default_rng(8)
    before, after = rng.normal(size=500), rng.normal(0.2, 1, 400)
    found = AndersonDarling()(
        sides_of(before, after, grid=True), effect=AndersonDarling().effect, level=0.05
    )
    total = 900
    # Scholz and Stephens 1987, the variance of two samples without ties
    h = 1 / 500 + 1 / 400
    harmonic = sum(1 / i for i in range(1, total))
    g = sum(sum(1 / ((total - i) * j) for j in range(i + 1, total)) for i in range(1, total - 1))
    a = (4 * g - 6) * 1 + (10 - 6 * g) * h
    b = (
        (2 * g - 4) * 4
        + 8 * harmonic * 2
        + (2 * g - 14 * harmonic - 4) * h
        - 8 * harmonic
        + 4 * g
        - 6
    )
    c = (6 * harmonic + 2 * g - 2) * 4 + (4 * harmonic - 4 * g + 6) * 2 + (2 * harmonic - 6) * h
    c += 4 * harmonic
    d = (2 * harmonic + 6) * 4 - 4 * harmonic * 2
    variance = (a * total**3 + b * total**2 + c * total + d) / (
        (total - 1) * (total - 2) * (total - 3)
    )
    standardised = (found.statistic - 1) / variance**0.5
    theirs = stats.anderson_ksamp([before, after], method=None, variant="right").statistic
    assert standardised == pytest.approx(theirs, rel=0.02)


@pytest.mark.parametrize("grid", [True, False])
def test_the_interval_holds_the_statistic_of_all_rows(*, grid: bool) -> None:
    held = {"cramer_von_mises": 0, "anderson_darling": 0}
    runs = 20
    for seed in range(runs):
        rng = np.random.default_rng(seed)
        before = rng.lognormal(size=60_000)
        after = rng.lognormal(0.03 * (seed % 3), 1, 30_000)
        expected = scipy_statistics(before, after)
        sides = sides_of(before, after, grid=grid)
        assert sides.source == ("grid" if grid else "kll")
        for test in (CramerVonMises(), AndersonDarling()):
            low, high = test(sides, effect=test.effect, level=0.05).interval
            held[test.name] += low <= expected[test.name] <= high
    assert min(held.values()) == runs


@pytest.mark.parametrize("name", ["cramer_von_mises", "anderson_darling"])
def test_the_law_is_that_of_equal_distributions(name: Any) -> None:
    rng = np.random.default_rng(5)
    found = [scipy_statistics(rng.normal(size=200), rng.normal(size=150))[name] for _ in range(600)]
    for level in (0.5, 0.1, 0.05):
        share = float(np.mean(np.array(found) > quadratic_critical(name, level)))
        assert abs(share - level) <= 3 * (level * (1 - level) / 600) ** 0.5
    assert quadratic_p(name, 0.0) == 1.0
    assert 0 <= quadratic_p(name, 400.0) < 1e-100


@pytest.mark.parametrize(
    ("value", "p"), [(0.34730, 0.10), (0.46136, 0.05), (0.74346, 0.01), (1.16786, 0.001)]
)
def test_the_law_of_cramer_von_mises_is_that_of_the_tables(value: float, p: float) -> None:
    """Anderson and Darling 1952, table 1."""
    assert quadratic_p("cramer_von_mises", value) == pytest.approx(p, rel=1e-4)


def test_they_are_computed_and_decide_where_they_are_named() -> None:
    rng = np.random.default_rng(0)
    train, today = {"x": rng.normal(size=8_000)}, {"x": rng.normal(0.6, 1, 8_000)}
    assert "anderson_darling" not in Monitor(train).check(today).features[0].tests
    named = Monitor(train, thresholds={"anderson": 0.05}).check(today).features[0]
    assert named.primary_test == "anderson_darling"
    assert named.status is Status.CRITICAL
    assert "cramer_von_mises" not in named.tests
    of_column = Monitor(train, thresholds={"x": {"cramer_von_mises": 0.05}}).check(today)
    assert of_column.features[0].tests["cramer_von_mises"].gates


class OfMyOwn:
    name = "of_my_own"
    kinds = ORDERED
    effect = CramerVonMises().effect

    def applies(self, sides: Any, /) -> bool:
        return isinstance(sides, NumericSides)

    def __call__(self, sides: Any, /, *, effect: Any, level: float) -> Any:
        from dataclasses import replace

        return replace(CramerVonMises()(sides, effect=effect, level=level), method=self.name)


class Nameless:
    pass


def test_a_test_of_ones_own_is_in_every_form_of_report() -> None:
    from driftwatch.render import render

    rng = np.random.default_rng(0)
    monitor = Monitor({"x": rng.normal(size=3_000)}, tests=[OfMyOwn()])
    report = monitor.check({"x": rng.normal(1, 1, 3_000)})
    assert "of_my_own" in report.features[0].tests
    assert "of_my_own" in report.to_json()
    for form in ("html", "junit"):
        assert "of_my_own" in render(report, form)
    with pytest.raises(ConfigError, match="is taken"):
        Monitor({"x": [1.0, 2.0] * 50}, tests=[CramerVonMises()])
    with pytest.raises(ConfigError, match="has no 'name'"):
        Monitor({"x": [1.0, 2.0] * 50}, tests=[Nameless()])  # type: ignore[list-item]
