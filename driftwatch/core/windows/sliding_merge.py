"""Sliding a window over panes of sketches with about three merges a step."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from driftwatch.core.profiles.profile import Profile

__all__ = ["SlidingMerge"]

Load = Callable[[int], Profile | None]


@dataclass(slots=True)
class _Middle:
    """Two stacks over whole blocks: those in the front merged from the right, the others
    from the left, so that dropping and adding a block costs about two merges.
    """

    first: int
    front: list[Profile | None] = field(default_factory=list)
    back: list[Profile | None] = field(default_factory=list)
    merged_back: Profile | None = None


class SlidingMerge:
    """The merged profile of the last `size` panes, for one position after the other.

    Sketches merge but cannot be subtracted, so a pane cannot be taken out of a merged
    window. Two stacks solve that with three merges a step: panes that leave are merged
    from the right once, in advance; panes that come are merged from the left one by one;
    the answer is one merge of both. Plain two stacks keep as many merged profiles as the
    window has panes, and now and then do all the merging of a window in one step. Here the
    same is done in two levels, over blocks of about the square root of the panes: some
    ``2 sqrt(size)`` profiles are held, and no step does more than about as many merges.
    Single panes are not held at all; they are loaded again when their block leaves.

    A late delta is merged into everything that covers its pane, so that no history is read
    again.

    Args:
        size: Panes of the window.
        load: Gives the merged profile of a pane, or None where it is empty. What it
            returns is not changed.

    Attributes:
        merges: Merges of two profiles so far, for benchmarks.

    Reference:
        K. Tangwongsan, M. Hirzel, S. Schneider. In-order sliding-window aggregation in
        worst-case constant time. VLDB Journal 30, 2021, arXiv:2009.13768.
    """

    def __init__(self, size: int, load: Load) -> None:
        self.size = size
        self.merges = 0
        self._load = load
        self._block = _block_size(size)
        self._between = size // self._block - 1
        self._clear()

    def _clear(self) -> None:
        self._last: int | None = None
        self._current: Profile | None = None
        self._suffixes: list[Profile | None] = []  # the last is the next one to be needed
        self._middle: _Middle | None = None
        self._answer: tuple[Profile | None] | None = None

    @property
    def held(self) -> int:
        """Merged profiles in memory."""
        middle = self._middle
        kept = [*self._suffixes, self._current, *(self._answer or ())]
        if middle is not None:
            kept += [*middle.front, *middle.back, middle.merged_back]
        return len({id(profile) for profile in kept if profile is not None})

    def window(self, last: int, /) -> Profile | None:
        """Return the merged panes ``last - size + 1`` to `last`; None if all are empty.

        The profile may be shared with the next answers and must not be changed.
        """
        if self._last is None or not self._last <= last <= self._last + self._block:
            self._start(last)
        while self._last is not None and self._last < last:
            self._step(self._last + 1)
        if self._answer is None:  # the window is asked for more than once where it stands
            self._answer = (self._joined(self._suffixes[-1], self._current),)
        return self._answer[0]

    def add(self, pane: int, delta: Profile, /) -> None:
        """Merge late rows of a pane into the window, where they are part of it."""
        if self._last is None or not self._last - self.size < pane <= self._last:
            return
        self._answer = None
        block, place = divmod(pane, self._block)
        newest = self._last // self._block
        if block == newest:
            self._current = self._joined(self._current, delta)
            return
        if block == newest - self._between - 1:
            # Suffixes that begin at or before the pane; the last of the list begins latest
            # in the past and the first covers no pane of the block.
            for index in range(self._block - place, len(self._suffixes)):
                self._suffixes[index] = self._joined(self._suffixes[index], delta)
            return
        self._suffixes = [self._joined(suffix, delta) for suffix in self._suffixes]
        self._add_to_middle(block, delta)

    def _add_to_middle(self, block: int, delta: Profile) -> None:
        middle = self._middle
        if middle is None:
            return
        place = block - middle.first
        if place < len(middle.front):
            # The front is a stack: its last element begins with the oldest block.
            for index in range(len(middle.front) - 1 - place, len(middle.front)):
                middle.front[index] = self._joined(middle.front[index], delta)
        else:
            place -= len(middle.front)
            middle.back[place] = self._joined(middle.back[place], delta)
            middle.merged_back = self._joined(middle.merged_back, delta)

    def _start(self, last: int) -> None:
        self._clear()
        newest, place = divmod(last, self._block)
        self._middle = _Middle(newest - self._between)
        for block in range(newest - self._between, newest):
            start = block * self._block
            self._push(self._merged(range(start, start + self._block)))
        self._build_suffixes(newest, place + 1)
        self._current = self._merged(range(newest * self._block, last + 1))
        self._last = last

    def _step(self, pane: int) -> None:
        self._answer = None
        newest, place = divmod(pane, self._block)
        if place == 0:
            self._push(self._current)
            self._pop()
            self._current = None
            self._build_suffixes(newest, 1)
        else:
            self._suffixes.pop()
        self._current = self._joined(self._current, self._load(pane))
        self._last = pane

    def _build_suffixes(self, newest: int, place: int) -> None:
        """Merge the block that is leaving from the right, down to its pane `place`."""
        start = (newest - self._between - 1) * self._block
        merged = self._merged_middle()
        self._suffixes = [merged]
        for pane in range(start + self._block - 1, start + place - 1, -1):
            merged = self._joined(self._load(pane), merged)
            self._suffixes.append(merged)

    def _push(self, block: Profile | None) -> None:
        middle = self._middle
        if middle is None or self._between == 0:
            return
        middle.back.append(block)
        middle.merged_back = self._joined(middle.merged_back, block)

    def _pop(self) -> None:
        middle = self._middle
        if middle is None or self._between == 0:
            return
        if not middle.front:
            merged: Profile | None = None
            for block in reversed(middle.back):
                merged = self._joined(block, merged)
                middle.front.append(merged)
            middle.back, middle.merged_back = [], None
        middle.front.pop()
        middle.first += 1

    def _merged_middle(self) -> Profile | None:
        middle = self._middle
        if middle is None:
            return None
        return self._joined(middle.front[-1] if middle.front else None, middle.merged_back)

    def _merged(self, panes: Iterable[int]) -> Profile | None:
        merged: Profile | None = None
        for pane in panes:
            merged = self._joined(merged, self._load(pane))
        return merged

    def _joined(self, left: Profile | None, right: Profile | None) -> Profile | None:
        """Both together as a new profile; what is held is never changed."""
        if left is None or right is None:
            return left if right is None else right
        self.merges += 1
        joined = left.copy()
        joined.merge(right)
        return joined


def _block_size(size: int) -> int:
    """The divisor of the window nearest to its square root."""
    divisors = [n for n in range(1, size + 1) if size % n == 0]
    return min(divisors, key=lambda n: (abs(math.log(n * n / size)), n))
