"""Every split of every real data set against the exact truth files and a numpy oracle."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from benchmarks.truth import (
    DATA,
    Split,
    Statistic,
    check_all_columns,
    compare,
    compare_classic,
    find_splits,
    load,
)
from driftwatch import Monitor
from driftwatch.core.assess import assess
from driftwatch.core.drift.policy import Policy
from driftwatch.core.subject import Subject
from driftwatch.profiling.build import profile_like

pytestmark = pytest.mark.skipif(
    not DATA.is_dir(), reason="the real data sets (shared/data beside the repository) are not here"
)
NOW = datetime(2024, 1, 1, tzinfo=UTC)
SPLITS = [pytest.param(*split, id="-".join(split)) for split in find_splits()]
CONTROLS = [name for name, split in find_splits() if split == "control"]
DICTIONARY = 10_000


@pytest.fixture(scope="module")
def statistics() -> list[Statistic]:
    """Every statistic of every column of every split, beside its exact value."""
    found = []
    for name, split_name in find_splits():
        split = load(name, split_name)
        found += list(compare(split, check_all_columns(split)))
    return found


@pytest.mark.parametrize(
    ("method", "columns"),
    [("ks", 300), ("psi", 500), ("jensen_shannon", 500), ("hellinger", 500), ("tvd", 500)],
)
def test_intervals_hold_the_exact_statistic_in_99_of_100_columns(
    statistics: list[Statistic], method: str, columns: int
) -> None:
    found = [one for one in statistics if one.method == method]
    assert len(found) >= columns
    misses = [one for one in found if not one.is_inside]
    assert len(misses) <= 0.01 * len(found), misses


@pytest.mark.parametrize(("method", "widest"), [("ks", 0.02), ("tvd", 0.05)])
def test_intervals_are_narrow(statistics: list[Statistic], method: str, widest: float) -> None:
    found = [one for one in statistics if one.method == method and one.categories <= DICTIONARY]
    assert max(one.width for one in found) <= widest


def test_categorical_statistics_are_exact(statistics: list[Statistic]) -> None:
    found = [one for one in statistics if 0 < one.categories <= DICTIONARY]
    assert {one.method for one in found} >= {"psi", "chi2", "tvd", "hellinger", "jensen_shannon"}
    for one in found:
        assert one.reported == pytest.approx(one.exact, rel=1e-9, abs=1e-9), one


@pytest.mark.parametrize(("name", "split"), SPLITS)
def test_the_classic_policy_reproduces_the_truth_where_the_state_is_exact(
    name: str, split: str
) -> None:
    for one in compare_classic(load(name, split)):
        assert one.reported == pytest.approx(one.exact, rel=1e-9, abs=1e-9), one


def test_the_classic_policy_was_compared_on_enough_columns() -> None:
    wine = list(compare_classic(load("wine_quality", "drift")))
    assert sum(one.method == "psi on given edges" for one in wine) >= 11
    census = list(compare_classic(load("adult_census", "drift")))
    assert {one.method for one in census} >= {"tvd", "psi", "chi2", "psi on given edges"}


@pytest.mark.parametrize("name", CONTROLS)
def test_random_halves_never_alarm(name: str) -> None:
    split = load(name, "control")
    report = Monitor(split.reference).check(split.current)
    assert not report.drifted_features, report.summary()


def test_a_large_sample_with_a_tiny_effect_is_not_critical() -> None:
    split = load("acs_employment_ma", "drift")
    features = [name for name in split.columns if name not in ("id", "year")]
    monitor = Monitor(split.reference, features=features)
    assert not monitor.check(split.current).has_drift("critical")


def test_assess_does_not_change_what_it_looks_at() -> None:
    split: Split = load("wine_quality", "drift")
    monitor = Monitor(split.reference)
    profile = profile_like(monitor.reference, split.current)
    before = profile.to_bytes(), monitor.reference.profile.to_bytes()
    first = assess(Subject(monitor.reference), profile, policy=Policy(), created_at=NOW)
    second = assess(Subject(monitor.reference), profile, policy=Policy(), created_at=NOW)
    assert first.to_dict() == second.to_dict()
    assert before == (profile.to_bytes(), monitor.reference.profile.to_bytes())
