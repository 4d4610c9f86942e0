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
    shared = policy.shared_by([Kind.NUMERIC, Kind.CATEGORICAL])
    # ks and missing; psi, missing and unseen.
    assert shared.level == pytest.approx(1 / (720 * 5))
    assert shared.to_dict()["budget"] == {"false_alarms": "1 per 30d", "every": "1h"}
    assert shared.to_dict()["correction"] == "budget"


@pytest.mark.parametrize("options", [{"policy": "classic"}, {"thresholds": {"ks_pvalue": 0.01}}])
def test_a_budget_does_not_go_with_levels_of_ones_own(options: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match="false_alarms"):
        Monitor({"x": [1, 2, 3]}, false_alarms="1 per 30d", **options)  # type: ignore[arg-type]


def test_under_a_budget_evidence_must_be_stronger() -> None:
    rng = np.random.default_rng(4)
    train, today = {"x": rng.normal(size=20_000)}, {"x": rng.normal(0.24, size=1_200)}
    once = Monitor(train).check(today).feature_drift()["x"]
    often = Monitor(train, false_alarms="1 per 90d").check(today).feature_drift()["x"]
    assert once.status is Status.WARNING
    assert often.status is Status.UNDECIDED
    assert often.tests["ks"].level == pytest.approx(1 / (2160 * 2))
    assert once.tests["ks"].p_effect == often.tests["ks"].p_effect
