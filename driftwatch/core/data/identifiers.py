"""Whether a column identifies its rows, or holds what cannot be tested, and why."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from driftwatch.core.data.name_words import name_words, share_matching, spread

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = [
    "MIN_ROWS",
    "NEARLY_ALL",
    "READABLE",
    "Order",
    "why_numbers_identify",
    "why_texts_identify",
]

MIN_ROWS = 100
"""Fewer rows say nothing about whether a column identifies them."""
NEARLY_ALL = 0.99
"""Share of the numbers that must be whole, rise, or be times: a few odd ones say nothing."""
READABLE = 0.9
"""Share of the texts that must look like something, or be readable as it, for them to be that."""
_NEAR_UNIQUE_TEXTS = 0.9
_NEAR_UNIQUE_INTEGERS = 0.99
_NAMED_ID_DISTINCT = 50
_NAMED_ID_SHARE = 0.005
_ID_WORDS = {"id", "ids", "uuid", "guid", "no", "nr", "number", "key", "hash", "token", "index"}
_FIRST_YEAR, _LAST_YEAR = 1900, 2100
_SEVERAL_DATES = 10
"""Fewer numbers that may be dates may as well be something else."""
_UNITS = "kg|g|mg|km|cm|mm|ml|ms|KB|MB|GB|TB|kWh|kW|°C|°F|EUR|USD|lbs|mph"
_MONTH = "(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*"
_UNCLEAR = (
    (
        re.compile(r"\d{1,2}[/-]\d{1,2}[/-](\d{4}|\d{2})( \d{1,2}:\d{2}(:\d{2})?)?"),
        "dates with day or month first, which cannot be told: write 2026-01-31",
    ),
    (
        re.compile(
            rf"(\w{{3,9}},? )?(\d{{1,2}}[ .-]{{1,2}}{_MONTH}|{_MONTH} \d{{1,2}})[ ,.-]+\d{{2,4}}.*",
            re.IGNORECASE,
        ),
        "dates with words, which are not read: write 2026-01-31",
    ),
    (
        re.compile(r"\d{4}-\d\d-\d\d[ T]\d{1,2}:\d\d.* ?(AM|PM|[A-Za-z]{3,}.*)", re.IGNORECASE),
        "times with words, which are not read: write 2026-01-31T18:00:00+01:00",
    ),
    (
        re.compile(r"[$€£¥]?\s?[+-]?\d{1,3}(,\d{3})+(\.\d+)?|[$€£¥]\s?[+-]?\d+(\.\d+)?"),
        "numbers with signs, such as '$1,234.5': write 1234.5",
    ),
    (
        re.compile(rf"[+-]?\d+([.,]\d+)?(\s?%| [A-Za-zµ°]{{1,4}}|\s?({_UNITS}))"),
        "numbers with units, such as '12 %' or '12 kg': write 12",
    ),
)
"""What texts may be that are neither categories nor identifiers, and what to do about it."""
_FRACTION = re.compile(r"[+-]?(\d*[.,]\d+([eE][+-]?\d+)?|\d+[eE][+-]?\d+)")


@dataclass(slots=True)
class Order:
    """Whether numbers are whole, and rise or fall from row to row, as those that count rows do.

    Attributes:
        whole: Whole numbers.
        steps: Pairs of a number and the next one.
        rising: Pairs in which the next one is greater.
        falling: Pairs in which it is smaller.
        days: Numbers that may be dates written as 20260131, or 20260131180000.
        months: Numbers that may be months written as 202601.
    """

    whole: int = 0
    steps: int = 0
    rising: int = 0
    falling: int = 0
    days: int = 0
    months: int = 0

    def update(self, values: NDArray[np.float64], /) -> None:
        """Look at some numbers, in the order of their rows."""
        self.whole += int((values == np.floor(values)).sum())
        self.steps += max(0, values.size - 1)
        self.rising += int((values[1:] > values[:-1]).sum())
        self.falling += int((values[1:] < values[:-1]).sum())
        dates = _between(values, _FIRST_YEAR * 100, (_LAST_YEAR + 1) * 10_000)
        if dates.size:  # which may be some; of most columns none is
            self.days += int(_are_days(dates).sum())
            self.months += int(_are_months(dates).sum())
        seconds = _between(values, _FIRST_YEAR * 10**10, (_LAST_YEAR + 1) * 10**10)
        if seconds.size:
            self.days += int(_are_days(np.floor(seconds / 10**6)).sum())

    @property
    def is_straight(self) -> bool:
        """Whether nearly every number is greater than the one before, or nearly every one less."""
        return max(self.rising, self.falling) >= NEARLY_ALL * max(1, self.steps)


def why_numbers_identify(name: str, count: int, distinct: float, order: Order, /) -> str:
    """Why numbers are identifiers of their rows; empty where they are not.

    Args:
        name: Of the column.
        count: How many numbers there are.
        distinct: How many different ones.
        order: Whether they are whole, and in which order they came.

    Example:
        >>> order = Order()
        >>> order.update(np.arange(200.0))
        >>> why_numbers_identify("n", 200, 200.0, order)
        'counts its rows'
    """
    if count < MIN_ROWS or order.whole < NEARLY_ALL * count:
        return ""
    if distinct >= _SEVERAL_DATES and max(order.days, order.months) >= NEARLY_ALL * count:
        return "dates written as numbers, which are not read: write 2026-01-31"
    if _is_named_id(name, distinct, count):
        return "named like an identifier, with many values"
    if distinct >= _NEAR_UNIQUE_INTEGERS * count and order.is_straight:
        return "counts its rows"
    return ""


def why_texts_identify(
    name: str, count: int, distinct: float, texts: pa.Array | None = None, /
) -> str:
    """Why texts are identifiers of their rows, or nothing that can be tested; empty otherwise.

    Args:
        name: Of the column.
        count: How many texts there are.
        distinct: How many different ones.
        texts: The different ones, as ``large_string``; None where they cannot be read.

    Example:
        >>> why_texts_identify("order", 200, 198.0)
        'nearly every value is different'
    """
    if count < MIN_ROWS:
        return ""
    unclear = None if texts is None else _unclear(texts)
    if unclear is not None:
        return unclear
    if distinct >= _NEAR_UNIQUE_TEXTS * count:
        return _as_numbers(texts) or "nearly every value is different"
    if _is_named_id(name, distinct, count):
        return "named like an identifier, with many values"
    return ""


def _unclear(texts: pa.Array) -> str | None:
    """That texts look like dates or numbers that are not read, and how to write them."""
    if len(texts) < _NAMED_ID_DISTINCT:
        return None  # few enough to be categories, whatever they mean
    sample = spread(texts).to_pylist()
    for pattern, why in _UNCLEAR:
        if share_matching(pattern, sample) >= READABLE:
            return why
    return None


def _as_numbers(texts: pa.Array | None) -> str:
    """That different texts are numbers, no identifiers; empty if they may be such."""
    sample = [] if texts is None else spread(texts).to_pylist()
    if not sample or share_matching(_FRACTION, sample) < READABLE:
        return ""
    return "numbers in texts: store them as numbers, 1.5 and not 1,5, or declare the kind"


def _is_named_id(name: str, distinct: float, rows: int) -> bool:
    words = name_words(name)
    many = distinct >= max(_NAMED_ID_DISTINCT, _NAMED_ID_SHARE * rows)
    return bool(words) and words[-1] in _ID_WORDS and many


def _are_months(numbers: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which numbers may be months written as 202601."""
    return _is_in(numbers % 100, 1, 12) & _is_in(np.floor(numbers / 100), _FIRST_YEAR, _LAST_YEAR)


def _are_days(numbers: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which numbers may be days written as 20260131."""
    return _are_months(np.floor(numbers / 100)) & _is_in(numbers % 100, 1, 31)


def _between(numbers: NDArray[np.float64], first: int, end: int) -> NDArray[np.float64]:
    return numbers[(numbers >= first) & (numbers < end)]


def _is_in(numbers: NDArray[np.float64], first: int, last: int) -> NDArray[np.bool_]:
    return (numbers >= first) & (numbers <= last)
