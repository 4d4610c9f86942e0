"""The read side: stored segments into windows, windows into reports and alarms."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from driftwatch.core.data.times import to_utc
from driftwatch.core.drift.sequential import PaneDetector, cell_counts
from driftwatch.core.profiles.profile import Profile
from driftwatch.core.profiles.reference import Reference
from driftwatch.core.reports.report import DriftReport, EarlySign, WindowFacts
from driftwatch.core.reports.runs import status_for_runs
from driftwatch.core.subject import Subject
from driftwatch.core.windows.alarm import Event
from driftwatch.core.windows.counters import notes_in, unreadable_sources, unused_rows
from driftwatch.core.windows.evaluation_record import Evaluation, Result
from driftwatch.core.windows.spec import WindowSpec
from driftwatch.core.windows.stored import StoredWindow
from driftwatch.errors import DriftWatchError
from driftwatch.evaluation.alerting import Alerting, AlertNews
from driftwatch.evaluation.event_log import (
    log_evaluation,
    log_housekeeping,
    log_laggards,
    log_lost_state,
)
from driftwatch.evaluation.lease import Lease
from driftwatch.evaluation.parts import MixedWindows
from driftwatch.evaluation.reference_in_use import ReferenceInUse
from driftwatch.evaluation.retention import keep_house
from driftwatch.evaluation.rules import EvaluationRules
from driftwatch.evaluation.sink_delivery import SinkDelivery, forget_removed_sinks
from driftwatch.evaluation.state import EvaluationState, event_between
from driftwatch.evaluation.watermark import StreamExtent, extent_of, told
from driftwatch.evaluation.window_history import summary_for_store
from driftwatch.process.heap import give_back
from driftwatch.protocols import Sink, Store
from driftwatch.stores.compaction import compact

__all__ = ["Evaluator"]

_KEPT_STATUSES = 1_000


class Evaluator:
    """Reports on the window of a stored stream, pane after pane.

    A window is reported once, when its last pane has ended; if late rows change it before
    the next is due it is reported again, marked as revised. Detectors and the alarm advance
    once for every pane, in order, when the pane is final, and never go back. Of all
    evaluators of a store the one that holds the lease does this; its results are refused
    once it has lost the lease, so that no alarm is raised twice. Windows that were missed
    while no evaluator ran are made up by one report of the latest.

    Args:
        store: The stream.
        subject: The model, and the reference that the process was started with.
        spec: How the stream is cut.
        rules: How it is judged.
        clock: Seconds since 1970.
        references: Which reference is in use; the store is asked if not given.
        sinks: Where results go, by way of the store's outbox.

    Cost: about three merges of two profiles and a check a pane, and memory for some
    ``2 sqrt(panes)`` profiles.
    """

    def __init__(
        self,
        store: Store,
        subject: Subject,
        spec: WindowSpec,
        /,
        *,
        clock: Callable[[], float],
        rules: EvaluationRules | None = None,
        references: ReferenceInUse | None = None,
        sinks: Sequence[Sink] = (),
    ) -> None:
        self.spec = spec
        self.rules = rules or EvaluationRules()
        self.monitor = subject.monitor
        self.errors: Counter[str] = Counter()
        self.references = references or ReferenceInUse(subject, store)
        alerts = self.rules.alerts
        self.sinks = SinkDelivery(store, subject.monitor, sinks, alerts.to, clock=clock)
        self.alerting = Alerting(store, subject.monitor, spec, self.rules)
        self._store = store
        self._clock = clock
        self._subject = subject
        self._lease = Lease(store, subject.monitor, self.rules.lease_seconds)
        self._lock = threading.RLock()
        self._state: EvaluationState | None = None
        self._read_under: int | None = None
        """The lease under which the state was read."""
        self._use_references()

    def _use_references(self) -> None:
        """Begin anew with the references that are in use."""
        self._in_use = self.references.now
        self._reference = self._in_use.for_version(self._subject.model_version)
        self._windows = self._mixed()
        self._open = self._mixed()
        self._detector: PaneDetector | None = None
        if self.rules.run_length > 1:
            self._detector = PaneDetector.of(
                self._reference, run_length=self.rules.run_length, tolerance=self.rules.tolerance
            )

    def _mixed(self) -> MixedWindows:
        return MixedWindows(
            self._store, self.spec, self._subject, self._in_use, compare=self.rules.compare
        )

    @property
    def reference(self) -> Reference:
        """The reference in use for the monitor's own version of the model."""
        return self.references.current()

    @property
    def windows(self) -> MixedWindows:
        """The windows that are being evaluated; for benchmarks and diagnosis."""
        return self._windows

    def extent(self) -> StreamExtent | None:
        """How far the stream has come; None while it is empty."""
        state = self._state or self._store.state(self.monitor)
        return extent_of(
            self._store,
            self.monitor,
            self.spec,
            now=self._clock(),
            delay=self.rules.alerts.delay_seconds(),
            idle_after=self.rules.idle_after,
            noted={} if state is None else state.laggards,
        )

    def check(
        self,
        last: int | None = None,
        /,
        *,
        unstored: Mapping[str | None, Profile] | None = None,
        uncounted: Mapping[str, int] | None = None,
    ) -> DriftReport:
        """Report on the window that ends with a pane, the newest if not given.

        Nothing is stored, and no detector or alarm moves.

        Args:
            last: The pane.
            unstored: Rows of the window that are in no segment yet, by version of the model.
            uncounted: What was counted beside them, and is not stored yet either, by reason.
        """
        with self._lock:
            self._follow_references()
            extent = self.extent()
            if last is None:
                last = extent.newest if extent is not None else self.spec.pane_at(self._clock())
            self._open.refresh()
            self._open.move_to(last, unstored)
            counters = self._counted(last)
            if extent is None:  # not a row so far, perhaps because no message can be read
                counters = self._store.overview(self.monitor).counters
            facts = _facts(self.spec, last, extent, Counter(counters) + Counter(uncounted or {}))
            report = self._report(self._open, last, facts, unstored)
            return (self._state or self._restored()).dated(report, self.spec)

    def step(self, extent: StreamExtent | None = None, /) -> Result | None:
        """Evaluate what is due.

        Args:
            extent: How far the stream has come, for histories; asked of the store if not given.

        Returns:
            What came of it; None if another evaluator holds the lease, or nothing is due.

        Raises:
            StoreError: If the store cannot be read or written; nothing has advanced.
        """
        with self._lock:
            now = self._clock()
            if not self._lease.take(now):
                self._state = None
                return None
            if self._lease.token != self._read_under:  # others may have gone on meanwhile
                self._state = None
            self._follow_references()
            if self._state is None:
                self._read_under, self._state = self._lease.token, self._restored(self._detector)
                self.alerting.forget()
            extent = extent or self.extent()
            if extent is not None and not self._note_laggards(self._state, extent, now):
                return None
            result = self._advance(self._state, extent, now)
        self.sinks.wake()  # of earlier results, too, which a sink has not taken yet
        return result

    def close(self) -> None:
        """Give the lease back so that others need not wait for it, and let go of threads."""
        try:
            self._state = None
            self._lease.give_back(self._clock())
        finally:
            self.sinks.close()

    def _follow_references(self) -> None:
        """Go over to the references that the store says are in use."""
        self.references.refresh()
        if self.references.now is not self._in_use:  # others may have refreshed it before us
            self._use_references()
            self._state = None

    def _note_laggards(self, state: EvaluationState, extent: StreamExtent, now: float) -> bool:
        """Keep and log which sources are far behind, if that is new; whether we still may."""
        noted = state.laggards
        state.laggards = {each.source: each.to_list() for each in extent.laggards}
        if state.laggards == noted:
            return True
        self._state = None  # read from the store again where it could not be written
        if not self._store.record(self._evaluation(state, None, None, AlertNews(), now)):
            return False
        self._state = state
        log_laggards(self.monitor, extent.laggards, noted)
        return True

    def _advance(
        self, state: EvaluationState, extent: StreamExtent | None, now: float
    ) -> Result | None:
        """Report and consume what is due; alerts are looked at even where no row can be used."""
        changed = self._windows.refresh()
        complete = None if extent is None else extent.complete
        due = complete is not None and (state.evaluated is None or complete > state.evaluated)
        revised = complete is not None and not due and changed
        report: DriftReport | None = None
        before = state.consumed
        wealth = self._detector.to_dict() if self._detector is not None else {}
        try:
            if extent is not None and complete is not None and (due or revised):
                pane = complete if due or state.evaluated is None else state.evaluated
                self._windows.move_to(pane)
                counters = self._counted(pane)
                facts = _facts(self.spec, pane, extent, counters, revised=revised)
                report = state.dated(self._report(self._windows, pane, facts), self.spec)
                state.revision = state.revision + 1 if revised else 0
                state.evaluated = pane
                status = status_for_runs(report.global_status, is_quiet=report.is_quiet)
                state.statuses[pane] = status.value
                self.alerting.read(state.desk, pane, report, status)
            event = None if extent is None else self._consume(state, extent)
            news = self.alerting.settle(state.desk, now, early=state.early)
            if report is not None and report.window is not None:
                report = replace(report, window=replace(report.window, early=state.early))
            if report is None and state.consumed == before and not news:
                return None
            evaluation = self._evaluation(state, report, event, news, now)
            kept = self._store.record(evaluation)
        except BaseException:
            self._state = None  # read it from the store again
            if self._detector is not None:
                self._detector.restore(wealth)
            raise
        if not kept:
            self._state = None
            return None
        if report is not None and extent is not None:
            self._keep_house(extent, upto=self._windows.main.seen)
            give_back()
        self.tell(event, report, news)
        pane = state.evaluated or complete or 0
        return Result(report, event, pane, self.monitor, evaluation.id, revised=revised)

    def tell(self, event: Event | None, report: DriftReport | None, news: AlertNews, /) -> None:
        """Write a change of alarm or incident into the log, so that it is heard without set-up.

        Only the process whose evaluation the store has kept does, so that it is said once.
        """
        log_evaluation(self.monitor, event, report, news)

    def to_keep(self, report: DriftReport, /) -> str | None:
        """A report as the store keeps it; None if it need not."""
        return report.to_json()

    def tidy(self) -> None:
        """Keep the store small, also where no process evaluates its windows.

        Segments of panes that are still open are merged too: a reader that knew some of
        them reads the pane again.
        """
        extent = self.extent()
        if extent is None or self.rules.retention is None:
            return
        compact(
            self._store,
            self.monitor,
            before=extent.newest + 1,
            width=self.spec.width,
            guard=self._reference.profile.guard,
        )
        self._keep_house(extent, upto=self._store.newest(self.monitor))

    def _keep_house(self, extent: StreamExtent, *, upto: int) -> None:
        """Keep the store small; what goes wrong is tried again with the next report."""
        if self.rules.retention is None or extent.final is None:
            return
        try:
            keep_house(
                self._store,
                self.monitor,
                self.spec,
                final=extent.final,
                upto=upto,
                now=self._clock(),
                retention=self.rules.retention,
                least_panes=self._windows.reach + 1,
                guard=self._reference.profile.guard,
            )
            forget_removed_sinks(self._store, self.monitor, now=self._clock())
        except DriftWatchError as error:
            self.errors["housekeeping"] += 1
            log_housekeeping(self.monitor, error)

    def _consume(self, state: EvaluationState, extent: StreamExtent) -> Event | None:
        """Let detectors and alarm see every pane that has become final."""
        if extent.final is None:
            return None
        if state.consumed is None:
            state.consumed = extent.oldest - 1
        before = state.alarm.level
        first = max(state.consumed + 1, extent.oldest)
        full = self._store.panes(
            self.monitor, width=self.spec.width, first=first, last=extent.final
        )
        for pane in state.judged_or(full, first, extent.final):
            signs: tuple[EarlySign, ...] = ()
            profile = self._windows.main.pane(pane) if self._detector is not None else None
            if profile is not None and self._detector is not None:
                alarms = self._detector.update(cell_counts(self._reference, profile))
                signs = tuple(EarlySign(a.column, a.where, a.change) for a in alarms)
            state.consume(pane, signs)
            self.alerting.consume(state.desk, pane, early=bool(signs))
        for pane in sorted(state.statuses)[:-_KEPT_STATUSES]:
            del state.statuses[pane]
        return event_between(before, state.alarm.level)

    def not_used(self, last: int, /) -> dict[str, int]:
        """Rows that came while the window of a pane was filled and could not be used, by reason."""
        return unused_rows(self._counted(last))

    def _counted(self, last: int) -> Mapping[str, int]:
        first, width = self.spec.first_of(last), self.spec.width
        return self._store.counted(self.monitor, width=width, first=first, last=last)

    def _report(
        self,
        windows: MixedWindows,
        last: int,
        facts: WindowFacts,
        unstored: Mapping[str | None, Profile] | None = None,
    ) -> DriftReport:
        return windows.report(
            last,
            policy=self.rules.policy,
            created_at=to_utc(self._clock()),
            facts=facts,
            unstored=unstored,
        )

    def _evaluation(
        self,
        state: EvaluationState,
        report: DriftReport | None,
        event: Event | None,
        news: AlertNews,
        now: float,
    ) -> Evaluation:
        has_news = report is not None or event is not None
        kept = None if report is None else self.to_keep(report)
        pane = state.evaluated if state.evaluated is not None else 0
        return Evaluation(
            monitor=self.monitor,
            token=self._lease.token or 0,
            pane=pane,
            revision=state.revision,
            created=now,
            status=report.global_status.value if report is not None else "",
            report=kept,
            window=None if kept is None else _summary(report, pane, state.revision, now, event),
            event=event.value if event is not None else None,
            state=state.to_dict(self._detector),
            consumed=state.consumed if state.consumed is not None else -1,
            sinks=self.sinks.sink_names if has_news else (),
            incident=news.stored_incident(),
            messages=news.stored_messages(),
            notifiers=self.sinks.notifier_names,
        )

    def _restored(self, detector: PaneDetector | None = None) -> EvaluationState:
        """The state that is stored, or a fresh one; the bets of the detector are given to it."""
        fresh = EvaluationState.fresh(self._reference.id, clear_after=self.rules.clear_after)
        saved = self._store.state(self.monitor)
        if saved is None:
            return fresh
        restored = fresh.restored_with(saved, detector)
        if restored is None:
            log_lost_state(self.monitor)
        return restored or replace(fresh, consumed=saved.consumed)


def _summary(
    report: DriftReport | None, pane: int, revision: int, created: float, event: Event | None
) -> StoredWindow | None:
    happened = None if event is None else event.value
    if report is None:
        return None
    return summary_for_store(report, pane=pane, revision=revision, created=created, event=happened)


def _facts(
    spec: WindowSpec,
    last: int,
    extent: StreamExtent | None,
    counters: Mapping[str, int],
    *,
    revised: bool = False,
) -> WindowFacts:
    period = spec.period(last, oldest=extent.oldest if extent is not None else None)
    unused, notes = unused_rows(counters), notes_in(counters)
    facts = WindowFacts(period, last, revised, not_used=unused, notes=notes)
    if extent is None:
        return replace(facts, unreadable=unreadable_sources(counters))
    return replace(facts, unreadable=extent.unreadable, lagging=told(extent.laggards))
