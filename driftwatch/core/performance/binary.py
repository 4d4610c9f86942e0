"""Metrics of a binary task."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from driftwatch.core.performance.estimate import (
    CONFIDENT,
    TOO_FEW_OF_A_CLASS,
    Estimate,
    of_share,
    too_few,
)
from driftwatch.core.profiles.outcomes import Outcomes
from driftwatch.core.sketches.paired_sums import PairedSums
from driftwatch.core.sketches.score_cells import ScoreCells
from driftwatch.core.statistics.intervals import (
    Interval,
    mean_of_two,
    student,
    through_logit,
    wilson,
)
from driftwatch.core.statistics.ranking import (
    auc,
    auc_bracket,
    auc_variance,
    average_precision,
    average_precision_bracket,
    average_precision_variance,
    newcombe_interval,
    smooth_average_precision,
)

__all__ = ["binary_metrics", "calibration_points", "mean_loss", "ranking_metrics"]

_FEW = 200
"""Rows of a class below which DeLong's interval is too short by itself."""
_FEW_FOR_LOSSES = 20
_ENOUGH = 1_000
"""Rows from which on a calibration error may be judged by its value; ten times as many where it is
not free of bias."""
_BINS = 10
_LEAST_POOLED = 50

Floats = NDArray[np.float64]


def binary_metrics(outcomes: Outcomes, /) -> dict[str, Estimate]:
    """Every metric of a binary task that the state allows."""
    metrics: dict[str, Estimate] = {}
    if outcomes.decided[0]:
        metrics |= _of_decisions(outcomes)
    there = bool(outcomes.cells) and bool(outcomes.cells[0].rows.any())
    if there:
        metrics = {**ranking_metrics(outcomes.cells[0]), **metrics}
    if outcomes.losses.rows:
        # Sums are known of outcomes that were counted in other cells, too.
        rows = _effective(outcomes.cells[0]) if there else outcomes.marginals[:2, 0]
        few = float(min(rows)) < _FEW_FOR_LOSSES
        for place, name in enumerate(("log_loss", "brier")):
            metrics[name] = mean_loss(outcomes.losses, place, too_few_rows=few)
    if there and outcomes.spec.columns.probabilities:
        metrics |= _calibration(outcomes.cells[0])
    return metrics


def ranking_metrics(cells: ScoreCells, /) -> dict[str, Estimate]:
    """Area under the ROC curve and average precision."""
    negatives, positives = cells.weights.T
    if not cells.rows.all():
        only = "positive" if cells.rows[1] else "negative"
        note = f"one class: every labelled row is {only}"
        return {name: Estimate(math.nan, note=note) for name in ("roc_auc", "average_precision")}
    single = cells.single
    weighted = not np.array_equal(cells.squares, cells.rows)
    rows = _effective(cells)
    area, precision = auc(positives, negatives), 0.0
    if weighted:
        precision = smooth_average_precision(positives, negatives, single)
    else:
        precision = average_precision(positives, negatives, single)
    bracket = None if single.all() else auc_bracket(positives, negatives, single)
    of_precision = None
    if not single.all():
        of_precision = average_precision_bracket(positives, negatives, single, smooth=weighted)
    if min(rows) < TOO_FEW_OF_A_CLASS:
        least = TOO_FEW_OF_A_CLASS
        return {
            "roc_auc": too_few(area, "each class", least, bracket),
            "average_precision": too_few(precision, "each class", least, of_precision),
        }
    error = math.sqrt(auc_variance(positives, negatives, rows=rows))
    low, high = _between(area, error, min(rows))
    if min(rows) < _FEW:
        other = newcombe_interval(area, rows[0], rows[1], CONFIDENT)
        low, high = min(low, float(other[0])), max(high, float(other[1]))
        error = max(error, float(other[1] - other[0]) / (2 * CONFIDENT))
    variance = average_precision_variance(positives, negatives, rows=rows)
    if rows[0] < _FEW:
        variance = max(variance, precision * (1 - precision) / rows[0])
    spread = math.sqrt(variance)
    return {
        "roc_auc": Estimate(area, (low, high), error, bracket, rows=min(rows)),
        "average_precision": Estimate(
            precision, _between(precision, spread, rows[0]), spread, of_precision, rows=rows[0]
        ),
    }


def _between(value: float, error: float, rows: float) -> Interval:
    """Interval on the logit's scale; at 0 and 1, which have no logit, that of a share."""
    if 0 < value < 1:
        return through_logit(value, error, CONFIDENT)
    return wilson(value * rows, rows, CONFIDENT)


def _effective(cells: ScoreCells) -> tuple[float, float]:
    """Effective rows of positives and negatives."""
    totals = cells.weights.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        rows = np.where(cells.squares > 0, totals**2 / cells.squares, 0.0)
    return float(rows[1]), float(rows[0])


def _of_decisions(outcomes: Outcomes) -> dict[str, Estimate]:
    """Metrics of the confusion of two classes; a prediction of neither is a wrong one."""
    table = outcomes.confusion * (outcomes.effective_rows / max(outcomes.decided[1], 1e-300))
    true_negative, true_positive = table[0, 0], table[1, 1]
    false_positive, false_negative = table[0, 1:].sum(), table[1, [0, 2]].sum()
    total = true_negative + true_positive + false_positive + false_negative
    positives, negatives = true_positive + false_negative, true_negative + false_positive
    said = true_positive + false_positive

    def share(successes: float, trials: float) -> Estimate:
        return of_share(successes, trials, wilson(successes, trials, CONFIDENT))

    recall, specificity = share(true_positive, positives), share(true_negative, negatives)
    return {
        "accuracy": share(true_positive + true_negative, total),
        "balanced_accuracy": _balanced(recall, specificity),
        "f1": _f1(true_positive, total - true_negative),
        "precision": share(true_positive, said),
        "recall": recall,
        "specificity": specificity,
        "positive_rate": share(positives, total),
    }


def _balanced(recall: Estimate, specificity: Estimate) -> Estimate:
    if recall.interval is None or specificity.interval is None:
        return Estimate(math.nan, note="no rows of one class")
    values = (recall.value, specificity.value)
    if not all(map(math.isfinite, values)):
        return Estimate(math.nan, note="no rows of one class")
    interval = mean_of_two(values, recall.interval, specificity.interval)
    error = math.hypot(recall.error, specificity.error) / 2
    rows = min(recall.rows, specificity.rows)
    return Estimate(sum(values) / 2, interval, error, rows=rows)


def _f1(hits: float, involved: float) -> Estimate:
    """F1 is a function of the share of hits among rows that are, or are said to be, positive."""
    if involved <= 0:
        return Estimate(math.nan, note="no positive and none predicted")
    low, high = (2 * j / (1 + j) for j in wilson(hits, involved, CONFIDENT))
    share = of_share(hits, involved, (low, high))
    slope = 2 / (1 + share.value) ** 2
    value = 2 * share.value / (1 + share.value)
    return Estimate(value, (low, high), slope * share.error, rows=involved)


def mean_loss(sums: PairedSums, place: int, /, *, too_few_rows: bool = False) -> Estimate:
    """A mean of losses with Student's interval."""
    if not sums.rows:
        return Estimate(math.nan, note="no row with a label and a usable score")
    gradient = np.zeros(sums.size)
    gradient[place] = 1.0
    mean, rows = float(sums.means[place]), sums.effective_rows
    if too_few_rows:
        return too_few(mean, "each class", _FEW_FOR_LOSSES)
    error = math.sqrt(sums.variance(gradient) * rows / max(rows - 1, 1))
    if rows <= 1 or not math.isfinite(error):
        return Estimate(mean, note="too few rows")
    return Estimate(mean, student(mean, error, rows), error, rows=rows)


def calibration_points(cells: ScoreCells, /) -> list[tuple[float, float, float]]:
    """Mean score, share of positives and rows of neighbouring scores, at least 50 rows each."""
    totals = cells.weights.sum(axis=1)
    least = max(_LEAST_POOLED / sum(_effective(cells)), 1 / (2 * _BINS)) * float(totals.sum())
    points, rows, positives, scores = [], 0.0, 0.0, 0.0
    for total, positive, score in zip(totals, cells.weights[:, 1], cells.sums, strict=True):
        rows, positives, scores = rows + total, positives + positive, scores + score
        if rows >= least:
            points.append((scores / rows, positives / rows, rows))
            rows = positives = scores = 0.0
    if rows and points:  # what is left is too little for a point of its own
        score, share, before = points.pop()
        scores, positives = scores + score * before, positives + share * before
        rows += before
    if rows:
        points.append((scores / rows, positives / rows, rows))
    return [(float(x), float(y), float(n)) for x, y, n in points]


def _calibration(cells: ScoreCells) -> dict[str, Estimate]:
    """Calibration error on ten cells of equal rows: the plain one with its bias, and the square
    without bias.
    """
    totals = cells.weights.sum(axis=1)
    total = float(totals.sum())
    middle = np.cumsum(totals) - totals / 2
    bins = np.minimum((_BINS * middle / total).astype(int), _BINS - 1)
    rows = np.bincount(bins, totals, minlength=_BINS)
    kept = rows > 0
    positives = np.bincount(bins, cells.weights[:, 1], minlength=_BINS)[kept] / rows[kept]
    scores = np.bincount(bins, cells.sums, minlength=_BINS)[kept] / rows[kept]
    rows = rows[kept]
    every = sum(_effective(cells))
    effective = rows * every / total
    spread = positives * (1 - positives)
    plain = float(rows @ np.abs(positives - scores) / total)
    bias = float(rows @ np.sqrt(2 / np.pi * spread / effective) / total)
    square = np.square(positives - scores) - spread / np.maximum(effective - 1, 1)
    return {
        "calibration": Estimate(float(rows @ square / total), by_value=every >= _ENOUGH),
        "ece": Estimate(
            plain,
            note=f"some {bias:.2g} of it would be there without any error",
            by_value=every >= 10 * _ENOUGH,
        ),
    }
