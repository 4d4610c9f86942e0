"""A monitor of the service: its store, and its evaluator once there is a reference."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

from driftwatch.config.load import Config
from driftwatch.config.monitors import MonitorConfig
from driftwatch.core.data.durations import parse_duration
from driftwatch.core.data.times import to_utc
from driftwatch.core.profiles.reference import Reference
from driftwatch.core.windows.segments import Delivery, Outcome
from driftwatch.errors import ConfigError, DataError, StoreError
from driftwatch.evaluation.evaluator import Evaluator
from driftwatch.evaluation.runner import EvaluationRunner
from driftwatch.integrations.alerting.configured import notifiers_of
from driftwatch.logs.events import event
from driftwatch.monitor import Monitor
from driftwatch.profiling.hash_keys import key_for
from driftwatch.protocols import Store
from driftwatch.stores import open_store

__all__ = ["Watched", "WatchedMonitors"]

_LOG = logging.getLogger("driftwatch")
_AT_ONCE = 2


class _RunnerInTurn(EvaluationRunner):
    """Evaluates when it has one of a few turns: the interpreter runs one thread at a time.

    Thirty threads that evaluate at once are no sooner done, and every answer waits for all of them.
    """

    def __init__(
        self, evaluator: Evaluator, /, *, every: timedelta, turns: threading.Semaphore
    ) -> None:
        super().__init__(evaluator, every=every)
        self._turns = turns

    def _step(self) -> None:
        with self._turns:
            if not self._stop.is_set():
                super()._step()


class Watched:
    """One monitor. It takes deliveries once it has a reference, which may come later.

    Args:
        name: Its name.
        config: How it is configured.
        folder: What the configuration's paths are relative to.
        clock: Seconds since 1970.
        turns: How many of all monitors may be evaluated at once.

    Raises:
        ConfigError: If it has no store of its own, or its reference has hashed columns and nobody
            has chosen the key, which replicas need, too.
        StoreError: If the store cannot be opened.
    """

    def __init__(
        self,
        name: str,
        config: MonitorConfig,
        folder: Path,
        /,
        *,
        clock: Callable[[], float],
        turns: threading.Semaphore,
    ) -> None:
        if config.store is None:
            raise ConfigError(
                f'monitor {name!r} has no store: name one (store = "driftwatch.db")', code="DW036"
            )
        self.name = name
        self._folder = folder
        self._clock = clock
        self._turns = turns
        self._lock = threading.Lock()
        self._evaluating = False
        self._runner: EvaluationRunner | None = None
        self.monitor: Monitor | None = None
        self.config = config
        self.store: Store = open_store(config.store_in(folder))
        if config.reference is not None or "" in self.store.references_in_use(name):
            self._check_key(self.open())

    def _check_key(self, monitor: Monitor) -> None:
        """Refuse to start where replicas cannot have the key that columns are hashed with."""
        try:
            key_for(None, self.store, needed_by="a collector and its replicas").check(
                monitor.reference.schema
            )
        except ConfigError:
            self.close()
            raise

    def open(self) -> Monitor:
        """The monitor; opened now if it was not.

        Raises:
            ConfigError: If it has no reference yet.
        """
        with self._lock:
            if self.monitor is None:
                alerts = self.config.alerts
                self.monitor = self.config.monitor(
                    self.name,
                    folder=self._folder,
                    source="collector",
                    notifiers=None if alerts is None else notifiers_of(alerts, self._folder),
                    clock=lambda: to_utc(self._clock()),
                )
                if self._evaluating:
                    self._start(self.monitor)
            return self.monitor

    def start(self) -> None:
        """Evaluate from now on, in a thread."""
        with self._lock:
            self._evaluating = True
            if self.monitor is not None:
                self._start(self.monitor)
            else:
                _LOG.warning(
                    "driftwatch: %s has no reference yet: add one",
                    self.name,
                    extra=event("service.trouble", code="DW048"),
                )

    def _start(self, monitor: Monitor) -> None:
        monitor.stream.adopt_reference()
        every = parse_duration(self.config.every)
        self._runner = _RunnerInTurn(monitor.evaluator, every=every, turns=self._turns)
        self._runner.start()

    def deliver(self, delivery: Delivery, /, *, now: float) -> Outcome:
        """Store a delivery that has been checked."""
        return self.store.deliver(delivery, now=now)

    def turn_away(self, delivery: Delivery, why: str, /, *, now: float) -> None:
        """Note that a delivery cannot be taken now, if the store can."""
        with contextlib.suppress(StoreError):  # its answer says more than this error would
            self.store.turn_away(delivery, why, now=now)

    @property
    def reference(self) -> Reference | None:
        """What the monitor compares with at the moment."""
        if self.monitor is None:
            return None
        references = self.monitor.evaluator.references
        references.refresh()
        return references.current()

    @property
    def alarm(self) -> str | None:
        """Level of the alarm; None before the first pane."""
        state = self.store.state(self.name)
        return None if state is None else state.alarm

    def close(self) -> None:
        """End evaluating, and let go of the store."""
        with self._lock:
            monitor, self.monitor = self.monitor, None
            if self._runner is not None:
                self._runner.stop()
            if monitor is not None:
                monitor.close()
            self.store.close()


class WatchedMonitors:
    """All monitors of a configuration.

    Args:
        config: The configuration.
        clock: Seconds since 1970.

    Raises:
        ConfigError: If there are none, or one cannot be opened.
    """

    def __init__(self, config: Config, /, *, clock: Callable[[], float] = time.time) -> None:
        if not config.monitors:
            raise ConfigError("no monitor is configured: add a [monitors.NAME]", code="DW005")
        self._all: dict[str, Watched] = {}
        turns = threading.Semaphore(_AT_ONCE)
        try:
            for name in config.monitors:
                _, settings = config.one(name)
                self._all[name] = Watched(name, settings, config.folder, clock=clock, turns=turns)
        except DataError as error:
            self.close()
            raise ConfigError(f"monitor {name!r}: {error}") from error
        except BaseException:
            self.close()
            raise

    def __iter__(self) -> Iterator[Watched]:
        return iter(self._all.values())

    def get(self, name: str, /) -> Watched | None:
        """The monitor of a name; None if there is none."""
        return self._all.get(name)

    def start(self) -> None:
        """Evaluate all of them from now on."""
        for watched in self:
            watched.start()

    def close(self) -> None:
        """End all of them."""
        for watched in self:
            watched.close()
