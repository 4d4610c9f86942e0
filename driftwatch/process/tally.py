"""Counts by reason, from any thread."""

from __future__ import annotations

from collections import Counter
from threading import Lock

__all__ = ["Tally"]


class Tally:
    """Counts rows that are in no sketch, by reason, until the counts are taken to be stored.

    Its lock is held for a moment only, so that a thread that must not wait may count.

    Example:
        >>> tally = Tally()
        >>> tally.count("untimed", 3)
        >>> tally.take(), tally.take()
        ({'untimed': 3}, {})
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._counts: Counter[str] = Counter()

    def count(self, reason: str, rows: int = 1, /) -> None:
        """Count rows, or anything else."""
        with self._lock:
            self._counts[reason] += rows

    def counts(self) -> dict[str, int]:
        """What was counted and not taken."""
        with self._lock:
            return {reason: rows for reason, rows in self._counts.items() if rows}

    def take(self) -> dict[str, int]:
        """Take the counts away: to whoever asks, once."""
        with self._lock:
            taken, self._counts = self._counts, Counter()
        return {reason: rows for reason, rows in taken.items() if rows}

    def clear(self) -> None:
        """Begin anew, in a child after a fork: a thread of the parent may have held the lock."""
        self.__init__()  # type: ignore[misc]
