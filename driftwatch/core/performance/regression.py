"""Metrics of a regression."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from driftwatch.core.performance.binary import mean_loss
from driftwatch.core.performance.estimate import CONFIDENT, Estimate
from driftwatch.core.profiles.outcomes import ERROR_SUMS, Outcomes
from driftwatch.core.sketches.cdf import Cdf
from driftwatch.core.sketches.paired_sums import PairedSums
from driftwatch.core.statistics.intervals import hall

__all__ = ["regression_metrics"]

_HALF = 0.5
_PLACES = {name: place for place, name in enumerate(ERROR_SUMS)}
Floats = NDArray[np.float64]


def regression_metrics(outcomes: Outcomes, absolute: Cdf | None, /) -> dict[str, Estimate]:
    """Every metric of a regression.

    Args:
        outcomes: The sums.
        absolute: Distribution of the absolute errors, for their quantiles.
    """
    sums = outcomes.losses
    if not sums.rows:
        return {}
    square = _squares(sums)
    metrics = {
        "mae": mean_loss(sums, _PLACES["absolute"]),
        "rmse": _root(square),
        "mse": square,
        "r2": _r2(sums),
        "mape": mean_loss(sums, _PLACES["ape"]),
        "smape": mean_loss(sums, _PLACES["sape"]),
        "mean_error": mean_loss(sums, _PLACES["error"]),
    }
    if absolute is not None and not outcomes.spec.columns.weight:  # sketches have no weights
        metrics["median_absolute_error"] = _quantile(absolute, 0.5)
        metrics["absolute_error_p90"] = _quantile(absolute, 0.9)
    return metrics


def _squares(sums: PairedSums) -> Estimate:
    """Mean squared error with Hall's interval, from the second and third moment of squares."""
    square, fourth = _PLACES["square"], _PLACES["fourth"]
    gradient = np.zeros(sums.size)
    gradient[square] = 1.0
    mean, rows = float(sums.means[square]), sums.effective_rows
    error = math.sqrt(sums.variance(gradient) * rows / max(rows - 1, 1))
    if rows <= 1 or not math.isfinite(error):
        return Estimate(mean, note="too few rows, or errors too large to be squared")
    skewness = _skewness(sums, square, fourth)
    low, high = hall(mean, error, skewness, rows, CONFIDENT)
    return Estimate(mean, (max(0.0, low), high), error, rows=rows)


def _skewness(sums: PairedSums, square: int, fourth: int) -> float:
    """Skewness of squared errors; 0 where they do not vary. Squared weights weigh all moments."""
    weight = sums.total_squares
    mean = float(sums.tilted[square]) / weight
    second = float(sums.products[square, square]) / weight
    third = float(sums.products[square, fourth]) / weight
    with np.errstate(invalid="ignore", divide="ignore"):
        deviation = np.sqrt(max(0.0, second - mean**2))
        skewness = float((third - 3 * mean * second + 2 * mean**3) / deviation**3)
    return skewness if math.isfinite(skewness) else 0.0


def _root(square: Estimate) -> Estimate:
    root = math.sqrt(max(0.0, square.value))
    if square.interval is None:
        return Estimate(root, note=square.note)
    low, high = square.interval
    error = square.error / (2 * root) if root > 0 else square.error
    ends = (math.sqrt(max(0.0, low)), math.sqrt(max(0.0, high)))
    return Estimate(root, ends, error, rows=square.rows)


def _r2(sums: PairedSums) -> Estimate:
    """Coefficient of determination, its interval by ``ln(1 - R2)``."""
    means = sums.means
    square, label, labels = (_PLACES[name] for name in ("square", "label", "label_square"))
    variance = float(means[labels] - means[label] ** 2)
    # What is left of a difference of squares may be rounding and nothing else.
    if not variance > 1e-12 * float(means[labels]) or not math.isfinite(variance):
        return Estimate(math.nan, note="the labels do not vary")
    unexplained = float(means[square]) / variance
    value = 1 - unexplained
    gradient = np.zeros(sums.size)
    gradient[square] = -1 / variance
    gradient[labels] = unexplained / variance
    gradient[label] = -2 * float(means[label]) * unexplained / variance
    error = math.sqrt(sums.variance(gradient))
    if not math.isfinite(error) or unexplained <= 0:
        return Estimate(value, note="" if unexplained else "no error at all")
    reach = math.exp(min(700.0, CONFIDENT * error / unexplained))
    return Estimate(value, (1 - unexplained * reach, 1 - unexplained / reach), error)


def _quantile(cdf: Cdf, q: float) -> Estimate:
    """A quantile with the interval of order statistics, widened by the sketch's error."""
    # Between two values the mean of both, as numpy has it for the median.
    value = (
        float(cdf.quantile([q, min(1.0, q + 1e-9)]).mean())
        if cdf.is_exact and q == _HALF
        else float(cdf.quantile(q))
    )
    reach = CONFIDENT * math.sqrt(q * (1 - q) / cdf.count) + cdf.error
    low, high = cdf.quantile([max(0.0, q - reach), min(1.0, q + reach)]).tolist()
    sure = cdf.quantile([max(0.0, q - cdf.error), min(1.0, q + cdf.error)]).tolist()
    error = (high - low) / (2 * CONFIDENT) * (1 - cdf.error / reach)  # the sketch's is apart
    return Estimate(value, (low, high), error, None if cdf.is_exact else (sure[0], sure[1]))
