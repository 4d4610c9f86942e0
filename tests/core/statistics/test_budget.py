from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest

from driftwatch import Kind, Monitor, Status
from driftwatch.core.drift.policy import Policy
from driftwatch.core.statistics.budget import AlarmBudget
from driftwatch.errors import ConfigError


def test_the_level_is_the_stride_over_the_run_length_and_the_tests() -> None:
    budget = AlarmBudget.of("1 per 90d", every="1h")
    assert budget.run_length == 2160
    assert budget.level(20) == pytest.approx(1 / (2160 * 20))


def test_two_alarms_in_the_same_time_double_the_level() -> None:
    one, two = (AlarmBudget.of(f"{n} per 4w", every=timedelta(hours=6)) for n in (1, 2))
    assert two.level(7) == pytest.approx(2 * one.level(7))


@pytest.mark.parametrize(
    "text",
    ["", "1", "per 30d", "one per 30d", "1 per month", "-1 per 30d", "1 per 30", "0 per 30d"],
)
def test_what_is_no_budget_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match=r"false|duration|budget"):
        AlarmBudget.of(text, every="1h")


def test_a_budget_that_every_check_may_break_is_refused() -> None:
    with pytest.raises(ConfigError, match="no limit"):
        AlarmBudget.of("24 per 1d", every="1h")


def test_every_test_that_can_alarm_shares_the_budget() -> None:
    policy = Policy.of(budget=AlarmBudget.of("1 per 30d", every="1h"))
    shared = policy.shared_by(5)
    assert shared.level == pytest.approx(1 / (720 * 5))
    assert shared.to_dict()["budget"] == {"false_alarms": "1 per 30d", "every": "1h"}
    assert shared.to_dict()["correction"] == "budget"


def test_a_budget_does_not_go_with_the_rules_of_the_textbook() -> None:
    with pytest.raises(ConfigError, match="false_alarms"):
        Monitor({"x": [1, 2, 3]}, false_alarms="1 per 30d", policy="classic")


def test_under_a_budget_named_p_values_have_its_level() -> None:
    budget = AlarmBudget.of("1 per 30d", every="1h")
    policy = Policy.of({"ks_pvalue": 0.05}, budget=budget).shared_by(4)
    assert policy.level_of("ks") == policy.level == pytest.approx(1 / (720 * 4))
    assert policy.gating("x", Kind.NUMERIC)[0] == "ks"


def test_under_a_budget_evidence_must_be_stronger() -> None:
    rng = np.random.default_rng(4)
    # Few enough for the sketches to be exact: both checks see the same.
    train, today = {"x": rng.normal(size=4_000)}, {"x": rng.normal(0.2, size=800)}
    once = Monitor(train).check(today).feature_drift()["x"]
    often = Monitor(train, false_alarms="1 per 90d").check(today).feature_drift()["x"]
    assert once.status is Status.WARNING
    assert often.status is Status.UNDECIDED
    assert often.tests["ks"].level == pytest.approx(
        1 / (2160 * 4)
    )  # ks, out_of_range, atoms, missing
    assert once.tests["ks"].p_effect == often.tests["ks"].p_effect
