"""A metric of one side, with how sure it is."""

from __future__ import annotations

import math
from dataclasses import dataclass

from driftwatch.core.statistics.intervals import Interval

__all__ = ["CONFIDENT", "TOO_FEW_OF_A_CLASS", "Estimate", "of_share", "too_few"]

CONFIDENT = 1.959963984540054
"""Normal quantile of 95 % intervals."""
TOO_FEW_OF_A_CLASS = 10
"""Rows of the rarer class below which scores say nothing."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A metric of one side.

    Attributes:
        value: NaN where it cannot be computed.
        interval: Of the population, 95 %; None where none can be trusted.
        error: Standard error; NaN where there is none.
        bracket: Between which the value of the full data lies; None where it is exact.
        note: Why there is no value or no interval.
        by_value: Whether it may be judged by its value, since no standard error is known.
        rows: Rows of equal weight behind it, of the rarer class where there are two; NaN where
            that says nothing of how it varies.
    """

    value: float
    interval: Interval | None = None
    error: float = math.nan
    bracket: Interval | None = None
    note: str = ""
    by_value: bool = False
    rows: float = math.nan

    @property
    def variance_of_a_row(self) -> float:
        """How much one row varies; NaN where that is not known."""
        return self.error**2 * self.rows


def of_share(successes: float, trials: float, interval: Interval, /) -> Estimate:
    """The estimate of a share of rows; its variance is that of one more success and failure."""
    if trials <= 0:
        return Estimate(math.nan, note="no rows to take a share of")
    smooth = (successes + 1) / (trials + 2)
    error = math.sqrt(smooth * (1 - smooth) / trials)
    return Estimate(successes / trials, interval, error, rows=trials)


def too_few(value: float, classes: str, least: int, bracket: Interval | None = None) -> Estimate:
    """The estimate of a metric that needs more rows of each class than there are."""
    note = f"too few: fewer than {least} rows of {classes}"
    return Estimate(value, None, math.nan, bracket, note)
