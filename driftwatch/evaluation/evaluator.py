"""The read side: stored segments into windows, windows into reports and alarms."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from secrets import token_hex

from driftwatch.core.assess import assess
from driftwatch.core.data.times import to_utc
from driftwatch.core.drift.sequential import PaneDetector, cell_counts
from driftwatch.core.profiles.profile import Profile
from driftwatch.core.profiles.reference import Reference
from driftwatch.core.reports.report import DriftReport, EarlySign, Status, WindowFacts
from driftwatch.core.windows.alarm import Event, Hysteresis
from driftwatch.core.windows.counters import unreadable_sources
from driftwatch.core.windows.evaluation_record import Evaluation
from driftwatch.core.windows.spec import WindowSpec
from driftwatch.errors import DriftWatchError
from driftwatch.evaluation.comparisons import ReferenceWindows
from driftwatch.evaluation.retention import keep_house
from driftwatch.evaluation.rules import EvaluationRules, Result
from driftwatch.evaluation.state import EvaluationState, event_between
from driftwatch.evaluation.stored_windows import StoredWindows
from driftwatch.evaluation.watermark import StreamProgress, progress_of
from driftwatch.process.heap import give_back
from driftwatch.protocols import Sink, Store

__all__ = ["Evaluator"]

_LOG = logging.getLogger("driftwatch")
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
        reference: What to compare with.
        spec: How the stream is cut.
        rules: How it is judged.
        monitor: Name of the monitor.
        clock: Seconds since 1970.
        importances: Weights of the features in the model.
        model_version: Of the model; the newest that the segments name if not given.
        sinks: Where reports go, besides the store.
        ignore_new: Whether columns that the reference does not have are of no interest.

    Cost: about three merges of two profiles and a check a pane, and memory for some
    ``2 sqrt(panes)`` profiles.
    """

    def __init__(  # noqa: PLR0913 - what is evaluated, how, and for whom
        self,
        store: Store,
        reference: Reference,
        spec: WindowSpec,
        /,
        *,
        clock: Callable[[], float],
        rules: EvaluationRules | None = None,
        monitor: str = "default",
        importances: Mapping[str, float] | None = None,
        model_version: str | None = None,
        sinks: Sequence[Sink] = (),
        ignore_new: bool = False,
    ) -> None:
        self.spec = spec
        self.rules = rules or EvaluationRules()
        self.monitor = monitor
        self.sinks = list(sinks)
        self.errors: Counter[str] = Counter()
        self._store = store
        self._clock = clock
        self._importances = importances
        self._model_version = model_version
        self._ignore_new = ignore_new
        self._holder = f"{socket.gethostname()}-{os.getpid()}-{token_hex(4)}"
        self._lock = threading.RLock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._state: EvaluationState | None = None
        self._token: int | None = None
        self._oldest: int | None = None
        self._unreadable: tuple[str, ...] = ()
        self._use(reference)

    def _use(self, reference: Reference) -> None:
        self.reference = reference
        self._windows = StoredWindows(self._store, self.spec, reference, monitor=self.monitor)
        self._now = StoredWindows(self._store, self.spec, reference, monitor=self.monitor)
        self._compare = ReferenceWindows(
            self._store, self.spec, reference, monitor=self.monitor, compare=self.rules.compare
        )
        self._detector: PaneDetector | None = None
        if self.rules.run_length > 1:
            self._detector = PaneDetector.of(
                reference, run_length=self.rules.run_length, tolerance=self.rules.tolerance
            )

    @property
    def windows(self) -> StoredWindows:
        """The windows that are being evaluated; for benchmarks and diagnosis."""
        return self._windows

    def progress(self) -> StreamProgress | None:
        """How far the stream has come; None while it is empty."""
        return progress_of(self._store, self.monitor, self.spec, now=self._clock())

    # -- asking changes nothing

    def peek(self, last: int | None = None, /, *, unstored: Profile | None = None) -> DriftReport:
        """Report on the window that ends with a pane, the newest if not given.

        Nothing is stored, and no detector or alarm moves.

        Args:
            last: The pane.
            unstored: Rows of the window that are in no segment yet.
        """
        with self._lock:
            found = self.progress()
            if last is None:
                last = found.newest if found is not None else self.spec.pane_at(self._clock())
            self._oldest = found.oldest if found is not None else None
            if found is not None:
                self._unreadable = found.unreadable
            else:  # not a row so far, perhaps because no message can be read
                counters = self._store.overview(self.monitor)["counters"]
                self._unreadable = unreadable_sources(counters)
            self._now.refresh()
            merged = self._now.window(last)
            if unstored is not None:
                if merged is None:
                    merged = unstored
                else:
                    merged = merged.copy()
                    merged.merge(unstored)
            return self._assessed(last, merged, self._now, revised=False)

    # -- evaluation

    def step(self, progress: StreamProgress | None = None, /) -> Result | None:
        """Evaluate what is due.

        Args:
            progress: How far the stream has come, for histories; found out if not given.

        Returns:
            What came of it; None if another evaluator holds the lease, or nothing is due.

        Raises:
            StoreError: If the store cannot be read or written; nothing has advanced.
        """
        with self._lock:
            now = self._clock()
            token = self._store.lease(
                self.monitor, self._holder, now=now, seconds=self.rules.lease_seconds
            )
            if token is None:
                self._state = None
                return None
            if token != self._token or self._state is None:
                self._token, self._state = token, self._restored()
            self._promote()
            found = progress or self.progress()
            if found is None or found.complete is None:
                return None
            return self._advance(self._state, found, now)

    def run(self, *, every: timedelta, stop: threading.Event | None = None) -> None:
        """Evaluate again and again until told to stop; errors are counted and logged.

        Args:
            every: Time from one look at the store to the next.
            stop: Set it to end the loop.
        """
        stop = stop or self._stop
        while not stop.is_set():
            self._step_quietly()
            stop.wait(every.total_seconds())

    def _step_quietly(self) -> None:
        try:
            self.step()
        except Exception as error:  # noqa: BLE001 - the next look may go well
            self.errors[type(error).__name__] += 1
            _LOG.warning("driftwatch: %s: evaluation failed: %s", self.monitor, error)

    def start(self, *, every: timedelta) -> None:
        """Run in a thread of its own until `stop`."""
        if self._thread is None or not self._thread.is_alive():
            self._stop.clear()
            self._thread = threading.Thread(
                target=self.run, kwargs={"every": every}, name="driftwatch-evaluate", daemon=True
            )
            self._thread.start()

    def stop(self) -> None:
        """End the thread of `start` and wait for it."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def close(self) -> None:
        """End the thread, and give the lease back so that nobody has to wait for it."""
        self.stop()
        if self._token is not None:
            token, self._token, self._state = self._token, None, None
            self._store.release(self.monitor, token)

    async def run_async(self, *, every: timedelta) -> None:
        """Run as a task of an event loop, which is never held up; cancel it to end it."""
        while True:
            await asyncio.to_thread(self._step_quietly)
            await asyncio.sleep(every.total_seconds())

    def _advance(self, state: EvaluationState, found: StreamProgress, now: float) -> Result | None:
        changed = self._windows.refresh()
        self._oldest, self._unreadable = found.oldest, found.unreadable
        complete = found.complete
        if complete is None:
            return None
        due = state.evaluated is None or complete > state.evaluated
        revised = not due and bool(changed)
        report: DriftReport | None = None
        before = state.consumed
        wealth = self._detector.to_dict() if self._detector is not None else {}
        try:
            if due or revised:
                pane = complete if due or state.evaluated is None else state.evaluated
                report = self._assessed(
                    pane, self._windows.window(pane), self._windows, revised=revised
                )
                state.revision = state.revision + 1 if revised else 0
                state.evaluated = pane
                state.statuses[pane] = report.global_status.value
            event = self._consume(state, found)
            if report is not None and report.window is not None:
                report = replace(report, window=replace(report.window, early=state.early))
            if report is None and state.consumed == before:
                return None
            kept = self._record(state, report, event, now)
        except DriftWatchError:
            self._state = None  # whatever advanced, the store knows better
            if self._detector is not None:
                self._detector.restore(wealth)
            raise
        if not kept:
            self._state = None
            return None
        if report is not None:
            self._emit(report)
            self._keep_house(found, upto=self._windows.seen)
            give_back()
        return Result(report, event, state.evaluated or complete)

    def tidy(self) -> None:
        """Keep a store small whose windows nobody evaluates.

        Segments of panes that are still open are merged too: a reader that knew some of
        them reads the pane again.
        """
        found = self.progress()
        if found is None or self.rules.retention is None:
            return
        self._store.compact(
            self.monitor,
            before=found.newest + 1,
            width=self.spec.width,
            guard=self.reference.profile.guard,
        )
        self._keep_house(found, upto=self._store.newest(self.monitor))

    def _keep_house(self, found: StreamProgress, *, upto: int) -> None:
        """Keep the store small; what goes wrong is tried again with the next report."""
        if self.rules.retention is None or found.final is None:
            return
        try:
            keep_house(
                self._store,
                self.monitor,
                self.spec,
                final=found.final,
                upto=upto,
                now=self._clock(),
                retention=self.rules.retention,
                least_panes=self._compare.reach + 1,
                guard=self.reference.profile.guard,
            )
        except DriftWatchError as error:
            self.errors["housekeeping"] += 1
            _LOG.warning("driftwatch: %s: housekeeping: %s", self.monitor, error)

    def _consume(self, state: EvaluationState, found: StreamProgress) -> Event | None:
        """Let detectors and alarm see every pane that has become final."""
        if found.final is None:
            return None
        if state.consumed is None:
            state.consumed = found.oldest - 1
        before = state.alarm.level
        first = max(state.consumed + 1, found.oldest)
        full = self._store.panes(self.monitor, width=self.spec.width, first=first, last=found.final)
        for pane in state.judged_or(full, first, found.final):
            signs: tuple[EarlySign, ...] = ()
            profile = self._windows.pane(pane) if self._detector is not None else None
            if profile is not None and self._detector is not None:
                alarms = self._detector.update(cell_counts(self.reference, profile))
                signs = tuple(EarlySign(a.column, a.where, a.change) for a in alarms)
            status = Status(state.statuses.pop(pane, Status.INSUFFICIENT_DATA.value))
            state.alarm.update(pane, status, early=bool(signs))
            if signs:
                state.early = signs
            elif not state.alarm.level.is_drift:
                state.early = ()
            state.consumed = pane
        for pane in sorted(state.statuses)[:-_KEPT_STATUSES]:
            del state.statuses[pane]
        return event_between(before, state.alarm.level)

    def _assessed(
        self,
        last: int,
        current: Profile | None,
        windows: StoredWindows,
        *,
        revised: bool,
    ) -> DriftReport:
        late, ids, version = windows.facts()
        against, ids = self._compare.against(last), ids or (self.reference.id,)
        period = self.spec.period(last, oldest=self._oldest)
        facts = WindowFacts(period, last, revised, late, ids, unreadable=self._unreadable)
        return assess(
            against,
            current if current is not None else self.reference.new_profile(),
            policy=self.rules.policy,
            created_at=to_utc(self._clock()),
            monitor=self.monitor,
            importances=self._importances,
            model_version=self._model_version or version,
            ignore_new=self._ignore_new,
            window=facts,
        )

    def _record(
        self, state: EvaluationState, report: DriftReport | None, event: Event | None, now: float
    ) -> bool:
        return self._store.record(
            Evaluation(
                monitor=self.monitor,
                token=self._token or 0,
                pane=state.evaluated if state.evaluated is not None else 0,
                revision=state.revision,
                created=now,
                status=report.global_status.value if report is not None else "",
                report=report.to_json() if report is not None else None,
                event=event.value if event is not None else None,
                state=state.to_dict(self._detector),
                consumed=state.consumed if state.consumed is not None else -1,
            )
        )

    def _restored(self) -> EvaluationState:
        saved = self._store.state(self.monitor)
        fresh = EvaluationState(
            reference=self.reference.id, alarm=Hysteresis(self.rules.clear_after)
        )
        if saved is None:
            return fresh
        if self._detector is not None and saved["reference"] == self.reference.id:
            self._detector.restore(saved.get("detector") or {})
        return fresh.restored(saved)

    def _promote(self) -> None:
        """Go over to the reference that the store says is in use."""
        wanted = self._store.reference_in_use(self.monitor, self._model_version)
        if wanted is None or wanted == self.reference.id:
            return
        body = self._store.reference(self.monitor, wanted)
        if body is None:
            return
        profile = Profile.from_bytes(body, guard=self.reference.profile.guard)
        self._use(Reference(profile))
        self._state = self._restored()

    def _emit(self, report: DriftReport) -> None:
        for sink in self.sinks:
            try:
                sink.emit(report)
            except Exception as error:  # noqa: BLE001 - one sink must not stop the others
                self.errors[type(sink).__name__] += 1
                _LOG.warning("driftwatch: %s: %s", type(sink).__name__, error)
