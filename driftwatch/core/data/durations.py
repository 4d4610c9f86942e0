"""Durations as people write them: ``90s``, ``15m``, ``24h``, ``7d``, ``2w``."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from driftwatch.errors import ConfigError

__all__ = ["aware", "format_duration", "parse_duration", "parse_length"]

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}


def aware(at: datetime, /) -> datetime:
    """A time as it is; one without a zone as UTC."""
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)


def parse_duration(text: str, /) -> timedelta:
    """Read a duration.

    Raises:
        ConfigError: If it is not a whole number and a unit, or is zero.

    Example:
        >>> parse_duration("24h")
        datetime.timedelta(days=1)
    """
    match = re.fullmatch(r"\s*(\d{1,6})\s*([smhdw])\s*", str(text))
    if match is None or int(match[1]) == 0:
        raise ConfigError(f"a duration looks like 90s, 15m, 24h, 7d or 2w; got {text!r}")
    return timedelta(seconds=int(match[1]) * _SECONDS[match[2]])


def parse_length(text: str, /) -> timedelta | int:
    """Read a duration, or a number of rows such as ``500 rows``.

    Raises:
        ConfigError: If it is neither.

    Example:
        >>> parse_length("500 rows"), parse_length("1h")
        (500, datetime.timedelta(seconds=3600))
    """
    rows = re.fullmatch(r"\s*(\d{1,12})\s*rows?\s*", str(text))
    if rows is not None and int(rows[1]):
        return int(rows[1])
    try:
        return parse_duration(text)
    except ConfigError as error:
        raise ConfigError(f"{error}; or a number of rows, such as 500 rows") from None


def format_duration(duration: timedelta, /) -> str:
    """Write a duration in its largest whole unit up to days.

    Example:
        >>> format_duration(timedelta(hours=48)), format_duration(timedelta(seconds=90))
        ('2d', '90s')
    """
    seconds = round(duration.total_seconds())
    for unit, size in (("d", 86_400), ("h", 3600), ("m", 60)):
        if seconds and seconds % size == 0 and (unit != "d" or seconds != size):
            return f"{seconds // size}{unit}"
    return f"{seconds}s"
