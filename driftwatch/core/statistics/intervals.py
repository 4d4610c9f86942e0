"""Confidence intervals of shares and of means.

Sources: E. Wilson, JASA 22 (1927); R. Newcombe, Statistics in Medicine 17 (1998) for the interval
of a mean of two shares (MOVER); P. Hall, JRSS B 54 (1992) for the mean of a skewed law.
"""

from __future__ import annotations

import math

from driftwatch.core.statistics.special import special

__all__ = ["Interval", "hall", "mean_of_two", "student", "through_logit", "wilson"]

Interval = tuple[float, float]


def wilson(successes: float, trials: float, z: float, /) -> Interval:
    """Wilson's interval of a share.

    Example:
        >>> low, high = wilson(180, 200, 1.959963985)
        >>> round(low, 6), round(high, 6)
        (0.850594, 0.93433)
    """
    if trials <= 0:
        return 0.0, 1.0
    share, square = successes / trials, z * z
    middle = (share + square / (2 * trials)) / (1 + square / trials)
    reach = z * math.sqrt(share * (1 - share) / trials + square / (4 * trials**2))
    reach /= 1 + square / trials
    return max(0.0, middle - reach), min(1.0, middle + reach)


def mean_of_two(values: Interval, first: Interval, second: Interval, /) -> Interval:
    """Interval of the mean of two independent shares, from the interval of each (MOVER)."""
    mean = sum(values) / 2
    below = math.hypot(values[0] - first[0], values[1] - second[0]) / 2
    above = math.hypot(first[1] - values[0], second[1] - values[1]) / 2
    return max(0.0, mean - below), min(1.0, mean + above)


def student(mean: float, error: float, rows: float, /, *, level: float = 0.05) -> Interval:
    """Student's interval of a mean.

    Args:
        mean: The mean.
        error: Its standard error.
        rows: Rows behind it.
        level: One minus the confidence.
    """
    if rows <= 1:
        return -math.inf, math.inf
    reach = float(special().stdtrit(rows - 1, 1 - level / 2)) * error
    return mean - reach, mean + reach


def hall(mean: float, error: float, skewness: float, rows: float, z: float, /) -> Interval:
    """Hall's interval of the mean of a skewed law.

    Args:
        mean: The mean.
        error: Its standard error.
        skewness: Skewness of the values.
        rows: Rows behind it.
        z: Quantile of the normal law.
    """
    if rows <= 1 or not math.isfinite(skewness):
        return -math.inf, math.inf
    root = math.sqrt(rows)
    a = skewness / (3 * root)

    def inverse(x: float) -> float:
        if abs(a) < 1e-8:
            return x
        return (
            math.copysign(abs(1 + 3 * a * (x - a / 2)) ** (1 / 3), 1 + 3 * a * (x - a / 2)) - 1
        ) / a

    return mean - inverse(z) * error, mean - inverse(-z) * error


def through_logit(value: float, error: float, z: float, /) -> Interval:
    """Interval of a number between 0 and 1, symmetric on the scale of its logit.

    From 0 to 1 where the error is not known, or the number has no logit.

    Example:
        >>> low, high = through_logit(0.9, 0.02, 1.96)
        >>> round(low, 3), round(high, 3)
        (0.853, 0.933)
    """
    if not 0 < value < 1 or not math.isfinite(error):
        return 0.0, 1.0
    reach = z * error / (value * (1 - value))
    middle = math.log(value / (1 - value))
    low, high = (special().expit(middle - reach), special().expit(middle + reach))
    return float(low), float(high)
