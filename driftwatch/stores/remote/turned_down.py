"""Which deliveries of this process the collector said it does not take."""

from __future__ import annotations

from collections.abc import Mapping

from driftwatch.stores.remote.names import monitor_in

__all__ = ["TurnedDown"]

_REMEMBERED = 10_000


class TurnedDown:
    """Deliveries that were turned down, now or ever, and the halves of those that were cut.

    One thread notes, others may ask: what is asked for is replaced, never changed.

    Example:
        >>> known = TurnedDown()
        >>> known.add("1-a-scores")
        >>> known.cut("2-a-scores", {"2-a-scores~0": 30, "2-a-scores~1": 20})
        >>> known.halves_of("2-a-scores")
        {'2-a-scores~0': 30, '2-a-scores~1': 20}
        >>> "1-a-scores" in known, known.holds_up("3-b-scores"), "3-b-scores" in known
        (True, True, False)
        >>> known.forget("1-a-scores")
        >>> "1-a-scores" in known, known.holds_up("3-b-scores")
        (False, False)
    """

    def __init__(self) -> None:
        self._names: frozenset[str] = frozenset()
        self._monitors: frozenset[str] = frozenset()
        self._halves: Mapping[str, Mapping[str, int]] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._names

    def add(self, name: str, /, *, for_good: bool = False) -> None:
        """One was turned down; if not for good, others of its monitor wait for it."""
        self._names = frozenset(sorted(self._names | {name})[-_REMEMBERED:])
        if not for_good:
            self._monitors |= {monitor_in(name)}

    def forget(self, name: str, /) -> None:
        """One has arrived, or is not turned down any more; others of its monitor may go on, too."""
        self._names -= {name}
        self._monitors -= {monitor_in(name)}

    def cut(self, name: str, halves: Mapping[str, int], /) -> None:
        """One was cut: from now on its halves, given with their rows, stand for it."""
        self._names -= {name}
        kept = sorted(self._halves)[1 - _REMEMBERED :]
        self._halves = {**{old: self._halves[old] for old in kept}, name: halves}

    def halves_of(self, name: str, /) -> Mapping[str, int]:
        """Names and rows of the halves of one; none if it was not cut."""
        return self._halves.get(name, {})

    def holds_up(self, name: str, /) -> bool:
        """Whether another of its monitor was turned down for now."""
        return monitor_in(name) in self._monitors
