"""What a drift check found: one frozen report, and its JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from driftwatch.core.data.frames import Library, as_frame
from driftwatch.core.reports.dataset import DatasetDrift, Volume
from driftwatch.core.reports.dependence import DependenceDrift, PairDrift
from driftwatch.core.reports.performance import Curve, Metric, Performance
from driftwatch.core.reports.plain_values import text
from driftwatch.core.reports.presentation import presentation
from driftwatch.core.reports.remarks import Remark, remarks_of
from driftwatch.core.reports.results import (
    Distribution,
    DriftResult,
    FeatureDrift,
    Levels,
    Period,
    Status,
    Summary,
    Undecided,
    from_iso,
    to_iso,
)
from driftwatch.core.reports.schema_change import SchemaChange
from driftwatch.core.reports.sentences import headline_of, summary_of
from driftwatch.core.reports.tables import report_table
from driftwatch.core.reports.window import EarlySign, WindowFacts, WindowPart
from driftwatch.errors import MISREAD, ConfigError, DataError, UnknownColumnError
from driftwatch.logs.lines import shown_repr

__all__ = [
    "LEVELS",
    "Curve",
    "DatasetDrift",
    "DependenceDrift",
    "Distribution",
    "DriftReport",
    "DriftResult",
    "EarlySign",
    "FeatureDrift",
    "Levels",
    "Metric",
    "PairDrift",
    "Performance",
    "Period",
    "Remark",
    "SchemaChange",
    "Status",
    "Summary",
    "Undecided",
    "Volume",
    "WindowFacts",
    "WindowPart",
]

SCHEMA_VERSION = 1
_FEATURES = ("feature", "group")
LEVELS = ("undecided", "warning", "critical")
"""What `DriftReport.has_drift` may ask for."""


@dataclass(frozen=True, slots=True, repr=False)
class DriftReport:
    """The answer to one check: production rows against a reference.

    A report is a value: building it computed everything, and no method changes it.
    `to_dict` and `to_json` give the documented JSON (schema version 1), and
    `from_dict` reads it back.

    Attributes:
        monitor: Name of the monitor.
        global_status: CRITICAL or WARNING if any feature or column is; else UNDECIDED if more
            than a quarter of the features are, or if one of them certainly drifted and is estimated
            above its threshold; else OK; INSUFFICIENT_DATA where nothing could be compared.
        features: One `FeatureDrift` a tested column, worst first.
        created_at: When the report was made, aware UTC.
        rows_reference: Rows in the reference.
        rows_current: Rows in production.
        reference_data_hash: Order-independent content hash of the reference.
        production_data_hash: The same of the production rows.
        skipped: Columns that were recognised and not tested, each with the reason.
        schema_changes: Columns gone, new, or of another type.
        dataset: All features taken together.
        model_version: Version of the model that made the predictions, if known.
        policy: The rules the verdict used.
        multivariate: Drift in how columns depend on each other; None where it was not
            asked for, or could not be told.
        window: The window of a stream that production is; None for a check of given rows.
        performance: Metrics of the model by name, with a status of their own; None where there are
            no labels, or neither predictions nor scores.
    """

    monitor: str
    global_status: Status
    features: tuple[FeatureDrift, ...]
    created_at: datetime
    rows_reference: int
    rows_current: int
    reference_data_hash: str
    production_data_hash: str
    skipped: Mapping[str, str] = field(default_factory=dict)
    schema_changes: tuple[SchemaChange, ...] = ()
    dataset: DatasetDrift = field(default_factory=lambda: DatasetDrift(None, None, None))
    reference_period: Period = field(default_factory=Period)
    current_period: Period = field(default_factory=Period)
    model_version: str | None = None
    policy: Mapping[str, Any] = field(default_factory=dict)
    multivariate: DependenceDrift | None = None
    window: WindowFacts | None = None
    performance: Performance | None = None

    def has_drift(self, level: str = "warning") -> bool:
        """Whether the status is `level` or worse.

        Args:
            level: ``"warning"``, ``"critical"``, or ``"undecided"``.

        Raises:
            ConfigError: If it is none of these.
        """
        return self.global_status.severity >= _level_status(level).severity

    @property
    def drift_types(self) -> list[str]:
        """What drifted: of feature, prediction, error, performance, dependence and schema."""
        parts = {
            "feature": self._of_roles(*_FEATURES),
            "prediction": self._of_roles("prediction", "score"),
            "error": self._of_roles("error"),
            "performance": [] if self.performance is None else [self.performance.status],
            "dependence": [] if self.multivariate is None else [self.multivariate.status],
            "schema": [change.status for change in self.schema_changes],
        }
        return [name for name, statuses in parts.items() if any(s.is_drift for s in statuses)]

    def part_status(self, part: str, /) -> Status:
        """Status of the ``feature``, ``prediction``, ``error`` or ``performance`` part.

        The worst of its columns; INSUFFICIENT_DATA where it has none.

        Raises:
            ConfigError: If there is no such part.
        """
        roles = {"feature": _FEATURES, "prediction": ("prediction", "score"), "error": ("error",)}
        if part == "performance":
            missing = Status.INSUFFICIENT_DATA
            return missing if self.performance is None else self.performance.status
        if part not in roles:
            raise ConfigError(f"part must be one of {', '.join([*roles, 'performance'])}")
        statuses = self._of_roles(*roles[part])
        return max(statuses, key=lambda s: s.severity, default=Status.INSUFFICIENT_DATA)

    def _of_roles(self, *roles: str) -> list[Status]:
        return [feature.status for feature in self.features if feature.role in roles]

    @property
    def is_quiet(self) -> bool:
        """Whether no deciding test estimates a drift above its warning threshold.

        True of an OK report, and of one that is undecided for want of rows only.
        """
        return not self.global_status.is_drift and not any(
            feature.may_have_moved for feature in self.features
        )

    def feature_drift(self) -> dict[str, FeatureDrift]:
        """Return every tested feature's result by name, worst first."""
        return {feature.name: feature for feature in self.features}

    def followers(self, name: str, /) -> list[str]:
        """Names of the drifted features that depend on one, and so moved with it."""
        return [feature.name for feature in self.features if feature.follows == name]

    @property
    def drifted_features(self) -> list[str]:
        """Names of the features in WARNING or CRITICAL, worst first."""
        return [feature.name for feature in self.features if feature.status.is_drift]

    @property
    def undecided_features(self) -> list[str]:
        """Names of the features that more rows would decide."""
        return [f.name for f in self.features if f.status is Status.UNDECIDED]

    @property
    def per_feature_metrics(self) -> dict[str, dict[str, Any]]:
        """Every feature's tests as plain data, as in the JSON."""
        return {feature.name: feature.to_dict() for feature in self.features}

    @property
    def timestamps(self) -> dict[str, Any]:
        """When the report was made and which event times each side covers, as in the JSON."""
        return {
            "created_at": to_iso(self.created_at),
            "reference": self.reference_period.to_dict(),
            "production": self.current_period.to_dict(),
        }

    def __str__(self) -> str:
        return self.summary()

    def __repr__(self) -> str:
        return shown_repr(f"<DriftReport {self.global_status}: {self.headline()}")

    def _repr_html_(self) -> str:
        return presentation().report_notebook(self)

    def __getitem__(self, name: str) -> FeatureDrift:
        """Return what was found about one feature; a notebook shows its chart and its tests.

        Raises:
            UnknownColumnError: If it was not tested; says why, if it was skipped.

        Example:
            >>> from driftwatch import Monitor
            >>> monitor = Monitor({"age": [*range(100)] * 10})
            >>> monitor.check({"age": [*range(100)] * 10})["age"].status
            <Status.OK: 'OK'>
        """
        for feature in self.features:
            if feature.name == name:
                return feature
        if name in self.skipped:
            raise UnknownColumnError(
                name, self, f"the tested features (not tested: {self.skipped[name]})"
            )
        raise UnknownColumnError(name, self, "the tested features")

    def __iter__(self) -> Iterator[str]:
        """Names of the tested features, worst first."""
        return (feature.name for feature in self.features)

    def __contains__(self, name: object) -> bool:
        return any(feature.name == name for feature in self.features)

    def __bool__(self) -> bool:
        return True  # that there is a report, which may be of no feature

    def summary(self) -> str:
        """Return the verdict in a few plain lines of text.

        Example:
            >>> import numpy as np
            >>> from driftwatch import Monitor
            >>> rng = np.random.default_rng(0)
            >>> monitor = Monitor(reference_data={"age": rng.normal(40, 9, 5000)})
            >>> print(monitor.check({"age": rng.normal(55, 9, 5000)}).summary().splitlines()[0])
            CRITICAL: 1 of 1 features drifted (5,000 production rows against 5,000)
        """
        return summary_of(self)

    def headline(self) -> str:
        """Return the verdict as half a sentence, without the status word."""
        return headline_of(self)

    @property
    def not_used(self) -> Mapping[str, int]:
        """Rows that came while the window lasted and could not be used, by reason."""
        return {} if self.window is None else self.window.not_used

    @property
    def remarks(self) -> tuple[Remark, ...]:
        """Everything that the report says as a warning, each with a code for `driftwatch explain`.

        Example:
            >>> from driftwatch import Monitor
            >>> monitor = Monitor({"age": [*range(100)] * 10, "city": ["a", "b"] * 500})
            >>> [remark.code for remark in monitor.check({"age": [*range(100)] * 10}).remarks]
            ['DW105']
        """
        return tuple(remarks_of(self))

    def to_dict(self) -> dict[str, Any]:
        """Return the report as plain data: the JSON of schema version 1."""
        return {
            "schema_version": SCHEMA_VERSION,
            "monitor": self.monitor,
            "global_status": self.global_status.value,
            "drifted_features": self.drifted_features,
            "undecided_features": self.undecided_features,
            "skipped": dict(self.skipped),
            "schema_changes": [change.to_dict() for change in self.schema_changes],
            "timestamps": self.timestamps,
            "window": self.window.to_dict() if self.window else None,
            "model_version": self.model_version,
            "not_used": dict(self.not_used),
            "reference_data_hash": self.reference_data_hash,
            "production_data_hash": self.production_data_hash,
            "rows": {"reference": self.rows_reference, "production": self.rows_current},
            "policy": dict(self.policy),
            "dataset": self.dataset.to_dict(),
            "per_feature_metrics": self.per_feature_metrics,
            "performance": self.performance.to_dict() if self.performance else None,
            "outcomes": self.performance.facts() if self.performance else None,
            "drift_types": self.drift_types,
            "multivariate": self.multivariate.to_dict() if self.multivariate else None,
            "groups": None,
            "remarks": [remark.to_dict() for remark in self.remarks],
        }

    def to_frame(self, *, tests: bool = False, library: Library | None = None) -> Any:
        """Return the report as a data frame.

        Args:
            tests: One row a test of every feature, instead of one row a feature with the test
                that decided.
            library: ``"pandas"``, ``"polars"`` or ``"pyarrow"`` (a table); the first of them that
                is installed if None. What is not installed, or not asked for, is not imported.

        Returns:
            Columns as `driftwatch.core.reports.tables` lists them: statistics in the units of
            their test, shares and p-values between 0 and 1, null where there is none. Features
            stand in the order of the report, worst first. Cost: microseconds a row.

        Raises:
            ConfigError: If there is no such library.
            MissingDependencyError: If it is not installed.

        Example:
            >>> from driftwatch import Monitor
            >>> monitor = Monitor({"age": [*range(100)] * 10})
            >>> table = monitor.check({"age": [*range(50)] * 10}).to_frame(library="pyarrow")
            >>> table.select(["feature", "status", "test"]).to_pylist()
            [{'feature': 'age', 'status': 'CRITICAL', 'test': 'ks'}]
        """
        return as_frame(report_table(self, tests=tests), library)

    def plot(self, feature: str | None = None, *, ax: Any = None) -> Any:
        """Draw the report, or one feature, with matplotlib.

        Args:
            feature: Its name: reference and production over the same cells. Without it a bar a
                feature: the statistic that decides, in units of its critical threshold, with its
                95 % interval; the 30 worst.
            ax: Axes to draw into; those of a new figure of pyplot if None.

        Returns:
            The axes, to be changed as you like. Cost: some tens of milliseconds.

        Raises:
            MissingDependencyError: If matplotlib is not installed.
            UnknownColumnError: If the feature was not tested.

        Example:
            >>> from driftwatch import Monitor
            >>> report = Monitor({"age": [*range(100)] * 10}).check({"age": [*range(50)] * 10})
            >>> report.plot("age").get_title()
            'age: CRITICAL'
        """
        if feature is None:
            return presentation().plot_report(self, ax)
        return presentation().plot_feature(self[feature], ax)

    def save_html(self, path: str | Path, /) -> None:
        """Write the report as one HTML file, which needs nothing else and holds no script.

        Args:
            path: The file; one that is there is replaced as a whole.

        Raises:
            DataError: If it cannot be written.

        Example:
            >>> import tempfile
            >>> from driftwatch import Monitor
            >>> report = Monitor({"age": [*range(100)] * 10}).check({"age": [*range(50)] * 10})
            >>> with tempfile.TemporaryDirectory() as folder:
            ...     report.save_html(f"{folder}/today.html")
        """
        presentation().save_report(self, path)

    def to_json(self, *, indent: bool = False) -> str:
        """Return the report as JSON text; numbers are finite or null."""
        import orjson

        options = orjson.OPT_SERIALIZE_NUMPY | (orjson.OPT_INDENT_2 if indent else 0)
        data = self.to_dict()
        try:
            return orjson.dumps(data, option=options).decode()
        except TypeError:  # a name with half a surrogate pair, which UTF-8 cannot hold
            import json

            return json.dumps(data, allow_nan=False, indent=2 if indent else None)

    @classmethod
    def from_dict(cls, data: Any, /) -> Self:
        """Rebuild a report from `to_dict`; unknown keys are ignored.

        Raises:
            DataError: If it is not a report, or of a newer schema version.
        """
        version = data.get("schema_version") if isinstance(data, Mapping) else None
        if version != SCHEMA_VERSION:
            raise DataError(
                f"not a drift report of schema version {SCHEMA_VERSION}: "
                f"got schema_version {version!r}",
                code="DW019",
            )
        try:
            return cls._from_valid(data)
        except MISREAD as error:
            raise DataError(
                f"not a drift report: {type(error).__name__}: {error}", code="DW019"
            ) from error

    @classmethod
    def _from_valid(cls, data: Mapping[str, Any]) -> Self:
        stamps = data["timestamps"]
        created = from_iso(stamps["created_at"])
        if created is None:
            raise ValueError("timestamps.created_at is null")
        return cls(
            monitor=str(data["monitor"]),
            global_status=Status(data["global_status"]),
            features=tuple(
                FeatureDrift.from_dict(name, metrics)
                for name, metrics in data["per_feature_metrics"].items()
            ),
            created_at=created,
            rows_reference=int(data["rows"]["reference"]),
            rows_current=int(data["rows"]["production"]),
            reference_data_hash=str(data["reference_data_hash"]),
            production_data_hash=str(data["production_data_hash"]),
            skipped=dict(data.get("skipped") or {}),
            schema_changes=tuple(map(SchemaChange.from_dict, data.get("schema_changes") or ())),
            dataset=DatasetDrift.from_dict(data.get("dataset")),
            reference_period=Period.from_dict(stamps.get("reference") or {}),
            current_period=Period.from_dict(stamps.get("production") or {}),
            model_version=text(data.get("model_version")),
            policy=dict(data.get("policy") or {}),
            multivariate=DependenceDrift.from_dict(data.get("multivariate")),
            window=WindowFacts.from_dict(data.get("window")),
            performance=Performance.from_dicts(data.get("performance"), data.get("outcomes")),
        )


def _level_status(level: str) -> Status:
    try:
        status = Status(level.upper())
    except ValueError:
        status = Status.OK
    if level.lower() not in LEVELS:
        raise ConfigError(f"level must be one of {', '.join(LEVELS)}; got {level!r}")
    return status
