"""What `driftwatch doctor` finds, and times in it."""

from __future__ import annotations

from dataclasses import dataclass

from driftwatch.core.data.times import to_utc

__all__ = ["Finding", "ago", "stamp"]


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that was looked at.

    Attributes:
        what: In a word or two.
        text: What there is to say.
        ok: Whether it is no problem.
        drift: Whether it says that data have drifted.
    """

    what: str
    text: str
    ok: bool = True
    drift: bool = False


def ago(seconds: float, /) -> str:
    """A length of time until now, in words.

    Example:
        >>> ago(7_300), ago(30)
        ('2 hours ago', '30 seconds ago')
    """
    for unit, size in (("days", 86_400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit} ago"
    return f"{max(0.0, seconds):.0f} seconds ago"


def stamp(seconds: float, /) -> str:
    """A time, to the minute.

    Example:
        >>> stamp(60)
        '1970-01-01 00:01 UTC'
    """
    return f"{to_utc(seconds):%Y-%m-%d %H:%M} UTC"
