"""Whether most of the last messages of a partition can be read."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

__all__ = ["Readability"]

_JUDGED = 1_000
"""Messages over which the share of bad ones is judged."""


class Readability:
    """Judges the last thousand messages.

    Args:
        unreadable: What was judged before.

    Attributes:
        unreadable: Whether most could not be read.

    Example:
        >>> judged = Readability()
        >>> judged.note(1_000, bad=range(400, 1_000))
        1
        >>> judged.unreadable
        True
        >>> judged.note(1_000)
        -1
    """

    def __init__(self, *, unreadable: bool = False) -> None:
        self.unreadable = unreadable
        self._judged = 0  # messages with a value so far
        self._bad: deque[int] = deque()  # numbers of the bad ones among the last thousand

    def note(self, valued: int, /, *, bad: Iterable[int] = ()) -> int:
        """Note messages that had a value, and which of them could not be read.

        Returns:
            1 when most of the last thousand are bad from now on, -1 when that is over, 0 otherwise.
        """
        self._bad.extend(self._judged + number for number in bad)
        self._judged += valued
        while self._bad and self._bad[0] <= self._judged - _JUDGED:
            self._bad.popleft()
        if self._judged < _JUDGED:
            return 0
        if not self.unreadable and len(self._bad) > _JUDGED // 2:
            self.unreadable = True
            return 1
        if self.unreadable and len(self._bad) <= _JUDGED // 4:
            self.unreadable = False
            return -1
        return 0
