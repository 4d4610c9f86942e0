"""What a drift check found: frozen values, and their JSON."""

from __future__ import annotations

import html
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Self

from driftwatch.errors import ConfigError, DataError

__all__ = [
    "DatasetDrift",
    "Distribution",
    "DriftReport",
    "DriftResult",
    "FeatureDrift",
    "Levels",
    "Period",
    "SchemaChange",
    "Status",
]

SCHEMA_VERSION = 1


class Status(StrEnum):
    """How a feature, or a whole data set, stands."""

    OK = "OK"
    WARNING = "WARNING"
    CRITICAL = "CRITICAL"
    UNDECIDED = "UNDECIDED"
    INSUFFICIENT_DATA = "INSUFFICIENT_DATA"

    @property
    def severity(self) -> int:
        """Rank for "worst of": CRITICAL highest; OK outranks having no data."""
        return _SEVERITY[self]

    @property
    def is_drift(self) -> bool:
        """Whether this status counts as drift (WARNING or CRITICAL)."""
        return self in (Status.WARNING, Status.CRITICAL)


_SEVERITY = {
    Status.CRITICAL: 4,
    Status.WARNING: 3,
    Status.UNDECIDED: 2,
    Status.OK: 1,
    Status.INSUFFICIENT_DATA: 0,
}


@dataclass(frozen=True, slots=True)
class Levels:
    """A pair of numbers, one for WARNING and one for CRITICAL."""

    warning: float
    critical: float

    def to_dict(self) -> dict[str, float]:
        return {"warning": self.warning, "critical": self.critical}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any] | None, /) -> Self | None:
        return None if data is None else cls(float(data["warning"]), float(data["critical"]))


@dataclass(frozen=True, slots=True)
class Period:
    """First and last event time of one side, aware UTC; None where there is no time column."""

    start: datetime | None = None
    end: datetime | None = None

    def to_dict(self) -> dict[str, str | None]:
        return {"start": _iso(self.start), "end": _iso(self.end)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], /) -> Self:
        return cls(_from_iso(data.get("start")), _from_iso(data.get("end")))


@dataclass(frozen=True, slots=True)
class DriftResult:
    """One test on one feature.

    Attributes:
        method: Name of the test: ``ks``, ``psi``, ``missing`` ...
        statistic: Effect size as estimated from the sketches; None where it is not defined.
        interval: Contains the statistic of the full data with at least 98 % confidence;
            both ends equal where the state is exact.
        confidence_interval: 95 % interval for the population behind the rows.
        p_value: Of "no drift at all", sketch error counted against drift.
        p_effect: Of "the drift is no larger than the threshold", at both thresholds.
        threshold: Effect sizes for WARNING and CRITICAL.
        level: Significance level the verdict used; None where no p-value decides.
        gates: Whether this test decides the status of its feature.
        status: Verdict of this test; None where it does not gate.
        rows_needed: Production rows that would settle an UNDECIDED verdict.
        details: Cells, smoothing, treatment of nulls, raw units ("method" in the JSON).
    """

    method: str
    statistic: float | None
    interval: tuple[float, float] | None = None
    confidence_interval: tuple[float, float] | None = None
    p_value: float | None = None
    p_effect: Levels | None = None
    threshold: Levels | None = None
    level: float | None = None
    gates: bool = False
    status: Status | None = None
    rows_needed: int | None = None
    details: Mapping[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        return {
            "statistic": self.statistic,
            "interval": _pair(self.interval),
            "confidence_interval": _pair(self.confidence_interval),
            "p_value": self.p_value,
            "p_effect": self.p_effect.to_dict() if self.p_effect else None,
            "threshold": self.threshold.to_dict() if self.threshold else None,
            "level": self.level,
            "gates": self.gates,
            "status": self.status.value if self.status else None,
            "rows_needed": self.rows_needed,
            "method": dict(self.details),
        }

    @classmethod
    def from_dict(cls, method: str, data: Mapping[str, Any], /) -> Self:
        interval, confidence = data.get("interval"), data.get("confidence_interval")
        status = data.get("status")
        return cls(
            method=method,
            statistic=data.get("statistic"),
            interval=(interval[0], interval[1]) if interval else None,
            confidence_interval=(confidence[0], confidence[1]) if confidence else None,
            p_value=data.get("p_value"),
            p_effect=Levels.from_dict(data.get("p_effect")),
            threshold=Levels.from_dict(data.get("threshold")),
            level=data.get("level"),
            gates=bool(data.get("gates")),
            status=Status(status) if status else None,
            rows_needed=data.get("rows_needed"),
            details=dict(data.get("method") or {}),
        )


@dataclass(frozen=True, slots=True)
class Distribution:
    """Shares of both sides over the same cells, for drawing.

    Numeric features have `edges` (one more than there are cells, ascending, finite);
    categorical features have `labels` (one a cell). Shares of a side need not add up to
    one: values outside the drawn range, and categories too rare to name, are left out.
    """

    reference: tuple[float, ...]
    current: tuple[float, ...]
    edges: tuple[float, ...] | None = None
    labels: tuple[str, ...] | None = None

    def to_dict(self) -> dict[str, Any]:
        return {
            "edges": list(self.edges) if self.edges is not None else None,
            "labels": list(self.labels) if self.labels is not None else None,
            "reference": list(self.reference),
            "production": list(self.current),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any] | None, /) -> Self | None:
        if data is None:
            return None
        edges, labels = data.get("edges"), data.get("labels")
        return cls(
            reference=tuple(float(x) for x in data["reference"]),
            current=tuple(float(x) for x in data["production"]),
            edges=tuple(float(x) for x in edges) if edges is not None else None,
            labels=tuple(str(x) for x in labels) if labels is not None else None,
        )


@dataclass(frozen=True, slots=True)
class FeatureDrift:
    """Everything a check found about one feature.

    Attributes:
        name: Column name.
        kind: ``numeric``, ``categorical``, ``boolean`` ...
        role: ``feature``, ``prediction``, ``score`` ...
        status: Worst status of the gating tests.
        primary_test: The gating test that decided; smallest p on ties.
        missing_reference: Share of reference rows without a usable value.
        missing_current: Share of production rows without a usable value.
        explanation: One sentence: what moved, in which direction, by how much.
        importance: Weight of the feature in the model, adding up to 1; None if unknown.
        tests: Results by method name.
        distribution: Both sides over the same cells.
    """

    name: str
    kind: str
    role: str
    status: Status
    primary_test: str | None
    missing_reference: float | None
    missing_current: float | None
    explanation: str
    importance: float | None
    tests: Mapping[str, DriftResult]
    distribution: Distribution | None = None

    @property
    def primary(self) -> DriftResult | None:
        """The result that decided the status."""
        return self.tests.get(self.primary_test) if self.primary_test else None

    def to_dict(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "role": self.role,
            "status": self.status.value,
            "primary_test": self.primary_test,
            "missing": {"reference": self.missing_reference, "production": self.missing_current},
            "explanation": self.explanation,
            "importance": self.importance,
            "tests": {name: result.to_dict() for name, result in self.tests.items()},
            "distribution": self.distribution.to_dict() if self.distribution else None,
        }

    @classmethod
    def from_dict(cls, name: str, data: Mapping[str, Any], /) -> Self:
        missing = data.get("missing") or {}
        return cls(
            name=name,
            kind=str(data["kind"]),
            role=str(data["role"]),
            status=Status(data["status"]),
            primary_test=data.get("primary_test"),
            missing_reference=missing.get("reference"),
            missing_current=missing.get("production"),
            explanation=str(data.get("explanation") or ""),
            importance=data.get("importance"),
            tests={m: DriftResult.from_dict(m, r) for m, r in (data.get("tests") or {}).items()},
            distribution=Distribution.from_dict(data.get("distribution")),
        )


@dataclass(frozen=True, slots=True)
class SchemaChange:
    """A column that is gone, new, or of another type than in the reference.

    Attributes:
        column: Its name.
        change: ``missing_column``, ``new_column`` or ``type_changed``.
        reference: Type in the reference; None for a new column.
        current: Type in production; None for a missing column.
        status: How bad that is.
    """

    column: str
    change: str
    reference: str | None
    current: str | None
    status: Status

    def __str__(self) -> str:
        match self.change:
            case "missing_column":
                return f"column {self.column!r} is gone (was {self.reference})"
            case "new_column":
                return f"column {self.column!r} is new ({self.current})"
            case _:
                return f"column {self.column!r} was {self.reference}, is now {self.current}"

    def to_dict(self) -> dict[str, Any]:
        return {
            "column": self.column,
            "change": self.change,
            "reference": self.reference,
            "production": self.current,
            "status": self.status.value,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], /) -> Self:
        return cls(
            column=str(data["column"]),
            change=str(data["change"]),
            reference=data.get("reference"),
            current=data.get("production"),
            status=Status(data["status"]),
        )


@dataclass(frozen=True, slots=True)
class DatasetDrift:
    """The data set as a whole.

    Attributes:
        share_drifted: Share of the tested features in WARNING or CRITICAL.
        weighted_share_drifted: The same, weighted by importance; None without importances.
        p_value: Cauchy combination of the features' ``p_effect.warning``.
    """

    share_drifted: float | None
    weighted_share_drifted: float | None
    p_value: float | None

    def to_dict(self) -> dict[str, float | None]:
        return {
            "share_drifted": self.share_drifted,
            "weighted_share_drifted": self.weighted_share_drifted,
            "p_value": self.p_value,
        }


@dataclass(frozen=True, slots=True)
class DriftReport:
    """The answer to one check: production rows against a reference.

    A report is a value: building it computed everything, and no method changes it.
    `to_dict` and `to_json` give the documented JSON (schema version 1), and
    `from_dict` reads it back.

    Attributes:
        monitor: Name of the monitor.
        global_status: CRITICAL or WARNING if any feature or column is; else OK if any
            gating test is OK; else INSUFFICIENT_DATA.
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

    def has_drift(self, level: str = "warning") -> bool:
        """Whether the data set drifted: at least `level` (``"warning"`` or ``"critical"``)."""
        wanted = _level_status(level)
        return self.global_status.is_drift and self.global_status.severity >= wanted.severity

    def feature_drift(self) -> dict[str, FeatureDrift]:
        """Return every tested feature's result by name, worst first."""
        return {feature.name: feature for feature in self.features}

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
            "created_at": _iso(self.created_at),
            "reference": self.reference_period.to_dict(),
            "production": self.current_period.to_dict(),
        }

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
        lines = [f"{self.global_status}: {self.headline()}"]
        lines += [f"  {f.status}  {f.name}: {f.explanation}" for f in self._drifted()]
        lines += [f"  {change.status}  {change}" for change in self.schema_changes]
        if self.undecided_features:
            lines.append(f"  undecided, more rows needed: {', '.join(self.undecided_features)}")
        if self.skipped:
            lines.append(
                f"  not tested: {', '.join(f'{k} ({v})' for k, v in self.skipped.items())}"
            )
        return "\n".join(lines)

    def headline(self) -> str:
        """Return the verdict as half a sentence, without the status word."""
        rows = f"({self.rows_current:,} production rows against {self.rows_reference:,})"
        if not self.features:
            return f"no feature to test {rows}"
        return f"{len(self._drifted())} of {len(self.features)} features drifted {rows}"

    def _drifted(self) -> list[FeatureDrift]:
        return [feature for feature in self.features if feature.status.is_drift]

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
            "window": None,
            "model_version": self.model_version,
            "reference_data_hash": self.reference_data_hash,
            "production_data_hash": self.production_data_hash,
            "rows": {"reference": self.rows_reference, "production": self.rows_current},
            "policy": dict(self.policy),
            "dataset": self.dataset.to_dict(),
            "per_feature_metrics": self.per_feature_metrics,
            "performance": None,
            "multivariate": None,
            "groups": None,
        }

    def to_json(self, *, indent: bool = False) -> str:
        """Return the report as JSON text; numbers are finite or null."""
        import orjson

        options = orjson.OPT_SERIALIZE_NUMPY | (orjson.OPT_INDENT_2 if indent else 0)
        return orjson.dumps(self.to_dict(), option=options).decode()

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
                f"got schema_version {version!r}"
            )
        try:
            return cls._from_valid(data)
        except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
            raise DataError(f"not a drift report: {type(error).__name__}: {error}") from error

    @classmethod
    def _from_valid(cls, data: Mapping[str, Any]) -> Self:
        stamps = data["timestamps"]
        created = _from_iso(stamps["created_at"])
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
            dataset=DatasetDrift(
                **{
                    key: (data.get("dataset") or {}).get(key)
                    for key in ("share_drifted", "weighted_share_drifted", "p_value")
                }
            ),
            reference_period=Period.from_dict(stamps.get("reference") or {}),
            current_period=Period.from_dict(stamps.get("production") or {}),
            model_version=data.get("model_version"),
            policy=dict(data.get("policy") or {}),
        )

    def _repr_html_(self) -> str:
        """Return a small escaped table for notebooks."""
        rows = "".join(
            "<tr>"
            + "".join(
                f"<td>{html.escape(cell)}</td>"
                for cell in (f.status.value, f.name, f.kind, f.primary_test or "", f.explanation)
            )
            + "</tr>"
            for f in self.features[:50]
        )
        more = len(self.features) - 50
        tail = f"<p>and {more} more features</p>" if more > 0 else ""
        return (
            f"<div><p><b>{self.global_status}</b> {html.escape(self.headline())}</p>"
            "<table><thead><tr><th>status</th><th>feature</th><th>kind</th>"
            f"<th>decided by</th><th>what moved</th></tr></thead><tbody>{rows}</tbody></table>"
            f"{tail}</div>"
        )


def _level_status(level: str) -> Status:
    try:
        status = Status(level.upper())
    except ValueError:
        status = Status.OK
    if not status.is_drift:
        raise ConfigError(f"level must be 'warning' or 'critical'; got {level!r}")
    return status


def _pair(pair: tuple[float, float] | None) -> list[float] | None:
    return None if pair is None else list(pair)


def _iso(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat().replace("+00:00", "Z")


def _from_iso(text: Any) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
