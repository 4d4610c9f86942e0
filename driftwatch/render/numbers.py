"""Numbers as people read them: short, and never more certain than they are."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from driftwatch.core.reports.spelling import NONE, moment, number, percent, points, share_change

__all__ = [
    "NONE",
    "count",
    "dates",
    "moment",
    "number",
    "numbers",
    "p_value",
    "percent",
    "points",
    "share_change",
    "statistic",
    "when",
]


def numbers(values: Sequence[float]) -> list[str]:
    """Return the values with as few digits as tell them all apart.

    Example:
        >>> numbers([10_001.0, 10_002.0])
        ['10.001k', '10.002k']
    """
    texts: list[str] = []
    for digits in range(2, 16):
        texts = [number(value, digits) for value in values]
        if len(set(texts)) == len(set(values)):
            break
    return texts


def dates(values: Sequence[float]) -> list[str]:
    """Return seconds since 1970 as dates, or as times of day where dates are all the same."""
    try:
        moments = [datetime.fromtimestamp(value, UTC) for value in values]
    except (OverflowError, ValueError, OSError):
        return numbers(values)
    same_day = len({moment.date() for moment in moments}) < len(set(values))
    return [f"{moment:%m-%d %H:%M}" if same_day else f"{moment:%Y-%m-%d}" for moment in moments]


def p_value(value: float | None) -> str:
    """Return a p-value; one that underflowed is not zero.

    Example:
        >>> p_value(0.0), p_value(2.34e-12), p_value(0.04321), p_value(1.0)
        ('< 1e-300', '2.3e-12', '0.043', '1')
    """
    if value is None:
        return NONE
    if value < 1e-300:
        return "< 1e-300"
    if value < 1e-3:
        return f"{value:.1e}"
    return f"{value:.2g}"


def statistic(value: float | None) -> str:
    """Return a statistic as tables and charts show it: three decimals, 0 only if it is zero.

    Example:
        >>> statistic(0.8721), statistic(0.00012), statistic(0.0), statistic(8918.5)
        ('0.872', '< 0.001', '0', '8918')
    """
    if value is None:
        return NONE
    if value == 0:
        return "0"
    if abs(value) < 0.0005:
        return "< 0.001" if value > 0 else "> −0.001"
    return f"{value:.3f}" if abs(value) < 100 else number(value, 4)


def count(value: int, noun: str) -> str:
    """Return a number of things.

    Example:
        >>> count(1, "feature"), count(12_345, "feature")
        ('1 feature', '12,345 features')
    """
    return f"{value:,} {noun}{'' if value == 1 else 's'}"


def when(at: datetime | None) -> str:
    """Return a moment in UTC, to the second."""
    return NONE if at is None else f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
