"""A stream whose store is here: this process evaluates it, or another one of this machine."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from driftwatch.core.reports.report import DriftReport
from driftwatch.core.subject import Subject
from driftwatch.core.windows.evaluation_record import Result
from driftwatch.core.windows.spec import WindowSpec
from driftwatch.errors import DriftWatchError
from driftwatch.evaluation.evaluator import Evaluator
from driftwatch.evaluation.reference_in_use import ReferenceInUse
from driftwatch.evaluation.rules import EvaluationRules
from driftwatch.ingest.accumulator import Accumulator
from driftwatch.process.quiet_log import QuietLog
from driftwatch.protocols import Sink, Store

if TYPE_CHECKING:
    from driftwatch.protocols import Destination

__all__ = ["LocalDestination"]

_TIDY_EVERY = 32  # flushes; so many segments of a pane are as quickly merged as read


class LocalDestination:
    """Stores deliveries, and evaluates them; implements `driftwatch.protocols.Destination`.

    Args:
        store: The store.
        subject: The model, and the reference that the process was started with.
        spec: How the stream is cut.
        rules: How it is judged.
        references: Which reference is in use.
        clock: Seconds since 1970.
        sinks: Where results go.
        owned: Whether to close the store at the end.
    """

    def __init__(
        self,
        store: Store,
        subject: Subject,
        spec: WindowSpec,
        rules: EvaluationRules,
        references: ReferenceInUse,
        /,
        *,
        clock: Callable[[], float],
        sinks: Sequence[Sink] = (),
        owned: bool = True,
    ) -> None:
        self.receiver = store
        self.store = store
        self.references = references
        self.evaluator = Evaluator(
            store, subject, spec, clock=clock, rules=rules, references=references, sinks=sinks
        )
        self._owned = owned
        self._flushes = 0
        self._log = QuietLog()
        self._monitor = subject.monitor
        self._spec = spec

    @contextlib.contextmanager
    def flushing(self, within: float | None) -> Iterator[Callable[[], int]]:
        """Wait for other processes' transactions so long inside; tidy the store now and then."""
        self._follow_references()
        patience: AbstractContextManager[None] = contextlib.nullcontext()
        if within is not None:
            patience = getattr(self.store, "patience", lambda _: patience)(within)
        with patience:
            yield lambda: 0
        if within is None:
            self._tidy_now_and_then()

    def _follow_references(self) -> None:
        try:
            self.references.refresh()
        except DriftWatchError as error:
            self._log.log("references", "driftwatch: %s: references: %s", self._monitor, error)

    def _tidy_now_and_then(self) -> None:
        """Keep the store small, whether or not anybody evaluates."""
        self._flushes += 1
        if self._flushes % _TIDY_EVERY == 0:
            try:
                self.evaluator.tidy()
            except DriftWatchError as error:
                self._log.log(
                    "tidy", "driftwatch: %s: the store was not tidied: %s", self._monitor, error
                )

    def check(self, accumulator: Accumulator, /) -> DriftReport:
        """Report on the window that is open now, rows that are not stored yet included."""
        extent = self.evaluator.extent()
        panes = [accumulator.latest_pane(), extent.newest if extent is not None else None]
        last = max((pane for pane in panes if pane is not None), default=None)
        unstored = []
        if last is not None:
            unstored = accumulator.unstored(self._spec.first_of(last), last)
        return self.evaluator.check(
            last, unstored=dict(unstored), uncounted=accumulator.uncounted()
        )

    def evaluate(self) -> Result | None:
        """Evaluate what is due; None if nothing is."""
        return self.evaluator.step()

    def close(self) -> None:
        """Let go of the lease, of threads, and of the store if it is ours."""
        try:
            self.evaluator.close()
        finally:
            if self._owned:
                self.store.close()


if TYPE_CHECKING:
    _SOCKET: type[Destination] = LocalDestination
