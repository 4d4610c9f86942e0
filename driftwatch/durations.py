"""Durations as people write them: ``90s``, ``15m``, ``24h``, ``7d``, ``2w``."""

from __future__ import annotations

import re
from datetime import timedelta

from driftwatch.errors import ConfigError

__all__ = ["parse_duration"]

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}


def parse_duration(text: str, /) -> timedelta:
    """Read a duration.

    Raises:
        ConfigError: If it is not a whole number and a unit, or is zero.

    Example:
        >>> parse_duration("24h")
        datetime.timedelta(days=1)
    """
    match = re.fullmatch(r"\s*(\d{1,6})\s*([smhdw])\s*", text)
    if match is None or int(match[1]) == 0:
        raise ConfigError(f"a duration looks like 90s, 15m, 24h, 7d or 2w; got {text!r}")
    return timedelta(seconds=int(match[1]) * _SECONDS[match[2]])
