from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from benchmarks.calibration import dependence
from driftwatch import DriftReport, Monitor, Profile, Status
from driftwatch.core.sketches.cross import (
    CrossMoments,
    FourthMoments,
    cross_from_sections,
    cross_sections,
)
from driftwatch.errors import ConfigError, MergeError, ProfileFormatError, UnknownColumnError
from driftwatch.render import render

matrices = hnp.arrays(
    np.float64, st.tuples(st.integers(1, 20), st.just(3)), elements=st.floats(-3, 3)
)


def rows(n: int, correlation: float = 0.3, seed: int = 0, **more: Any) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    y = correlation * x + np.sqrt(1 - correlation**2) * rng.normal(size=n)
    return {"x": np.exp(x), "y": y, "z": rng.normal(size=n), "c": rng.choice(["a", "b"], n)} | more


@given(matrices, matrices)
def test_merged_moments_are_those_of_all_rows(a: Any, b: Any) -> None:
    left, right, both = (FourthMoments(3, "s") for _ in range(3))
    left.update(a)
    right.update(b)
    both.update(np.vstack((a, b)))
    left.merge(right)
    assert left.count == both.count
    for mine, theirs in zip(left.scatter(), both.scatter(), strict=True):
        np.testing.assert_allclose(mine, theirs, atol=1e-9)


@given(matrices)
def test_moments_are_those_of_numpy(a: Any) -> None:
    moments = FourthMoments(3, "s")
    moments.update(a)
    v = a - a.mean(axis=0)
    np.testing.assert_allclose(moments.covariance(), v.T @ v / len(a), atol=1e-9)
    second, third = moments.scatter()
    np.testing.assert_allclose(second, (v**2).T @ v**2 / len(a), atol=1e-8)
    np.testing.assert_allclose(third, (v**3).T @ v / len(a), atol=1e-8)


@given(matrices)
def test_moments_survive_their_bytes(a: Any) -> None:
    for kind in (CrossMoments, FourthMoments):
        moments = kind(3, "s", ("x", "y"))
        moments.update(a)
        again = cross_from_sections(cross_sections(moments))
        assert type(again) is kind
        assert again.sources == ("x", "y")
        assert again.to_bytes() == moments.to_bytes()


def test_moments_of_other_columns_do_not_merge() -> None:
    with pytest.raises(MergeError):
        CrossMoments(2, "a").merge(CrossMoments(2, "b"))


@pytest.mark.parametrize(
    "sections",
    [
        {"cross": b"{}"},
        {"cross": b"nonsense", "cross/moments": b""},
        {"cross": b'{"size":2,"label":"a","sources":[],"fourth":false}', "cross/moments": b"123"},
        {
            "cross": b'{"size":99999999,"label":"a","sources":[],"fourth":true}',
            "cross/moments": b"",
        },
        {
            "cross": b'{"size":1,"label":"a","sources":[],"fourth":false}',
            "cross/moments": b"\0" * 8 + np.array([1.0, np.nan]).tobytes(),
        },
    ],
)
def test_damaged_moments_are_refused(sections: dict[str, bytes]) -> None:
    with pytest.raises(ProfileFormatError):
        cross_from_sections(sections)


def test_a_changed_dependence_is_named_though_no_column_changed() -> None:
    monitor = Monitor(rows(20_000), multivariate=True)
    report = monitor.check(rows(5_000, 0.7, seed=1))
    assert report.drifted_features == []
    assert report.global_status is Status.CRITICAL
    found = report.multivariate
    assert found is not None
    assert {found.pairs[0].first, found.pairs[0].second} == {"x", "y"}
    assert found.pairs[0].reference == pytest.approx(0.3, abs=0.05)
    assert found.pairs[0].current == pytest.approx(0.7, abs=0.05)
    assert "depend more on each other" in report.summary()


def test_a_dependence_without_correlation_is_found() -> None:
    def fan(n: int, strength: float, seed: int) -> dict[str, Any]:
        rng = np.random.default_rng(seed)
        x = rng.normal(size=n)
        return {
            "x": x,
            "y": rng.normal(size=n) * np.exp(strength * (x**2 - 1) / 2),
            "z": rng.normal(size=n),
        }

    found = Monitor(fan(20_000, 0.0, 1), multivariate=True).check(fan(5_000, 0.4, 2)).multivariate
    assert found is not None
    assert (found.status, found.pairs[0].kind) == (Status.CRITICAL, "extremes")


def test_a_category_that_goes_with_other_numbers_is_found() -> None:
    c = np.array(["a", "b"])[(rows(5_000, seed=4)["z"] > 0).astype(int)]
    found = (
        Monitor(rows(20_000), multivariate=["z", "c"]).check(rows(5_000, seed=4, c=c)).multivariate
    )
    assert found is not None
    assert found.status is Status.CRITICAL
    assert {found.pairs[0].first[0], found.pairs[0].second[0]} == {"z", "c"}


def test_shifts_of_single_columns_are_no_dependence_drift() -> None:
    moved = rows(5_000, seed=5)
    moved["y"] = moved["y"] + 1.0
    report = Monitor(rows(20_000), multivariate=True).check(moved)
    assert report.drifted_features == ["y"]
    assert report.multivariate is not None
    assert not report.multivariate.status.is_drift


def test_large_samples_without_change_are_ok() -> None:
    report = Monitor(rows(60_000), multivariate=True).check(rows(60_000, seed=6))
    assert report.multivariate is not None
    assert report.multivariate.status is Status.OK


def test_few_rows_say_nothing() -> None:
    assert Monitor(rows(20_000), multivariate=True).check(rows(20, seed=7)).multivariate is None


def test_missing_values_and_their_pattern_take_part() -> None:
    gone = rows(5_000, seed=8)
    gone["z"] = np.where(gone["y"] > 1, np.nan, gone["z"])
    before = rows(20_000)
    before["z"] = np.where(np.random.default_rng(9).random(20_000) < 0.15, np.nan, before["z"])
    found = Monitor(before, multivariate=True).check(gone).multivariate
    assert found is not None
    assert {found.pairs[0].first, found.pairs[0].second} == {"y", "z missing"}


def test_it_is_left_out_unless_asked_for() -> None:
    report = Monitor(rows(2_000)).check(rows(2_000, 0.9, seed=1))
    assert report.multivariate is None
    assert report.to_dict()["multivariate"] is None


def test_batches_and_merged_profiles_give_the_same_answer() -> None:
    from driftwatch.profiling.build import profile_like

    monitor = Monitor(rows(20_000), multivariate=True)
    data = rows(6_000, 0.5, seed=10)
    left, right = (
        profile_like(monitor.reference, {k: v[part] for k, v in data.items()})
        for part in (slice(0, 1_000), slice(1_000, None))
    )
    left.merge(right)
    merged = monitor.check(Profile.from_bytes(left.to_bytes())).multivariate
    whole = monitor.check(data).multivariate
    assert merged is not None
    assert whole is not None
    assert merged.pairs[0].current == pytest.approx(whole.pairs[0].current)
    assert merged.status is whole.status


def test_a_saved_reference_still_measures_dependence() -> None:
    saved = Monitor(rows(20_000), multivariate=True).reference.profile.to_bytes()
    found = Monitor(saved).check(rows(5_000, 0.7, seed=1)).multivariate
    assert found is not None
    assert found.status is Status.CRITICAL


def test_a_profile_that_was_measured_otherwise_is_not_compared() -> None:
    monitor = Monitor(rows(5_000), multivariate=True)
    other = Monitor(rows(5_000, seed=11), multivariate=True)
    from driftwatch.profiling.build import profile_like

    assert monitor.check(profile_like(other.reference, rows(900))).multivariate is None


def test_unknown_and_untested_columns_are_refused() -> None:
    with pytest.raises(UnknownColumnError):
        Monitor(rows(500), multivariate=["x", "nope"])
    with pytest.raises(ConfigError, match="two columns"):
        Monitor({"x": [1.0, 2.0] * 50, "k": [1.0] * 100}, multivariate=True)


def test_hashed_categories_stay_hidden() -> None:
    secret = np.array(["alice@example.org", "bob@example.org"])
    before = rows(20_000, c=secret[np.random.default_rng(12).integers(0, 2, 20_000)])
    after = rows(5_000, seed=13)
    after["c"] = secret[(after["z"] > 0).astype(int)]
    report = Monitor(before, multivariate=True).check(after)
    assert report.multivariate is not None
    assert report.multivariate.status is Status.CRITICAL
    assert "@" not in report.to_json()


@pytest.mark.parametrize("form", ["text", "markdown", "html", "junit", "github"])
def test_every_form_names_the_pair(form: str) -> None:
    report = Monitor(rows(20_000), multivariate=True).check(rows(5_000, 0.7, seed=1))
    assert "depend more on each other" in " ".join(render(report, form).split())
    again = DriftReport.from_dict(report.to_dict())
    assert again.multivariate == report.multivariate


@pytest.mark.slow
def test_size_and_power() -> None:
    size = dependence.rejections(runs=200, seed=1)
    shifted = dependence.rejections(runs=200, seed=2, shift=1.0)
    power = dependence.rejections(runs=200, seed=3, change=0.1)
    # Three standard errors above 5 % in 200 runs are 9.6 %.
    assert max(size, shifted) <= 0.096
    assert power >= 0.60
