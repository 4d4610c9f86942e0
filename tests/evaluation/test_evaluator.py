"""The read side: reports in order, alarms once, nothing moved by asking."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from driftwatch import DriftReport, Reference, Status
from driftwatch.core.data.batch import Batch, batches_of
from driftwatch.core.drift.policy import Policy
from driftwatch.core.statistics.budget import AlarmBudget
from driftwatch.core.subject import Subject
from driftwatch.core.windows.evaluation_record import Result
from driftwatch.core.windows.segments import Delivery
from driftwatch.core.windows.spec import WindowSpec
from driftwatch.errors import ConfigError, StoreError
from driftwatch.evaluation.evaluator import Evaluator
from driftwatch.evaluation.retention import Retention
from driftwatch.evaluation.rules import EvaluationRules
from driftwatch.evaluation.runner import EvaluationRunner
from driftwatch.evaluation.watermark import extent_of
from driftwatch.ingest.accumulator import Accumulator
from driftwatch.profiling.build import profile_data
from driftwatch.stores.compaction import compact
from driftwatch.stores.sqlite.memory import MemoryStore
from tests.small_stream import HOUR, START, Clock
from tests.waiting import until

MakeBatch = Callable[..., Batch]
RULES = EvaluationRules(
    policy=Policy.of(None, budget=AlarmBudget.of("1 per 30d", every="1h")), clear_after=2
)


class World:
    """A store that is fed hour by hour, and whoever evaluates it."""

    def __init__(self, reference: Reference, spec: WindowSpec, batch_of: MakeBatch) -> None:
        self.store, self.clock, self.spec = MemoryStore(), Clock(), spec
        self.reference, self.batch_of = reference, batch_of
        self.feed = Accumulator(
            reference, spec, self.store, monitor="m", source="s", clock=self.clock
        )
        self.hour = 0

    def evaluator(self, **more: Any) -> Evaluator:
        rules = more.pop("rules", RULES)
        facts = {name: more.pop(name) for name in ("model_version",) if name in more}
        return Evaluator(
            self.store,
            Subject(self.reference, "m", **facts),
            self.spec,
            clock=self.clock,
            rules=rules,
            **more,
        )

    def pass_hour(self, rows: int = 500, shift: float = 0.0) -> None:
        start = START + self.hour * HOUR
        times = start + np.linspace(0, HOUR - 1, rows)
        self.clock.now = start + HOUR - 1
        self.feed.add(self.batch_of(rows, shift), times=times)
        self.feed.flush()
        self.hour += 1

    def deliver_late(self, hours_ago: int, rows: int, shift: float = 0.0) -> None:
        """From another source, which had been cut off."""
        other = Accumulator(
            self.reference, self.spec, self.store, monitor="m", source="late", clock=self.clock
        )
        at = self.clock.now - hours_ago * HOUR
        other.add(self.batch_of(rows, shift), times=np.full(rows, at))
        other.flush()


@pytest.fixture
def world(reference: Reference, spec: WindowSpec, batch_of: MakeBatch) -> World:
    return World(reference, spec, batch_of)


def test_one_report_a_pane_and_the_alarm_in_time(world: World) -> None:
    evaluator = world.evaluator()
    assert evaluator.step() is None  # nothing there
    events, statuses = [], []
    for hour in range(40):
        world.pass_hour(shift=1.0 if 20 <= hour < 26 else 0.0)
        result = evaluator.step()
        if hour < 1:
            assert result is None  # no pane has ended
            continue
        assert result is not None
        assert result.report is not None
        assert evaluator.step() is None  # nothing new
        statuses.append(result.report.global_status)
        if result.event:
            events.append((hour, result.event.value))
    assert [event for _, event in events] == ["raised", "escalated", "cleared"] or [
        event for _, event in events
    ] == ["raised", "cleared"]
    assert 20 <= events[0][0] <= 23
    assert 27 <= events[-1][0] <= 38
    assert statuses[0] is Status.UNDECIDED  # 500 rows
    assert statuses[5:15] == [Status.OK] * 10
    stored = world.store.reports("m", limit=100)
    assert len(stored) == 39
    assert [row.pane for row in stored] == sorted((r.pane for r in stored), reverse=True)
    report = DriftReport.from_dict(json.loads(stored[0].body))
    assert report.window is not None
    assert report.window.period == world.spec.period(report.window.pane)
    assert report.rows_current == 6 * 500
    assert report.window.references == (world.reference.id,)


def test_a_restart_goes_on_where_it_was(world: World) -> None:
    whole = world.evaluator()
    parts = World(world.reference, world.spec, world.batch_of)
    said: list[list[Any]] = [[], []]
    for hour in range(30):
        shift = 1.0 if hour >= 15 else 0.0
        world.pass_hour(shift=shift)
        parts.pass_hour(shift=shift)
        for index, evaluator in enumerate((whole, parts.evaluator())):
            result = evaluator.step()
            evaluator.close()
            said[index].append(result and (result.event, result.pane))
    assert said[0] == said[1]
    assert any(result and result[0] for result in said[0])
    state = parts.store.state("m")
    assert state is not None
    assert state.consumed == world.store.state("m").consumed  # type: ignore[union-attr]


def test_asking_changes_nothing(world: World) -> None:
    for _ in range(8):
        world.pass_hour()
    evaluator = world.evaluator()
    evaluator.step()
    before = (world.store.state("m"), list(world.store.reports("m", limit=99)))
    for _ in range(3):
        report = evaluator.check()
        assert report.window is not None
        assert report.rows_current == 3000  # the newest pane included
    assert (world.store.state("m"), list(world.store.reports("m", limit=99))) == before


def test_late_rows_revise_the_report_and_no_detector(world: World) -> None:
    evaluator = world.evaluator()
    for _ in range(8):
        world.pass_hour()
        first = evaluator.step()
    assert first is not None
    assert first.report is not None
    state = world.store.state("m")
    assert state is not None
    world.deliver_late(3, 700)
    result = evaluator.step()
    assert result is not None
    assert result.report is not None
    assert result.report.window is not None
    assert result.report.window.revised
    assert result.pane == first.pane
    assert result.report.rows_current == first.report.rows_current + 700
    after = world.store.state("m")
    assert after is not None
    assert after.facts["detector"] == state.facts["detector"]
    assert after.consumed == state.consumed
    assert [r.revision for r in world.store.reports("m", limit=2)] == [1, 0]
    world.deliver_late(100, 5)  # outside the window: nothing to revise
    assert evaluator.step() is None


def test_a_missed_evaluation_is_made_up_once(world: World) -> None:
    evaluator = world.evaluator()
    for _ in range(3):
        world.pass_hour()
        evaluator.step()
    for _ in range(10):
        world.pass_hour()
    result = evaluator.step()
    assert result is not None
    assert evaluator.step() is None
    assert len(world.store.reports("m", limit=99)) == 3
    state = world.store.state("m")
    assert state is not None
    assert state.consumed == result.pane - 0 or state.consumed == result.pane - 1


def test_one_evaluator_at_a_time(world: World) -> None:
    rules = replace(RULES, lease_seconds=7200.0)
    first, second = world.evaluator(rules=rules), world.evaluator(rules=rules)
    for _ in range(3):
        world.pass_hour()
    assert first.step() is not None
    world.pass_hour()
    assert second.step() is None  # the first holds the lease
    world.clock.now += 7201  # and falls silent
    assert second.step() is not None
    panes = [row.pane for row in world.store.reports("m", limit=9)]
    assert len(set(panes)) == len(panes) == 2
    world.pass_hour()
    world.clock.now += 3 * 7201
    assert first.step() is not None  # and comes back, with what the other has stored
    panes = [row.pane for row in world.store.reports("m", limit=9)]
    assert len(set(panes)) == len(panes) == 3


@pytest.mark.parametrize("when", ["while it is taken", "before it is used"])
def test_a_lease_that_was_taken_as_it_was_interrupted_is_given_back(
    world: World, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    evaluator = world.evaluator()
    lease = world.store.lease

    def interrupted(*given: Any, **named: Any) -> None:
        if when == "while it is taken":
            assert lease(*given, **named) is not None
        monkeypatch.undo()
        raise KeyboardInterrupt

    if when == "while it is taken":
        monkeypatch.setattr(world.store, "lease", interrupted)
    else:
        monkeypatch.setattr(evaluator.references, "refresh", interrupted)
    with pytest.raises(KeyboardInterrupt):
        evaluator.step()
    assert world.store.lease("m", "other", now=world.clock.now, seconds=60) is None
    evaluator.close()
    assert world.store.lease("m", "other", now=world.clock.now, seconds=60) is not None


def test_results_are_refused_once_the_lease_is_lost(world: World) -> None:
    evaluator = world.evaluator()
    for _ in range(3):
        world.pass_hour()
    record = world.store.record

    def lose_it(evaluation: Any) -> bool:
        assert world.store.lease("m", "other", now=world.clock.now + 99, seconds=60) is not None
        return record(evaluation)

    world.store.record = lose_it  # type: ignore[method-assign]
    assert evaluator.step() is None
    world.store.record = record  # type: ignore[method-assign]
    assert list(world.store.reports("m", limit=9)) == []


def test_a_store_that_fails_loses_no_pane(world: World) -> None:
    evaluator, plain = world.evaluator(), World(world.reference, world.spec, world.batch_of)
    steady = plain.evaluator()
    record = world.store.record

    def fail(evaluation: Any) -> bool:
        raise StoreError("no space left")

    for hour in range(12):
        world.pass_hour(shift=1.5 if hour > 6 else 0.0)
        plain.pass_hour(shift=1.5 if hour > 6 else 0.0)
        world.store.record = fail  # type: ignore[method-assign]
        if hour:
            with pytest.raises(StoreError):
                evaluator.step()
        world.store.record = record  # type: ignore[method-assign]
        evaluator.step()
        steady.step()
    state, expected = world.store.state("m"), plain.store.state("m")
    assert state is not None
    assert expected is not None
    assert (state.consumed, state.facts["alarm"]["since"]) == (
        expected.consumed,
        expected.facts["alarm"]["since"],
    )


def test_promoting_a_reference_begins_afresh(world: World) -> None:
    evaluator = world.evaluator()
    for _ in range(10):
        world.pass_hour(shift=2.0)
        result = evaluator.step()
    assert result is not None
    assert result.report is not None
    assert result.report.global_status is Status.CRITICAL
    rng = np.random.default_rng(5)
    data = {"x": rng.normal(2, 1, 20_000), "c": rng.choice(["a", "b", "c"], 20_000)}
    profile = profile_data(data, reference=True)
    world.store.add_reference("m", profile.content_hash, profile.to_bytes(), now=0.0)
    world.store.use_reference("m", profile.content_hash, model_version=None, now=0.0)
    world.pass_hour(shift=2.0)
    result = evaluator.step()
    assert result is not None
    assert result.report is not None
    assert result.report.reference_data_hash == profile.content_hash
    assert result.report.global_status is Status.OK
    assert result.report.window is not None
    assert result.report.window.references == (world.reference.id,)  # counted in other cells
    state = world.store.state("m")
    assert state is not None
    assert state.facts["alarm"]["level"] == "OK"


@pytest.mark.parametrize("compare", ["sliding", "seasonal"])
def test_what_a_window_is_compared_with(
    compare: str, reference: Reference, batch_of: MakeBatch
) -> None:
    spec = WindowSpec.of("24h", "12h", lateness="0s")
    world = World(reference, spec, batch_of)
    rules = EvaluationRules(policy=RULES.policy, compare=compare, run_length=0)
    evaluator = world.evaluator(rules=rules)
    statuses = []
    for half_day in range(90):
        shift = 1.0 if half_day % 14 in (10, 11, 12, 13) else 0.0  # weekends differ
        start = START + half_day * 12 * HOUR
        world.clock.now = start + 12 * HOUR - 1
        world.feed.add(batch_of(400, shift), times=np.linspace(start, world.clock.now, 400))
        world.feed.flush()
        result = evaluator.step()
        if result is not None and result.report is not None:
            statuses.append(result.report.global_status)
    drifted = [status.is_drift for status in statuses]
    if compare == "seasonal":  # four weeks of history: then weekends are no drift any more
        assert any(drifted[:56])
        assert not any(drifted[58:])
    else:  # every weekend begins and ends with a change
        assert any(drifted[58:])
        assert not all(drifted[58:])


def test_comparisons_that_cannot_be(world: World) -> None:
    with pytest.raises(ConfigError, match="compare must be"):
        world.evaluator(rules=EvaluationRules(compare="yesterday"))
    for window, slide in (("100 rows", "10 rows"), ("14d", "1d"), ("10h", "5h")):
        world.spec = WindowSpec.of(window, slide)
        with pytest.raises(ConfigError, match="seasonal"):
            world.evaluator(rules=EvaluationRules(compare="seasonal"))


def test_compaction_under_a_running_evaluator_changes_nothing(world: World) -> None:
    evaluator, other = world.evaluator(), world.evaluator()
    rows = []
    for hour in range(14):
        for _ in range(2):  # several segments a pane
            world.pass_hour(200)
            world.hour -= 1
        world.hour += 1
        result = evaluator.step()
        newest = world.store.newest("m")
        if hour % 3 == 2:
            compact(world.store, "m", before=1 << 40, width=3600, upto=newest)
        if hour % 3 == 1:  # what nobody has seen yet is merged as well
            world.deliver_late(2, 50)
            compact(world.store, "m", before=1 << 40, width=3600)
        if result is not None and result.report is not None:
            rows.append(result.report.rows_current)
        assert other.check().rows_current == world.evaluator().check().rows_current
    assert len(rows) >= 12


def test_silent_sources_are_not_waited_for_for_ever(world: World) -> None:
    for _ in range(3):
        world.pass_hour()
    found = extent_of(world.store, "m", world.spec, now=world.clock.now)
    assert found is not None
    assert found.complete == found.newest - 1
    later = extent_of(world.store, "m", world.spec, now=world.clock.now + 3 * HOUR)
    assert later is not None
    assert later.complete == later.final == later.newest  # nothing more will come
    # A second source that is alive and behind holds the watermark back.
    behind = Accumulator(
        world.reference, world.spec, world.store, monitor="m", source="b", clock=world.clock
    )
    behind.add(world.batch_of(5), times=np.full(5, START + 10.0))
    behind.flush()
    held = extent_of(world.store, "m", world.spec, now=world.clock.now)
    assert held is not None
    assert held.complete is None


def test_a_damaged_segment_costs_only_itself(world: World) -> None:
    for _ in range(4):
        world.pass_hour()
    (found,) = world.store.segments("m", width=3600, first=0, last=1 << 40, after=3)
    broken = found.segment.__class__(
        found.segment.pane, 3600, 9, b"DWP1 nonsense", reference=world.reference.id
    )
    world.store.deliver(Delivery("m", "x", "x", 0, (broken,)), now=world.clock.now)
    report = world.evaluator().check()
    assert report.rows_current == 2000
    assert [row.rows for row in world.store.quarantine("m")] == [9]


class Failing:
    name = "failing"

    def emit(self, result: Result) -> None:
        raise RuntimeError("no network")


class Keeping:
    name = "keeping"

    def __init__(self) -> None:
        self.results: list[Result] = []
        self.came = threading.Event()

    def emit(self, result: Result) -> None:
        self.results.append(result)
        self.came.set()


def test_one_sink_does_not_stop_another(world: World) -> None:
    keeping = Keeping()
    evaluator = world.evaluator(sinks=[Failing(), keeping])
    for _ in range(3):
        world.pass_hour()
        evaluator.step()
    until(lambda: len(keeping.results) == 2)
    until(lambda: world.store.outbox("m")[0].error is not None)
    evaluator.close()
    waiting = world.store.outbox("m")
    assert [entry.sink for entry in waiting] == ["failing"] * 2
    assert waiting[0].error == "RuntimeError: no network"
    assert waiting[1].error is None  # the second waits for the first
    assert [entry.event_id for entry in waiting] == [result.id for result in keeping.results]
    assert not evaluator.errors


def test_it_runs_in_a_thread_and_in_a_task(world: World) -> None:
    for _ in range(3):
        world.pass_hour()
    keeping = Keeping()
    evaluator = world.evaluator(sinks=[keeping])
    runner = EvaluationRunner(evaluator, every=timedelta(seconds=0.01))
    runner.start()
    assert keeping.came.wait(20)
    runner.stop()
    world.pass_hour()
    keeping.came.clear()

    async def serve() -> None:
        task = asyncio.create_task(runner.run_async())
        assert await asyncio.to_thread(keeping.came.wait, 20)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(serve())
    assert len(keeping.results) == 2
    evaluator.close()


@pytest.mark.parametrize(
    ("hours", "days", "total"), [(3, 20, 10), pytest.param(1, 30, 20, marks=pytest.mark.slow)]
)
def test_house_is_kept_while_windows_stay_what_they_are(
    reference: Reference, batch_of: MakeBatch, hours: int, days: int, total: int
) -> None:
    """Panes become days and weeks, and what is too old goes, under a running evaluator."""
    spec = WindowSpec.of("6h", f"{hours}h", lateness="30m")
    retention = Retention(
        fine=timedelta(hours=1), days=timedelta(days=3), total=timedelta(days=total)
    )
    world, plain = (World(reference, spec, batch_of) for _ in range(2))
    evaluator = world.evaluator(rules=replace(RULES, retention=retention))
    steady = plain.evaluator(rules=replace(RULES, retention=None))
    judged = []
    for hour in range(days * 24):
        seen = []
        for one, judge in ((world, evaluator), (plain, steady)):
            one.batch_of = lambda rows, shift=0.0, hour=hour: next(
                batches_of({"x": np.full(rows, float(hour % 24)), "c": ["a"] * rows})
            )
            one.pass_hour(4)
            result = judge.step()
            if result is not None and result.report is not None:
                seen.append((result.report.rows_current, result.report.production_data_hash))
        assert len(set(seen)) == len(seen) // 2  # both or none
        judged += seen[:1]
    assert len(judged) >= days * 24 // hours - 2
    facts = world.store.overview("m")
    assert [pane.width for pane in facts.panes] == [hours * 3600, 86_400, 604_800]
    assert facts.panes[0].segments <= 34  # a window, and what is left of its last day
    assert facts.panes[1].segments <= 11
    assert facts.counters["expired"] > 0
    assert facts.rows + facts.counters["expired"] == days * 24 * 4
    assert evaluator.errors == {}


def test_replicas_that_disagree_about_a_column_still_make_a_window(world: World) -> None:
    for _ in range(3):
        world.pass_hour()
    rng = np.random.default_rng(0)
    other = Reference(
        profile_data({"x": ["a", "b"] * 500, "c": rng.choice(["a", "b"], 1000)}, reference=True)
    )
    feed = Accumulator(other, world.spec, world.store, monitor="m", source="b", clock=world.clock)
    feed.add(next(batches_of({"x": ["a", "b"] * 50, "c": ["a", "c"] * 50})))
    feed.flush()
    evaluator = world.evaluator()
    report = evaluator.check()
    assert report.rows_current == 1_600
    unreadable = evaluator._open.main.unreadable
    assert unreadable == {"column 'x' is of another kind": 1}
