"""How far a stream has come: which panes are there, have ended, and are final."""

from __future__ import annotations

from dataclasses import dataclass

from driftwatch.core.windows.counters import unreadable_sources
from driftwatch.core.windows.spec import WindowSpec
from driftwatch.protocols import Store

__all__ = ["StreamExtent", "extent_of"]

_SKEW = 600.0


@dataclass(frozen=True, slots=True)
class StreamExtent:
    """Panes of a stream.

    Attributes:
        oldest: First pane with rows.
        newest: Last pane with rows.
        complete: Last pane that has ended; None while there is none.
        final: Last pane that late rows cannot change any more; None while there is none.
        watermark: Event time that every live source has reached, seconds since 1970.
        unreadable: Sources of which most messages cannot be read now.
    """

    oldest: int
    newest: int
    complete: int | None
    final: int | None
    watermark: float | None = None
    unreadable: tuple[str, ...] = ()


def extent_of(
    store: Store, monitor: str, spec: WindowSpec, /, *, now: float, delay: float = 0.0
) -> StreamExtent | None:
    """Find out how far a stream has come; None while it is empty.

    Event time decides: the watermark is the latest event time that every live source has
    reached, and a pane has ended when the watermark has passed its end. A source that has
    not been heard for as long as a pane and the lateness last is not waited for; when all
    are silent, the clock takes over.

    Args:
        store: The stream.
        monitor: Whose.
        spec: How it is cut.
        now: Seconds since 1970.
        delay: Seconds by which a pane counts as ended later, so that late rows have come.
    """
    facts = store.overview(monitor)
    panes = [pane for pane in facts.panes if pane.width == spec.width]
    if not panes:
        return None
    oldest, newest = panes[0].first, panes[0].last
    unreadable = unreadable_sources(facts.counters)
    if spec.by_rows:
        sources = store.sources(monitor)
        full = sum(s.rows for s in sources) % spec.width == 0 and len(sources) == 1
        ended = newest if full else newest - 1
        complete = ended if ended >= oldest else None
        return StreamExtent(oldest, newest, complete, complete, unreadable=unreadable)
    newest = min(newest, spec.pane_at(now + _SKEW))
    watermark = _watermark(store, monitor, spec, now)
    if watermark is None:
        return StreamExtent(oldest, newest, None, None, unreadable=unreadable)
    ended = min(spec.pane_at(watermark - delay) - 1, newest)
    final = min(spec.pane_at(watermark - max(spec.lateness, delay)) - 1, newest)
    return StreamExtent(
        oldest,
        newest,
        ended if ended >= oldest else None,
        final if final >= oldest else None,
        watermark,
        unreadable,
    )


def _watermark(store: Store, monitor: str, spec: WindowSpec, now: float) -> float | None:
    patience = spec.width + spec.lateness
    timed = [(s.latest, s.heard) for s in store.sources(monitor) if s.latest is not None]
    if not timed:
        return None
    live = [latest for latest, heard in timed if now - heard <= patience]
    if live:
        return min(live)
    return max(now, *(latest for latest, _ in timed))
