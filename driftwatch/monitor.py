"""The monitor: a reference, the rules of a verdict, and the question whether data drifted."""

from __future__ import annotations

import contextlib
import logging
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
from driftwatch.process.switch import is_switched_off
from driftwatch.stores import is_collector

if TYPE_CHECKING:  # loaded when a monitor is made: importing the name alone stays quick
    from driftwatch.alerts.settings import Alerts
    from driftwatch.core.data.schema import Kind, Role, Schema
    from driftwatch.core.drift.policy import PolicyName
    from driftwatch.core.profiles.profile import Profile
    from driftwatch.core.profiles.reference import Reference
    from driftwatch.core.reports.report import DriftReport
    from driftwatch.core.sketches.sizes import SketchConfig
    from driftwatch.core.windows.evaluation_record import Result
    from driftwatch.evaluation.evaluator import Evaluator
    from driftwatch.profiling.permutation import Importances
    from driftwatch.profiling.rows import Progress
    from driftwatch.protocols import DriftTest, Notifier, Sink, Store
    from driftwatch.stores.remote import RemoteStore
    from driftwatch.streams.observed import ObservedStream
    from driftwatch.streams.stream import Stream

__all__ = ["Monitor"]

_WINDOW: Any = object()  # not None, which is more likely a mistake than a question


class Monitor:
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
        from driftwatch.profiling.scoring import Scorer

        check_arguments(locals())
        self.name = name
        budget = None if false_alarms is None else AlarmBudget.of(false_alarms, every=every)
        self.policy = Policy.of(
            thresholds, policy=policy, budget=budget, tests=tests, metrics=metrics or (), cost=cost
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
        reference_data, key = located(reference_data), key_for(hash_key, store)
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
        said = (version_of(model), weights, columns.features, columns.exclude)
        self._subject = Subject(built, name, *said)
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

    def observe(
        self,
        record: Mapping[str, Any],
        /,
        *,
        prediction: Any = None,
        score: Any = None,
        label: Any = None,
        id: Any = None,  # noqa: A002 - the word of the field
        at: datetime | float | None = None,
        model_version: str | None = None,
    ) -> None:
        """Take in one record of production. Never raises, about three microseconds.

        Args:
            record: Values by column; copied, so the dict may be used again.
            prediction: Goes into the reference's column of that role, as do the next three.
            score: The model's score or probability.
            label: The true outcome, where it is known.
            id: What identifies the record.
            at: When it happened: a datetime (UTC where it has no zone) or seconds since 1970;
                now if not given.
            model_version: Of the model that saw it, if not the monitor's.

        Records are gathered and sketched some thousands at a time: in a thread where the caller
        runs an event loop, elsewhere by the call that makes it 4,096 (some ten milliseconds).
        The store is opened, and written to, in a thread. `counters` has what is wrong with records.
        Safe from any thread; a killed process loses what came since the last flush.

        Example:
            >>> from datetime import datetime
            >>> monitor = Monitor({"age": list(range(20, 70)) * 40})
            >>> for age in range(2000):
            ...     monitor.observe({"age": 20 + age % 50}, at=datetime(2026, 1, 1, age // 100))
            >>> monitor.check().rows_current
            2000
        """
        if not self.enabled:
            return
        try:
            lazy = (self._stream or self._observed()).lazy
            if lazy.buffer.append(record, prediction, score, label, id, at, model_version):
                lazy.settle()
            if not lazy.begun:
                lazy.begin()
        except Exception as error:  # noqa: BLE001 - monitoring never breaks the host
            self.count_unobserved("not_a_record")
            with contextlib.suppress(Exception):  # a filter or a handler of the host's
                logging.getLogger("driftwatch").debug("driftwatch: not observed: %s", error)

    def count_unobserved(self, reason: str, rows: int = 1, /) -> None:
        """Count what was not observed, by reason; stored with the next rows. Never raises."""
        with contextlib.suppress(Exception):
            self._observed().tally.count(reason, rows)

    def disable(self) -> None:
        """Observe nothing more in this process, from now on."""
        self.enabled = False

    def enable(self) -> None:
        """Observe again."""
        self.enabled = True

    def observe_many(
        self, data: Any, /, *, at: Any = None, model_version: str | None = None
    ) -> None:
        """Take in many rows of production at once.

        Args:
            data: A frame, a table, a dict of arrays or a list of records, each as for `observe`;
                not a path, which is for `driftwatch ingest`.
            at: Their event times: one for all, or one a row. The reference's time column
                if not given, or else now.
            model_version: Of the model that saw them, if not the monitor's.

        Raises:
            DataError: If the data cannot be read as rows.
        """

        def observed(stream: Stream) -> None:
            stream.begin()
            stream.observe_many(data, at=at, model_version=model_version)

        self._observed().lazy.use(observed)

    def absorb(
        self, profile: Profile | bytes | str | Path, /, *, at: datetime | float | None = None
    ) -> bool:
        """Take in a profile that was made elsewhere as the rows of one pane.

        Args:
            profile: A profile, its bytes or its path; best made with this reference's
                cells, see `Reference.new_profile`.
            at: When its rows happened; the end of the period it covers if not given.

        Returns:
            False if the very same rows were absorbed before; nothing changes then.

        Raises:
            MergeError: If it does not go with the reference.
            ProfileFormatError: If it is damaged.
            StoreError: If the store cannot take it.
        """
        return self._observed().lazy.use(lambda stream: stream.absorb(profile, at=at))

    def flush(self, *, within: float = 2.0) -> int:
        """Store everything that waits; returns the rows acknowledged, not those turned down.

        Args:
            within: Seconds that may be spent to see it arrive at a collector, or to wait for
                another process that writes to the file.

        Raises:
            StoreError: If the store cannot take it; nothing is lost, the next flush tries again.
        """
        return self._observed().lazy.flush(within=within)

    def evaluate(self) -> Result | None:
        """Evaluate the window that is due, advance detectors and alarm, and keep the report.

        Returns:
            Report and event; None if nothing is due, or another process or a collector evaluates.

        Raises:
            StoreError: If the store cannot be used.
        """
        self.flush()
        return self._observed().lazy.use(lambda stream: stream.evaluate())

    @property
    def counters(self) -> dict[str, int]:
        """What was counted instead of used, by reason: stored, or about to be."""
        return self._observed().counters()

    @property
    def waiting(self) -> int:
        """Rows that were observed and are not stored yet."""
        return 0 if self._stream is None else self._stream.waiting()

    @property
    def stream(self) -> Stream:
        """The stream behind `observe`, opened if it is not."""
        return self._observed().lazy.now()

    @property
    def evaluator(self) -> Evaluator:
        """What evaluates the stored stream; raises StoreError if a collector does."""
        return self._observed().local().evaluator

    @property
    def store(self) -> Store:
        """The store of the stream, opened if it is not; raises StoreError if a collector has it."""
        return self._observed().local().store

    def close(self) -> None:
        """Store everything and let go of the store; observing afterwards opens it anew.

        A second time does nothing. What others observe meanwhile is stored, or waits.

        Raises:
            StoreError: If the store cannot take it; nothing is lost, close it again.
        """
        if self._stream is not None:
            self._stream.lazy.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _observed(self) -> ObservedStream:
        """The stream, made when it is first needed: a batch check needs none."""
        if self._stream is None:
            from driftwatch.evaluation.rules import EvaluationRules
            from driftwatch.streams.observed import ObservedStream, StoreAddress
            from driftwatch.streams.stream import StreamSettings

            version = self._subject.model_version
            made = ObservedStream(
                self._subject,
                StreamSettings(self.name, self.spec, self._source, self.flush_every, version),
                EvaluationRules.of(self._stream_policy, self.spec, **self._judged),
                StoreAddress(self._store_at, self._spool, replaces=self._replaces),
                clock=self.seconds,
                sinks=self._sinks,
            )
            # Without a lock, which a fork might cut: of two threads one comes first.
            self._stream = self.__dict__.setdefault("_made", made)
        return self._stream

    def _in_use(self, *, refresh: bool) -> Reference:
        """The reference in use; the store is asked first if it is there to be asked."""
        refresh = refresh and self._store_at is not None and not is_collector(self._store_at)
        if self._stream is None and not refresh:
            return self._subject.reference
        return self._observed().reference(refresh=refresh)
