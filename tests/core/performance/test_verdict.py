"""From estimates to a status: levels, Holm, brackets, tolerances, and what is too few."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwatch.core.data.outcomes import Task
from driftwatch.core.performance.estimate import Estimate
from driftwatch.core.performance.metrics import (
    METRICS,
    deciding_metrics,
    metric_rule,
    tolerated,
)
from driftwatch.core.performance.verdict import Change, holm, judged
from driftwatch.core.reports.performance import Metric
from driftwatch.core.reports.results import Levels, Status

LIMITS = Levels(0.01, 0.05)


def status_of(
    before: float,
    after: float,
    error: float = 0.001,
    *,
    name: str = "accuracy",
    bracket: tuple[float, float] | None = None,
    overdispersion: float = 1.0,
) -> Status | None:
    change = Change(
        metric_rule(name),
        Estimate(before, error=error),
        Estimate(after, error=error, bracket=bracket),
        LIMITS,
        1_000.0,
        overdispersion,
    )
    metric = Metric(name, before, after, gates=True)
    return judged([(metric, change)], level=0.05, corrected=True)[0].status


def test_a_drop_is_judged_by_how_sure_it_is() -> None:
    assert status_of(0.9, 0.9) is Status.OK
    assert status_of(0.9, 0.92) is Status.OK  # better
    assert status_of(0.9, 0.895) is Status.OK
    assert status_of(0.9, 0.88) is Status.WARNING
    assert status_of(0.9, 0.80) is Status.CRITICAL
    assert status_of(0.9, 0.88, error=0.02) is Status.UNDECIDED
    assert status_of(0.3, 0.32, name="log_loss") is Status.WARNING  # a loss gets worse upwards
    assert status_of(0.3, 0.28, name="log_loss") is Status.OK


def test_what_the_sketch_leaves_open_is_counted_against_a_verdict() -> None:
    assert status_of(0.9, 0.88, bracket=(0.87, 0.90)) is Status.UNDECIDED
    assert status_of(0.9, 0.899, bracket=(0.87, 0.9)) is Status.UNDECIDED
    assert status_of(0.9, 0.80, bracket=(0.79, 0.81)) is Status.CRITICAL


def test_overdispersed_errors_need_more() -> None:
    assert status_of(0.9, 0.885, error=0.002) is Status.WARNING
    assert status_of(0.9, 0.885, error=0.002, overdispersion=9.0) is Status.UNDECIDED


def test_no_error_at_all_is_judged_by_the_value() -> None:
    assert status_of(1.0, 1.0, error=0.0) is Status.OK
    assert status_of(1.0, 0.5, error=0.0) is Status.CRITICAL
    assert status_of(math.nan, 0.5) is Status.INSUFFICIENT_DATA


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_holm_is_what_its_definition_says(p_values: list[float]) -> None:
    order = np.argsort(p_values, kind="stable")
    least, expected = 0.0, np.zeros(len(p_values))
    for rank, place in enumerate(order):
        least = max(least, min(1.0, (len(p_values) - rank) * p_values[place]))
        expected[place] = least
    assert holm(p_values) == pytest.approx(expected.tolist())


def test_several_metrics_are_corrected_for() -> None:
    def item(name: str, after: float) -> tuple[Metric, Change]:
        change = Change(
            metric_rule(name),
            Estimate(0.9, error=0.001),
            Estimate(after, error=0.001),
            LIMITS,
            1_000.0,
        )
        return Metric(name, 0.9, after, gates=True), change

    nearly = 0.9 - LIMITS.warning - 1.8 * math.hypot(0.001, 0.001)  # p = .036
    alone = judged([item("accuracy", nearly)], level=0.05, corrected=True)
    three = [item("accuracy", nearly), item("f1", 0.9), item("recall", 0.9)]
    together = judged(three, level=0.05, corrected=True)
    assert alone[0].status is Status.WARNING
    assert together[0].status is not Status.WARNING
    assert together[0].p_value == pytest.approx(3 * (alone[0].p_value or 0))
    assert judged(three, level=0.05, corrected=False)[0].status is Status.WARNING


def test_rows_that_would_decide_are_those_that_do() -> None:
    change = Change(
        metric_rule("accuracy"),
        Estimate(0.9, error=0.0),
        Estimate(0.87, error=0.02),
        LIMITS,
        400.0,
    )
    needed = change.rows_needed(0.05)
    assert needed is not None
    enough = Change(
        change.rule,
        change.before,
        Estimate(0.87, error=0.02 * math.sqrt(400 / needed)),
        LIMITS,
        float(needed),
    )
    assert change.p_worse(LIMITS.warning) > 0.05 >= enough.p_worse(LIMITS.warning) * 0.999


def test_what_decides_by_task_and_by_thresholds() -> None:
    assert deciding_metrics(Task.BINARY, {}) == ("roc_auc", "log_loss", "accuracy")
    assert deciding_metrics(Task.BINARY, {}, positive_rate=0.02) == ("roc_auc", "log_loss", "f1")
    assert deciding_metrics(Task.REGRESSION, {}) == ("mae", "rmse")
    assert deciding_metrics(Task.BINARY, {"recall": LIMITS}) == ("recall",)


def test_tolerances_shrink_near_the_best_value() -> None:
    assert tolerated(METRICS["accuracy"], 0.8) == Levels(0.01, 0.05)
    assert tolerated(METRICS["accuracy"], 0.99) == Levels(0.001, 0.005)
    assert tolerated(METRICS["log_loss"], 0.5) == Levels(0.01, 0.05)
    assert tolerated(METRICS["average_precision"], 0.1) == Levels(0.005, 0.025)
    assert tolerated(METRICS["accuracy"], 0.99, LIMITS) == LIMITS  # what is named, is meant
    assert metric_rule("a loss of mine").higher_is_better is False
