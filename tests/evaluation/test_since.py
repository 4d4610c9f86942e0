"""Reports of a stream say since when its windows drift without a break."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import numpy as np

from driftwatch import DriftReport, Reference
from driftwatch.core.data.batch import Batch
from driftwatch.core.data.times import to_utc
from driftwatch.core.drift.policy import Policy
from driftwatch.core.reports.runs import Since
from driftwatch.core.statistics.budget import AlarmBudget
from driftwatch.core.subject import Subject
from driftwatch.core.windows.spec import WindowSpec
from driftwatch.evaluation.evaluator import Evaluator
from driftwatch.evaluation.rules import EvaluationRules
from driftwatch.evaluation.state import EvaluationState
from driftwatch.ingest.accumulator import Accumulator
from driftwatch.render import FORMATS, render
from driftwatch.render.sentences import verdict_sentence
from driftwatch.stores.sqlite.memory import MemoryStore
from tests.small_stream import HOUR, START, Clock

RULES = EvaluationRules(
    policy=Policy.of(None, budget=AlarmBudget.of("1 per 30d", every="1h")),
    clear_after=2,
    run_length=0,  # incidents begin with windows that drift, and with no early sign
)


class Stream:
    """Hours of rows, and whoever evaluates them."""

    def __init__(
        self, reference: Reference, spec: WindowSpec, batch_of: Callable[..., Batch]
    ) -> None:
        self.store, self.clock, self.spec, self.reference = MemoryStore(), Clock(), spec, reference
        self.feed = Accumulator(
            reference, spec, self.store, monitor="m", source="s", clock=self.clock
        )
        self.batch_of, self.hour = batch_of, 0

    def evaluator(self) -> Evaluator:
        return Evaluator(
            self.store, Subject(self.reference, "m"), self.spec, clock=self.clock, rules=RULES
        )

    def pass_hour(self, shift: float = 0.0, rows: int = 2_000) -> None:
        start = START + self.hour * HOUR
        self.clock.now = start + HOUR - 1
        self.feed.add(self.batch_of(rows, shift), times=start + np.linspace(0, HOUR - 1, rows))
        self.feed.flush()
        self.hour += 1

    def reports(self) -> list[DriftReport]:
        stored = reversed(self.store.reports("m", limit=100))
        return [DriftReport.from_dict(json.loads(each.body)) for each in stored]


def expected(reports: list[DriftReport], spec: WindowSpec) -> list[Since | None]:
    """What the statuses of all reports say, told without the code that is tested."""
    found: list[Since | None] = []
    first, windows = 0, 0
    for report in reports:
        assert report.window is not None
        if not report.global_status.is_drift:
            windows = 0 if report.is_quiet else windows
            found.append(None)
            continue
        first = report.window.pane if not windows else first
        windows += 1
        found.append(Since(first, windows, to_utc(first * spec.width)))
    return found


def test_reports_say_since_when_also_after_a_restart(
    reference: Reference, spec: WindowSpec, batch_of: Callable[..., Batch]
) -> None:
    stream = Stream(reference, spec, batch_of)
    evaluator = stream.evaluator()
    for hour in range(30):
        stream.pass_hour(1.0 if hour >= 18 or 6 <= hour < 9 else 0.0)
        if hour % 4 == 0:  # another process goes on
            evaluator.close()
            evaluator = stream.evaluator()
        evaluator.step()

    reports = stream.reports()
    since = [report.window.since for report in reports if report.window is not None]
    assert since == expected(reports, spec)
    assert len({each.pane for each in since if each is not None}) == 2  # two runs
    last = reports[-1]
    assert last.window is not None
    assert last.window.since is not None
    assert last.window.since.windows >= 10
    # The incident, whose rule is that of the status, began with the same pane.
    (incident,) = stream.store.incidents("m", limit=1)
    assert json.loads(incident.body)["since"] == last.window.since.pane * spec.width


def test_asking_says_the_same_and_counts_the_window_that_is_open(
    reference: Reference, spec: WindowSpec, batch_of: Callable[..., Batch]
) -> None:
    stream = Stream(reference, spec, batch_of)
    evaluator = stream.evaluator()
    for hour in range(12):
        stream.pass_hour(0.0 if hour < 6 else 1.5)
        evaluator.step()
    (*_, stored) = stream.reports()
    assert stored.window is not None
    assert stored.window.since is not None

    for asked in (evaluator.check(), stream.evaluator().check()):  # the second reads the store
        assert asked.window is not None
        assert asked.window.pane == stored.window.pane + 1
        assert asked.window.since is not None
        assert asked.window.since == replace(
            stored.window.since, windows=stored.window.since.windows + 1
        )
        assert asked.window.since.start == stored.window.since.start


def test_every_form_of_a_report_says_since_when_and_a_check_does_not(
    reference: Reference, spec: WindowSpec, batch_of: Callable[..., Batch]
) -> None:
    stream = Stream(reference, spec, batch_of)
    evaluator = stream.evaluator()
    for _ in range(4):
        stream.pass_hour(1.5)
        evaluator.step()
    report = stream.reports()[-1]
    assert report.window is not None
    assert report.window.since is not None
    assert report.window.since.start == to_utc(START)
    assert report.window.period.end == to_utc(START) + timedelta(hours=3)
    said = "since 1 Jan 00:00, 3 h ago"

    assert report.headline().endswith(f"; {said}")
    assert said in report.summary().splitlines()[0]
    assert verdict_sentence(report).endswith(". Since 1 Jan 00:00, 3 h ago.")
    assert "Since 1 Jan 00:00, 3 h ago." in report._repr_html_()
    for form in FORMATS:
        if form != "json":
            assert said.removeprefix("since ") in " ".join(render(report, form).split()), form
    single = replace(report, window=None)
    assert "since" not in single.headline()
    assert "Since" not in verdict_sentence(single)


def test_a_state_of_before_is_read(
    reference: Reference, spec: WindowSpec, batch_of: Callable[..., Batch]
) -> None:
    stream = Stream(reference, spec, batch_of)
    evaluator = stream.evaluator()
    for _ in range(4):
        stream.pass_hour()
        evaluator.step()
    saved = stream.store.state("m")
    assert saved is not None
    facts = {key: value for key, value in saved.facts.items() if key != "run"}
    fresh = EvaluationState.fresh(reference.id, clear_after=2)
    restored = fresh.restored_with(replace(saved, facts=facts), None)
    assert restored is not None
    assert restored.run.began is None
