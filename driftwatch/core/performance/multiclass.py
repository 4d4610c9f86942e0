"""Metrics of a task with several classes."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from driftwatch.core.performance.binary import mean_loss, ranking_metrics
from driftwatch.core.performance.estimate import CONFIDENT, Estimate, of_share
from driftwatch.core.profiles.outcomes import CONFUSED, Outcomes
from driftwatch.core.statistics.intervals import wilson

__all__ = ["multiclass_metrics"]

_LEAST_OF_A_CLASS = 6
"""Rows of the smallest class below which the interval of macro F1 is too short."""

Floats = NDArray[np.float64]


def multiclass_metrics(outcomes: Outcomes, /) -> dict[str, Estimate]:
    """Every metric of a task with several classes that the state allows."""
    metrics: dict[str, Estimate] = {}
    if outcomes.cells and any(cells.rows.any() for cells in outcomes.cells):
        metrics["roc_auc_ovr"] = _macro_auc(outcomes)
    if outcomes.decided[0]:
        metrics |= _of_decisions(outcomes)
    if outcomes.spec.columns.probabilities and outcomes.losses.rows:
        for place, name in enumerate(("log_loss", "brier")):
            metrics[name] = mean_loss(outcomes.losses, place)
    return metrics


def _macro_auc(outcomes: Outcomes) -> Estimate:
    """Mean AUC of each class against the rest."""
    areas = [ranking_metrics(cells)["roc_auc"] for cells in outcomes.cells]
    values = np.array([area.value for area in areas])
    absent = [
        name
        for name, value in zip(outcomes.spec.columns.classes, values, strict=True)
        if not math.isfinite(value)
    ]
    if absent:
        return Estimate(math.nan, note=f"no row of class {absent[0]!r}")
    mean = float(values.mean())
    ends = np.array([area.bracket or (area.value, area.value) for area in areas])
    bracket = (float(ends[:, 0].mean()), float(ends[:, 1].mean()))
    errors = np.array([area.error for area in areas])
    if not np.isfinite(errors).all():
        few = next(area.note for area in areas if area.note)
        return Estimate(mean, bracket=bracket, note=few)
    # Classes against the rest are not independent: twice the variance of independent ones was
    # not exceeded in simulations of three to ten classes.
    error = float(np.sqrt(2 * np.square(errors).sum())) / len(areas)
    reach = CONFIDENT * error
    interval = (max(0.0, mean - reach), min(1.0, mean + reach))
    return Estimate(mean, interval, error, bracket)


def _of_decisions(outcomes: Outcomes) -> dict[str, Estimate]:
    truth, said, right = outcomes.marginals[:-1].T
    total, rows = float(outcomes.decided[1]), outcomes.effective_rows
    hits = float(outcomes.marginals[:, 2].sum()) * rows / total  # of unknown classes, too
    accuracy = of_share(hits, rows, wilson(hits, rows, CONFIDENT))
    present, labelled = truth + said > 0, truth > 0
    shares = truth / truth.sum() if truth.any() else truth
    every = present / max(1, present.sum())
    of_labelled = labelled / max(1, labelled.sum())
    estimates = {
        "balanced_accuracy": _average("recall", of_labelled, outcomes),
        "precision_macro": _average("precision", every, outcomes),
        "recall_macro": _average("recall", every, outcomes),
        "f1_weighted": _average("f1", shares, outcomes, moving=True),
        "precision_weighted": _average("precision", shares, outcomes, moving=True),
        "recall_weighted": _average("recall", shares, outcomes, moving=True),
    }
    f1 = np.divide(2 * right, truth + said, out=np.zeros_like(right), where=present)
    return {
        "accuracy": accuracy,
        "f1_macro": _macro_f1(outcomes, f1, present),
        "f1_micro": accuracy,
        **estimates,
    }


def _average(
    kind: str, weights: Floats, outcomes: Outcomes, /, *, moving: bool = False
) -> Estimate:
    """A mean over classes of precision, recall or F1, with the delta method's variance.

    Args:
        kind: ``precision``, ``recall`` or ``f1``.
        weights: Of the classes.
        outcomes: The counts.
        moving: Whether the weights are the shares of the labels, which vary as well.
    """
    truth, said, right = outcomes.marginals[:-1].T
    down, across = {"precision": (0, 1), "recall": (1, 0), "f1": (0.5, 0.5)}[kind]
    below = down * truth + across * said
    values = np.divide(right, below, out=np.zeros_like(right), where=below > 0)
    value, classes = float(weights @ values), len(truth)
    total, rows = float(outcomes.decided[1]), outcomes.effective_rows
    if classes > CONFUSED or rows <= 1:
        return Estimate(value, note=f"no interval for more than {CONFUSED} classes")
    # d value / d share of a pair of label i and prediction j
    scale = np.divide(weights * total, below, out=np.zeros_like(right), where=below > 0)
    fall = scale * values
    gradient = np.diag(scale) - down * fall[:, None] - across * fall[None, :]
    if moving:
        gradient = gradient + values[:, None]
    padded = np.zeros_like(outcomes.confusion)
    padded[:-1, :-1] = gradient
    padded[:-1, -1] = (values if moving else 0.0) - down * fall
    padded[-1, :-1] = -across * fall
    shares = outcomes.confusion / total
    mean = float((shares * padded).sum())
    variance = max(
        float((shares * padded**2).sum()) - mean**2, 1 / rows
    )  # as a share's is smoothed
    error = math.sqrt(variance / rows)
    ends = (max(0.0, value - CONFIDENT * error), min(1.0, value + CONFIDENT * error))
    return Estimate(value, ends, error, rows=rows)


def _macro_f1(outcomes: Outcomes, f1: Floats, present: NDArray[np.bool_]) -> Estimate:
    """Macro F1 with the delta method's variance, where the whole confusion matrix is known."""
    value = float(f1[present].mean()) if present.any() else math.nan
    classes = len(outcomes.marginals) - 1
    scale = outcomes.effective_rows / float(outcomes.decided[1])
    smallest = outcomes.marginals[:-1, 0].min() * scale if classes else 0.0
    if classes > CONFUSED:
        return Estimate(value, note=f"no interval for more than {CONFUSED} classes")
    if smallest < _LEAST_OF_A_CLASS:
        note = f"too few: fewer than {_LEAST_OF_A_CLASS} rows of a class"
        return Estimate(value, note=note)
    variance = macro_f1_variance(outcomes.confusion[:-1, :-1], outcomes.effective_rows)
    error = math.sqrt(variance)
    reach = CONFIDENT * error
    return Estimate(value, (max(0.0, value - reach), min(1.0, value + reach)), error)


def macro_f1_variance(confusion: Floats, rows: float, /) -> float:
    """Variance of macro F1 by the delta method.

    Args:
        confusion: Rows by label and prediction.
        rows: Effective number of rows.

    Example:
        >>> table = np.array([[50.0, 3, 2], [4, 30, 6], [1, 2, 20]])
        >>> round(macro_f1_variance(table, 118), 10)
        0.0013370431
    """
    shares = confusion / confusion.sum()
    hits, both = np.diag(shares), shares.sum(axis=0) + shares.sum(axis=1)
    slope = -2 * hits / both**2
    gradient = (slope[:, None] + slope[None, :] + np.diag(2 / both)) / len(shares)
    mean = float((shares * gradient).sum())
    return float((shares * gradient**2).sum() - mean**2) / rows
