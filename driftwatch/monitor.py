"""The monitor: a reference, the rules of a verdict, and the question whether data drifted."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

from driftwatch.core.data.durations import aware, parse_duration, parse_length
from driftwatch.errors import ConfigError
from driftwatch.logs.lines import plain, shown_repr
from driftwatch.process.switch import is_switched_off
from driftwatch.stores import is_collector
from driftwatch.streams.observing import Observing

if TYPE_CHECKING:  # loaded when a monitor is made: importing the name alone stays quick
    from driftwatch.alerts.settings import Alerts
    from driftwatch.core.data.schema import Kind, Role, Schema
    from driftwatch.core.drift.policy import PolicyName
    from driftwatch.core.profiles.reference import Reference
    from driftwatch.core.reports.over_time import OverTime
    from driftwatch.core.reports.report import DriftReport
    from driftwatch.core.sketches.sizes import SketchConfig
    from driftwatch.profiling.permutation import Importances
    from driftwatch.profiling.rows import Progress
    from driftwatch.protocols import DriftTest, Notifier, Sink, Store
    from driftwatch.stores.remote import RemoteStore
    from driftwatch.streams.observed import ObservedStream

__all__ = ["Monitor"]

_WINDOW: Any = object()  # not None, which is more likely a mistake than a question


class Monitor(Observing):
    """Watches whether production data still look like the reference.

    Args:
        reference_data: pandas or polars data frame, pyarrow table, dict of arrays, list of
            records, paths or URLs of files (parquet, CSV, JSON), a ``.dwp`` profile or a `Profile`.
        features: Columns to watch, tested even if they look like identifiers; if not given, those
            of the model, or all but identifiers, times and labels, which the report lists.
        model: Gives version, features, importances; called where labelled data lack predictions.
        importances: Weights of features; ``"permutation"`` to measure them, which calls the model.
        prediction, label: Columns of predictions and of labels, for the model's performance.
        score: Column of scores; of several classes a list, ``{class: column}``, or one of lists.
        positive, task: Class of two, the last if None; "binary", "multiclass" or "regression".
        metrics: Your own losses: functions of labels and predictions to a loss a row, by name.
        cost: What each label (rows) with each prediction (columns) costs, classes in order.
        thresholds, policy: Effect sizes and levels, such as ``{"psi": 0.2, "ks_pvalue": 0.05}``,
            see `driftwatch.core.drift.policy.Policy.of`; ``"classic"`` for the textbook's rules.
        false_alarms: Budget of a check that is repeated, such as ``"1 per 30d"``, for all features
            together. Without it a false discovery rate of 5 % holds for the check.
        every: Time from one check to the next, for the budget; a stream's windows have a slide.
        pane: Length of panes, such as ``"1h"``, to learn the reference's rhythm; needs a time.
        multivariate: Also watch how columns depend on each other: true, or their names.
        roles: Roles of columns, such as ``{"ts": "time", "y": "target"}``.
        exclude, kinds: Columns to leave out; what others are, such as ``{"zip": "categorical"}``.
        rules: Values that are allowed: ``{"age": {"min": 0, "max": 120}, "plan": {"in": [...]}}``.
        missing_words: Texts that are no value, for all columns or by column; the usual if None.
        schema, config, hash_key: Columns; sketch sizes; key of hashes (else $DRIFTWATCH_HASH_KEY).
        name, source: Name of the monitor; of this process among those that feed it.
        clock: Gives the time of reports, and of records without one; the system's if None.
        window: Length of the windows a stream is judged by: ``"24h"``, or ``"10000 rows"``.
        slide: How far the window moves each time; a pane. Its own length, tumbling, if None.
        lateness: How long a pane waits for late rows; a tenth of the slide (least: 5 minutes).
        compare: With the reference, ``"frozen"``; the window before, ``"sliding"``; ``"seasonal"``.
        store: Where a stream is kept: memory, a SQLite file, which processes may share, a store;
            or the address of a collector (`driftwatch serve`), which then evaluates.
        spool: Folder of deliveries to a collector that wait; the user's for state if None.
        reference: ``"auto"``: `reference_data` is used unless the store replaced it; ``"replace"``.
        tests: Your own `driftwatch.protocols.DriftTest`; they decide where `thresholds` name them.
        sinks: Where results of a stream go, see `driftwatch.protocols.Sink`.
        alerts: Who is told of incidents: back ends, or `driftwatch.alerts.settings.Alerts`.
        flush_every: How long rows wait, at most, before they are stored.
        idle_after, keep_reports: How long windows wait for silent sources; reports are kept.
        progress: Called after every batch of the reference with rows and bytes read.

    Attributes:
        enabled: Whether `observe` takes anything in; not where ``DRIFTWATCH_DISABLED=1`` is set.
        seconds: Gives the time of the clock as seconds since 1970.

    Raises:
        ConfigError: If an argument is not usable.
        DataError: If the reference cannot be read.
        UnknownColumnError: If a feature or a column with a role is not in the data.

    Example:
        >>> import numpy as np
        >>> rng = np.random.default_rng(7)
        >>> monitor = Monitor(
        ...     reference_data={"age": rng.normal(40, 9, 5000), "plan": ["a", "b"] * 2500},
        ...     thresholds={"psi": 0.2, "ks_pvalue": 0.05},
        ... )
        >>> report = monitor.check({"age": rng.normal(52, 9, 5000), "plan": ["a", "b"] * 2500})
        >>> report.drifted_features
        ['age']
        >>> report.has_drift()
        True
    """

    def __init__(  # noqa: PLR0913 - four are specified, the others keyword-only
        self,
        reference_data: Any,
        features: Sequence[str] | None = None,
        model: Any = None,
        thresholds: Mapping[str, Any] | None = None,
        *,
        importances: Importances = None,
        policy: PolicyName = "default",
        false_alarms: str | None = None,
        every: str = "1h",
        prediction: str | None = None,
        score: str | Sequence[str] | Mapping[Any, str] | None = None,
        label: str | None = None,
        positive: Any = None,
        task: str | None = None,
        metrics: Mapping[str, Callable[..., Any]] | None = None,
        cost: Sequence[Sequence[float]] | None = None,
        pane: str | None = None,
        multivariate: bool | Sequence[str] = False,
        roles: Mapping[str, Role | str] | None = None,
        exclude: Sequence[str] = (),
        kinds: Mapping[str, Kind | str] | None = None,
        rules: Mapping[str, Any] | None = None,
        missing_words: Sequence[str] | Mapping[str, Sequence[str]] | None = None,
        schema: Schema | None = None,
        config: SketchConfig | None = None,
        hash_key: bytes | None = None,
        name: str = "default",
        clock: Callable[[], datetime] | None = None,
        window: str = "24h",
        slide: str | None = "1h",
        lateness: str | None = None,
        compare: str = "frozen",
        store: str | Path | Store | RemoteStore | None = None,
        spool: str | Path | None = None,
        reference: Literal["auto", "replace"] = "auto",
        tests: Sequence[DriftTest] = (),
        sinks: Sequence[Sink] = (),
        alerts: Sequence[Notifier] | Alerts | None = None,
        source: str | None = None,
        flush_every: str = "10s",
        idle_after: str | None = None,
        keep_reports: str = "90d",
        progress: Progress | None = None,
    ) -> None:
        from driftwatch.core.data.arguments import check_arguments
        from driftwatch.core.data.declared import DeclaredColumns, names_of
        from driftwatch.core.drift.policy import Policy
        from driftwatch.core.statistics.budget import AlarmBudget
        from driftwatch.core.subject import Subject
        from driftwatch.core.windows.spec import COMPARISONS, WindowSpec
        from driftwatch.profiling.hash_keys import key_for
        from driftwatch.profiling.model_facts import features_of, version_of
        from driftwatch.profiling.permutation import chosen_importances
        from driftwatch.profiling.references import ReferenceOptions, build_reference, located
        from driftwatch.profiling.saved_monitor import given_settings, opened_monitor
        from driftwatch.profiling.scoring import Scorer

        check_arguments(locals())
        self.name, self._said = name, given_settings(locals())
        self.policy = Policy.of(
            thresholds,
            policy=policy,
            budget=None if false_alarms is None else AlarmBudget.of(false_alarms, every=every),
            tests=tests,
            metrics=metrics or (),
            cost=cost,
        )
        self._clock = clock or partial(datetime.now, UTC)
        self.seconds = time.time if clock is None else (lambda: aware(clock()).timestamp())
        columns = DeclaredColumns.of(
            features,
            exclude=exclude,
            roles=roles,
            kinds=kinds,
            rules=rules,
            missing_words=missing_words,
            schema=schema,
            prediction=prediction,
            score=score,
            label=label,
            positive=positive,
            task=task,
            metrics=metrics,
        ).of_a_model(features_of(model))
        reference_data, known = opened_monitor(located(reference_data))
        key = key_for(hash_key, store)
        self._scorer, columns = Scorer.of(model, reference_data, columns, key)
        options = ReferenceOptions(
            columns,
            config=config,
            hash_key=key,
            pane=None if pane is None else parse_length(pane),
            multivariate=names_of("multivariate", multivariate),
        )
        built = build_reference(self._scorer.scored(reference_data), options, progress=progress)
        tested = [column.name for column in built.schema if column.role.is_tested]
        self.policy.check_columns(tested, built)
        weights = chosen_importances(importances, model, reference_data, tested, built.schema)
        self._subject = Subject(
            built,
            name,
            version_of(model) or known.model_version,
            weights or known.importances,
            columns.features or known.features,
            columns.exclude or known.exclude,
        )
        self.spec = WindowSpec.of(window, slide, lateness=lateness)
        if compare not in COMPARISONS:
            raise ConfigError(f"compare must be one of {', '.join(COMPARISONS)}; got {compare!r}")
        self._stream_policy = self.policy.repeated(self.spec.slide)
        kept, idle = parse_duration(keep_reports), idle_after and parse_duration(idle_after)
        self._judged: Any = {"compare": compare, "alerts": alerts, "kept": kept, "idle": idle}
        self._store_at, self._spool, self._sinks = store, spool, tuple(sinks)
        self._source = source or f"{socket.gethostname()}-{os.getpid()}"
        self.flush_every = parse_duration(flush_every)
        self.enabled, self._replaces = not is_switched_off(), reference == "replace"
        self._stream: ObservedStream | None = None
        if sinks or alerts or store is not None:  # what is wrong, and what is slow, comes now
            self._observed().import_what_threads_need()

    @property
    def reference(self) -> Reference:
        """The reference in use: the one given, or the one that the store says has replaced it."""
        return self._in_use(refresh=False)

    def check(self, data: Any = _WINDOW, /, *, progress: Progress | None = None) -> DriftReport:
        """Compare production data, or the current window of the stream, with the reference.

        Args:
            data: As `reference_data`; read once, in batches, and not kept. Without it the
                window that ends with the newest pane is reported, rows that are not stored
                yet included. Asking changes nothing.
            progress: Called after every batch with rows and bytes read.

        Raises:
            DataError: If the data cannot be read.
            StoreError: If the store cannot be read.

        Cost: a sort of every numeric column, on all cores, and about a millisecond a
        feature for the tests. Memory does not depend on the number of rows.
        """
        if data is _WINDOW:
            return self._observed().lazy.use(lambda stream: stream.check())
        from driftwatch.core.assess import assess
        from driftwatch.profiling.references import located, production_profile

        reference = self._in_use(refresh=True)
        return assess(
            self._subject.compared_with(reference),
            production_profile(reference, self._scorer.scored(located(data)), progress),
            policy=self.policy,
            created_at=aware(self._clock()),
        )

    def over_time(
        self,
        data: Any,
        /,
        *,
        by: str | int | Sequence[str],
        time: str | None = None,
        progress: Progress | None = None,
    ) -> OverTime:
        """Check one stretch of the data after the other.

        Each report is the one that `check` gives for the rows of its stretch alone; for the alarms
        that a stream would have raised see ``driftwatch replay``.

        Args:
            data: As `reference_data`; read once, in batches, in any order, and not kept.
            by: A length of time such as ``"7d"``, or ``"hour"``, ``"day"``, ``"week"``,
                ``"month"``, ``"quarter"``, ``"year"`` (UTC, weeks from Monday); a number of rows;
                or the name of a column, for one stretch a value of it (``["week"]`` for a
                column that is called like a time).
            time: The column of times, which the reference need not have; its own if None. What
                counts as a time, and in which unit: `driftwatch.core.data.instants.instant_of`.
            progress: Called after every batch with rows and bytes read.

        Returns:
            The reports in order, which a notebook shows as features x time. Stretches of time
            without a row have none, and rows without a time are counted in ``not_used``. A feature
            that rows are cut by is not tested.

        Raises:
            ConfigError: If `by` is none of these, or there are more than 1,000 stretches.
            DataError: If the data cannot be read.
            UnknownColumnError: If a column is not in the data.

        Cost: a pass over the data, and about a millisecond a stretch and feature; all stretches
        have sketches at the same time, of some ten kilobytes a column.

        Example:
            >>> monitor = Monitor({"age": [*range(100)] * 10})
            >>> ages = [*range(100)] * 10 + [*range(50)] * 10
            >>> data = {"plan": ["basic"] * 1000 + ["pro"] * 500, "age": ages}
            >>> [str(report.global_status) for report in monitor.over_time(data, by="plan").reports]
            ['OK', 'CRITICAL']
        """
        from driftwatch.evaluation.over_time import checked_over_time
        from driftwatch.profiling.references import located
        from driftwatch.profiling.stretches import cut_of

        reference = self._in_use(refresh=True)
        return checked_over_time(
            self._subject.compared_with(reference),
            self._scorer.scored(located(data)),
            cut_of(by, time, reference.schema),
            policy=self.policy,
            created_at=aware(self._clock()),
            progress=progress,
        )

    def save(self, path: str | Path, /) -> None:
        """Write the reference in use, and how it is judged, to a profile file.

        It has the columns with their roles and rules, thresholds, policy, budget, windows, weights
        and version of the model. Everything that reads profiles reads the reference in it, earlier
        versions too. Not in it: rows, stores, whom to tell, functions (own tests and metrics), the
        model and the key of hashed columns.

        Args:
            path: The file, which ends in ``.dwp``; one that is there is replaced as a whole.

        Raises:
            ConfigError: If the file does not end so.
            DataError: If it cannot be written.

        Cost: some kilobytes a column.

        Example:
            >>> import tempfile
            >>> monitor = Monitor({"age": [*range(100)] * 10}, thresholds={"ks": 0.3})
            >>> with tempfile.TemporaryDirectory() as folder:
            ...     monitor.save(f"{folder}/m.dwp")
            ...     again = Monitor.load(f"{folder}/m.dwp")
            >>> again.check({"age": [*range(80)] * 10}).drifted_features
            []
        """
        from driftwatch.profiling.saved_monitor import ModelFacts, save_monitor

        profile = self._in_use(refresh=True).profile
        save_monitor(path, profile, self._said, ModelFacts.of(self._subject))

    @classmethod
    def load(cls, path: str | Path, /, **changes: Any) -> Self:
        """Read a monitor that `save` wrote.

        Args:
            path: The file, or its URL.
            changes: Arguments of `Monitor` to use instead of, or beside, what was saved: ``store``,
                ``model``, ``thresholds``, and ``tests`` and ``metrics`` where thresholds name them.

        Raises:
            ConfigError: If an argument is not usable.
            DataError: If the file cannot be read, or is a profile without a monitor.
            NotReadableError: If a newer version wrote it; the reference in it can be read.
            ProfileFormatError: If it is damaged.
        """
        from driftwatch.profiling.saved_monitor import SavedMonitor

        saved = SavedMonitor.read(path)
        return cls(saved, **{**saved.settings, **changes})

    def __repr__(self) -> str:
        if "_subject" not in self.__dict__:  # a debugger looks at it while it is made
            return "<Monitor, not made yet>"
        tested = sum(column.role.is_tested for column in self._subject.reference.schema)
        rows = self._subject.reference.profile.rows
        rules = ", ".join(self.policy.named) or "default thresholds"
        text = f"{plain(self.name)!r}: {tested} features, {rows:,} reference rows"
        return shown_repr(f"<Monitor {text}; {rules}; window {self.spec}")

    def _repr_html_(self) -> str:
        from driftwatch.render.presentation import monitor_notebook

        return monitor_notebook(self._subject, self.policy.to_dict(), str(self.spec))

    def _in_use(self, *, refresh: bool) -> Reference:
        """The reference in use; the store is asked first if it is there to be asked."""
        refresh = refresh and self._store_at is not None and not is_collector(self._store_at)
        if self._stream is None and not refresh:
            return self._subject.reference
        return self._observed().reference(refresh=refresh)
