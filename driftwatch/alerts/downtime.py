"""Planned downtime, during which no message is sent: once, every day or every week."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Self

from driftwatch.errors import ConfigError

__all__ = ["Downtime"]

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_WEEKLY = re.compile(
    r"\s*(?:(mon|tue|wed|thu|fri|sat|sun)\w*|daily)?\s*(\d\d?):(\d\d)\s*-\s*"
    r"(?:(mon|tue|wed|thu|fri|sat|sun)\w*)?\s*(\d\d?):(\d\d)\s*",
    re.IGNORECASE,
)
_DAY, _WEEK = 86_400, 604_800
_MONDAY = datetime(1970, 1, 5, tzinfo=UTC).timestamp()


@dataclass(frozen=True, slots=True)
class Downtime:
    """A stretch of time, in UTC; one that comes again has a period.

    Attributes:
        start: Seconds since 1970.
        seconds: How long it lasts.
        every: Seconds after which it comes again; None if it does not.
        text: As it was written.

    Example:
        >>> nights = Downtime.parse("daily 02:00-03:30")
        >>> nights.covers(datetime(2026, 5, 4, 3, 0, tzinfo=UTC).timestamp())
        True
        >>> Downtime.parse("2026-12-24/2026-12-27").seconds
        259200.0
    """

    start: float
    seconds: float
    every: float | None
    text: str

    @classmethod
    def parse(cls, text: str, /) -> Self:
        """Read ``daily 02:00-03:00``, ``Sat 22:00-Sun 06:00`` or ``2026-12-24/2026-12-27``.

        Raises:
            ConfigError: If it is none of these.
        """
        if "/" in text:
            return cls._once(text)
        found = _WEEKLY.fullmatch(text)
        if found is None:
            raise _wrong(text)
        day, hour, minute, last_day, last_hour, last_minute = found.groups()
        if last_day is not None and day is None:
            raise _wrong(text)
        begin, end = _time_of_day(hour, minute, text), _time_of_day(last_hour, last_minute, text)
        if day is None:
            return cls(_MONDAY + begin, (end - begin) % _DAY or _DAY, _DAY, text)
        first = _DAYS.index(day.lower()[:3])
        last = first if last_day is None else _DAYS.index(last_day.lower()[:3])
        span = (last * _DAY + end - first * _DAY - begin) % _WEEK or _WEEK
        if last_day is None and span > _DAY:
            span -= _WEEK - _DAY  # "Sat 22:00-06:00" ends the next morning
        return cls(_MONDAY + first * _DAY + begin, span, _WEEK, text)

    @classmethod
    def _once(cls, text: str) -> Self:
        try:
            first, last = (datetime.fromisoformat(part.strip()) for part in text.split("/"))
        except ValueError:
            raise _wrong(text) from None
        start, end = (at if at.tzinfo else at.replace(tzinfo=UTC) for at in (first, last))
        if end <= start:
            raise ConfigError(f"downtime {text!r} ends before it begins", code="DW080")
        return cls(start.timestamp(), (end - start) / timedelta(seconds=1), None, text)

    def covers(self, at: float, /) -> bool:
        """Whether an instant, in seconds since 1970, lies in it."""
        since = at - self.start
        if self.every is not None:
            since %= self.every
        return 0 <= since < self.seconds


def _time_of_day(hour: str, minute: str, text: str) -> int:
    seconds = int(hour) * 3600 + int(minute) * 60
    if int(minute) > 59 or seconds > _DAY:
        raise _wrong(text)
    return seconds


def _wrong(text: str) -> ConfigError:
    return ConfigError(
        "downtime looks like 'daily 02:00-03:00', 'Sat 22:00-Sun 06:00' or "
        f"'2026-12-24/2026-12-27', in UTC; got {text!r}",
        code="DW080",
    )
