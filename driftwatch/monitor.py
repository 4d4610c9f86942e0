"""The monitor: a reference, the rules of a verdict, and the question whether data drifted."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from driftwatch.errors import ConfigError

if TYPE_CHECKING:  # loaded when a monitor is made: importing the name alone stays quick
    from driftwatch.core.config import SketchConfig
    from driftwatch.core.drift.policy import PolicyName
    from driftwatch.core.profile import Profile
    from driftwatch.core.report import DriftReport
    from driftwatch.core.schema import Role, Schema
    from driftwatch.profiling import Progress

__all__ = ["Monitor"]


def _now() -> datetime:
    return datetime.now(UTC)


def _aware(at: datetime) -> datetime:
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)


class Monitor:
    """Watches whether production data still look like the reference.

    Args:
        reference_data: pandas or polars data frame, pyarrow table, dict of arrays, list of
            records, paths of files (parquet, CSV, JSON lines), a saved ``.dwp`` profile or
            its path, or a `Profile`.
        features: Columns to watch; all of them if not given. Named columns are tested
            whatever they look like; unnamed ones are passed over where they are
            identifiers, times or labels, and the report says so.
        model: The trained model; gives the report its version and the features their
            importances. Nothing of it is called.
        thresholds: Effect sizes and levels, such as ``{"psi": 0.2, "ks_pvalue": 0.05}``;
            see `driftwatch.core.drift.policy.Policy.of`. The defaults are good.
        policy: ``"default"``, or ``"classic"`` for the textbook's rules.
        false_alarms: Budget of a check that is repeated, such as ``"1 per 30d"``: so many
            checks may alarm without drift, whatever the number of features. Without it a
            check stands on its own, at a false discovery rate of 5 %.
        every: Time from one check to the next, for the budget.
        pane: Also keep the reference's counts by panes of this length, such as ``"1h"``, so
            that drift no larger than its own rhythm does not count. Needs a time column,
            and reads the reference twice.
        multivariate: Also watch how columns depend on each other: true for all tested
            columns, or their names. Reads the reference twice.
        roles: Roles of columns, such as ``{"ts": "time", "y": "label"}``.
        schema: Columns declared in full; the rest is inferred.
        config: Sizes of the sketches.
        hash_key: Key for the tokens of columns whose values must not be readable.
        name: Name of the monitor in reports.
        clock: Gives the time of a report; the system's clock if not given.
        progress: Called after every batch of the reference with rows and bytes read.

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
        policy: PolicyName = "default",
        false_alarms: str | None = None,
        every: str = "1h",
        pane: str | None = None,
        multivariate: bool | Sequence[str] = False,
        roles: Mapping[str, Role | str] | None = None,
        schema: Schema | None = None,
        config: SketchConfig | None = None,
        hash_key: bytes | None = None,
        name: str = "default",
        clock: Callable[[], datetime] = _now,
        progress: Progress | None = None,
    ) -> None:
        from driftwatch.core.drift.budget import AlarmBudget
        from driftwatch.core.drift.policy import Policy
        from driftwatch.durations import parse_duration
        from driftwatch.model_facts import importances_of, version_of
        from driftwatch.references import ReferenceOptions, build_reference

        self.name = name
        budget = None if false_alarms is None else AlarmBudget.of(false_alarms, every=every)
        self.policy = Policy.of(thresholds, policy=policy, budget=budget)
        self.features = _names(features)
        self.model_version = version_of(model)
        self._clock = clock
        options = ReferenceOptions(
            features=self.features,
            roles=_roles(roles),
            schema=schema,
            config=config,
            hash_key=hash_key,
            pane=None if pane is None else parse_duration(pane),
            multivariate=multivariate if isinstance(multivariate, bool) else _names(multivariate),
        )
        self.reference = build_reference(reference_data, options, progress=progress)
        tested = [column.name for column in self.reference.schema if column.role.is_tested]
        self.importances = importances_of(model, tested)

    def check(self, data: Any, /, *, progress: Progress | None = None) -> DriftReport:
        """Compare production data with the reference.

        Args:
            data: As `reference_data`; read once, in batches, and not kept.
            progress: Called after every batch with rows and bytes read.

        Raises:
            DataError: If the data cannot be read.

        Cost: a sort of every numeric column, on all cores, and about a millisecond a
        feature for the tests. Memory does not depend on the number of rows.
        """
        from driftwatch.core.assess import assess

        return assess(
            self.reference,
            self._current(data, progress),
            policy=self.policy,
            created_at=_aware(self._clock()),
            monitor=self.name,
            importances=self.importances,
            model_version=self.model_version,
            ignore_new=self.features is not None,
        )

    def _current(self, data: Any, progress: Progress | None) -> Profile:
        from driftwatch.profiling import profile_like
        from driftwatch.references import saved_profile

        profile = saved_profile(data, self.reference.profile.guard.key)
        if profile is not None:
            return profile
        return profile_like(self.reference, data, progress=progress)


def _names(features: Sequence[str] | None) -> tuple[str, ...] | None:
    if features is None:
        return None
    if isinstance(features, str):
        raise ConfigError(f"features must be a list of names; got the text {features!r}")
    return tuple(features)


def _roles(roles: Mapping[str, Role | str] | None) -> dict[str, Role]:
    from driftwatch.core.schema import Role

    try:
        return {name: Role(role) for name, role in (roles or {}).items()}
    except ValueError as error:
        known = ", ".join(role.value for role in Role)
        raise ConfigError(f"roles: {error}; known: {known}") from error
