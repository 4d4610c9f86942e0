"""Values of a report's JSON, each checked to be what it must be."""

from __future__ import annotations

from typing import Any

__all__ = ["number", "pair", "text", "truth", "whole"]

_WHOLE = 1 << 63


def number(value: Any, /) -> float | None:
    """A number, or None where there is none.

    Raises:
        TypeError: If it is something else.
        OverflowError: If it is beyond all doubles.

    Example:
        >>> number(0.5), number(None)
        (0.5, None)
    """
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"a number is needed; got {type(value).__name__}")
    float(value)
    return value


def whole(value: Any, /) -> int | None:
    """A whole number, or None where there is none.

    Raises:
        TypeError: If it is something else.
        ValueError: If it is larger than any count.
    """
    if value is None:
        return None
    if type(value) is not int:
        raise TypeError(f"a whole number is needed; got {type(value).__name__}")
    if not -_WHOLE <= value < _WHOLE:
        raise ValueError("a whole number is larger than any count")
    return value


def text(value: Any, /) -> str | None:
    """A text, or None where there is none.

    Raises:
        TypeError: If it is something else.
    """
    if value is None or isinstance(value, str):
        return value
    raise TypeError(f"a text is needed; got {type(value).__name__}")


def truth(value: Any, /) -> bool | None:
    """True or false, or None where there is neither.

    Raises:
        TypeError: If it is something else.
    """
    if value is None or isinstance(value, bool):
        return value
    raise TypeError(f"true or false is needed; got {type(value).__name__}")


def pair(value: Any, /) -> tuple[float, float] | None:
    """Both ends of an interval, or None where there is none.

    Raises:
        TypeError: If it is something else.
        ValueError: If there are not two.
    """
    if value is None:
        return None
    low, high = (number(end) for end in value)
    if low is None or high is None:
        raise TypeError("an interval has two ends")
    return low, high
