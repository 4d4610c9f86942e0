"""A clock that stands where it is put."""

from __future__ import annotations

from datetime import datetime

from driftwatch.core.data.times import to_utc

__all__ = ["SimulatedClock"]


class SimulatedClock:
    """Seconds since 1970, as told; read by any thread.

    Example:
        >>> clock = SimulatedClock(0.0)
        >>> clock.move_to(60.0)
        >>> clock(), clock.moment().isoformat()
        (60.0, '1970-01-01T00:01:00+00:00')
    """

    def __init__(self, seconds: float, /) -> None:
        self._now = seconds

    def __call__(self) -> float:
        """The time, seconds since 1970."""
        return self._now

    def moment(self) -> datetime:
        """The time as an aware datetime."""
        return to_utc(self._now)

    def move_to(self, seconds: float, /) -> None:
        """Move on; it never goes back."""
        self._now = max(self._now, seconds)
