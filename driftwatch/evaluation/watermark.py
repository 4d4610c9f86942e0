"""How far a stream has come: which panes are there, have ended, and are final."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from driftwatch.core.reports.window import LaggingSource
from driftwatch.core.windows.counters import unreadable_sources
from driftwatch.core.windows.spec import WindowSpec
from driftwatch.core.windows.stored import Overview, Source
from driftwatch.protocols import Store

__all__ = ["Laggard", "StreamExtent", "extent_of", "told"]

_SKEW = 600.0


@dataclass(frozen=True, slots=True)
class Laggard:
    """A source that is heard, and whose event times are far behind those of others.

    Attributes:
        source: Its name.
        behind: By how many seconds.
        since: Since when it has been so without catching up, seconds since 1970.
        was: By how many seconds it was behind then.
        waits: Whether windows wait for it; they do not when it has been behind for too long.
    """

    source: str
    behind: float
    since: float
    was: float
    waits: bool = True

    def is_news(self, noted: Mapping[str, Sequence[float]], /) -> bool:
        """Whether it was no laggard the last time, or was waited for and is no longer."""
        return self.source not in noted or bool(noted[self.source][2]) != self.waits

    def to_list(self) -> list[float]:
        """What must be known of it the next time."""
        return [self.since, self.was, float(self.waits)]


@dataclass(frozen=True, slots=True)
class StreamExtent:
    """Panes of a stream.

    Attributes:
        oldest: First pane with rows.
        newest: Last pane with rows.
        complete: Last pane that has ended; None while there is none.
        final: Last pane that late rows cannot change any more; None while there is none.
        watermark: Event time that every source has reached that is waited for, seconds since 1970.
        unreadable: Sources of which most messages cannot be read now.
        laggards: Sources that are far behind the others.
    """

    oldest: int
    newest: int
    complete: int | None
    final: int | None
    watermark: float | None = None
    unreadable: tuple[str, ...] = ()
    laggards: tuple[Laggard, ...] = ()


def extent_of(
    store: Store,
    monitor: str,
    spec: WindowSpec,
    /,
    *,
    now: float,
    delay: float = 0.0,
    idle_after: float | None = None,
    noted: Mapping[str, Sequence[float]] | None = None,
    facts: Overview | None = None,
) -> StreamExtent | None:
    """Find out how far a stream has come; None while it is empty.

    Event time decides: the watermark is the latest event time that every live source has
    reached, and a pane has ended when the watermark has passed its end. A source that has
    not been heard for `idle_after` is not waited for, and neither is one that has been far
    behind the others for as long without catching up; when all are silent, the clock takes over.

    Args:
        store: The stream.
        monitor: Whose.
        spec: How it is cut.
        now: Seconds since 1970.
        delay: Seconds by which a pane counts as ended later, so that late rows have come.
        idle_after: Seconds for which a silent source is waited for, and one that is behind; as
            long as a pane and the lateness last if not given.
        noted: What is known of sources that were behind the last time, `Laggard.to_list` by name.
        facts: What the store says of the monitor; asked of it if not given.
    """
    facts = facts or store.overview(monitor)
    panes = [pane for pane in facts.panes if pane.width == spec.width]
    if not panes:
        return None
    oldest, newest = panes[0].first, panes[0].last
    unreadable = unreadable_sources(facts.counters)
    sources = store.sources(monitor)
    if spec.by_rows:
        full = sum(s.rows for s in sources) % spec.width == 0 and len(sources) == 1
        ended = newest if full else newest - 1
        complete = ended if ended >= oldest else None
        return StreamExtent(oldest, newest, complete, complete, unreadable=unreadable)
    newest = min(newest, spec.pane_at(now + _SKEW))
    patience = spec.width + spec.lateness if idle_after is None else idle_after
    laggards = _laggards(noted or {}, sources, spec, now=now, idle_after=patience)
    passed = {each.source for each in laggards if not each.waits}
    watermark = _watermark([s for s in sources if s.source not in passed], now, patience)
    if watermark is None:
        return StreamExtent(oldest, newest, None, None, None, unreadable, laggards)
    ended = min(spec.pane_at(watermark - delay) - 1, newest)
    final = min(spec.pane_at(watermark - max(spec.lateness, delay)) - 1, newest)
    return StreamExtent(
        oldest,
        newest,
        ended if ended >= oldest else None,
        final if final >= oldest else None,
        watermark,
        unreadable,
        laggards,
    )


def told(laggards: Sequence[Laggard], /) -> tuple[LaggingSource, ...]:
    """What a report says of them."""
    return tuple(LaggingSource(each.source, each.behind, each.waits) for each in laggards)


def _laggards(
    noted: Mapping[str, Sequence[float]],
    sources: Sequence[Source],
    spec: WindowSpec,
    /,
    *,
    now: float,
    idle_after: float,
) -> tuple[Laggard, ...]:
    """Live sources that are more than a pane and the lateness behind the one that is furthest.

    One that comes nearer by half an hour an hour is catching up, and is waited for.

    Args:
        noted: What is known from the last time, `Laggard.to_list` by name.
        sources: All of them.
        spec: How the stream is cut.
        now: Seconds since 1970.
        idle_after: Seconds for which one that is behind is waited for.
    """
    live = {
        s.source: min(s.latest, now)
        for s in sources
        if s.latest is not None and now - s.heard <= idle_after
    }
    furthest = max(live.values(), default=0.0)
    found = []
    for name, latest in live.items():
        behind = furthest - latest
        if behind <= spec.width + spec.lateness:
            continue
        since, was, *_ = noted.get(name, (now, behind))
        elapsed = now - since
        if elapsed < 0 or (elapsed >= idle_after and was - behind >= elapsed / 2):
            since, was = now, behind
        found.append(Laggard(name, behind, since, was, waits=now - since < idle_after))
    return tuple(found)


def _watermark(sources: Sequence[Source], now: float, patience: float) -> float | None:
    timed = [(s.latest, s.heard) for s in sources if s.latest is not None]
    if not timed:
        return None
    live = [latest for latest, heard in timed if now - heard <= patience]
    if live:
        return min(*live, now)
    return max(now, *(latest for latest, _ in timed))
