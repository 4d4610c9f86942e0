from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from driftwatch.core.reports.report import (
    DatasetDrift,
    DriftReport,
    DriftResult,
    FeatureDrift,
    Levels,
    Period,
    Status,
)
from driftwatch.core.reports.results import Summary, Undecided
from driftwatch.render import outline


@pytest.fixture
def decided(make_feature: Callable[..., FeatureDrift]) -> Callable[..., str]:
    def decide(status: Status, **changes: Any) -> str:
        feature = make_feature("age", status)
        result = replace(feature.tests["ks"], **changes)
        return outline.decision(replace(feature, tests={"ks": result}))

    return decide


def test_the_threshold_that_was_passed_is_named(decided: Callable[..., str]) -> None:
    assert decided(Status.CRITICAL).startswith("ks 0.312 > 0.1, p = 3.5e-09")
    assert decided(Status.WARNING).startswith("ks 0.312 > 0.05, p = 1.2e-18")


def test_a_p_value_without_an_effect_is_of_no_drift(decided: Callable[..., str]) -> None:
    assert decided(Status.WARNING, p_effect=None) == (
        "ks 0.312 > 0.05, p < 1e-300 against no drift, level 0.05"
    )


def test_numbers_that_round_alike_are_told_apart(decided: Callable[..., str]) -> None:
    text = decided(Status.WARNING, statistic=0.050004)

    assert text.startswith("ks 0.050004 > 0.05,")


@pytest.mark.parametrize(
    ("statistic", "start"), [(0.05, "ks 0.05 = 0.05"), (0.01, "ks 0.01 < 0.05"), (None, "ks –")]
)
def test_the_sign_is_true(statistic: float | None, start: str, decided: Callable[..., str]) -> None:
    assert decided(Status.OK, statistic=statistic).startswith(start)


def test_a_test_without_p_value_or_level_shows_its_statistic(
    make_feature: Callable[..., FeatureDrift],
) -> None:
    result = DriftResult("psi", 0.2, threshold=Levels(0.1, 0.2), gates=True, status=Status.WARNING)
    feature = make_feature("age", Status.WARNING, primary_test="psi", tests={"psi": result})

    assert outline.decision(feature) == "psi 0.2 > 0.1"


def test_rows_needed_are_only_told_of_what_is_undecided(
    make_feature: Callable[..., FeatureDrift],
) -> None:
    assert outline.rows_needed(make_feature("age", Status.OK)) is None
    assert outline.rows_needed(make_feature("age", Status.UNDECIDED)) == 18_250


def test_rows_needed_are_not_told_twice(make_feature: Callable[..., FeatureDrift]) -> None:
    told = "12,400 rows cannot tell, about 18,250 would"
    silent = make_feature("age", Status.UNDECIDED, explanation="")

    assert outline.sentence_of(replace(silent, explanation=told)) == told
    assert outline.sentence_of(silent) == "(18,250 production rows would decide.)"


def test_an_undecided_feature_without_an_estimate_needs_more_rows(
    make_feature: Callable[..., FeatureDrift], make_report: Callable[..., DriftReport]
) -> None:
    report = make_report(make_feature("age", Status.UNDECIDED, tests={}))

    assert outline.undecided(report) == ["age [DW101]"]


def test_what_no_rows_would_decide_is_told_once_with_the_reason(
    make_feature: Callable[..., FeatureDrift], make_report: Callable[..., DriftReport]
) -> None:
    reason = Undecided("size_not_shown", lacks="reference")
    result = DriftResult("ks", 0.05, gates=True, status=Status.UNDECIDED, undecided=reason)
    report = make_report(
        *(make_feature(n, Status.UNDECIDED, tests={"ks": result}) for n in ("age", "income")),
        make_feature("tenure", Status.UNDECIDED),
    )

    waits, open_ones = outline.undecided(report)
    assert waits == "tenure (18,250 production rows needed) [DW101]"
    assert open_ones.startswith("age, income: more production rows would not decide, a larger ")
    assert open_ones.endswith(" [DW102]")


def test_facts_that_nobody_knows_are_left_out(
    make_feature: Callable[..., FeatureDrift], make_report: Callable[..., DriftReport]
) -> None:
    report = make_report(
        make_feature("age", Status.OK),
        model_version=None,
        policy={},
        dataset=DatasetDrift(None, None, None),
        reference_period=Period(),
    )

    assert dict(outline.facts(report)) == {
        "Reference": "100,000 rows",
        "Production": "12,400 rows",
        "Reference data hash": "9f2c" * 16,
        "Production data hash": "17ab" * 16,
        "Checked": "2026-03-04 05:06:07 UTC",
    }


def test_a_share_without_weights_stands_alone(make_report: Callable[..., DriftReport]) -> None:
    report = make_report(dataset=DatasetDrift(0.4, None, 0.0))

    assert dict(outline.facts(report))["Share drifted"] == "40 %"
    assert dict(outline.facts(report))["All features together"] == "p < 1e-300"


def test_settings_read_as_words(make_report: Callable[..., DriftReport]) -> None:
    policy = {
        "level": 1e-5,
        "levels": {},
        "correction": None,
        "classic": False,
        "thresholds": {"ks": (0, True), "psi": {"warning": 0.1, "critical": 0.2}},
    }

    assert dict(outline.facts(make_report(policy=policy)))["Policy"] == (
        "level: 1e-05; levels: none; correction: none; classic: no; "
        "thresholds: ks 0 / yes, psi 0.1 / 0.2"
    )


def test_what_is_known_of_neither_side_is_left_out(
    make_feature: Callable[..., FeatureDrift],
) -> None:
    wide = Summary(1e300, None, -1e300, 3e300), Summary(2e300, None, -1e300, 4e300)
    feature = make_feature("x", Status.OK, summary_reference=wide[0], summary_current=wide[1])
    gone = replace(feature, missing_reference=None, missing_current=None)

    assert "sd" not in outline.moments(feature)
    assert outline.moments(feature).startswith("mean 1e+300 → 2e+300, least")
    assert outline.missing(gone) == ""
    assert outline.missing(feature) == "missing 0.1 % → 3.1 %"
    assert outline.missing(replace(gone, missing_reference=0.0)) == "missing 0 % → –"
