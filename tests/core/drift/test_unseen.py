"""Categories beyond what can be counted one by one: never a certificate, never silence."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from driftwatch import FeatureDrift, Monitor, Profile, SketchConfig, Status
from driftwatch.core.data.schema import Column, Kind, Role, Schema

TEXT = Schema((Column("x", Kind.CATEGORICAL, Role.FEATURE),))
RNG = np.random.default_rng(3)


@pytest.fixture(autouse=True)
def _own_numbers() -> None:
    """Every test draws the same numbers, in any order of the tests."""
    RNG.bit_generator.state = np.random.default_rng(3).bit_generator.state


def names(letter: str, numbers: NDArray[np.int64]) -> NDArray[np.str_]:
    return np.char.add(letter, numbers.astype(str))


def judged(before: NDArray[np.str_], after: NDArray[np.str_]) -> FeatureDrift:
    (feature,) = Monitor({"x": before}, schema=TEXT).check({"x": after}).features
    return feature


@pytest.mark.parametrize("categories", [12_000, 200_000])
def test_a_column_that_is_replaced_whole_is_never_ok(categories: int) -> None:
    before, after = (RNG.integers(0, categories, size) for size in (50_000, 20_000))
    feature = judged(names("u", before), names("w", after))
    assert feature.status is Status.CRITICAL
    assert "never seen before" in feature.explanation
    tvd = feature.tests["tvd"]
    assert tvd.interval is not None
    assert tvd.interval[1] == pytest.approx(1.0)  # the truth
    assert tvd.details["source"] == "dictionary"


@pytest.mark.parametrize("categories", [12_000, 200_000])
def test_a_clean_long_tail_raises_no_alarm(categories: int) -> None:
    before, after = (RNG.integers(0, categories, size) for size in (50_000, 20_000))
    feature = judged(names("u", before), names("u", after))
    assert feature.status is Status.UNDECIDED
    assert "too many categories" in feature.explanation


@settings(max_examples=15)
@given(st.integers(0, 2**32 - 1), st.floats(0.0, 1.0))
def test_the_intervals_of_an_overflowed_column_hold_the_exact_distance(
    seed: int, overlap: float
) -> None:
    rng = np.random.default_rng(seed)
    config = SketchConfig(exact_categories=200, dictionary=40)
    before = rng.zipf(1.3, 4_000) % 3_000
    moved = rng.random(3_000) > overlap
    after = rng.zipf(1.3, 3_000) % 3_000 + 10_000 * moved
    p, q = (
        dict(zip(*np.unique(side, return_counts=True), strict=True)) for side in (before, after)
    )
    exact = sum(abs(p.get(k, 0) / 4_000 - q.get(k, 0) / 3_000) for k in {*p, *q}) / 2
    monitor = Monitor({"x": before.astype(str)}, schema=TEXT, config=config)
    (feature,) = monitor.check({"x": after.astype(str)}).features
    low, high = feature.tests["tvd"].interval or (1.0, 0.0)
    assert low - 1e-9 <= exact <= high + 1e-9
    assert "unseen" in feature.tests


def test_the_sampled_share_of_unseen_rows_is_near_the_counted_one() -> None:
    before = RNG.integers(0, 30_000, 60_000)
    after = np.where(
        RNG.random(30_000) < 0.2, RNG.integers(30_000, 60_000, 30_000), before[:30_000]
    )
    exact = float((~np.isin(after, before)).mean())
    result = judged(names("u", before), names("u", after)).tests["unseen"]
    assert result.interval is not None
    assert result.interval[0] <= exact <= result.interval[1]
    assert result.interval[1] - result.interval[0] < 0.1
    assert result.status is not None
    assert result.status.is_drift


def test_one_heavy_newcomer_in_the_sample_is_not_taken_for_many() -> None:
    before = names("u", RNG.zipf(1.4, 60_000))
    statuses = []
    for number in range(40):
        after = names("u", RNG.zipf(1.4, 20_000))
        after[:60] = f"newcomer {number}"  # 0.3 % of the rows: below what is warned of
        statuses.append(judged(before, after).tests["unseen"].status)
    assert not any(status is not None and status.is_drift for status in statuses)


def test_profiles_of_before_counts_were_kept_say_that_they_cannot_tell() -> None:
    monitor = Monitor({"x": names("u", RNG.integers(0, 20_000, 50_000))}, schema=TEXT)
    old = Profile.from_bytes(monitor.reference.profile.to_bytes())
    categories = old.columns["x"].categories
    assert categories is not None
    categories.distinct.counts = None
    after = names("w", RNG.integers(0, 20_000, 20_000))
    (feature,) = Monitor(old).check({"x": after}).features
    unseen = feature.tests["unseen"]
    assert unseen.status is Status.UNDECIDED
    assert unseen.interval is not None
    assert unseen.interval[1] == pytest.approx(1.0, abs=0.05)
    assert feature.status is not Status.OK
