"""The values a report is made of: statuses, results, features; and their JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Self

from driftwatch.core.reports import spelling
from driftwatch.core.reports.distribution import QUANTILES, Distribution
from driftwatch.core.reports.plain_values import number, pair, text, whole
from driftwatch.core.reports.presentation import presentation
from driftwatch.logs.lines import plain, shown_repr

__all__ = [
    "QUANTILES",
    "Distribution",
    "DriftResult",
    "FeatureDrift",
    "Levels",
    "Period",
    "Status",
    "Summary",
    "Undecided",
    "from_iso",
    "to_iso",
]


class Status(StrEnum):
    """How a feature, or a whole data set, stands; compares by severity.

    Example:
        >>> Status.CRITICAL > Status.WARNING > Status.UNDECIDED
        True
    """

    OK = "OK"
    WARNING = "WARNING"
    CRITICAL = "CRITICAL"
    UNDECIDED = "UNDECIDED"
    INSUFFICIENT_DATA = "INSUFFICIENT_DATA"

    @property
    def severity(self) -> int:
        """Rank for "worst of": CRITICAL highest; OK outranks having no data."""
        return _SEVERITY[self]

    def __lt__(self, other: object) -> bool:
        return self.severity < other.severity if isinstance(other, Status) else NotImplemented

    def __le__(self, other: object) -> bool:
        return self.severity <= other.severity if isinstance(other, Status) else NotImplemented

    def __gt__(self, other: object) -> bool:
        return self.severity > other.severity if isinstance(other, Status) else NotImplemented

    def __ge__(self, other: object) -> bool:
        return self.severity >= other.severity if isinstance(other, Status) else NotImplemented

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

    def of(self, status: Status | None, /) -> float:
        """The number that a status is about: that for CRITICAL, and otherwise that for WARNING."""
        return self.critical if status is Status.CRITICAL else self.warning

    def map(self, function: Callable[[float], float], /) -> Levels:
        """The pair of what a function makes of both."""
        return Levels(function(self.warning), function(self.critical))

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
        return {"start": to_iso(self.start), "end": to_iso(self.end)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], /) -> Self:
        return cls(from_iso(data.get("start")), from_iso(data.get("end")))


@dataclass(frozen=True, slots=True)
class Undecided:
    """Why a test could not decide.

    Attributes:
        kind: ``size_not_shown``: there is drift, but that it exceeds the threshold is not shown;
            ``too_few_rows``; or ``at_the_threshold``, where no number of rows is sure to tell.
        estimate: The drift in the units of its threshold, as little biased as is known.
        confidence: With which it exceeds the threshold, where its size is not shown.
        lacks: What would decide: more rows of ``production`` or of the ``reference``, or finer
            sketches (``sketch``); None at the threshold.
        rows_reference: Rows of the reference that the test looked at.
        rows_current: Rows of production that it looked at.
    """

    kind: str
    estimate: float | None = None
    confidence: float | None = None
    lacks: str | None = None
    rows_reference: int = 0
    rows_current: int = 0

    @property
    def code(self) -> str:
        """Of which `driftwatch explain` says more."""
        if self.lacks in ("reference", "sketch"):
            return "DW102"
        return "DW101" if self.kind == "too_few_rows" else "DW103"

    def to_dict(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "estimate": self.estimate,
            "confidence": self.confidence,
            "lacks": self.lacks,
            "rows": {"reference": self.rows_reference, "production": self.rows_current},
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any] | None, /) -> Self | None:
        if data is None:
            return None
        rows = data.get("rows") or {}
        return cls(
            str(data["kind"]),
            number(data.get("estimate")),
            number(data.get("confidence")),
            text(data.get("lacks")),
            int(rows.get("reference", 0)),
            int(rows.get("production", 0)),
        )


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
        p_adjusted: The same, adjusted for the number of tests that decide; None where the verdict
            does not use an adjusted one.
        p_effect: Of "the drift is no larger than the threshold", at both thresholds.
        threshold: Effect sizes for WARNING and CRITICAL.
        level: Significance level the verdict used; None where no p-value decides.
        gates: Whether this test decides the status of its feature.
        status: Verdict of this test; None where it does not gate.
        rows_needed: Production rows that would settle an UNDECIDED verdict.
        undecided: Why the test could not decide; None where it did.
        details: Cells, smoothing, treatment of nulls, raw units ("method" in the JSON).
    """

    method: str
    statistic: float | None
    interval: tuple[float, float] | None = None
    confidence_interval: tuple[float, float] | None = None
    p_value: float | None = None
    p_adjusted: float | None = None
    p_effect: Levels | None = None
    threshold: Levels | None = None
    level: float | None = None
    gates: bool = False
    status: Status | None = None
    rows_needed: int | None = None
    undecided: Undecided | None = None
    details: Mapping[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        return {
            "statistic": self.statistic,
            "interval": _pair(self.interval),
            "confidence_interval": _pair(self.confidence_interval),
            "p_value": self.p_value,
            "p_adjusted": self.p_adjusted,
            "p_effect": self.p_effect.to_dict() if self.p_effect else None,
            "threshold": self.threshold.to_dict() if self.threshold else None,
            "level": self.level,
            "gates": self.gates,
            "status": self.status.value if self.status else None,
            "rows_needed": self.rows_needed,
            "undecided": self.undecided.to_dict() if self.undecided else None,
            "method": dict(self.details),
        }

    @classmethod
    def from_dict(cls, method: str, data: Mapping[str, Any], /) -> Self:
        status = data.get("status")
        return cls(
            method=method,
            statistic=number(data.get("statistic")),
            interval=pair(data.get("interval")),
            confidence_interval=pair(data.get("confidence_interval")),
            p_value=number(data.get("p_value")),
            p_adjusted=number(data.get("p_adjusted")),
            p_effect=Levels.from_dict(data.get("p_effect")),
            threshold=Levels.from_dict(data.get("threshold")),
            level=number(data.get("level")),
            gates=bool(data.get("gates")),
            status=Status(status) if status else None,
            rows_needed=whole(data.get("rows_needed")),
            undecided=Undecided.from_dict(data.get("undecided")),
            details=dict(data.get("method") or {}),
        )


@dataclass(frozen=True, slots=True)
class Summary:
    """Mean, standard deviation and range of a side of a numeric column."""

    mean: float | None
    std: float | None
    min: float | None
    max: float | None

    def to_dict(self) -> dict[str, float | None]:
        return {"mean": self.mean, "std": self.std, "min": self.min, "max": self.max}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any] | None, /) -> Self | None:
        if data is None:
            return None
        return cls(*(number(data.get(name)) for name in ("mean", "std", "min", "max")))


@dataclass(frozen=True, slots=True, repr=False)
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
        summary_reference: Mean, deviation and range of the reference; None without numbers.
        summary_current: The same of production.
        follows: A drifted feature of more weight that this one depends on, so that both are one
            story; None if there is none, or dependence is not known.
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
    summary_reference: Summary | None = None
    summary_current: Summary | None = None
    follows: str | None = None

    def __repr__(self) -> str:
        decided = ""
        if self.primary is not None and self.primary.statistic is not None:
            decided = f", {self.primary.method} {spelling.number(self.primary.statistic)}"
            if self.primary.threshold is not None:
                decided += f" / {spelling.number(self.primary.threshold.of(self.status))}"
        about = f"{plain(self.name)}: {self.status} ({self.kind} {self.role}{decided})"
        return shown_repr(f"<FeatureDrift {about} {self.explanation}")

    def _repr_html_(self) -> str:
        return presentation().feature_notebook(self)

    @property
    def primary(self) -> DriftResult | None:
        """The result that decided the status."""
        return self.tests.get(self.primary_test) if self.primary_test else None

    @property
    def is_error(self) -> bool:
        """Whether it is an error of the model, which is computed, and no column of the data."""
        return self.role == "error"

    @property
    def may_have_moved(self) -> bool:
        """Whether a deciding test that is undecided estimates drift above its warning threshold."""
        return any(
            result.undecided is not None
            and result.threshold is not None
            and (result.undecided.estimate or 0.0) > result.threshold.warning
            for result in self.tests.values()
        )

    @property
    def undecided_code(self) -> str | None:
        """Why it is undecided, as a code for `driftwatch explain`; None if it is decided."""
        if self.status is not Status.UNDECIDED:
            return None
        primary = () if self.primary is None else (self.primary,)
        whys = (result.undecided for result in (*primary, *self.tests.values()))
        return next((why.code for why in whys if why is not None), "DW101")

    def to_dict(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "role": self.role,
            "status": self.status.value,
            "primary_test": self.primary_test,
            "missing": {"reference": self.missing_reference, "production": self.missing_current},
            "moments": {
                "reference": self.summary_reference.to_dict() if self.summary_reference else None,
                "production": self.summary_current.to_dict() if self.summary_current else None,
            },
            "explanation": self.explanation,
            "importance": self.importance,
            "follows": self.follows,
            "tests": {name: result.to_dict() for name, result in self.tests.items()},
            "distribution": self.distribution.to_dict() if self.distribution else None,
        }

    @classmethod
    def from_dict(cls, name: str, data: Mapping[str, Any], /) -> Self:
        missing, moments = data.get("missing") or {}, data.get("moments") or {}
        return cls(
            name=name,
            kind=str(data["kind"]),
            role=str(data["role"]),
            status=Status(data["status"]),
            primary_test=text(data.get("primary_test")),
            missing_reference=number(missing.get("reference")),
            missing_current=number(missing.get("production")),
            explanation=str(data.get("explanation") or ""),
            importance=number(data.get("importance")),
            tests={m: DriftResult.from_dict(m, r) for m, r in (data.get("tests") or {}).items()},
            distribution=Distribution.from_dict(data.get("distribution")),
            summary_reference=Summary.from_dict(moments.get("reference")),
            summary_current=Summary.from_dict(moments.get("production")),
            follows=text(data.get("follows")),
        )


def _pair(pair: tuple[float, float] | None) -> list[float] | None:
    return None if pair is None else list(pair)


def to_iso(at: datetime | None, /) -> str | None:
    """Write an instant as ISO 8601, UTC as Z."""
    return None if at is None else at.isoformat().replace("+00:00", "Z")


def from_iso(text: Any, /) -> datetime | None:
    """Read what `to_iso` wrote."""
    return None if text is None else datetime.fromisoformat(text)
