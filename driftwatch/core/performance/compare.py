"""The performance part of a report: metrics of a reference and of production, and a verdict."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from driftwatch.core.data.outcomes import OutcomeColumns, Task
from driftwatch.core.data.schema import Role
from driftwatch.core.performance.binary import binary_metrics, calibration_points, mean_loss
from driftwatch.core.performance.estimate import Estimate
from driftwatch.core.performance.metrics import deciding_metrics, metric_rule, tolerated
from driftwatch.core.performance.multiclass import multiclass_metrics
from driftwatch.core.performance.regression import regression_metrics
from driftwatch.core.performance.verdict import Change, judged
from driftwatch.core.profiles.outcomes import CONFUSED, Outcomes
from driftwatch.core.profiles.profile import Profile
from driftwatch.core.profiles.reference import Reference
from driftwatch.core.reports.performance import Curve, Metric, Performance
from driftwatch.core.reports.results import Levels, Status
from driftwatch.core.reports.spelling import quoted
from driftwatch.core.sketches.ascending import ascending
from driftwatch.core.sketches.score_cells import ScoreCells
from driftwatch.core.statistics.intervals import Interval, student
from driftwatch.errors import ConfigError

__all__ = ["PerformanceRules", "check_metrics", "deciding_count", "performance_of"]

Floats = NDArray[np.float64]
_ACCIDENT = 0.001
_CHANCE = 0.5
_POINTS = 60
"""Points of a curve."""


@dataclass(frozen=True, slots=True)
class PerformanceRules:
    """How the performance of a model is judged.

    Attributes:
        level: Significance level.
        corrected: Whether the number of deciding metrics is still to be corrected for.
        thresholds: How much worse is a WARNING, and CRITICAL, of the metrics that the caller named.
        cost: Cost of each label (rows) and prediction (columns), in the order of the classes.
    """

    level: float
    corrected: bool
    thresholds: Mapping[str, Levels] = field(default_factory=dict)
    cost: tuple[tuple[float, ...], ...] | None = None


def deciding_count(reference: Reference, thresholds: Mapping[str, Levels], /) -> int:
    """How many metrics decide on a model."""
    outcomes = reference.outcomes
    if outcomes is None:
        return 0
    return len(deciding_metrics(outcomes.spec.columns.task, thresholds))


def performance_of(
    reference: Reference, current: Profile, rules: PerformanceRules, /, *, stretch: int
) -> Performance | None:
    """Compare how good a model is with how good it was.

    Args:
        reference: The reference.
        current: Production.
        rules: How to judge.
        stretch: Panes of the reference that last as long as production.

    Returns:
        None where no outcomes are counted. Without labels in production every metric of it is
        unknown, and the status INSUFFICIENT_DATA.
    """
    before = reference.outcomes
    if before is None:
        return None
    columns = before.spec.columns
    after = current.outcomes.get(before.spec.id) or _in_other_cells(current, before)
    sides = [
        _metrics(outcomes, profile, rules)
        for outcomes, profile in ((before, reference.profile), (after, current))
    ]
    rate = sides[0].get("positive_rate")
    deciding = deciding_metrics(
        columns.task, rules.thresholds, positive_rate=None if rate is None else rate.value
    )
    spread = _overdispersion(reference, columns, stretch)
    metrics = []
    for name in dict.fromkeys([*sides[0], *sides[1]]):
        pair = [side.get(name, Estimate(math.nan, note="cannot be computed")) for side in sides]
        pair[1] = _never_said(name, pair[0], pair[1], sides)
        metrics.append(_compared(name, pair, rules, name in deciding, after, spread))
    results = judged(metrics, level=rules.level, corrected=rules.corrected)
    statuses = [metric.status for metric in results if metric.status is not None]
    known = [status for status in statuses if status is not Status.INSUFFICIENT_DATA]
    return Performance(
        task=columns.task.value,
        status=max(known, key=lambda s: s.severity, default=Status.INSUFFICIENT_DATA),
        metrics={metric.name: metric for metric in results},
        labelled=(before.labelled, after.labelled),
        rows=(reference.profile.rows, current.rows),
        classes=columns.classes[:CONFUSED],
        confusion=_confusions(before, after),
        curves=_curves(before, after),
        overdispersion=spread,
        notes=(
            *_turned(columns, sides[0]),
            *_notes(columns, before, after, _elsewhere(current, before)),
        ),
    )


def check_metrics(reference: Reference, rules: PerformanceRules, /) -> None:
    """Do nothing, or say which threshold or cost cannot be applied to a reference.

    Raises:
        ConfigError: If a metric with a threshold is none of the reference's, or has no better and
            worse; or if costs are not of its classes.
    """
    outcomes = reference.outcomes
    asked = [*rules.thresholds, *(["cost"] if rules.cost is not None else [])]
    if outcomes is None:
        if asked:
            raise ConfigError(
                f"threshold {asked[0]} is of the model's performance: name the columns of labels, "
                "and of predictions or scores",
                code="DW090",
            )
        return
    columns = outcomes.spec.columns
    if rules.cost is not None and len(rules.cost) != len(columns.classes):
        raise ConfigError(
            f"cost has {len(rules.cost)} rows and columns, and there are {len(columns.classes)} "
            f"classes ({columns.task})",
            code="DW092",
        )
    known = _metrics(outcomes, reference.profile, rules)
    for name in rules.thresholds:
        if name not in known:
            raise ConfigError(
                f"threshold {name}: there is no such metric of this {columns.task} model; there "
                f"are {', '.join(known)}",
                code="DW092",
            )
        if metric_rule(name).higher_is_better is None:
            raise ConfigError(f"threshold {name}: it has no better and worse", code="DW092")


def _metrics(outcomes: Outcomes, profile: Profile, rules: PerformanceRules) -> dict[str, Estimate]:
    columns = outcomes.spec.columns
    match columns.task:
        case Task.BINARY:
            metrics = binary_metrics(outcomes)
        case Task.MULTICLASS:
            metrics = multiclass_metrics(outcomes)
        case Task.REGRESSION:
            absolute = profile.columns.get(columns.derived_columns()[1].name)
            numbers = None if absolute is None else absolute.numbers
            cdf = numbers.cdf() if numbers is not None and numbers.count else None
            metrics = regression_metrics(outcomes, cdf)
    if rules.cost is not None and outcomes.decided[0]:
        metrics["cost"] = _cost(outcomes, rules.cost)
    for name, sums in outcomes.own.items():
        metrics[name] = mean_loss(sums, 0)
    return metrics


def _cost(outcomes: Outcomes, cost: Sequence[Sequence[float]]) -> Estimate:
    """Mean cost of a row, by label and prediction; those of no class are left out."""
    costs, table = np.asarray(cost), outcomes.confusion[:-1, :-1]
    total = float(table.sum())
    if costs.shape != table.shape or not total:
        return Estimate(math.nan, note=f"costs of {len(costs)} classes for {len(table)}")
    rows = outcomes.effective_rows * total / outcomes.decided[1]
    mean = float((table * costs).sum() / total)
    variance = float((table * np.square(costs - mean)).sum() / total)
    error = math.sqrt(variance / max(rows - 1, 1))
    return Estimate(mean, student(mean, error, rows), error)


def _compared(
    name: str,
    sides: Sequence[Estimate],
    rules: PerformanceRules,
    gates: bool,  # noqa: FBT001
    after: Outcomes,
    spread: float,
) -> tuple[Metric, Change]:
    rule, (old, new) = metric_rule(name), sides
    base = old.value if math.isfinite(old.value) else 0.0
    limit = tolerated(rule, base, rules.thresholds.get(name))
    metric = Metric(
        name=name,
        reference=_finite(old.value),
        production=_finite(new.value),
        interval=_pair(new.interval),
        reference_interval=_pair(old.interval),
        bracket=_pair(new.bracket),
        threshold=limit if rule.higher_is_better is not None else None,
        gates=gates,
        higher_is_better=rule.higher_is_better,
        note=new.note or (f"reference: {old.note}" if old.note else ""),
    )
    return metric, Change(rule, old, new, limit, float(after.labelled), spread)


def _never_said(
    name: str, old: Estimate, new: Estimate, sides: Sequence[Mapping[str, Estimate]]
) -> Estimate:
    """Precision where nothing was said to be positive: 0, if that is no accident of few rows."""
    every = sides[1].get("accuracy")
    if name != "precision" or math.isfinite(new.value) or every is None:
        return new
    said = old.rows / sides[0]["accuracy"].rows if math.isfinite(old.rows) else 0.0
    accident = (1 - min(said, 1.0)) ** every.rows
    note = "no row was said to be positive"
    return (
        Estimate(0.0, note=note, by_value=True) if accident < _ACCIDENT else replace(new, note=note)
    )


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _pair(interval: Interval | None) -> Interval | None:
    if interval is None or not all(map(math.isfinite, interval)):
        return None
    return float(interval[0]), float(interval[1])


def _overdispersion(reference: Reference, columns: OutcomeColumns, stretch: int) -> float:
    """By how much more than random rows the errors of the reference's stretches vary."""
    natural = [
        reference.columns[column.name].natural(stretch)
        for column in columns.derived_columns()
        if column.role is Role.ERROR and column.name in reference.columns
    ]
    return max((each.overdispersion for each in natural if each is not None), default=1.0)


def _turned(columns: OutcomeColumns, reference: Mapping[str, Estimate]) -> list[str]:
    """Whether scores look like those of the other class."""
    area = reference.get("roc_auc")
    if area is None or area.interval is None or area.interval[1] >= _CHANCE:
        return []
    other, positive = columns.classes
    question = f"is the score that of {quoted(other)}, and not of {quoted(positive)}?"
    return [f"the reference's ROC AUC is below 0.5: {question}"]


def _in_other_cells(current: Profile, before: Outcomes) -> Outcomes:
    """What was counted by the same rules in cells of another reference: all but scores by class.

    Nothing, where there is no such thing.
    """
    alike = [
        other
        for other in current.outcomes.values()
        if other.spec.columns == before.spec.columns and sorted(other.own) == sorted(before.own)
    ]
    if not alike:
        return Outcomes(before.spec)
    found = alike[0].copy()
    found.cells = [ScoreCells(grid) for grid in before.spec.grids]
    return found


def _elsewhere(current: Profile, before: Outcomes) -> int:
    """Labelled rows of production that were counted by the rules of another reference."""
    if before.spec.id not in current.outcomes:
        return 0
    others = (o for id_, o in current.outcomes.items() if id_ != before.spec.id)
    return sum(other.labelled for other in others)


def _notes(columns: OutcomeColumns, before: Outcomes, after: Outcomes, elsewhere: int) -> list[str]:
    notes = []
    if columns.task is Task.BINARY:
        notes.append(f"positive class: {columns.classes[1]}")
    if columns.prediction is None and before.decided[0]:
        rule = "from 0.5 on" if columns.task is Task.BINARY else "the class of the greatest score"
        notes.append(f"no column of predictions: predicted is {rule}")
    if columns.scores and not columns.probabilities:
        notes.append("scores are no probabilities: no log loss, Brier score or calibration")
    if not after.labelled:
        notes.append("production has no labels: how good the model is now is not known")
    elif after.spec is not before.spec and after.spec.id != before.spec.id:
        notes.append("production was counted in other cells: no AUC, and no average precision")
    for outcomes, whose in ((before, "the reference has "), (after, "")):
        notes += [f"{whose}{text}" for text in _left_out(outcomes)]
    if elsewhere:
        notes.append(f"{elsewhere:,} labelled rows were counted for another reference")
    return notes


def _left_out(outcomes: Outcomes) -> list[str]:
    """Rows that could not be used, in words."""
    counts = (
        (outcomes.unknown, "labels of a class that the reference does not have"),
        (outcomes.unpredicted, "labelled rows without a prediction"),
        (outcomes.unscored, "labelled rows without a usable score"),
        (outcomes.unweighted, "labelled rows without a usable weight above 0"),
        (outcomes.failed, "rows on which own losses failed"),
    )
    return [f"{count:,} {what}" for count, what in counts if count]


def _confusions(before: Outcomes, after: Outcomes) -> tuple[tuple[tuple[float, ...], ...], ...]:
    if before.spec.columns.task is Task.REGRESSION or not after.decided[0]:
        return ()
    return tuple(
        tuple(tuple(map(float, row)) for row in outcomes.confusion) for outcomes in (before, after)
    )


def _curves(before: Outcomes, after: Outcomes) -> dict[str, Curve]:
    if before.spec.columns.task is not Task.BINARY or not before.cells:
        return {}
    sides = (before.cells[0], after.cells[0])
    if not all(cells.rows.all() for cells in sides):
        return {}
    curves = {
        name: Curve(name, points(sides[0]), points(sides[1]))
        for name, points in (("roc", _roc), ("precision_recall", _precision_recall))
    }
    if before.spec.columns.probabilities:
        points = [tuple((x, y) for x, y, _ in calibration_points(cells)) for cells in sides]
        curves["calibration"] = Curve("calibration", points[0], points[1])
    return curves


def _roc(cells: ScoreCells) -> tuple[Interval, ...]:
    negatives, positives = (np.cumsum(side[::-1]) / side.sum() for side in cells.weights.T)
    return _thinned(np.append(0.0, negatives), np.append(0.0, positives))


def _precision_recall(cells: ScoreCells) -> tuple[Interval, ...]:
    negatives, positives = (np.cumsum(side[::-1]) for side in cells.weights.T)
    some = positives > 0
    precision = positives[some] / (positives[some] + negatives[some])
    return _thinned(positives[some] / positives[-1], precision)


def _thinned(x: Floats, y: Floats) -> tuple[Interval, ...]:
    """Points of a curve, some sixty spread over its length; both ends are among them."""
    length = np.append(0.0, np.cumsum(np.abs(np.diff(x)) + np.abs(np.diff(y))))
    wanted = np.linspace(0, length[-1], _POINTS)
    kept = ascending(np.searchsorted(length, wanted, side="left"))
    kept = ascending(np.clip(np.append(kept, (0, x.size - 1)), 0, x.size - 1))
    return tuple((round(float(x[i]), 6), round(float(y[i]), 6)) for i in kept)
