"""The estimates and p-values of one test on one column, before any verdict."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from driftwatch.core.reports.results import Levels, Undecided

__all__ = ["NEAR", "Evidence", "rows_beside"]

NEAR = 0.1
"""A drift within this share of the threshold is at the threshold: no number of rows is sure."""
_CERTAIN = 0.001


@dataclass(frozen=True, slots=True)
class Evidence:
    """Estimates and p-values of one test.

    Attributes:
        method: Name of the test.
        statistic: The effect as estimated.
        interval: Contains the statistic of the full data, 98 %.
        p_value: Of "no drift at all".
        p_effect: Of "no more drift than the effect", for both effect sizes.
        effect: The two effect sizes.
        upper: The drift of the population is below this, 95 %; decides between OK and
            UNDECIDED.
        confidence_interval: For the population, 95 %; None where none is known.
        rows: Rows of the reference and of the current side that the test looked at.
        likely: The effect without the upward bias of its estimate, in the units of `effect`; the
            statistic if None.
        size_needed: Effective size ``n m / (n + m)`` that would settle the question; infinity
            where sketch error alone leaves it open, None where it is not known.
        plain_p_value: The textbook's p-value of the point statistic, where it differs from
            `p_value`, which counts sketch error against drift.
        proves_ok: Whether a drift below the effect may count as OK; if not, the test only decides
            where it shows drift.
        details: How the numbers came about, for the report.
    """

    method: str
    statistic: float
    interval: tuple[float, float]
    p_value: float
    p_effect: Levels
    effect: Levels
    upper: float
    confidence_interval: tuple[float, float] | None = None
    rows: tuple[int, int] = (0, 0)
    likely: float | None = None
    size_needed: float | None = None
    plain_p_value: float | None = None
    proves_ok: bool = True
    details: Mapping[str, Any] = field(default_factory=dict)

    @property
    def estimate(self) -> float:
        """The effect, in the units of `effect`, as little biased as is known."""
        return self.statistic if self.likely is None else self.likely

    @property
    def is_near(self) -> bool:
        """Whether the drift is at the threshold, within a tenth of it."""
        return abs(self.estimate - self.effect.warning) < NEAR * self.effect.warning

    @property
    def rows_needed(self) -> int | None:
        """Current rows that would settle the question; None if no number is sure to."""
        if self.is_near:
            return None
        n, m = self.rows
        return rows_beside(n, self.size_needed, more_than=m)

    def undecided(self, p_value: float, /) -> Undecided:
        """Say which kind of undecided this is.

        Args:
            p_value: Of "no drift at all", adjusted as the verdict adjusts it.
        """
        n, m = self.rows
        if self.is_near:
            return Undecided("at_the_threshold", self.estimate, None, None, n, m)
        lacks = "production"
        if self.size_needed == math.inf:
            lacks = "sketch"
        elif self.size_needed is not None and self.size_needed >= n:
            lacks = "reference"
        if p_value < _CERTAIN:
            confidence = 1 - self.p_effect.warning
            return Undecided("size_not_shown", self.estimate, confidence, lacks, n, m)
        return Undecided("too_few_rows", self.estimate, None, lacks, n, m)


def rows_beside(n: int, size: float | None, /, *, more_than: int = 0) -> int | None:
    """Current rows m with ``n m / (n + m) = size``.

    None where no m is enough, or where `more_than` rows are there already.

    Example:
        >>> rows_beside(1000, 500.0), rows_beside(1000, 1000.0)
        (1000, None)
    """
    if size is None or size >= n:
        return None
    rows = max(1, math.ceil(n * size / (n - size)))
    return rows if rows > more_than else None
