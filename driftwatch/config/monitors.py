"""``driftwatch.toml`` -> monitors: every key checked, every error names its key."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import (
    BeforeValidator,
    Field,
    model_validator,
)

from driftwatch.config.alerts import AlertsConfig
from driftwatch.config.kafka import KafkaConfig
from driftwatch.config.places import StorePlace
from driftwatch.config.sinks import check_sink, load_sink
from driftwatch.config.table import Table
from driftwatch.core.data.declared import DeclaredColumns
from driftwatch.core.data.durations import parse_duration, parse_length
from driftwatch.core.windows.spec import WindowSpec
from driftwatch.errors import ConfigError
from driftwatch.profiling.locations import is_url

if TYPE_CHECKING:
    from driftwatch.core.statistics.budget import AlarmBudget
    from driftwatch.evaluation.rules import EvaluationRules
    from driftwatch.monitor import Monitor
    from driftwatch.protocols import Notifier, Store

__all__ = ["MonitorConfig"]

_LONGEST = timedelta(days=3660)


def _readable(read: Callable[[str], object]) -> BeforeValidator:
    """Text that something can read, and that is no time beyond all use."""

    def check(value: object) -> object:
        parsed = read(str(value))
        if isinstance(parsed, timedelta) and parsed > _LONGEST:
            raise ConfigError(f"at most {_LONGEST.days}d can be waited for; got {value!r}")
        return value

    return BeforeValidator(check)


def _lateness(text: str) -> object:
    return timedelta(seconds=WindowSpec.of("1h", lateness=text).lateness)


_Duration = Annotated[str, _readable(parse_duration)]
_Length = Annotated[str, _readable(parse_length)]
_Threshold = float | list[float]


class MonitorConfig(Table):
    """One ``[monitors.NAME]``; the keys are the arguments of `Monitor`.

    Attributes:
        reference: Paths of the reference data, or of a profile of it. Without it the
            reference that the store says is in use.
        store: Path of the SQLite file, or address of a collector.
        spool: Folder in which deliveries to a collector wait.
        every: How often to look for something to evaluate.
        time: Name of the column of event times.
        exclude: Names of columns to leave out.
        kinds: What columns are, such as ``zip = "categorical"``.
        rules: Which values are allowed, such as ``age = {min = 0, max = 120}``.
        missing_words: Texts that stand for no value, instead of the usual ones; by column, too.
        id: Names of columns of identifiers.
        label: Names of columns of labels.
        weight: Name of the column of row weights.
        prediction: Name of the column of predictions.
        score: Column of scores; with several classes one each, as a list or by class.
        positive: The positive class of two.
        task: What the model predicts: binary, multiclass or regression.
        cost: Cost of each label (rows) and prediction (columns), in the order of the classes.
        idle_after: For how long windows wait for a source that is silent, or far behind the others;
            as long as a pane and the lateness last if not given.
        keep_reports: For how long reports are kept that changed no alarm; the others stay.
        sinks: Where results go besides the store: ``package.module:name`` of an object, or of a
            class that needs no arguments, as `driftwatch.protocols.Sink` describes.
        alerts: Who is told of what.
        kafka: What `driftwatch worker` reads.
    """

    reference: str | list[str] | None = None
    store: StorePlace | None = None
    spool: str | None = None
    features: list[str] | None = None
    exclude: list[str] = Field(default_factory=list)
    kinds: dict[str, str] = Field(default_factory=dict)
    rules: dict[str, dict[str, Any]] = Field(default_factory=dict)
    missing_words: list[str] | dict[str, list[str]] | None = None
    time: str | None = None
    id: list[str] = Field(default_factory=list)
    label: list[str] = Field(default_factory=list)
    prediction: str | None = None
    score: str | list[str] | dict[str, str] | None = None
    weight: str | None = None
    positive: str | int | float | bool | None = None
    task: Literal["binary", "multiclass", "regression"] | None = None
    cost: list[list[float]] | None = None
    thresholds: dict[str, _Threshold | dict[str, _Threshold]] | None = None
    policy: Literal["default", "classic"] = "default"
    false_alarms: str | None = None
    window: _Length = "24h"
    slide: _Length | None = "1h"
    lateness: Annotated[str, _readable(_lateness)] | None = None
    compare: Literal["frozen", "sliding", "seasonal"] = "frozen"
    pane: _Length | None = None
    multivariate: bool | list[str] = False
    flush_every: _Duration = "10s"
    every: _Duration = "1m"
    idle_after: _Duration | None = None
    keep_reports: _Duration = "90d"
    sinks: list[Annotated[str, _readable(check_sink)]] = Field(default_factory=list)
    alerts: AlertsConfig | None = None
    kafka: KafkaConfig | None = None

    @model_validator(mode="after")
    def _goes_together(self) -> Self:
        self.judging()
        self.columns()
        taken: dict[str, str] = {}
        for name, role in self._named():
            if taken.setdefault(name, role) != role:
                raise ConfigError(
                    f"column {name!r} is named for {taken[name]} and for {role}", code="DW021"
                )
        return self

    def judged(self) -> tuple[WindowSpec, AlarmBudget | None]:
        """How the stream is cut, and the false alarms it may have.

        Raises:
            ConfigError: If the window or the budget cannot be used.
        """
        from driftwatch.core.statistics.budget import AlarmBudget

        spec = WindowSpec.of(self.window, self.slide, lateness=self.lateness)
        if self.false_alarms is None:
            return spec, None
        return spec, AlarmBudget.of(self.false_alarms, every=spec.slide)

    def judging(self) -> EvaluationRules:
        """How windows of the stream are judged, and who would be told; without back ends.

        Raises:
            ConfigError: If the window, the thresholds, the budget or the alerts cannot be used.
        """
        from driftwatch.core.drift.policy import Policy
        from driftwatch.evaluation.rules import EvaluationRules

        spec, budget = self.judged()
        policy = Policy.of(self.thresholds, policy=self.policy, budget=budget, cost=self.cost)
        alerts = (self.alerts or AlertsConfig()).alerts([])
        return EvaluationRules.of(
            policy.repeated(spec.slide),
            spec,
            compare=self.compare,
            alerts=alerts,
            idle=None if self.idle_after is None else parse_duration(self.idle_after),
            kept=parse_duration(self.keep_reports),
        )

    def roles(self) -> dict[str, str]:
        """Role of every column that has one."""
        return dict(self._named())

    def columns(self) -> DeclaredColumns:
        """The columns as they are declared.

        Raises:
            ConfigError: If a kind or a rule is none.
        """
        return DeclaredColumns.of(
            self.features,
            exclude=self.exclude,
            roles=self.roles(),
            kinds=self.kinds,
            rules=self.rules,
            missing_words=self.missing_words,
            score=self.score,
            positive=self.positive,
            task=self.task,
        )

    def _named(self) -> list[tuple[str, str]]:
        """Every column that has a role, with it."""
        named: dict[str, list[str | None]] = {
            "time": [self.time],
            "id": [*self.id],
            "label": [*self.label],
            "prediction": [self.prediction],
            "score": self._scores(),
            "weight": [self.weight],
        }
        return [(name, role) for role, names in named.items() for name in names if name]

    def _scores(self) -> list[str | None]:
        if isinstance(self.score, dict):
            return [*self.score.values()]
        return [*self.score] if isinstance(self.score, list) else [self.score]

    def store_in(self, folder: Path, /) -> str | None:
        """Where the store is, for a configuration in a folder: a path or an address."""
        if self.store is None or "://" in self.store:
            return self.store
        return str(folder / self.store)

    def reference_in(self, folder: Path, /) -> list[str] | None:
        """Paths and URLs of the reference data, for a configuration in a folder; None without."""
        if self.reference is None:
            return None
        paths = [self.reference] if isinstance(self.reference, str) else self.reference
        return [path if is_url(path) else str(folder / path) for path in paths]

    def monitor(
        self,
        name: str,
        /,
        *,
        folder: Path,
        source: str | None = None,
        notifiers: list[Notifier] | None = None,
        store: Store | None = None,
        clock: Callable[[], datetime] | None = None,
    ) -> Monitor:
        """Build the monitor.

        Args:
            name: Its name.
            folder: What relative paths are relative to.
            source: Name of this process among those that feed it.
            notifiers: Back ends of alerts, made of what the configuration names, for a process that
                evaluates; others need none, nor the secrets of them.
            store: The store, where it is open already; then it is closed there, too.
            clock: Gives the time; the system's if not given.

        Raises:
            ConfigError: If a value is not usable, or there is no reference.
            DataError: If the reference cannot be read.
            StoreError: If the store cannot be opened.
        """
        from driftwatch.monitor import Monitor

        spool = None if self.spool is None else folder / self.spool
        where = self.store_in(folder) if store is None else store
        return Monitor(
            self._reference(name, where, spool, folder),
            features=self.features,
            thresholds=self.thresholds,
            policy=self.policy,
            false_alarms=self.false_alarms,
            every=self.slide or self.window,
            pane=self.pane,
            multivariate=self.multivariate,
            roles=self.roles(),
            exclude=self.exclude,
            kinds=self.kinds,
            rules=self.rules,
            missing_words=self.missing_words,
            score=self.score,
            positive=self.positive,
            task=self.task,
            cost=self.cost,
            name=name,
            clock=clock,
            window=self.window,
            slide=self.slide,
            lateness=self.lateness,
            compare=self.compare,
            store=where,
            spool=spool,
            sinks=[load_sink(path, folder) for path in self.sinks],
            alerts=(self.alerts or AlertsConfig()).alerts(notifiers or []),
            source=source,
            flush_every=self.flush_every,
            idle_after=self.idle_after,
            keep_reports=self.keep_reports,
        )

    def _reference(
        self, name: str, where: str | Store | None, spool: Path | None, folder: Path
    ) -> list[str] | bytes:
        if (paths := self.reference_in(folder)) is not None:
            return paths
        body = _kept_reference(name, where, spool)
        if body is None:
            raise ConfigError(
                f'monitor {name!r} has no reference: name its data (reference = "train.parquet" '
                "in the configuration, --ref on the command line), or add one to its store "
                "(driftwatch reference add)",
                code="DW048",
            )
        return body


def _kept_reference(name: str, where: str | Store | None, spool: Path | None) -> bytes | None:
    """The reference that the store has in use, for a monitor that names none."""
    from driftwatch.stores import open_collector, open_store

    store = open_collector(where, spool=spool) or open_store(where)
    try:
        used = store.references_in_use(name).get("")
        return store.reference(name, used) if used is not None else None
    finally:
        if store is not where:
            store.close()
