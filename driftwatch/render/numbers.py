"""Numbers as people read them: short, and never more certain than they are."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from datetime import UTC, datetime

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
    "statistic",
    "when",
]

NONE = "–"
"""What stands where there is no number."""

_TRAILING_ZEROS = re.compile(r"\.?0*e")
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
_SUFFIXES = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))


def number(value: float | None, digits: int = 3) -> str:
    """Return `value` with about `digits` significant digits; NaN is no number.

    Example:
        >>> number(0.0123456), number(1234.5), number(56_789.0), number(1.5e-9)
        ('0.0123', '1234', '56.8k', '1.5e-09')
    """
    if value is None or math.isnan(value):
        return NONE
    rounded = float(f"{value:.{digits}g}")
    size = abs(rounded)
    if size >= 1e15 or 0 < size < 1e-4:
        return _TRAILING_ZEROS.sub("e", f"{value:.{digits - 1}e}")
    if size < 10_000:
        return f"{value:.{max(digits, len(str(int(size))))}g}"
    unit, suffix = next(pair for pair in _SUFFIXES if size >= pair[0])
    return f"{rounded / unit:.{max(digits, 3)}g}{suffix}"


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


def percent(share: float | None) -> str:
    """Return a share as a percentage; only nothing is 0 % and only everything 100 %.

    Example:
        >>> percent(0.0), percent(0.00001), percent(0.0314), percent(0.31), percent(0.99999)
        ('0 %', '< 0.1 %', '3.1 %', '31 %', '> 99.9 %')
    """
    if share is None:
        return NONE
    if 0 < share < 0.001:
        return "< 0.1 %"
    if 0.999 < share < 1:
        return "> 99.9 %"
    return f"{100 * share:.{0 if 0.0995 <= share <= 0.99 else 1}f}".removesuffix(".0") + " %"


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


def points(difference: float) -> str:
    """Return a difference of shares in points, with its sign.

    Example:
        >>> points(0.149), points(-0.384), points(0.0), points(-0.0001)
        ('+14.9', '−38.4', '0', '−0.01')
    """
    if difference == 0:
        return "0"
    size = abs(100 * difference)
    text = f"{size:.{1 if size >= 0.95 else 2}f}" if size >= 0.005 else "0.00"
    return f"{'+' if difference > 0 else '−'}{text}"


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


def moment(at: datetime) -> str:
    """Return a moment in UTC as people write it, to the minute.

    Example:
        >>> moment(datetime(2026, 11, 28, 6, 5, tzinfo=UTC))
        '28 Nov 2026 06:05'
    """
    at = at.astimezone(UTC)
    return f"{at.day} {_MONTHS[at.month - 1]} {at.year} {at:%H:%M}"
