"""A source that is far behind the others is named, and holds verdicts up for a while only."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from driftwatch import DriftReport, Reference
from driftwatch.core.data.batch import Batch
from driftwatch.core.subject import Subject
from driftwatch.core.windows.evaluation_record import Result
from driftwatch.core.windows.spec import WindowSpec
from driftwatch.errors import StoreError
from driftwatch.evaluation.evaluator import Evaluator
from driftwatch.evaluation.rules import EvaluationRules
from driftwatch.ingest.accumulator import Accumulator
from driftwatch.stores.sqlite.memory import MemoryStore
from tests.small_stream import HOUR, START, Clock

MakeBatch = Callable[..., Batch]


class World:
    """Sources that deliver every ten minutes, each with its own distance to the clock."""

    def __init__(
        self, reference: Reference, spec: WindowSpec, batch_of: MakeBatch, **behind: float
    ) -> None:
        self.store, self.clock, self.spec = MemoryStore(), Clock(START), spec
        self.reference, self.batch_of, self.behind = reference, batch_of, dict(behind)
        self.feeds = {name: self.feed(name) for name in behind}

    def feed(self, name: str) -> Accumulator:
        return Accumulator(
            self.reference, self.spec, self.store, monitor="m", source=name, clock=self.clock
        )

    def evaluator(self, **more: Any) -> Evaluator:
        rules = EvaluationRules(**more)
        subject = Subject(self.reference, "m")
        return Evaluator(self.store, subject, self.spec, clock=self.clock, rules=rules)

    def pass_ten_minutes(self, *, silent: str = "") -> None:
        self.clock.now += 600
        for name, feed in self.feeds.items():
            if name != silent:
                end = self.clock.now - self.behind[name]
                feed.add(self.batch_of(50), times=np.linspace(end - 600, end - 1, 50))
                feed.flush()

    def run(self, hours: float, **more: Any) -> list[Result]:
        results = []
        for _ in range(int(6 * hours)):
            self.pass_ten_minutes()
            evaluator = self.evaluator(**more)  # another process each time
            result = evaluator.step()
            evaluator.close()
            results += [] if result is None else [result]
        return results


def test_a_source_three_hours_behind_does_not_hold_verdicts_for_ever(
    reference: Reference,
    spec: WindowSpec,
    batch_of: MakeBatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    world = World(reference, spec, batch_of, a=0.0, b=0.0, slow=3 * HOUR)
    with caplog.at_level(logging.WARNING, "driftwatch"):
        results = world.run(12)
    report = [each.report for each in results if each.report is not None][-1]
    assert results[-1].pane >= spec.pane_at(world.clock.now) - 2
    said = "source slow is 3 h behind the others: windows wait for it no longer"
    assert said in report.headline()
    assert DriftReport.from_dict(report.to_dict()) == report
    assert report.window is not None
    assert [s.to_dict() for s in report.window.lagging] == [
        {"source": "slow", "behind_seconds": 3 * HOUR, "waited_for": False}
    ]
    lines = [r.getMessage() for r in caplog.records if "behind the others" in r.getMessage()]
    assert len(lines) == 2  # that it is behind, and that it is waited for no longer
    assert "windows wait for it" in lines[0]
    assert lines[1].endswith("no longer [DW112]")
    assert world.evaluator().check().headline().count("source slow is") == 1


def test_it_holds_them_for_as_long_as_idle_after_says(
    reference: Reference, spec: WindowSpec, batch_of: MakeBatch
) -> None:
    world = World(reference, spec, batch_of, a=0.0, slow=3 * HOUR)
    results = world.run(5, idle_after=6 * HOUR)
    assert max((r.pane for r in results), default=0) <= spec.pane_at(world.clock.now) - 4
    results = world.run(3, idle_after=6 * HOUR)
    assert results[-1].pane == spec.pane_at(world.clock.now) - 2


def test_one_that_catches_up_is_waited_for_and_forgotten_when_it_has(
    reference: Reference, spec: WindowSpec, batch_of: MakeBatch
) -> None:
    world = World(reference, spec, batch_of, a=0.0, slow=12 * HOUR)
    complete = []
    for _ in range(30):
        world.behind["slow"] = max(0.0, world.behind["slow"] - 1_800)
        world.run(1 / 6)
        extent = world.evaluator().extent()
        assert extent is not None
        assert all(each.waits for each in extent.laggards)
        complete.append(extent.complete)
    assert extent is not None
    assert extent.laggards == ()
    assert world.store.state("m").laggards == {}  # type: ignore[union-attr]
    assert complete[-1] == spec.pane_at(world.clock.now) - 2


def test_a_laggard_that_cannot_be_noted_is_noted_the_next_time(
    reference: Reference, spec: WindowSpec, batch_of: MakeBatch
) -> None:
    world = World(reference, spec, batch_of, a=0.0, slow=3 * HOUR)
    world.pass_ten_minutes()
    evaluator = world.evaluator()
    record = world.store.record

    def fail(_: Any) -> bool:
        raise StoreError("no space left")

    world.store.record = fail  # type: ignore[method-assign]
    with pytest.raises(StoreError):
        evaluator.step()
    world.store.record = record  # type: ignore[method-assign]
    assert evaluator.step() is None
    assert [*world.store.state("m").laggards] == ["slow"]  # type: ignore[union-attr]


def test_a_few_late_rows_are_no_news_and_many_are_in_the_headline(
    reference: Reference, spec: WindowSpec, batch_of: MakeBatch
) -> None:
    for late, is_said in ((9, False), (60, True)):
        world = World(reference, spec, batch_of, a=0.0)
        world.run(4)
        feed = world.feeds["a"]
        times = np.linspace(world.clock.now, world.clock.now + 599, 1_000)
        times[500 : 500 + late] = world.clock.now - 600
        world.clock.now += 600
        feed.add(batch_of(1_000), times=times)
        feed.flush()
        report = world.evaluator().check()
        assert report.window is not None
        assert report.window.late_rows == late
        assert ("came after their pane had ended" in report.headline()) == is_said
        assert ("came after their pane had ended" in report.summary()) == is_said
