"""What one test found on one column, before any verdict."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from driftwatch.core.reports.report import Levels

__all__ = ["Evidence", "rows_beside"]


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
        size_needed: Effective size ``n m / (n + m)`` that would settle the question; None
            where sketch error alone leaves it open.
        plain_p_value: The textbook's p-value of the point statistic, where it differs from
            `p_value`, which counts sketch error against drift.
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
    size_needed: float | None = None
    plain_p_value: float | None = None
    details: Mapping[str, Any] = field(default_factory=dict)

    @property
    def rows_needed(self) -> int | None:
        """Current rows that would settle the question; None if no number would."""
        n, m = self.rows
        return rows_beside(n, self.size_needed, more_than=m)

    @property
    def shortage(self) -> str:
        """What is missing for a decision.

        ``rows`` of the current side, rows of the ``reference``, precision of the
        ``sketch``; or nothing, where the drift is simply ``near`` the threshold.
        """
        n, _ = self.rows
        if self.size_needed is None:
            return "sketch"
        if self.size_needed >= n:
            return "reference"
        return "near" if self.rows_needed is None else "rows"


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
