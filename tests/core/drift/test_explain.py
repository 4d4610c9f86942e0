from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from driftwatch import Monitor, Status

RNG = np.random.default_rng(5)
NORMAL = RNG.normal(100, 10, 20_000)


def sentence(before: Any, after: Any, **options: Any) -> str:
    feature = Monitor({"v": before}, features=["v"], **options).check({"v": after})
    return feature.feature_drift()["v"].explanation


def test_a_shift_has_a_direction_and_a_size_in_both_units() -> None:
    text = sentence(NORMAL, NORMAL[:5_000] + 5)
    assert text.startswith("values moved up: median 10")
    found = re.search(r"\(\+(\d\.\d\d) IQR\)", text)
    assert found is not None, text
    true = 5 / (np.quantile(NORMAL, 0.75) - np.quantile(NORMAL, 0.25))
    # Medians of a KLL of k = 200 are off by 1.65 % of the ranks at most, nearly always: by 0.41
    # of these units each, which is 0.03 of the range between the quartiles, itself as uncertain.
    assert float(found[1]) == pytest.approx(true, abs=0.09)
    assert "rows at or below" in text
    assert "values moved down" in sentence(NORMAL, NORMAL[:5_000] - 5)


@pytest.mark.parametrize("factor", [1000, 0.001, 60, 100])
def test_a_change_of_unit_is_named(factor: float) -> None:
    assert f"multiplied by {factor:g}, a change of unit" in sentence(
        NORMAL, NORMAL[:5_000] * factor
    )


def test_tails_that_move_apart_are_no_shift() -> None:
    text = sentence(NORMAL, 100 + 1.6 * (NORMAL[:5_000] - 100))
    assert text.startswith("values spread out: the middle 90 % of rows went from 8")
    assert "drew together" in sentence(NORMAL, 100 + 0.5 * (NORMAL[:5_000] - 100))


def test_a_value_that_takes_over_is_named() -> None:
    after = np.where(RNG.random(5_000) < 0.3, 0.0, NORMAL[:5_000])
    assert re.match(
        r"rows equal to 0: 0 % → (2[789]|3[0-3]) % \(outside of the reference's .*\); mean",
        sentence(NORMAL, after),
    )


def test_no_direction_is_claimed_against_the_median() -> None:
    before = np.concatenate((np.zeros(400), np.full(600, 10.0))).repeat(20) + RNG.normal(
        0, 0.1, 20_000
    )
    after = np.concatenate((np.full(5_500, 6.0), np.full(4_500, 10.0))) + RNG.normal(0, 0.1, 10_000)
    text = sentence(before, after)
    assert "moved up" not in text or "→ 6" not in text


def test_missing_values_are_named_with_their_reason() -> None:
    gone = NORMAL[:5_000].copy()
    gone[::4] = np.nan
    assert sentence(NORMAL, gone) == "rows without a value: 0 % → 25 %, mostly NaN"


def test_categories_that_moved_are_named_and_new_ones_marked() -> None:
    before = ["a"] * 700 + ["b"] * 300
    after = (["a"] * 400 + ["b"] * 300 + ["c"] * 300) * 10
    told = sentence(before * 10, after)
    assert sorted(told.split(", ")) == ["‘a’ 70 % → 40 %", "‘c’ 0 % → 30 % (new)"]


def test_unseen_categories_are_named_where_they_decide() -> None:
    before, after = ["a", "b"] * 5_000, (["a", "b"] * 475 + ["c"] * 50) * 10
    told = sentence(before, after, thresholds={"psi": 9.0})
    assert told == "5 % of rows hold categories never seen before: ‘c’"


def test_shares_of_a_sparse_column_say_what_they_are_of() -> None:
    before = ([None] * 90 + ["a"] * 10) * 100
    after = ([None] * 90 + ["b"] * 10) * 100
    monitor = Monitor({"v": before}, features=["v"], thresholds={"unseen": 0.01})
    report = monitor.check({"v": after})
    unseen = report.feature_drift()["v"].tests["unseen"]
    assert unseen.statistic == 1.0
    assert report.feature_drift()["v"].status is Status.CRITICAL


def test_many_small_changes_are_summed_up() -> None:
    before = [f"item {i}" for i in RNG.integers(0, 400, 40_000)]
    after = [f"item {i}" for i in RNG.integers(200, 600, 40_000)]
    text = sentence(before, after)
    assert re.match(r"5\d % of rows moved between categories, spread over \d{3} of them", text)
    assert "hold new ones" in text


def test_an_undecided_feature_says_what_is_short_and_claims_nothing() -> None:
    few = sentence(NORMAL, NORMAL[:300])
    assert "300 rows cannot tell, about" in few
    assert "moved" not in few
    small = sentence(NORMAL[:500], NORMAL[500:1_000])
    assert small.startswith("the reference is too small to tell (500 rows)")


def test_drift_ranks_before_none_and_importance_ranks_drift() -> None:
    class Model:
        feature_importances_ = np.array([0.1, 0.9, 0.0])
        feature_names_in_ = np.array(["a", "b", "calm"])

    before = dict.fromkeys(("a", "b", "unused", "calm"), NORMAL)
    after = {
        "a": NORMAL[:5_000] + 20,
        "b": NORMAL[:5_000] + 15,
        "unused": NORMAL[:5_000] + 40,
        "calm": NORMAL[5_000:10_000],
    }
    plain = Monitor(before).check(after)
    assert list(plain.feature_drift()) == ["unused", "a", "b", "calm"]
    ranked = Monitor(before, features=list(before), model=Model()).check(after)
    assert list(ranked.feature_drift()) == ["b", "a", "unused", "calm"]
    assert ranked.dataset.weighted_share_drifted == pytest.approx(1.0)
    assert plain.dataset.weighted_share_drifted is None
