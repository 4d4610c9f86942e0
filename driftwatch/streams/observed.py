"""What stands behind a monitor that observes: its stream, put together when it is needed."""

from __future__ import annotations

import importlib
import weakref
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from driftwatch.core.profiles.reference import Reference
from driftwatch.core.subject import Subject
from driftwatch.errors import ConfigError, StoreError
from driftwatch.evaluation.reference_in_use import ReferenceInUse
from driftwatch.evaluation.rules import EvaluationRules
from driftwatch.evaluation.sink_delivery import names_of_sinks
from driftwatch.ingest.record_buffer import RecordBuffer
from driftwatch.process.quiet_log import QuietLog
from driftwatch.process.tally import Tally
from driftwatch.protocols import Destination, Sink, Store
from driftwatch.stores import is_collector, open_collector, open_store
from driftwatch.stores.remote import RemoteStore
from driftwatch.streams.collector import CollectorDestination
from driftwatch.streams.lazy_stream import LazyStream
from driftwatch.streams.local import LocalDestination
from driftwatch.streams.stored_counters import StoredCounters
from driftwatch.streams.stream import Stream, StreamSettings

__all__ = ["ObservedStream", "StoreAddress"]


@dataclass(frozen=True, slots=True)
class StoreAddress:
    """Where a stream is kept.

    Attributes:
        where: A path, an address of a collector, a store, or None for one in memory. A store
            that was opened elsewhere is closed there.
        spool: Folder in which deliveries to a collector wait.
        replaces: Whether the process's own reference comes into use in any case.
    """

    where: str | Path | Store | RemoteStore | None
    spool: str | Path | None = None
    replaces: bool = False


_LATE_IMPORTS = (
    "datasketches",
    "driftwatch.core.assess",
    "driftwatch.profiling.build",
    "driftwatch.profiling.references",
    "driftwatch.stores.sqlite.memory",
    "orjson",
    "pyarrow.compute",
    "pyarrow.types",
    "scipy.special",
)


class ObservedStream:
    """The stream of a monitor, with the records that wait for it.

    Args:
        subject: The model, and the reference that the process was started with.
        settings: How to take in.
        rules: How windows are judged.
        address: Where it is kept.
        clock: Seconds since 1970.
        sinks: Where results go.

    Raises:
        ConfigError: If a sink or a back end of alerts is none, a rule is about a column that is not
            there, or a collector evaluates and alerts are to be sent from here.

    Attributes:
        tally: What is counted instead of used.
        lazy: The stream, opened when it is needed.
    """

    def __init__(
        self,
        subject: Subject,
        settings: StreamSettings,
        rules: EvaluationRules,
        address: StoreAddress,
        /,
        *,
        clock: Callable[[], float],
        sinks: Sequence[Sink] = (),
    ) -> None:
        sink_names = names_of_sinks(sinks)
        names_of_sinks(rules.alerts.to, beside=sink_names)
        rules.alerts.check_features(subject.reference.profile.columns)
        if rules.alerts.to and is_collector(address.where):
            raise ConfigError(
                f"windows of {settings.monitor!r} are evaluated by the collector, and alerts are "
                "sent from there: configure them where `driftwatch serve` runs",
                code="DW081",
            )
        self._log = QuietLog()
        self.tally = Tally()
        self._subject = subject
        self._settings = settings
        self._rules = rules
        self._address = address
        self._replaces = address.replaces
        self._clock = clock
        self._sinks = sinks
        used = subject.reference
        buffer = RecordBuffer(used.schema, clock, self.tally.count, outcomes=used.outcome_columns)
        self.lazy = LazyStream(buffer, self.tally, weakref.WeakMethod(self._open))
        self._stored = StoredCounters(weakref.WeakMethod(self._ask_for_counters))

    @staticmethod
    def import_what_threads_need() -> None:
        """Import, in this thread, what would be imported by others when it is first used.

        A process that is forked while another thread imports a module can never import it.
        """
        for name in _LATE_IMPORTS:
            importlib.import_module(name)

    def reference(self, *, refresh: bool) -> Reference:
        """The reference in use.

        Args:
            refresh: Open the stream if it is not, and ask the store. If that cannot be done now,
                the last reference that is known; a warning is logged.
        """
        stream = self.lazy.opened
        try:
            if refresh:
                stream = self.lazy.now()
                stream.references.refresh()
        except StoreError as error:
            self._log.log(
                "references",
                "driftwatch: %s: the store cannot say which reference is in use (%s); the last "
                "known one is compared with",
                self._settings.monitor,
                error,
            )
        return self._subject.reference if stream is None else stream.references.current()

    def waiting(self) -> int:
        """Rows that were observed and are not stored yet."""
        stream = self.lazy.opened
        open_rows = 0 if stream is None else stream.accumulator.open_rows
        return self.lazy.buffer.waiting + open_rows

    def counters(self) -> dict[str, int]:
        """What was counted instead of used: stored, or about to be.

        Of a store that does not answer at once, what it said last. Never raises.
        """
        return dict(Counter(self._stored.get()) + Counter(self.tally.counts()))

    def _ask_for_counters(self) -> dict[str, int]:
        receiver = self.lazy.now().destination.receiver
        return dict(receiver.overview(self._settings.monitor).counters)

    def local(self) -> LocalDestination:
        """The store of this process, and its evaluator.

        Raises:
            StoreError: If a collector has it.
        """
        destination = self.lazy.now().destination
        if destination.receiver.evaluates_elsewhere:
            raise StoreError(
                f"monitor {self._settings.monitor!r} is stored and evaluated by "
                f"{destination.receiver!r}",
                code="DW036",
            )
        return cast("LocalDestination", destination)

    def _open(self) -> Stream:
        """Open the store, bring the reference to it, and give the stream."""
        where, settings, clock = self._address.where, self._settings, self._clock
        owned = where is None or isinstance(where, str | Path)
        destination: Destination
        remote = open_collector(where, spool=self._address.spool, clock=clock)
        if remote is not None:
            # The collector chooses what it compares with.
            references = ReferenceInUse(self._subject, None)
            destination = CollectorDestination(remote, settings.monitor, owned=owned)
        else:
            store = open_store(where)  # type: ignore[arg-type] # no collector, as just found
            try:
                references = ReferenceInUse(self._subject, store)
                references.refresh()
                destination = LocalDestination(
                    store,
                    self._subject,
                    settings.spec,
                    self._rules,
                    references,
                    clock=clock,
                    sinks=self._sinks,
                    owned=owned,
                )
            except BaseException:
                if owned:
                    store.close()
                raise

        def adopt() -> None:
            references.adopt(replace=self._replaces, now=clock())
            self._replaces = False  # once: what is promoted later stays

        return Stream(
            settings,
            references,
            destination,
            self.lazy.buffer,
            self.tally,
            clock=clock,
            adopt=adopt,
        )
