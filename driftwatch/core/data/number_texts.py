"""Numbers that are written as texts, as in CSV files."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from driftwatch.core.data.exact_integers import EXACT_INTEGERS
from driftwatch.core.data.missing_words import without_words
from driftwatch.core.data.numpy_values import plain_values

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["NumbersInTexts", "inexact", "numbers_in_texts"]

"""From here on doubles do not hold every integer."""

_NUMBER = r"^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$|^(?i:[+-]?inf(inity)?|nan)$"
_DURATION = (
    r"^(?P<sign>-?)((?P<days>\d+) days?,? \+?)?(?P<hours>\d{1,3}):(?P<minutes>\d{2})"
    r":(?P<seconds>\d{2}(\.\d+)?)$"
)
_ISO_DURATION = (
    r"^(?P<sign>-?)P((?P<days>\d+)D)?(T((?P<hours>\d+)H)?((?P<minutes>\d+)M)?"
    r"((?P<seconds>\d+(\.\d+)?)S)?)?$"
)
_UNITS = {"days": 86_400.0, "hours": 3_600.0, "minutes": 60.0, "seconds": 1.0}
_LONG = r"^[+-]?\d{16,20}$"


@dataclass(frozen=True, slots=True)
class NumbersInTexts:
    """What some texts say.

    Attributes:
        values: Of those that are numbers; NaN and infinities are.
        beyond: The 64-bit integers among them that `values` had to round, as bit patterns.
        nulls: How many rows have no text, or one that stands for no value.
        invalid: How many texts are something else.
    """

    values: NDArray[np.float64]
    beyond: NDArray[np.uint64]
    nulls: int
    invalid: int


def numbers_in_texts(texts: pa.Array, words: tuple[str, ...], /) -> NumbersInTexts:
    """Read texts as numbers; ``true`` and ``false`` are 1 and 0, as truth values are.

    Durations and times of day are seconds, as typed ones are: ``1 days 02:00:00`` of pandas,
    ``PT26H`` of ISO 8601, ``26:00:00``.

    Args:
        texts: Array of strings.
        words: Those that stand for no value.

    Cost: that of Arrow's cast, about 30 ns a text; some ten times as much where a text is none.

    Example:
        >>> import pyarrow as pa
        >>> found = numbers_in_texts(pa.array(["1", " 2.5", "NA", "12 kg", None]), ("NA",))
        >>> found.values.tolist(), found.nulls, found.invalid
        ([1.0, 2.5], 2, 1)
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    values, invalid = _cast(texts), 0
    if values is None or np.isnan(values).any():
        texts = without_words(texts, words, trim=False)  # most have no blanks around them
        values = _cast(texts)
    readable = texts
    if values is None:  # something is no number: look for what is, more slowly
        texts = pc.utf8_trim_whitespace(texts.cast(pa.large_string()))
        texts = without_words(texts, words, trim=False)
        spelled = pc.replace_substring_regex(texts.drop_null(), "^(?i:true)$", "1")
        spelled = pc.replace_substring_regex(spelled, "^(?i:false)$", "0")
        is_number = pc.match_substring_regex(spelled, _NUMBER)
        readable = spelled.filter(is_number)
        spans = _durations(spelled.filter(pc.invert(is_number)))
        invalid = len(spelled) - len(readable) - spans.size
        values = np.concatenate([plain_values(readable.cast(pa.float64())), spans])
    beyond = np.empty(0, np.uint64)
    if values.size and (np.abs(values) >= EXACT_INTEGERS).any():
        beyond = _rounded_integers(readable)
    return NumbersInTexts(values, beyond, texts.null_count, invalid)


def _cast(texts: pa.Array) -> NDArray[np.float64] | None:
    """Texts as numbers; None if one is none."""
    import pyarrow as pa

    try:
        return plain_values(texts.cast(pa.float64()))
    except pa.ArrowInvalid:
        return None


def _durations(texts: pa.Array) -> NDArray[np.float64]:
    """Seconds of the texts that are durations or times of day."""
    import pyarrow.compute as pc

    found = []
    texts = texts.filter(pc.match_substring_regex(texts, r"[\dDHMS]$"))  # not of a bare "PT"
    for pattern in (_DURATION, _ISO_DURATION):
        matching = texts.filter(pc.match_substring_regex(texts, pattern))
        if len(matching):
            encoded = matching.dictionary_encode()
            seconds = [_seconds_in(text, pattern) for text in encoded.dictionary.to_pylist()]
            found.append(np.array(seconds)[plain_values(encoded.indices)])
    return np.concatenate(found) if found else np.empty(0)


def _seconds_in(text: str, pattern: str) -> float:
    parts = re.fullmatch(pattern.strip("^$"), text)
    assert parts is not None  # noqa: S101 - Arrow found it
    days, *others = (float(parts[unit] or 0) * scale for unit, scale in _UNITS.items())
    if parts["sign"] and parts["days"] and pattern == _DURATION:
        return sum(others) - days  # such as -1 days +23:59:00
    return -sum(others, days) if parts["sign"] else sum(others, days)


def _rounded_integers(texts: pa.Array) -> NDArray[np.uint64]:
    """The integers in some texts that no double holds, as 64-bit patterns."""
    import pyarrow.compute as pc

    digits = pc.utf8_trim_whitespace(texts.drop_null())
    long = digits.filter(pc.match_substring_regex(digits, _LONG))
    whole = [v for v in map(int, long.to_pylist()) if -(1 << 63) <= v < 1 << 64]
    return np.array([v % (1 << 64) for v in whole if int(float(v)) != v], np.uint64)


def inexact(values: NDArray[Any], /) -> NDArray[np.uint64]:
    """The integers of an array that no double holds, as 64-bit patterns.

    Example:
        >>> inexact(np.array([5, 2**53, 2**53 + 1])).tolist()
        [9007199254740993]
    """
    ends = (int(values.min()), int(values.max())) if values.size else (0, 0)
    if values.itemsize < 8 or max(-ends[0], ends[1]) <= EXACT_INTEGERS:
        return np.empty(0, np.uint64)
    rounded = values.astype(np.float64)
    with np.errstate(invalid="ignore"):  # the largest ones are rounded to what no integer holds
        differ = rounded.astype(values.dtype) != values
    differ |= rounded >= 2.0 ** (64 if values.dtype.kind == "u" else 63)
    exact: NDArray[np.uint64] = values[differ].astype(np.uint64)
    return exact
