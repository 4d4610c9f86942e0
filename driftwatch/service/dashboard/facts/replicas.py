"""Replicas and other sources: who delivers, how far they are, and what they count."""

from __future__ import annotations

from dataclasses import dataclass

from driftwatch.core.windows.counters import unused_rows
from driftwatch.errors import StoreError
from driftwatch.service.dashboard.facts.troubles import trouble_of
from driftwatch.service.dashboard.shelf import Shown

__all__ = ["Replica", "ReplicasOfMonitor", "replicas_of"]

_LATELY = 86_400.0


@dataclass(frozen=True, slots=True)
class Replica:
    """One source.

    Attributes:
        source: Its name.
        heard: When it was last heard, seconds since 1970.
        latest: The event time that it has reached; None where rows have none.
        clock_off: By how many seconds its clock was ahead of ours at its last delivery.
        rows: Rows that it has delivered.
        deliveries: How many deliveries those were.
        behind: By how many seconds its event times are behind the farthest.
        is_live: Whether it was heard within a day.
    """

    source: str
    heard: float
    latest: float | None
    clock_off: float
    rows: int
    deliveries: int
    behind: float | None
    is_live: bool


@dataclass(frozen=True, slots=True)
class ReplicasOfMonitor:
    """The sources of a monitor.

    Attributes:
        monitor: Whose.
        replicas: Those last heard first.
        not_used: Rows of all of them that could not be used, by reason.
        waiting: Deliveries that came and wait at their senders, and their rows.
        trouble: Why nothing can be said; empty if it can.
    """

    monitor: str
    replicas: tuple[Replica, ...] = ()
    not_used: tuple[tuple[str, int], ...] = ()
    waiting: tuple[int, int] = (0, 0)
    trouble: str = ""


def replicas_of(shown: Shown, /, *, now: float) -> ReplicasOfMonitor:
    """Everything that is known of the sources of a monitor."""
    try:
        sources = shown.store.sources(shown.name)
        counters = shown.store.overview(shown.name).counters
        away = shown.store.turned_away(shown.name, now=now)
    except StoreError as error:
        return ReplicasOfMonitor(shown.name, trouble=trouble_of(error))
    farthest = max((s.latest for s in sources if s.latest is not None), default=None)
    replicas = [
        Replica(
            source.source,
            source.heard,
            source.latest,
            source.sent - source.heard,
            source.rows,
            source.deliveries,
            None if farthest is None or source.latest is None else farthest - source.latest,
            now - source.heard <= _LATELY,
        )
        for source in sorted(sources, key=lambda source: -source.heard)
    ]
    unused = sorted(unused_rows(counters).items(), key=lambda item: -item[1])
    waiting = len(away), sum(each.rows for each in away)
    return ReplicasOfMonitor(shown.name, tuple(replicas), tuple(unused), waiting)
