"""A history through the very same code: the reports and alarms that would have been."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import numpy as np

from driftwatch.alerts.message import Message
from driftwatch.core.data.batch import Batch
from driftwatch.core.data.instants import instant_of
from driftwatch.core.data.schema import Role
from driftwatch.core.data.times import event_times, to_utc
from driftwatch.core.profiles.reference import Reference
from driftwatch.core.reports.history import FeatureHistory
from driftwatch.core.reports.report import DriftReport, Status
from driftwatch.core.reports.results import Period
from driftwatch.core.reports.timeline import (
    AlertMoment,
    ChangePoint,
    MetricValues,
    Moment,
    Timeline,
)
from driftwatch.core.subject import Subject
from driftwatch.core.windows.alarm import Event
from driftwatch.core.windows.evaluation_record import Result
from driftwatch.core.windows.spec import WindowSpec
from driftwatch.errors import ConfigError, DataError, shown
from driftwatch.evaluation.alerting import AlertNews
from driftwatch.evaluation.evaluator import Evaluator
from driftwatch.evaluation.rules import EvaluationRules
from driftwatch.evaluation.watermark import StreamExtent
from driftwatch.ingest.accumulator import Accumulator
from driftwatch.profiling.rows import DataSlice, Progress, read_batches
from driftwatch.stores.sqlite.memory import MemoryStore

__all__ = ["replay"]

_FOREVER = 250_000_000_000
"""A clock no event is ahead of: seconds until the year 9892."""


def replay(  # noqa: PLR0913 - the history, how to cut and judge it, and who is told
    data: Any,
    reference: Reference,
    spec: WindowSpec,
    /,
    *,
    rules: EvaluationRules | None = None,
    changes: Sequence[int | float | str | datetime] = (),
    time: str | None = None,
    monitor: str = "replay",
    progress: Progress | None = None,
    on_report: Callable[[DriftReport], None] | None = None,
    on_window: Callable[[int, int], None] | None = None,
) -> Timeline:
    """Cut a history into panes, slide the window over it, and report on every position.

    Rows go through the accumulator, the store and the evaluator of a live monitor; only the
    clock is that of the history, and no row is late, since all are known.

    Args:
        data: The history: a frame, paths of files, or a `DataSlice`.
        reference: What to compare with.
        spec: How to cut.
        rules: How to judge.
        changes: Known change points, as times (whatever `instant_of` reads, but for whole
            numbers) or as numbers of rows of the history; how long each took to be noticed is part
            of the answer.
        time: Name of the time column; that of the reference if not given.
        monitor: Name for the reports.
        progress: Called after every batch with rows and bytes read.
        on_report: Called with every report.
        on_window: Called after every window with its number, from 1, and how many there are.

    Returns:
        The timeline. Cost: one pass over the data, and a check a pane.

    Raises:
        ConfigError: If windows are by time and there is no time column, or a change is neither a
            row of the history nor a time.
        DataError: If the data cannot be read, or no row has a time.
    """
    spec = WindowSpec(spec.width, spec.panes, _FOREVER, spec.by_rows)
    time = time or next((c.name for c in reference.schema if c.role is Role.TIME), None)
    if time is None and not spec.by_rows:
        raise ConfigError(
            "a window by time needs a time column; name it (--time COLUMN), or give the window "
            "in rows (--window '1000 rows')",
            code="DW024",
        )
    store = MemoryStore()
    feed = Accumulator(
        reference, spec, store, monitor=monitor, source="history", clock=lambda: float(_FOREVER)
    )
    wanted = {*reference.profile.columns, *([time] if time else [])}
    rows = 0
    first = data.start if isinstance(data, DataSlice) else 0
    marks = [_Mark(change, first) for change in changes]
    for batch in read_batches(data, wanted):
        _check_time(batch, time, spec)
        for mark in marks:
            mark.locate(batch.arrays.get(time) if time else None, rows, batch.rows, spec)
        feed.add(batch, time_column=time)
        rows += batch.rows
        if progress is not None:
            progress(batch.rows, batch.size_bytes)
    feed.flush()
    feed.close()
    overview = store.overview(monitor)
    if not overview.panes:
        raise DataError(f"the history has {rows:,} rows, and none with a time", code="DW025")
    first, last = overview.panes[0].first, overview.panes[0].last
    # A time is no feature: that the reference has no such column is no change of the schema.
    subject = Subject(reference, monitor, exclude=() if time is None else (time,))
    evaluator = _evaluator(store, subject, spec, rules)
    moments: list[Moment] = []
    history = FeatureHistory()
    for result, done in _windows(evaluator, first, last):
        if result is not None and result.report is not None:
            moments.append(_moment(result, result.report))
            _remember(history, moments[-1], result.report)
            if on_report is not None:
                on_report(result.report)
        if on_window is not None:
            on_window(done, last - first + 1)
    store.close()
    return Timeline(
        monitor=monitor,
        window=str(spec),
        panes=spec.panes,
        moments=tuple(moments),
        changes=tuple(mark.change_point(moments, spec) for mark in marks),
        rows=rows,
        counters=dict(overview.counters),
        messages=tuple(
            AlertMoment(m.at, m.kind, m.status, m.incident, m.title) for m in evaluator.messages
        ),
        alerts=evaluator.rules.alerts.in_words(),
        history=history,
    )


def _check_time(batch: Batch, time: str | None, spec: WindowSpec) -> None:
    if time is not None and not spec.by_rows and batch.rows and time not in batch.arrays:
        raise ConfigError(f"the data has no column {time!r} to tell the time by", code="DW020")


def _windows(
    evaluator: _HistoryEvaluator, first: int, last: int
) -> Iterator[tuple[Result | None, int]]:
    """Evaluate the window of every pane, with the clock at its end; and count them."""
    for pane in range(first, last + 1):
        evaluator.now = float(evaluator.spec.end_of(pane))
        yield evaluator.step(StreamExtent(first, pane, pane, pane)), pane - first + 1


class _HistoryEvaluator(Evaluator):
    """An evaluator whose clock stands where the history does."""

    now: float = 0.0
    messages: tuple[Message, ...] = ()

    def not_used(self, _: int, /) -> dict[str, int]:
        """None: the timeline has those of the whole history, and when they came is not known."""
        return {}

    def to_keep(self, _: DriftReport, /) -> None:
        """Nothing: the store ends with the replay, and reports are given out as they are made."""
        return

    def tell(self, event: Event | None, report: DriftReport | None, news: AlertNews, /) -> None:
        """Nothing is said of what is past: it stands in the timeline."""
        self.messages += news.messages


def _evaluator(
    store: MemoryStore,
    subject: Subject,
    spec: WindowSpec,
    rules: EvaluationRules | None,
) -> _HistoryEvaluator:
    # The clock is asked only after the evaluator is there.
    made: list[_HistoryEvaluator] = []
    rules = replace(rules or EvaluationRules(), retention=None)  # the store ends with the replay
    evaluator = _HistoryEvaluator(store, subject, spec, clock=lambda: made[0].now, rules=rules)
    made.append(evaluator)
    return evaluator


def _remember(history: FeatureHistory, moment: Moment, report: DriftReport) -> None:
    """Add a window to features x time; a window of time is called by its end, as alarms are."""
    start, end = moment.period.start, moment.period.end
    label = f"pane {moment.pane}" if end is None else f"{end:%Y-%m-%d %H:%M}"
    history.add(label, report, start, end)


def _moment(result: Result, report: DriftReport) -> Moment:
    window = report.window
    return Moment(
        pane=result.pane,
        period=window.period if window is not None else Period(),
        rows=report.rows_current,
        status=report.global_status,
        event=result.event.value if result.event is not None else None,
        drifted=(*report.drifted_features, *_worse(report, Status.WARNING)),
        critical=(
            *(f.name for f in report.features if f.status is Status.CRITICAL),
            *_worse(report, Status.CRITICAL),
        ),
        early=tuple(str(sign) for sign in window.early) if window is not None else (),
        distance=max([_loss(report), *_distances(report)]),
        metrics=_metrics(report),
        since=window.since if window is not None else None,
    )


def _metrics(report: DriftReport) -> dict[str, MetricValues]:
    """The deciding metrics of the model, where both sides have a value."""
    if report.performance is None:
        return {}
    return {
        name: MetricValues(metric.reference, metric.production, metric.interval, metric.status)
        for name, metric in report.performance.items()
        if metric.status is not None
        and metric.reference is not None
        and metric.production is not None
    }


def _worse(report: DriftReport, least: Status) -> list[str]:
    """Names of the metrics that got worse."""
    metrics = {} if report.performance is None else report.performance
    return [m.name for m in metrics.values() if m.status is not None and m.status >= least]


def _loss(report: DriftReport) -> float:
    """How far the metric that lost most is beyond what is tolerated: 1 is at it."""
    losses = [
        abs(metric.reference - metric.production) / max(metric.threshold.warning, 1e-9)
        for metric in (report.performance or {}).values()
        if metric.status is not None
        and metric.status.is_drift
        and metric.threshold is not None
        and metric.reference is not None
        and metric.production is not None
    ]
    return min(max(losses, default=0.0), 99.0)


def _distances(report: DriftReport) -> Iterator[float]:
    undecided = report.global_status is Status.UNDECIDED
    for feature in report.features:
        if undecided or feature.status is not Status.UNDECIDED:
            yield _distance(feature.tests)


def _distance(tests: Any) -> float:
    """How far the primary statistic is beyond the warning threshold: 1 is at it."""
    best = 0.0
    for result in tests.values():
        if result.gates and result.threshold is not None and result.statistic is not None:
            best = max(best, result.statistic / max(result.threshold.warning, 1e-9))
    return min(best, 99.0)


class _Mark:
    """A known change on the way to its pane."""

    def __init__(self, change: float | str | datetime, first: int) -> None:
        self._row: int | None = None
        self._seconds = np.nan
        self._pane: int | None = None
        if isinstance(change, int | np.integer) and not isinstance(change, bool):
            self._row, self._label = int(change) - first, str(change)
            return
        try:
            self._seconds = instant_of(change)
            self._label = to_utc(self._seconds).isoformat()
        except (ValueError, OverflowError, OSError):  # none, or beyond the calendar
            raise ConfigError(
                "a change is a number of a row of the history, or a time such as "
                f"datetime(2026, 1, 31, tzinfo=UTC); got {shown(change)}"
            ) from None

    def locate(self, times: Any, before: int, rows: int, spec: WindowSpec) -> None:
        """Find the pane of a change that is given by its row."""
        if self._row is None or not before <= self._row < before + rows:
            return
        if spec.by_rows:
            self._pane = self._row // spec.width
        elif times is not None:
            self._seconds = float(event_times(times.slice(self._row - before, 1))[0])
            if np.isnan(self._seconds):
                raise ConfigError(
                    f"change {self._label}: that row has no time, so that no window is known to "
                    "begin with it; name another row, or a time"
                )

    def change_point(self, moments: Sequence[Moment], spec: WindowSpec) -> ChangePoint:
        pane = self._pane
        if pane is None and not np.isnan(self._seconds) and not spec.by_rows:
            pane = spec.pane_at(self._seconds)
        if pane is None:
            raise ConfigError(
                f"change {self._label} is not in the history that is replayed; the rows of its "
                "reference come before"
            )
        return ChangePoint.of(self._label, pane, moments)
