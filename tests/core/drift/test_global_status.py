"""The status of a data set says what was decided, and what was not."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from driftwatch import DriftReport, Monitor, Profile, Status
from driftwatch.core.data.batch import batches_of

RNG = np.random.default_rng(11)
Rows = dict[str, NDArray[np.float64]]


@pytest.fixture(autouse=True)
def _own_numbers() -> None:
    """Every test draws the same numbers, in any order of the tests."""
    RNG.bit_generator.state = np.random.default_rng(11).bit_generator.state


def rows(size: int, columns: int, shift: float = 0.0) -> Rows:
    return {f"x{i}": RNG.normal(shift, 1, size) for i in range(columns)}


def test_two_columns_that_cannot_be_decided_are_not_ok() -> None:
    report = Monitor(rows(700, 2)).check(rows(700, 2, shift=0.09))  # few: no sketch noise
    assert report.global_status is Status.UNDECIDED
    assert set(report.undecided_features) == {"x0", "x1"}
    assert "2 of 2 features undecided" in report.headline()
    assert "would decide" in report.headline()
    assert report.has_drift("undecided")
    assert not report.has_drift()
    assert report.dataset.undecided_share == 1.0
    assert DriftReport.from_dict(report.to_dict()).dataset == report.dataset


def test_a_few_undecided_features_among_many_do_not_hide_that_the_rest_is_ok() -> None:
    before, after = rows(20_000, 9), rows(20_000, 9)
    before["few"] = np.where(np.arange(20_000) < 400, before["x0"], np.nan)
    after["few"] = np.where(np.arange(20_000) < 400, after["x0"], np.nan)
    report = Monitor(before).check(after)
    assert report.undecided_features == ["few"]
    assert report.global_status is Status.OK
    assert report.dataset.undecided_share == pytest.approx(0.1)


def test_drift_that_is_certain_but_of_unknown_size_is_undecided() -> None:
    before, after = rows(1_500, 9), rows(1_500, 9)
    for _ in range(40):  # until the distance lies where it is certain and not shown to matter
        after["x0"] = RNG.normal(0.19, 1, 1_500)
        report = Monitor(before).check(after)
        feature = report.feature_drift()["x0"]
        why = feature.tests["ks"].undecided
        if why is not None and why.kind == "size_not_shown":
            break
    assert why is not None
    assert why.confidence is not None
    assert "certainly not zero" in feature.explanation
    assert f"{100 * why.confidence:.0f} %" in feature.explanation or why.confidence <= 0.5


def test_weights_say_how_much_an_undecided_feature_counts() -> None:
    class Model:
        feature_importances_ = np.array([0.9, 0.1])

    before = {"a": RNG.normal(size=20_000), "b": RNG.normal(size=20_000)}
    after = {"a": RNG.normal(size=20_000), "b": np.full(20_000, np.nan)}
    after["b"][:300] = RNG.normal(size=300)
    before["b"][300:] = np.nan
    report = Monitor(before, model=Model()).check(after)
    assert report.dataset.undecided_share == pytest.approx(0.1)
    assert report.global_status is Status.OK


def test_the_share_of_drifted_features_may_decide_instead() -> None:
    before, after = rows(5_000, 4), rows(5_000, 4)
    after["x0"] = after["x0"] + 3
    alone = Monitor(before, thresholds={"share_drifted": 0.5}).check(after)
    assert alone.drifted_features == ["x0"]
    assert alone.global_status is Status.OK
    assert not alone.has_drift()
    after["x1"] = after["x1"] + 3
    both = Monitor(before, thresholds={"share_drifted": [0.5, 0.9]}).check(after)
    assert both.global_status is Status.WARNING
    every = {name: values + 3 for name, values in before.items()}
    assert Monitor(before, thresholds={"share_drifted": 0.5}).check(every).has_drift("critical")


def test_what_is_missing_from_a_time_or_an_id_is_a_finding() -> None:
    size = 5_000
    times = np.datetime64("2026-01-01", "s") + np.arange(size).astype("timedelta64[m]")
    codes = np.char.add("c", np.arange(size).astype(str)).astype(object)
    before = {"x": RNG.normal(size=size), "last_login": times, "code": codes}
    after = {"x": RNG.normal(size=size), "last_login": times.copy(), "code": codes.copy()}
    after["last_login"][RNG.random(size) < 0.9] = np.datetime64("NaT")
    report = Monitor(before).check(after)
    found = report.feature_drift()["last_login"]
    assert (found.status, found.primary_test) == (Status.CRITICAL, "missing")
    assert "0 % → 9" in found.explanation
    assert "last_login" in report.skipped
    assert "code" not in report.feature_drift()
    calm = Monitor(before).check(before)
    assert set(calm.feature_drift()) == {"x"}


def test_ids_that_repeat_are_told() -> None:
    size = 5_000
    codes = np.char.add("c", np.arange(size).astype(str))
    before = {"x": RNG.normal(size=size), "code": codes}
    after = {"x": RNG.normal(size=size), "code": np.where(RNG.random(size) < 0.3, codes[0], codes)}
    after["code"][2_500:] = after["code"][:2_500]
    assert "repeat" in Monitor(before).check(after).skipped["code"]
    assert "repeat" not in Monitor(before).check(before).skipped["code"]


def test_a_constant_category_is_ok_and_rare_categories_alone_are_not() -> None:
    same = {"x": np.full(4_000, "only")}
    assert Monitor(same).check(same).global_status is Status.OK
    flags = {"x": np.zeros(4_000, dtype=bool)}
    assert Monitor(flags).check(flags).global_status is Status.OK
    rare = {"x": np.char.add("v", (np.arange(900) % 450).astype(str))}
    report = Monitor(rare, features=["x"]).check(rare)
    assert report.global_status is not Status.OK


def test_predictions_that_are_missing_are_coverage_in_a_stream_and_a_finding_in_a_file() -> None:
    size = 4_000
    before = {"x": RNG.normal(size=size), "p": RNG.normal(size=size)}
    after = {"x": RNG.normal(size=size), "p": RNG.normal(size=size)}
    after["p"][: size // 2] = np.nan
    roles = {"p": "prediction"}
    filed = Monitor(before, roles=roles).check(after).feature_drift()["p"]
    assert filed.primary_test == "missing"
    assert filed.status is Status.CRITICAL
    with Monitor(before, roles=roles) as live:
        live.observe_many(after, at=1_767_225_600.0)
        streamed = live.check().feature_drift()["p"]
    assert not streamed.tests["missing"].gates
    assert not streamed.status.is_drift


def test_numbers_that_are_ids_are_counted_too() -> None:
    size = 5_000
    before = {"x": RNG.normal(size=size), "order_id": np.arange(size)}
    after = {"x": RNG.normal(size=size), "order_id": np.arange(size) // 2}
    monitor = Monitor(before)
    assert "50 % of production's rows repeat one" in monitor.check(after).skipped["order_id"]
    assert "repeat" not in monitor.check(before).skipped["order_id"]
    parts = [monitor.reference.new_profile() for _ in range(2)]
    for part in parts:
        for batch in batches_of(before):
            part.update(batch)
    parts[0].merge(Profile.from_bytes(parts[1].to_bytes()))
    assert "50 %" in monitor.check(parts[0]).skipped["order_id"]
