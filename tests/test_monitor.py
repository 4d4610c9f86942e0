"""The specified API, word for word, and what it promises about odd data."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest

from driftwatch import Column, DriftReport, Kind, Monitor, Schema, Status
from driftwatch.core.data.privacy import ValueGuard
from driftwatch.errors import ConfigError, DataError, UnknownColumnError
from driftwatch.profiling.build import profile_data

RNG = np.random.default_rng(2)
TRAIN = pd.DataFrame(
    {
        "age": RNG.normal(40, 9, 10_000),
        "income": RNG.lognormal(10, 0.5, 10_000),
        "country": RNG.choice(["FR", "DE", "IT"], 10_000),
    }
)
TODAY = TRAIN.sample(5_000, random_state=1).assign(age=lambda frame: frame["age"] + 10)


class Model:
    feature_importances_ = np.array([0.5, 0.3, 0.2])
    feature_names_in_ = np.array(["age", "income", "country"])
    version = "7"


@pytest.fixture(scope="module")
def report() -> DriftReport:
    monitor = Monitor(
        reference_data=TRAIN,
        features=["age", "income", "country"],
        model=Model(),
        thresholds={"psi": 0.2, "ks_pvalue": 0.05},
    )
    return monitor.check(TODAY)


def test_the_methods_that_are_specified(report: DriftReport) -> None:
    assert report.has_drift()
    assert report.has_drift("critical")
    assert "age" in report.summary()
    assert report.feature_drift()["age"].status is Status.CRITICAL
    assert report.to_dict() == json.loads(report.to_json())
    assert DriftReport.from_dict(json.loads(report.to_json())).to_dict() == report.to_dict()


def test_the_fields_that_are_specified(report: DriftReport) -> None:
    assert report.global_status is Status.CRITICAL
    assert report.drifted_features == ["age"]
    assert set(report.per_feature_metrics) == {"age", "income", "country"}
    assert set(report.timestamps) == {"created_at", "reference", "production"}
    assert report.model_version == "7"
    assert report.reference_data_hash != report.production_data_hash
    assert report.feature_drift()["age"].importance == 0.5


def test_named_tests_decide(report: DriftReport) -> None:
    tests = report.feature_drift()["age"].tests
    assert {name for name, test in tests.items() if test.gates} == {
        "psi",
        "ks",
        "missing",
        "out_of_range",
    }
    assert tests["psi"].threshold is not None
    assert tests["psi"].threshold.to_dict() == {"warning": 0.2, "critical": 0.4}
    assert set(tests) >= {"ks", "psi", "wasserstein", "jensen_shannon", "hellinger", "tvd"}
    assert "chi2" in report.feature_drift()["country"].tests


def test_a_report_shows_itself(report: DriftReport) -> None:
    assert str(report) == report.summary()
    assert repr(report).startswith("<DriftReport CRITICAL: 1 of 3 features drifted")
    html = report._repr_html_()
    assert "<script" not in html
    assert "age" in html


def test_statuses_compare_by_severity() -> None:
    assert max(Status) is Status.CRITICAL
    assert Status.WARNING >= Status.WARNING > Status.OK
    assert max(Status.OK, Status.CRITICAL, Status.WARNING) is Status.CRITICAL


def test_names_from_the_data_are_escaped() -> None:
    name = "<img src=x onerror=alert(1)>"
    html = (
        Monitor({name: RNG.normal(size=500)}).check({name: RNG.normal(9, size=500)})._repr_html_()
    )
    assert "<img" not in html


def test_a_check_does_not_change_the_reference_and_can_be_repeated() -> None:
    clock = iter([datetime(2024, 1, day, tzinfo=UTC) for day in (1, 2)])
    monitor = Monitor(TRAIN, clock=lambda: next(clock))
    before = monitor.reference.profile.to_bytes()
    first, second = monitor.check(TODAY), monitor.check(TODAY)
    assert monitor.reference.profile.to_bytes() == before
    assert (first.created_at.day, second.created_at.day) == (1, 2)
    assert first.drifted_features == second.drifted_features


@pytest.mark.parametrize(
    ("today", "change", "status"),
    [
        (TODAY.drop(columns="income"), ("income", "missing_column"), Status.CRITICAL),
        (TODAY.assign(extra=1.0), ("extra", "new_column"), Status.CRITICAL),
        (TODAY.assign(country=1.5), ("country", "type_changed"), Status.CRITICAL),
    ],
)
def test_changes_of_the_schema_are_drift(
    today: Any, change: tuple[str, str], status: Status
) -> None:
    report = Monitor(TRAIN).check(today)
    assert change in {(found.column, found.change) for found in report.schema_changes}
    assert report.global_status is status


def test_new_columns_do_not_matter_where_features_are_named() -> None:
    report = Monitor(TRAIN, features=["income"]).check(TODAY.assign(extra=1.0))
    assert report.schema_changes == ()
    assert list(report.feature_drift()) == ["income"]


def test_no_rows_and_no_values_are_insufficient_data() -> None:
    assert Monitor(TRAIN).check(TRAIN[:0]).global_status is Status.INSUFFICIENT_DATA
    nothing = Monitor({"v": [None] * 50, "w": [1.0] * 50}).check(
        {"v": [None] * 50, "w": [1.0] * 50}
    )
    assert "v" not in nothing.drifted_features


def test_all_values_gone_is_drift_of_the_missing_rate() -> None:
    gone = Monitor(TRAIN).check(TODAY.assign(age=np.nan)).feature_drift()["age"]
    assert (gone.status, gone.primary_test) == (Status.CRITICAL, "missing")


@pytest.mark.parametrize(
    ("make", "error", "says"),
    [
        (lambda: Monitor(TRAIN, features=["agee"]), UnknownColumnError, "did you mean 'age'"),
        (lambda: Monitor(TRAIN, features="age"), ConfigError, "list of names"),
        (lambda: Monitor(TRAIN, features=[]), ConfigError, "at least one"),
        (lambda: Monitor(TRAIN, roles={"age": "chief"}), ConfigError, "known: feature"),
        (lambda: Monitor(TRAIN, policy="strict"), ConfigError, "policy must be"),  # type: ignore[arg-type]
        (lambda: Monitor(42), DataError, "int"),
        (lambda: Monitor(TRAIN).check(None), DataError, "NoneType"),
        (lambda: Monitor(TRAIN).check(TRAIN).has_drift("bad"), ConfigError, "level must be"),
        (lambda: DriftReport.from_dict({"schema_version": 9}), DataError, "schema version"),
        (lambda: DriftReport.from_dict({"schema_version": 1}), DataError, "not a drift report"),
        (lambda: DriftReport.from_dict([]), DataError, "not a drift report"),
    ],
)
def test_misuse_is_one_clear_error(make: Any, error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        make()


def test_identical_data_never_drift() -> None:
    report = Monitor(TRAIN).check(TRAIN)
    assert not report.has_drift()
    assert report.reference_data_hash == report.production_data_hash
    assert all(
        t.statistic == pytest.approx(0, abs=0.01) for f in report.features for t in f.tests.values()
    )


def test_a_column_declared_without_a_type_has_not_changed_it() -> None:
    schema = Schema((Column("v", Kind.CATEGORICAL),))
    data = {"v": ["a", "b"] * 500}
    assert Monitor(data, schema=schema).check(data).schema_changes == ()


def test_profiles_hashed_with_another_key_are_not_compared() -> None:
    emails = {"v": ["ann@example.org", "bob@example.org"] * 100}
    other = profile_data(emails, guard=ValueGuard(b"B"))
    report = Monitor(emails, hash_key=b"A").check(other)
    assert report.skipped == {"v": "not comparable: its values were hashed with another key"}
    assert not report.has_drift()


def test_a_clock_without_a_zone_is_taken_as_utc() -> None:
    report = Monitor(TRAIN, clock=lambda: datetime(2024, 1, 1)).check(TRAIN)  # noqa: DTZ001 - the point
    assert report.timestamps["created_at"] == "2024-01-01T00:00:00Z"
