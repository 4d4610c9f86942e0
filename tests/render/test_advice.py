from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from driftwatch.core.reports.performance import Metric, Performance
from driftwatch.core.reports.report import (
    DriftReport,
    DriftResult,
    FeatureDrift,
    Levels,
    Period,
    SchemaChange,
    Status,
    WindowFacts,
)
from driftwatch.core.reports.results import Undecided
from driftwatch.render.advice import advice
from driftwatch.render.sentences import listed, verdict_sentence
from tests.render.conftest import feature, report_of


def with_test(name: str, method: str, statistic: float, **changes: Any) -> FeatureDrift:
    """A feature that drifted by one test."""
    shown = DriftResult(
        method, statistic, threshold=Levels(0.01, 0.05), gates=True, status=Status.CRITICAL
    )
    return feature(name, Status.CRITICAL, tests={method: shown}, primary_test=method, **changes)


def performance(before: float, after: float, status: Status) -> Performance:
    metric = Metric(
        "roc_auc", before, after, (after - 0.01, after + 0.01), gates=True, status=status
    )
    return Performance("binary", status, {"roc_auc": metric}, (1000, 900), (1000, 900))


def lines(report: DriftReport) -> list[str]:
    return [
        f"{line.before}{', '.join(line.features)}{line.part}{line.after}" for line in advice(report)
    ]


def test_nothing_to_do_where_nothing_is_wrong() -> None:
    assert lines(report_of(feature("age", Status.OK))) == ["Nothing to do."]


def test_no_rows_come_first() -> None:
    window = WindowFacts(Period(), 1, revised=False, late_rows=0, not_used={"too_late": 70})
    empty = report_of(rows_current=0)

    assert lines(empty) == ["Find out why no row came: what sends them, and the columns they name."]
    assert lines(replace(empty, window=window)) == [
        "Mend what sends the rows: 70 rows could not be used, too late."
    ]
    few = report_of(feature("a", Status.INSUFFICIENT_DATA), rows_current=12)
    assert lines(few) == ["Check a longer stretch: there are too few rows to compare."]


def test_columns_come_before_values_and_values_before_drift() -> None:
    gone = SchemaChange("fax", "missing_column", "string", None, Status.CRITICAL)
    told = lines(
        report_of(
            with_test("far", "out_of_range", 0.84),
            with_test("gaps", "missing", 0.3, missing_reference=0.0, missing_current=0.3),
            with_test("moved", "ks", 0.4),
            schema_changes=(gone,),
        )
    )

    see = "column 'fax' is gone (held text). See schema."
    where = "84 % of rows lie where the reference has no values"
    assert told == [
        f"Mend the columns before reading anything else: {see}",
        "Find out why values are missing: gaps (0 % → 30 %).",
        f"Check units and sources of far: {where}, and a model extrapolates there.",
    ]


def test_a_rule_that_is_broken_is_named() -> None:
    (told,) = lines(report_of(with_test("age", "rule", 0.2)))

    assert told == "Find out why values break the rule that was set for age."


def test_features_that_moved_with_another_point_to_it() -> None:
    told = lines(
        report_of(
            feature("income", Status.CRITICAL),
            feature("rent", Status.CRITICAL, follows="income"),
        )
    )

    assert told == ["Look at income first: 1 other feature that depends on it moved with it."]


def test_what_moved_most_by_its_own_threshold_is_looked_at() -> None:
    told = lines(report_of(with_test("a", "ks", 0.2), with_test("b", "ks", 0.4)))

    assert told == ["Look at b: of all it moved most, 40 times its warning threshold."]
    assert lines(report_of(with_test("a", "ks", 0.2))) == [
        "Look at a: it moved by 20 times its warning threshold."
    ]


def test_a_worse_model_without_a_moved_feature_is_a_matter_of_labels() -> None:
    worse = performance(0.92, 0.5, Status.CRITICAL)
    alone = report_of(feature("age", Status.OK), performance=worse, global_status=Status.CRITICAL)

    assert lines(alone) == ["Look at the labels, and at how they are joined: no feature moved."]
    assert verdict_sentence(alone) == (
        "No feature drifted, but the model got worse: ROC AUC 0.92 → 0.5 [0.49, 0.51]."
    )
    both = report_of(feature("age", Status.CRITICAL), performance=worse)
    assert "then see the performance." in lines(both)[0]
    assert verdict_sentence(both).startswith("age drifted, and the model got worse: ROC AUC 0.92")


def test_an_old_reference_is_a_fact() -> None:
    told = lines(
        report_of(
            feature("age", Status.CRITICAL),
            reference_period=Period(
                datetime(2024, 1, 1, tzinfo=UTC), datetime(2025, 1, 1, tzinfo=UTC)
            ),
            current_period=Period(
                datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)
            ),
        )
    )

    assert told[0].startswith("The reference ended 365 days before these rows")


def test_what_is_undecided_waits() -> None:
    open_one = feature("tenure", Status.UNDECIDED)

    assert lines(report_of(open_one)) == ["Wait for more rows: about 18,250 would decide tenure."]
    fine = report_of(open_one, feature("age", Status.OK), global_status=Status.OK)
    assert lines(fine) == ["1 feature is undecided and needs no action: tenure."]


@pytest.mark.parametrize(
    ("lacks", "told"),
    [
        ("reference", "Take a larger reference, which would decide tenure."),
        ("sketch", "Take finer sketches, which would decide tenure."),
        (None, "Wait: drift is too near the threshold to decide tenure."),
    ],
)
def test_more_rows_are_only_waited_for_where_they_would_decide(
    lacks: str | None, told: str
) -> None:
    reason = Undecided("size_not_shown", lacks=lacks)
    open_test = DriftResult("ks", 0.05, gates=True, status=Status.UNDECIDED, undecided=reason)
    tenure = feature("tenure", Status.UNDECIDED, tests={"ks": open_test})

    assert lines(report_of(tenure)) == [told]


def test_values_that_came_are_not_said_to_be_missing() -> None:
    came = with_test("came", "missing", 0.3, missing_reference=0.4, missing_current=0.1)
    went = with_test("went", "missing", 0.3, missing_reference=0.0, missing_current=0.3)

    assert lines(report_of(came, went)) == [
        "Find out why values are missing: went (0 % → 30 %).",
        "Find out why fewer values are missing: came (40 % → 10 %).",
    ]


def test_a_column_of_another_type_is_not_told_again_as_missing() -> None:
    changed = SchemaChange("zip", "type_changed", "int64", "string", Status.CRITICAL)
    told = lines(report_of(with_test("zip", "missing", 1.0), schema_changes=(changed,)))

    assert len(told) == 1
    assert told[0].startswith("Mend the columns before reading anything else: ")


def test_errors_of_the_model_are_no_cause() -> None:
    wrong = with_test("residual of y", "out_of_range", 0.05, role="error")
    worse = performance(0.92, 0.5, Status.CRITICAL)
    model = report_of(wrong, feature("age", Status.OK), performance=worse)

    assert lines(model) == ["Look at the labels, and at how they are joined: no feature moved."]
    assert lines(report_of(wrong)) == [
        "Look at residual of y: it moved by 5 times its warning threshold."
    ]


def test_a_prediction_is_not_extrapolated() -> None:
    score = with_test("score", "out_of_range", 0.05, role="score")

    assert lines(report_of(score)) == ["Look at score: it moved by 5 times its warning threshold."]


def test_too_little_data_is_something_to_find_out_about() -> None:
    empty = report_of(
        feature("age", Status.OK),
        feature("void", Status.INSUFFICIENT_DATA),
        global_status=Status.UNDECIDED,
    )

    assert lines(empty) == ["Find out why there are too few values to compare: void."]
    assert verdict_sentence(empty) == (
        "Not decided: too little data in 1 of 2 features (12,400 production rows against 100,000)"
    )


def test_there_are_three_lines_at_most_and_names_are_counted() -> None:
    many = [with_test(f"f{i}", "out_of_range", 0.5) for i in range(9)]
    others = [with_test("gaps", "missing", 0.3), with_test("odd", "rule", 0.3)]
    told = advice(report_of(*many, *others, feature("open", Status.UNDECIDED)))

    assert len(told) == 3
    assert told[2].features == ("f0", "f1", "f2")
    assert told[2].more == 6


@pytest.mark.parametrize(
    ("names", "text"),
    [(["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c"), ([], "")],
)
def test_lists_are_read_as_sentences(names: list[str], text: str) -> None:
    assert listed(names) == text


def test_the_sentence_names_few_features_and_counts_many() -> None:
    few = report_of(feature("a", Status.CRITICAL), feature("b", Status.WARNING))
    many = report_of(*(with_test(f"f{i}", "ks", 0.1 + i / 100) for i in range(9)))
    one = report_of(feature("a", Status.WARNING), feature("b", Status.OK))

    assert verdict_sentence(few) == "a and b drifted."
    assert verdict_sentence(many) == "9 of 9 features drifted, f8, f7 and f6 most."
    assert verdict_sentence(one) == (
        "a drifted a little, alone of 2 features: "
        "The median of a rose from 36,300 to 54,200, by 0.8 IQR."
    )


def test_the_sentence_says_what_is_ruled_out_and_what_is_not() -> None:
    fine = report_of(feature("a", Status.OK), performance=performance(0.903, 0.905, Status.OK))
    open_one = report_of(
        feature("a", Status.OK), feature("b", Status.UNDECIDED), global_status=Status.OK
    )
    undecided = report_of(feature("b", Status.UNDECIDED))

    assert verdict_sentence(fine) == (
        "No drift that matters in 1 feature (drift above the warning thresholds is ruled out); "
        "ROC AUC 0.903 → 0.905 [0.895, 0.915]."
    )
    assert verdict_sentence(open_one) == "No drift that matters in 2 features; 1 undecided."
    assert verdict_sentence(undecided).startswith("Not decided: 1 of 1 features undecided")


def test_the_sentence_says_that_nothing_could_be_compared() -> None:
    assert verdict_sentence(report_of(feature("a", Status.INSUFFICIENT_DATA), rows_current=12)) == (
        "Nothing could be compared: 12 rows against 100,000, too little data to tell."
    )
    assert verdict_sentence(report_of(rows_current=0)) == (
        "Nothing could be compared: there is no production row."
    )
