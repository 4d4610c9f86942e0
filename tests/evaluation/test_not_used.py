"""A report says which rows of its window could not be used, and warns where they are many."""

from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np
import pytest

from driftwatch import DriftReport, Monitor, Reference, Status
from driftwatch.core.data.batch import Batch
from driftwatch.core.data.times import to_utc
from driftwatch.core.subject import Subject
from driftwatch.core.windows.spec import WindowSpec
from driftwatch.evaluation.evaluator import Evaluator
from driftwatch.ingest.accumulator import Accumulator
from driftwatch.stores.sqlite.memory import MemoryStore
from tests.small_stream import HOUR, START, Clock

MakeBatch = Callable[..., Batch]


class World:
    """A stream in which some rows have no time."""

    def __init__(self, reference: Reference, spec: WindowSpec, batch_of: MakeBatch) -> None:
        self.store, self.clock, self.batch_of = MemoryStore(), Clock(), batch_of
        self.feed = Accumulator(
            reference, spec, self.store, monitor="m", source="s", clock=self.clock
        )
        self.reference, self.spec = reference, spec
        self.hour = 0

    def evaluator(self) -> Evaluator:
        return Evaluator(self.store, Subject(self.reference, "m"), self.spec, clock=self.clock)

    def pass_hour(self, good: int = 500, bad: int = 0) -> None:
        start = START + self.hour * HOUR
        self.clock.now = start + HOUR - 1
        times = np.append(start + np.linspace(0, HOUR - 1, good), np.full(bad, np.nan))
        self.feed.add(self.batch_of(good + bad), times=times)
        self.feed.flush()
        self.hour += 1


@pytest.fixture
def world(reference: Reference, spec: WindowSpec, batch_of: MakeBatch) -> World:
    return World(reference, spec, batch_of)


def test_the_account_of_a_window_is_that_of_its_hours(world: World) -> None:
    found: list[dict[str, int]] = []
    reports: list[DriftReport] = []
    for hour in range(20):
        world.pass_hour(bad=50 if hour in (2, 3, 10) else 0)
        evaluator = world.evaluator()  # another process each time
        result = evaluator.step()
        evaluator.close()
        if result is not None and result.report is not None:
            found.append(dict(result.report.not_used))
            reports.append(result.report)
    lost = [sum(each.values()) for each in found]
    assert max(lost) == 100
    assert lost[0] == 0
    assert lost[-1] == 0
    assert all(set(each) <= {"untimed"} for each in found)
    # An hour counts from when it came, which is before its own window is over, for six hours.
    assert sum(lost) == pytest.approx(6 * 150, abs=150)
    told = next(report for report in reports if report.not_used == {"untimed": 100})
    assert "100 rows (" in told.headline()
    assert "could not be used: 100 untimed" in told.headline()
    assert DriftReport.from_dict(json.loads(told.to_json())).not_used == told.not_used
    assert told.to_dict()["not_used"] == {"untimed": 100}


def test_more_than_one_in_twenty_is_a_warning(world: World) -> None:
    for hour in range(12):
        world.pass_hour(bad=200 if hour == 10 else 0)
        evaluator = world.evaluator()
        evaluator.step()
        evaluator.close()
    report = world.evaluator().check()
    assert report.not_used == {"untimed": 200}
    assert report.global_status is Status.WARNING
    assert report.drifted_features == []


def test_a_report_over_nothing_says_what_was_refused(world: World) -> None:
    for _ in range(8):
        world.pass_hour(good=0, bad=100)
    report = world.evaluator().check()
    assert report.rows_current == 0
    assert report.headline() == "no row to compare; 800 rows (100 %) could not be used: 800 untimed"


def test_nobody_need_have_evaluated_before(world: World) -> None:
    for hour in range(20):
        world.pass_hour(bad={2: 70, 15: 200}.get(hour, 0))
    report = world.evaluator().check()
    assert report.not_used == {"untimed": 200}
    assert report.global_status is Status.WARNING
    for _ in range(6):
        world.pass_hour()
    assert world.evaluator().check().not_used == {}


def test_what_came_before_the_first_row_is_of_the_first_pane(world: World) -> None:
    world.pass_hour(good=0, bad=30)
    assert world.evaluator().check().not_used == {"untimed": 30}
    for _ in range(6):
        world.pass_hour()
    assert world.evaluator().check().not_used == {"untimed": 30}
    world.pass_hour()
    assert world.evaluator().check().not_used == {}


def test_another_process_and_an_evaluation_find_the_same(world: World) -> None:
    for hour in range(12):
        world.pass_hour(bad=10 * hour)
    world.clock.now += HOUR
    evaluator = world.evaluator()
    result = evaluator.step()
    evaluator.close()
    assert result is not None
    assert result.report is not None
    assert result.report.not_used == world.evaluator().check(result.pane).not_used != {}


@pytest.mark.parametrize("stored", [True, False])
@pytest.mark.parametrize("window", ["200 rows", "2h"])
def test_an_open_window_has_its_own_rows_that_were_not_used(window: str, *, stored: bool) -> None:
    """Those that are not stored yet, too; and none of earlier windows."""
    clock = Clock()
    reference = {"x": [float(n % 50) for n in range(2_000)]}
    with Monitor(
        reference, window=window, slide=None, clock=lambda: to_utc(clock.now), flush_every="1h"
    ) as monitor:
        for bad in (90, 0, 30):
            clock.now += 2 * HOUR
            for n in range(200):
                monitor.observe({"x": float(n % 50)})
            for _ in range(bad):
                monitor.observe("no record")  # type: ignore[arg-type]
            if stored or bad != 30:
                monitor.flush()
        report = monitor.check()
    assert report.rows_current == 200
    assert report.not_used == {"not_a_record": 30}
    assert "30 rows (13 %) could not be used: 30 not a record" in report.headline()
