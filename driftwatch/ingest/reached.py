"""Which event time a source has reached: that of most of its rows, not that of a few."""

from __future__ import annotations

import struct
from typing import Self

import numpy as np
from numpy.typing import NDArray

__all__ = ["RecentTimes", "VotedTime"]

_Floats = NDArray[np.float64]
_FEW = 32  # rows and votes for which it pays to take many at once
_RECENT = 256
_FEWEST = 64
_APART = 60.0


class VotedTime:
    """The event time that a majority of rows has reached, row after row, in constant memory.

    A time that is ahead of the `level` is a candidate. Every row that has reached it is a vote
    for it, every row that has not is one against it, and the next row is the candidate when they
    are even. With enough votes it is the level. So the level follows rows in order by some
    `needed` to twice as many rows, and fewer rows than that in a row move it nowhere, however far
    ahead they are. Where so many more rows have not reached the level than have, it was wrong:
    there is none then, until it is found anew.

    What it says depends on the order of the rows and on nothing else: not on batches, and with
    `state` not on restarts.

    Args:
        needed: Votes that make a candidate the level.

    Attributes:
        level: Seconds since 1970; minus infinity before enough rows were seen.

    Cost: three numbers; some nanoseconds a row where most rows vote as those before them did, a
    tenth of a microsecond a row where they come in no order.

    Reference:
        R. S. Boyer, J S. Moore. MJRTY, a fast majority vote algorithm. Automated Reasoning, 1991.

    Example:
        >>> voted = VotedTime(3)
        >>> voted.advance(np.array([1.0, 2.0, 900.0, 3.0, 4.0, 5.0, 6.0]))
        >>> voted.level
        3.0
    """

    def __init__(self, needed: int) -> None:
        self.needed = needed
        self.level = -np.inf
        self._candidate = np.inf
        self._votes = 0  # below zero: rows that have not even reached the level

    def advance(self, times: _Floats, /) -> None:
        """Let some rows vote, in the order in which they came."""
        self._changes(times)

    def before_each(self, times: _Floats, /) -> _Floats:
        """Let some rows vote; returns for each the level before it."""
        level = self.level
        changes = self._changes(times)
        levels = np.array([level, *(to for _, to in changes)])
        starts = [0, *(place for place, _ in changes)]
        return np.repeat(levels, np.diff([*starts, max(times.size, starts[-1])]))[: times.size]

    def _changes(self, times: _Floats) -> list[tuple[int, float]]:
        """Places of the rows before which the level changed, and what it became."""
        changes: list[tuple[int, float]] = []
        start, size = 0, times.size
        ends = np.append(np.flatnonzero(times[1:] < times[:-1]) + 1, size)  # of rows in order
        while start < size:
            if not self._votes and times[start] >= self.level:
                self._candidate, self._votes = float(times[start]), 1
                start += 1
                self._settle(start, changes)
            end = int(ends[ends.searchsorted(start, "right")]) if start < size else size
            if self._votes > 0 and end - start >= _FEW and times[start] >= self._candidate:
                start = self._take_ordered(times[:end], start, changes)
            elif abs(self._votes) >= _FEW:
                start += self._take_block(times[start : start + 2 * self.needed])
                self._settle(start, changes)
            else:
                for time in times[start : start + _FEW].tolist():
                    start += 1
                    self._take_one(time)
                    self._settle(start, changes)
        return changes

    def _take_ordered(self, times: _Floats, start: int, changes: list[tuple[int, float]]) -> int:
        """Take rows that do not go back, the first of which has reached the candidate."""
        ends = np.arange(start + self.needed - self._votes, times.size + 1, self.needed)
        if not ends.size:
            self._votes += times.size - start
            return int(times.size)
        levels = [self._candidate, *times[ends[:-1]].tolist()]
        changes += zip(ends.tolist(), levels, strict=True)
        self.level, self._votes = levels[-1], times.size - int(ends[-1])
        if self._votes:
            self._candidate = float(times[ends[-1]])
        return int(times.size)

    def _take_block(self, times: _Floats) -> int:
        """Take the first of some rows, as far as they change but the number of votes.

        At least one, as there are some votes.
        """
        ahead = times >= (self._candidate if self._votes > 0 else self.level)
        missing = self.needed - self._votes
        if self._votes > 0 and ahead[:missing].all():  # nearly always
            taken = min(missing, times.size)
            self._votes += taken
            return taken
        votes = self._votes + np.cumsum(np.where(ahead, 1, -1))
        ends = np.flatnonzero((votes == 0) | (np.abs(votes) >= self.needed))
        taken = times.size
        if ends.size:  # a row that makes the vote even becomes the candidate: it is not for here
            taken = int(ends[0]) + bool(votes[ends[0]])
        self._votes = int(votes[taken - 1])
        return taken

    def _take_one(self, time: float) -> None:
        if self._votes > 0:
            if time >= self._candidate:
                self._votes += 1
                return
            self._votes -= 1
            if not self._votes and time >= self.level:
                self._candidate, self._votes = time, 1
        elif time < self.level:
            self._votes -= 1
        elif self._votes < 0:
            self._votes += 1
        else:
            self._candidate, self._votes = time, 1

    def _settle(self, place: int, changes: list[tuple[int, float]]) -> None:
        if self._votes >= self.needed:
            self.level, self._votes = self._candidate, 0
        elif self._votes <= -self.needed:
            self.level, self._votes = -np.inf, 0
        else:
            return
        changes.append((place, self.level))

    def forget(self) -> None:
        """Begin anew."""
        self.level, self._candidate, self._votes = -np.inf, np.inf, 0

    def state(self) -> tuple[int, int, int]:
        """Everything that it knows, as whole numbers of 64 bits."""
        return _bits(self.level), _bits(self._candidate), self._votes

    def restore(self, state: tuple[int, int, int], /) -> Self:
        """Go on from a `state`."""
        self.level, self._candidate = _from_bits(state[0]), _from_bits(state[1])
        self._votes = state[2]
        return self


class RecentTimes:
    """The latest event time of a source, as far as the rest of its recent rows goes with it.

    That is the latest of the last 256 rows, in whatever order they came, unless less than half of
    them are ahead of all others by more than these lie apart among themselves (and by more than a
    minute), and others came after them: then it is the latest of the others. While none came after
    them the stream has moved on, as it does at the end of a night without rows.

    Example:
        >>> recent = RecentTimes()
        >>> recent.add(np.arange(200.0))
        >>> recent.add(np.full(20, 90_000.0))
        >>> recent.reached(90_000.0)
        90000.0
        >>> recent.add(np.arange(200.0, 210.0))
        >>> recent.reached(90_000.0)
        209.0
    """

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Begin anew."""
        self._times: _Floats = np.empty(0)

    def add(self, times: _Floats, /) -> None:
        """Add rows in the order in which they came."""
        self._times = np.append(self._times, times[-_RECENT:])[-_RECENT:]

    def reached(self, now: float, /) -> float | None:
        """The event time that the source has reached, the clock at most; None before any row."""
        if not self._times.size:
            return None
        return min(now, float(self._times[self._believed()].max()))

    def _believed(self) -> slice | NDArray[np.intp]:
        size = self._times.size
        if size < _FEWEST:
            return slice(None)
        order = np.argsort(self._times, kind="stable")
        times = self._times[order]
        gaps = np.diff(times)
        least = size - (size - 1) // 2  # more than half of the rows stay
        odd = gaps[least - 1 :] > np.maximum(_APART, times[least - 1 : -1] - times[0])
        if not odd.any():
            return slice(None)
        cut = least + int(np.argmax(odd))
        below, above = order[:cut], order[cut:]
        return slice(None) if below.max() < above.min() else below


def _bits(number: float) -> int:
    return int(struct.unpack(">q", struct.pack(">d", number))[0])


def _from_bits(bits: int) -> float:
    return float(struct.unpack(">d", struct.pack(">q", bits))[0])
