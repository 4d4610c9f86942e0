"""When what happens to whom: a deck of misfortunes, dealt again and again from a seed."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["ENDS", "HOSTS", "Misfortune", "schedule"]

HOSTS = ("web", "collector", "kafka-1", "kafka-2", "evaluator")
"""Processes that have a clock and a disk of their own; the workers of the service have one."""
ENDS = ("kill", "term")
_STORES = ("collector", "stream")
_STEPS = (-1_500.0, -300.0, -40.0, 40.0, 300.0, 1_500.0)
_FIRST_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Misfortune:
    """Something that happens.

    Attributes:
        at: Seconds from the start.
        what: ``kill``, ``term``, ``fork``, ``full`` (the disk), ``step`` (the clock), ``remove`` or
            ``restore`` (a store).
        who: A host, or a store.
        amount: Seconds of a step; rows of a fork.
        seconds: How long it lasts.
    """

    at: float
    what: str
    who: str
    amount: float = 0.0
    seconds: float = 0.0


def schedule(seconds: float, *, seed: int, cards_a_minute: float = 30.0) -> list[Misfortune]:
    """What happens, in order.

    Args:
        seconds: For how long things happen.
        seed: What is dealt depends on it alone.
        cards_a_minute: How much happens.

    Example:
        >>> found = schedule(60.0, seed=1)
        >>> found == schedule(60.0, seed=1), {each.what for each in found} >= {"kill", "remove"}
        (True, True)
    """
    rng = random.Random(seed)  # noqa: S311 - to vary
    gap = 60.0 / cards_a_minute
    found, at, cards = [], _FIRST_SECONDS, _cards(rng)
    while at < seconds:
        what, who = next(cards)
        found.append(_dealt(rng, at, what, who))
        at += rng.uniform(0.5 * gap, 1.5 * gap)
    return found


def _cards(rng: random.Random) -> Iterator[tuple[str, str]]:
    """Cards without end: one deck after the other."""
    while True:
        yield from _deck(rng)


def _deck(rng: random.Random) -> list[tuple[str, str]]:
    cards = [(what, who) for what in (*ENDS, "step") for who in HOSTS]
    cards += [("full", who) for who in HOSTS if who != "evaluator"]
    cards += [(what, who) for what in ("remove", "restore") for who in _STORES]
    cards += [("fork", "web")] * 3 + [("kill", "web")] * 2
    rng.shuffle(cards)
    return cards


def _dealt(rng: random.Random, at: float, what: str, who: str) -> Misfortune:
    if what == "fork":
        return Misfortune(at, what, who, amount=rng.randrange(1, 40))
    if what == "step":
        return Misfortune(at, what, who, amount=rng.choice(_STEPS), seconds=rng.uniform(2.0, 6.0))
    if what == "full":
        return Misfortune(at, what, who, seconds=rng.uniform(1.0, 4.0))
    if what == "restore":
        return Misfortune(at, what, who, seconds=rng.uniform(2.0, 4.0))
    return Misfortune(at, what, who)
