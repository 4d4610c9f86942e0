"""One spelling of numbers, shares, times and categories, wherever reports are shown."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime

from driftwatch.logs.lines import NAME_LENGTH, plain

__all__ = [
    "NONE",
    "apart",
    "length_of_time",
    "moment",
    "number",
    "percent",
    "points",
    "quoted",
    "share_change",
    "shortened",
    "size_in_points",
]

NONE = "–"
"""What stands where there is no number."""

_TRAILING_ZEROS = re.compile(r"\.?0*e")
_SUFFIXES = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
_MOST_DIGITS = 8
_LEAST, _MOST = 0.001, 0.999
"""A share outside of these, and neither nothing nor everything, is told as a bound."""
_WHOLE_FROM, _WHOLE_TO = 0.0995, 0.99
"""Shares between these need no decimal."""


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


def apart(before: float | None, after: float | None, /, *beside: float) -> list[str]:
    """Return two numbers with three digits, or as many as tell them apart.

    Args:
        before: The number that was.
        after: The number that is.
        beside: Numbers that are told with as many digits, such as the ends of an interval.

    Example:
        >>> apart(0.903, 0.887, 0.8821), apart(0.99931, 0.99912), apart(0.9, None)
        (['0.903', '0.887', '0.882'], ['0.9993', '0.9991'], ['0.9', '–'])
    """
    digits = 3
    while number(before, digits) == number(after, digits) and digits < _MOST_DIGITS:
        if before == after:
            break
        digits += 1
    return [number(value, digits) for value in (before, after, *beside)]


def percent(share: float | None) -> str:
    """Return a share as a percentage; only nothing is 0 % and only everything 100 %.

    Example:
        >>> percent(0.0), percent(0.00001), percent(0.0314), percent(0.31), percent(0.99999)
        ('0 %', '< 0.1 %', '3.1 %', '31 %', '> 99.9 %')
    """
    return _percent(share, 0 if share is not None and _WHOLE_FROM <= share <= _WHOLE_TO else 1)


def share_change(before: float | None, after: float | None, /) -> str:
    """Return two shares as a change, with one decimal where whole percents would be equal.

    Example:
        >>> share_change(0.14, 0.57), share_change(0.502, 0.504), share_change(0.0, 0.3)
        ('14 % → 57 %', '50.2 % → 50.4 %', '0 % → 30 %')
    """
    texts = percent(before), percent(after)
    if texts[0] == texts[1] and before != after:
        finer = _percent(before, 1), _percent(after, 1)
        texts = finer if finer[0] != finer[1] else texts
    return " → ".join(texts)


def _percent(share: float | None, decimals: int) -> str:
    if share is None or math.isnan(share):
        return NONE
    if 0 < share < _LEAST:
        return "< 0.1 %"
    if _MOST < share < 1:
        return "> 99.9 %"
    text = f"{100 * max(share, 0.0):.{decimals}f}"
    return f"{text.removesuffix('.0')} %"


def points(difference: float, /) -> str:
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


def size_in_points(difference: float, /) -> str:
    """Return a difference of shares in points, without its sign, as sentences say it.

    Example:
        >>> size_in_points(-0.149), size_in_points(0.2)
        ('14.9', '20')
    """
    return points(abs(difference)).removeprefix("+").removesuffix(".0")


def moment(at: datetime, /, *, year: bool = True) -> str:
    """Return a moment in UTC as people write it, to the minute.

    Args:
        at: The moment, aware.
        year: Whether its year is said.

    Example:
        >>> moment(datetime(2026, 11, 28, 6, 5, tzinfo=UTC))
        '28 Nov 2026 06:05'
    """
    at = at.astimezone(UTC)
    return f"{at.day} {_MONTHS[at.month - 1]}{f' {at.year}' if year else ''} {at:%H:%M}"


def length_of_time(seconds: float, /) -> str:
    """Return a length of time in its two largest units, to the minute.

    Example:
        >>> length_of_time(90), length_of_time(11_160), length_of_time(785_000)
        ('1 min', '3 h 6 min', '9 d 2 h')
    """
    minutes = int(max(0.0, seconds) // 60)
    days, hours, minutes = minutes // 1440, minutes // 60 % 24, minutes % 60
    if days:
        return f"{days} d {hours} h" if hours else f"{days} d"
    if hours:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    return f"{minutes} min"


def shortened(category: str, limit: int = NAME_LENGTH) -> str:
    """Return a category as one plain line of at most `limit` characters.

    The middle goes where it is longer, for the ends of paths, addresses and user agents differ.

    Example:
        >>> shortened("a category of many words, version 1", 20)
        'a category of…sion 1'
    """
    text = plain(category, 4 * limit)
    if len(text) > limit:
        text = f"{text[: limit - limit // 3 - 1].rstrip()}…{text[-(limit // 3) :].lstrip()}"
    return text or "(empty)"


def quoted(category: str, /) -> str:
    """Return a category in a sentence.

    Example:
        >>> quoted("north"), quoted("")
        ('‘north’', '(empty)')
    """
    return f"‘{shortened(category)}’" if plain(category) else shortened(category)
