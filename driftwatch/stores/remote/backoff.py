"""How long to wait before the next attempt, and which deliveries wait."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from driftwatch.stores.remote.names import monitor_in

__all__ = ["FIRST_WAIT", "LONGEST_WAIT", "Holds", "pause"]

FIRST_WAIT = 0.5
LONGEST_WAIT = 60.0
_LONGEST_ASKED = 600.0
_LONGEST_ALONE = 3_600.0


def pause(failures: int, asked: float | None, *, longest: float = LONGEST_WAIT) -> float:
    """Seconds: more with every failure, a random part, and what the collector asked for."""
    longest = min(longest, FIRST_WAIT * 2 ** min(failures, 20))
    wait = random.uniform(FIRST_WAIT / 2, longest)  # noqa: S311 - to spread, not to hide
    return wait if asked is None else wait + min(asked, _LONGEST_ASKED)


@dataclass(frozen=True, slots=True)
class _Hold:
    failures: int
    until: float


class Holds:
    """Deliveries that the collector does not take for now, with all others of their monitors.

    A delivery and its monitor are held apart, so that once something of the monitor arrives
    the rest goes on, and what is stuck comes again only when its own time has come.

    Args:
        clock: Seconds, from any point on.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._held: dict[str, _Hold] = {}

    def failures(self, name: str, /) -> int:
        """How often a delivery was not taken."""
        held = self._held.get(name)
        return 0 if held is None else held.failures

    def seconds(self, name: str, /) -> float:
        """How long a delivery still has to wait; 0 if it may be sent."""
        now = self._clock()
        holds = (self._held.get(key) for key in (name, monitor_in(name)))
        return max(
            (held.until - now for held in holds if held is not None and held.until > now),
            default=0.0,
        )

    def hold(self, name: str, /, *, asked: float | None) -> float:
        """Hold a delivery and its monitor; returns the seconds that it has to wait."""
        for key in {name, monitor_in(name)}:
            failures = self.failures(key) + 1
            self._held[key] = _Hold(failures, self._clock() + pause(failures, asked))
        return self.seconds(name)

    def hold_alone(self, name: str, /, *, asked: float | None) -> float:
        """Hold a delivery that is not answered, and no other; returns the seconds."""
        failures = self.failures(name) + 1
        wait = pause(failures, asked, longest=_LONGEST_ALONE)
        self._held[name] = _Hold(failures, self._clock() + wait)
        return wait

    def put_behind(self, name: str, /, *, failures: int | None = None) -> None:
        """Have a delivery tried after those that failed less often; it waits for nothing else."""
        known = self.failures(name) + 1 if failures is None else failures
        self._held[name] = _Hold(known, self._clock())

    def release(self, name: str, /) -> None:
        """A delivery has arrived: others of its monitor may, too."""
        self._held.pop(name, None)
        self._held.pop(monitor_in(name), None)

    def keep_only(self, names: Iterable[str], /) -> None:
        """Forget what waits no more."""
        waiting = {key for name in names for key in (name, monitor_in(name))}
        self._held = {key: held for key, held in self._held.items() if key in waiting}
