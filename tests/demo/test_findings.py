"""The demo's judgement of the stored reports: what is missing or too much is not passed over."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from driftwatch import DriftReport, Monitor
from driftwatch.core.reports.report import WindowFacts
from driftwatch.core.reports.results import Period
from driftwatch.core.windows.stored import Overview, PaneRange, StoredReport
from driftwatch.demo.findings import Findings
from driftwatch.demo.loans import Day, Injected, Loans
from driftwatch.demo.model import LogisticModel
from driftwatch.demo.telling import told_findings
from driftwatch.demo.watching import OUTCOMES, SERVED

START, HOUR = 1_800_000_000.0, 3_600.0
RNG = np.random.default_rng(4)


@dataclass
class Stored:
    """A store that has some reports."""

    by_monitor: dict[str, list[DriftReport]]
    rows: dict[str, int] = field(default_factory=lambda: {SERVED: 400, OUTCOMES: 400})

    def reports(self, monitor: str, /, *, limit: int) -> list[StoredReport]:
        assert limit
        found = [
            StoredReport(pane, 0, 0.0, report.global_status.value, None, report.to_json())
            for pane, report in enumerate(self.by_monitor[monitor])
        ]
        return found[::-1]

    def overview(self, monitor: str, /) -> Overview:
        return Overview((PaneRange(3600, 1, self.rows[monitor], 1, 0, 0, 0, None, None),))


def columns(**moved: float) -> dict[str, Any]:
    return {name: RNG.normal(moved.get(name, 0.0), 1, 2_000) for name in ("age", "income")}


def answers(*, wrong: float = 0.0) -> dict[str, Any]:
    risk = RNG.random(2_000)
    happened = RNG.random(2_000) < risk
    flip = RNG.random(2_000) < wrong
    return {"risk": risk, "default": happened ^ flip}


def at_hour(hour: int, report: DriftReport, monitor: str) -> DriftReport:
    start, end = (datetime.fromtimestamp(START + h * HOUR, UTC) for h in (hour - 1, hour))
    facts = WindowFacts(Period(start, end), hour)
    return replace(report, monitor=monitor, window=facts, created_at=end)


@pytest.fixture(scope="module")
def reports() -> dict[str, DriftReport]:
    served = Monitor(columns())
    outcomes = Monitor(answers(), score="risk", label="default")
    return {
        "quiet": served.check(columns()),
        "age": served.check(columns(age=2.0)),
        "income": served.check(columns(income=2.0)),
        "right": outcomes.check(answers()),
        "wrong": outcomes.check(answers(wrong=0.5)),
    }


DAY = Day(
    start=START,
    times=np.asarray(START + np.arange(400) * (4 * HOUR / 400), np.float64),
    rows={},
    outcomes=np.zeros(400, dtype=np.bool_),
    injected=Injected(START + HOUR, {"age": "up"}, START + 2 * HOUR, "wrong"),
)


def found(reports: dict[str, DriftReport], served: str, outcomes: str, **rows: int) -> Findings:
    stored = Stored(
        {
            SERVED: [at_hour(h, reports[n], SERVED) for h, n in enumerate(served.split(), 1)],
            OUTCOMES: [at_hour(h, reports[n], OUTCOMES) for h, n in enumerate(outcomes.split(), 1)],
        }
    )
    stored.rows.update(rows)
    return Findings.of(DAY, stored)  # type: ignore[arg-type] # all that is asked of a store


def test_what_was_injected_is_found_with_windows_and_rows(reports: dict[str, DriftReport]) -> None:
    all_right = found(reports, "quiet quiet age age", "right right wrong wrong")
    assert all_right.is_right
    age = all_right.drift["age"]
    assert age is not None
    assert (age.windows, age.rows, age.window_end) == (2, 200, START + 3 * HOUR)
    assert {(drop.windows, drop.rows) for drop in all_right.drop} == {(1, 100)}
    assert "ROC AUC" in {drop.name for drop in all_right.drop}
    assert told_findings(DAY, all_right, seconds=3).endswith("\nAs injected.\n")


@pytest.mark.parametrize(
    ("served", "outcomes", "said"),
    [
        ("quiet quiet quiet quiet", "right right wrong wrong", "age: NOT FOUND"),
        ("quiet quiet age age", "right right right right", "NOT FOUND: no metric was CRITICAL"),
        ("quiet quiet age income", "right right wrong wrong", "injected: income (window until"),
        ("age age age age", "right right wrong wrong", "injected: age (window until 09:00)"),
        ("quiet quiet age age", "wrong right wrong wrong", "WRONG: CRITICAL"),
    ],
)
def test_what_is_missing_or_too_much_is_said(
    reports: dict[str, DriftReport], served: str, outcomes: str, said: str
) -> None:
    judged = found(reports, served, outcomes)
    told = told_findings(DAY, judged, seconds=3)
    assert not judged.is_right
    assert said in told
    assert told.endswith("\nNOT as injected.\n")


def test_rows_that_are_lost_are_said(reports: dict[str, DriftReport]) -> None:
    judged = found(reports, "quiet quiet age age", "right right wrong wrong", loans=399)
    assert not judged.is_right
    assert "400 rows were sent, 399 are stored" in told_findings(DAY, judged, seconds=3)


def test_the_model_finds_the_weights_that_the_outcomes_were_drawn_with() -> None:
    inputs = {"a": RNG.normal(3, 2, 50_000), "b": RNG.normal(-1, 0.5, 50_000)}
    odds = 0.4 + 0.8 * (inputs["a"] - 3) / 2 - 1.5 * (inputs["b"] + 1) / 0.5
    outcomes = RNG.random(50_000) < 1 / (1 + np.exp(-odds))
    model = LogisticModel.fit(inputs, outcomes, columns=["a", "b"])
    assert model.weights == pytest.approx([0.4, 0.8, -1.5], abs=0.08)


def test_a_day_is_changed_from_the_injections_on_and_not_before() -> None:
    day = Loans(3).day(START)
    assert day.times[0] >= day.start == START - 24 * HOUR
    before = day.between(day.start, day.injected.drift_at)
    after = day.between(day.injected.drift_at, START)
    shares = [float((day.rows["channel"][rows] == "app").mean()) for rows in (before, after)]
    assert shares[0] == pytest.approx(0.3, abs=0.02)
    assert shares[1] > 0.45
    assert day.rows["age"][after].mean() - day.rows["age"][before].mean() > 6
    assert abs(day.rows["income"][after].mean() / day.rows["income"][before].mean() - 1) < 0.05
