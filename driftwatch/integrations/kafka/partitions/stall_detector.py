"""Whether every partition gets on, and how far each is behind."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from driftwatch.integrations.kafka.cancellation import StalledError

__all__ = ["Place", "Progress"]

_LONGEST_TURN = 5.0


@dataclass(frozen=True, slots=True)
class Place:
    """Where a partition stands.

    Attributes:
        name: Topic and partition, ``topic/0``.
        next: Offset of the next message.
        readable: Offset behind the last message that can be read.
        paused: Whether it is not read on purpose: the store or the registry is away.
    """

    name: str
    next: int
    readable: int
    paused: bool = False


@dataclass(slots=True)
class _Wait:
    next: int
    moved_at: float
    quiet: float = 0.0


class Progress:
    """Finds partitions that stand still though they have messages that can be read.

    Each is judged by itself: that others get on does not excuse it.

    Args:
        patience: Seconds for which a partition may stand still.
        since: When all were last seen to get on, seconds since 1970: what holds of partitions
            until they are seen to move.

    Attributes:
        at: When the partition that has stood still for longest last got on, seconds since 1970.

    Example:
        >>> progress = Progress(60.0, since=1_000.0)
        >>> places = [Place("t/0", 7, 9), Place("t/1", 5, 5)]
        >>> progress.note(places, now=1_000.0, elapsed=0.0)
        >>> progress.note(places, now=1_004.0, elapsed=4.0)
        >>> progress.at
        1000.0
    """

    def __init__(self, patience: float, /, *, since: float) -> None:
        self.at = since
        self._patience = patience
        self._waits: dict[str, _Wait] = {}

    def note(
        self, places: Collection[Place], /, *, now: float, elapsed: float, full: bool = False
    ) -> None:
        """Note where partitions stand after a turn.

        Args:
            places: All partitions that are read; others are forgotten.
            now: Seconds since 1970.
            elapsed: Seconds since the last turn.
            full: Whether the turn gave as many messages as one may. Then partitions that gave
                none may only have come too late, and it counts by the share of one partition.

        Raises:
            StalledError: If a partition stands still for too long.
        """
        # A turn may be long for reasons of its own, such as a slow store.
        elapsed = min(elapsed, _LONGEST_TURN) / (len(places) if full else 1)
        waits = {}
        for place in places:
            wait = self._waits.get(place.name)
            if wait is None:
                wait = _Wait(place.next, self.at)
            else:
                wait.quiet += elapsed
            if place.paused or place.next != wait.next or place.next >= place.readable:
                wait = _Wait(place.next, now)
            waits[place.name] = wait
        self._waits = waits
        self.at = min((wait.moved_at for wait in waits.values()), default=now)
        for name, wait in waits.items():
            if wait.quiet > self._patience:
                raise StalledError(f"no message of {name} for {self._patience:g} s")
