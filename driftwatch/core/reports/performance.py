"""What a report says of a model's performance: metrics of both sides, and what became of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from driftwatch.core.reports.plain_values import number, pair, truth, whole
from driftwatch.core.reports.results import Levels, Status
from driftwatch.core.reports.spelling import apart, percent

__all__ = ["Curve", "Metric", "Performance", "in_words"]

Pair = tuple[float, float]

_NAMES = {
    "roc_auc": "ROC AUC",
    "roc_auc_ovr": "ROC AUC, one against the rest",
    "f1": "F1",
    "f1_macro": "F1, macro",
    "f1_micro": "F1, micro",
    "f1_weighted": "F1, weighted",
    "brier": "Brier score",
    "ece": "expected calibration error",
    "calibration": "squared calibration error, without bias",
    "mae": "mean absolute error",
    "mse": "mean squared error",
    "rmse": "root mean squared error",
    "mape": "mean absolute percentage error",
    "smape": "symmetric percentage error",
    "r2": "R²",
    "absolute_error_p90": "absolute error, 90 % quantile",
}


def in_words(name: str, /) -> str:
    """A metric's name as people write it.

    Example:
        >>> in_words("roc_auc"), in_words("log_loss")
        ('ROC AUC', 'log loss')
    """
    return _NAMES.get(name) or name.replace("_", " ")


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric of the reference and of production.

    Attributes:
        name: As scikit-learn names it.
        reference: Its value in the reference; None where it cannot be computed.
        production: Its value in production.
        interval: Where the value of the population lies, with 95 % confidence.
        reference_interval: The same of the reference.
        bracket: Between which the value of production's full data lies for certain; None where the
            value is exact.
        threshold: How much worse is a WARNING, and CRITICAL, in units of the metric.
        p_value: Of "it is no worse than the warning threshold", corrected for the number of
            metrics that decide.
        gates: Whether it decides.
        status: What became of it; None where it does not decide.
        rows_needed: Labelled production rows that would decide it, where it is undecided.
        note: What a reader must know of it, such as why there is no interval.
        higher_is_better: Its direction; None where it has none, or an older report does not say.
    """

    name: str
    reference: float | None
    production: float | None
    interval: Pair | None = None
    reference_interval: Pair | None = None
    bracket: Pair | None = None
    threshold: Levels | None = None
    p_value: float | None = None
    gates: bool = False
    status: Status | None = None
    rows_needed: int | None = None
    note: str = ""
    higher_is_better: bool | None = None

    @property
    def bounds(self) -> Levels | None:
        """The values from which on it is WARNING, and CRITICAL; None where that is not known.

        Example:
            >>> Metric("log_loss", 0.5, 0.6, threshold=Levels(0.01, 0.05),
            ...        higher_is_better=False).bounds
            Levels(warning=0.51, critical=0.55)
        """
        before = self.reference
        if before is None or self.threshold is None or self.higher_is_better is None:
            return None
        sign = -1 if self.higher_is_better else 1
        return self.threshold.map(lambda worse: round(before + sign * worse, 12))

    @property
    def moved(self) -> str:
        """Both values, and the interval where one is known.

        Example:
            >>> Metric("roc_auc", 0.903, 0.887, interval=(0.882, 0.893)).moved
            '0.903 → 0.887 [0.882, 0.893]'
        """
        before, after, *ends = apart(self.reference, self.production, *(self.interval or ()))
        return f"{before} → {after}" + (f" [{', '.join(ends)}]" if ends else "")

    def to_dict(self, labelled_share: float | None = None) -> dict[str, Any]:
        return {
            "reference": self.reference,
            "production": self.production,
            "estimated": None,
            "interval": _list(self.interval),
            "estimated_interval": None,
            "reference_interval": _list(self.reference_interval),
            "bracket": _list(self.bracket),
            "labelled_share": labelled_share,
            "threshold": self.threshold.to_dict() if self.threshold else None,
            "p_value": self.p_value,
            "gates": self.gates,
            "status": self.status.value if self.status else None,
            "rows_needed": self.rows_needed,
            "note": self.note,
            "higher_is_better": self.higher_is_better,
        }

    @classmethod
    def from_dict(cls, name: str, data: Mapping[str, Any], /) -> Self:
        return cls(
            name=name,
            reference=number(data["reference"]),
            production=number(data["production"]),
            interval=pair(data.get("interval")),
            reference_interval=pair(data.get("reference_interval")),
            bracket=pair(data.get("bracket")),
            threshold=Levels.from_dict(data.get("threshold")),
            p_value=number(data.get("p_value")),
            gates=bool(data.get("gates")),
            status=Status(data["status"]) if data.get("status") else None,
            rows_needed=whole(data.get("rows_needed")),
            note=str(data.get("note") or ""),
            higher_is_better=truth(data.get("higher_is_better")),
        )


@dataclass(frozen=True, slots=True)
class Curve:
    """Points of a curve of both sides.

    Attributes:
        name: ``roc``, ``precision_recall`` or ``calibration``.
        reference: Points of the reference.
        production: Points of production.
    """

    name: str
    reference: tuple[Pair, ...]
    production: tuple[Pair, ...]

    def to_dict(self) -> dict[str, Any]:
        return {
            "reference": [list(point) for point in self.reference],
            "production": [list(point) for point in self.production],
        }

    @classmethod
    def from_dict(cls, name: str, data: Mapping[str, Any], /) -> Self:
        sides = [
            tuple((float(x), float(y)) for x, y in data[side])
            for side in ("reference", "production")
        ]
        return cls(name, sides[0], sides[1])


@dataclass(frozen=True, slots=True, eq=True)
class Performance(Mapping[str, Metric]):
    """How good a model is in production, and how good it was: metrics by name.

    Attributes:
        task: ``binary``, ``multiclass`` or ``regression``.
        status: The worst status of the metrics that decide.
        metrics: The metrics, in the order of reports.
        labelled: Rows with a label in the reference and in production.
        rows: Rows of both.
        classes: Names of the classes; of two the negative one first.
        confusion: Rows by label and prediction, of the reference and of production; the last row
            and column stand for all other classes.
        curves: Curves, by name.
        overdispersion: By how much more than random rows the errors of the reference's stretches
            vary; 1 without panes.
        notes: What a reader must know, such as labels of unknown classes.

    Example:
        >>> import numpy as np
        >>> from driftwatch import Monitor
        >>> data = {"says": ["a", "b"] * 500, "y": ["a", "b"] * 450 + ["b", "a"] * 50}
        >>> monitor = Monitor(data, prediction="says", label="y")
        >>> monitor.check(data).performance["accuracy"].production
        0.9
    """

    task: str
    status: Status
    metrics: Mapping[str, Metric] = field(default_factory=dict)
    labelled: tuple[int, int] = (0, 0)
    rows: tuple[int, int] = (0, 0)
    classes: tuple[str, ...] = ()
    confusion: tuple[tuple[tuple[float, ...], ...], ...] = ()
    curves: Mapping[str, Curve] = field(default_factory=dict)
    overdispersion: float = 1.0
    notes: tuple[str, ...] = ()

    def __getitem__(self, name: str) -> Metric:
        return self.metrics[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.metrics)

    def __len__(self) -> int:
        return len(self.metrics)

    @property
    def labelled_share(self) -> float | None:
        """Share of production's rows that have a label."""
        return self.labelled[1] / self.rows[1] if self.rows[1] else None

    @property
    def worst(self) -> Metric | None:
        """The deciding metric with the worst status, the smallest p-value on ties."""
        deciding = [metric for metric in self.metrics.values() if metric.status is not None]
        return min(deciding, key=_rank, default=None)

    def headline(self) -> str:
        """The worst metric in half a sentence."""
        worst = self.worst
        if worst is None or worst.status is Status.INSUFFICIENT_DATA:
            return "no metric can be judged"
        verb = "got worse:"
        if worst.status in (Status.OK, Status.UNDECIDED):
            verb = "is" if worst.status is Status.OK else "may have got worse:"
        return f"{in_words(worst.name)} {verb} {worst.moved}"

    def __str__(self) -> str:
        if not self.labelled[1]:
            return "production has no labels"
        decided = [m for m in self.metrics.values() if m.gates]
        texts = [_values(metric) for metric in decided]
        share = self.labelled_share
        if share is not None and share < 1:
            texts.append(f"{percent(share)} of the rows have a label")
        return "; ".join(texts)

    def to_dict(self) -> dict[str, Any]:
        """The metrics as plain data."""
        return {name: m.to_dict(self.labelled_share) for name, m in self.metrics.items()}

    def facts(self) -> dict[str, Any]:
        """Everything else as plain data."""
        return {
            "task": self.task,
            "status": self.status.value,
            "labelled": list(self.labelled),
            "rows": list(self.rows),
            "classes": list(self.classes),
            "confusion": [[list(row) for row in side] for side in self.confusion],
            "curves": {name: curve.to_dict() for name, curve in self.curves.items()},
            "overdispersion": self.overdispersion,
            "notes": list(self.notes),
        }

    @classmethod
    def from_dicts(
        cls, metrics: Mapping[str, Any] | None, facts: Mapping[str, Any] | None, /
    ) -> Self | None:
        """Rebuild it from `to_dict` and `facts`; None where there are none."""
        if metrics is None or facts is None:
            return None
        before, after = facts["labelled"]
        rows_before, rows_after = facts["rows"]
        return cls(
            task=str(facts["task"]),
            status=Status(facts["status"]),
            metrics={name: Metric.from_dict(name, data) for name, data in metrics.items()},
            labelled=(int(before), int(after)),
            rows=(int(rows_before), int(rows_after)),
            classes=tuple(map(str, facts["classes"])),
            confusion=tuple(
                tuple(tuple(map(float, row)) for row in side) for side in facts["confusion"]
            ),
            curves={n: Curve.from_dict(n, data) for n, data in facts["curves"].items()},
            overdispersion=float(facts["overdispersion"]),
            notes=tuple(map(str, facts["notes"])),
        )


def _rank(metric: Metric) -> tuple[int, float]:
    assert metric.status is not None  # noqa: S101 - only deciding metrics are ranked
    return -metric.status.severity, 1.0 if metric.p_value is None else metric.p_value


def _values(metric: Metric) -> str:
    """A metric of both sides in words."""
    name = in_words(metric.name)
    if metric.reference is None or metric.production is None:
        return f"{name} unknown ({metric.note})" if metric.note else f"{name} unknown"
    text = f"{name} {metric.moved}"
    if metric.status is Status.UNDECIDED and metric.rows_needed is not None:
        text += f", {metric.rows_needed:,} labels would decide"
    return text if not metric.note else f"{text} ({metric.note})"


def _list(pair: Pair | None) -> list[float] | None:
    return None if pair is None else list(pair)
