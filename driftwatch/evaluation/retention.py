"""What keeps a store small: one segment a pane, wider panes for old ones, an end for the rest."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from driftwatch.core.data.privacy import ValueGuard
from driftwatch.core.windows.spec import WindowSpec
from driftwatch.protocols import Housekeeping
from driftwatch.stores.compaction import compact

__all__ = ["Retention", "keep_house"]

_DAY, _WEEK = 86_400, 604_800


@dataclass(frozen=True, slots=True)
class Retention:
    """For how long what is kept, counted back from the newest pane.

    Attributes:
        fine: Panes as they are; at least what windows and their comparisons read.
        days: Panes of a day; after that panes of a week.
        total: Everything; then it is forgotten, and counted.
        sources: What is known of sources that are not heard any more, counted back from now.
        reports: Reports that changed no alarm, counted back from now; the others stay.
    """

    fine: timedelta = timedelta(days=3)
    days: timedelta = timedelta(days=120)
    total: timedelta = timedelta(days=730)
    sources: timedelta = timedelta(days=7)
    reports: timedelta = timedelta(days=90)


def keep_house(  # noqa: PLR0913 - what is kept, of what, for how long
    store: Housekeeping,
    monitor: str,
    spec: WindowSpec,
    /,
    *,
    final: int,
    upto: int,
    now: float,
    retention: Retention,
    least_panes: int,
    guard: ValueGuard,
) -> int:
    """Compact, roll up and expire; returns how many segments are gone.

    Counts, ranges, sums and content hashes of what is kept do not change, and quantiles
    stay within their bound, so that readers of the store see no difference.

    Args:
        store: The store.
        monitor: Whose segments.
        spec: How the stream is cut.
        final: Last pane that late rows cannot change.
        upto: Highest id of the segments that the caller has seen; others are left alone.
        now: Seconds since 1970.
        retention: For how long what is kept.
        least_panes: Panes that must stay as they are, however short the retention.
        guard: The hash key in use.
    """
    store.forget_reports(monitor, before=now - retention.reports.total_seconds())
    if not spec.by_rows:  # there their rows are counted
        store.forget_sources(monitor, before=now - retention.sources.total_seconds())
    gone = compact(store, monitor, before=final + 1, width=spec.width, upto=upto, guard=guard)
    if spec.by_rows:  # rows have no days; keep some windows' worth
        store.expire(monitor, width=spec.width, before=final - 10 * least_panes)
        return gone
    newest = spec.end_of(final)
    fine = newest - max(retention.fine.total_seconds(), least_panes * spec.width)
    steps = [(spec.width, _DAY, fine), (_DAY, _WEEK, newest - retention.days.total_seconds())]
    for width, wide, before in steps:
        if wide % width == 0 and wide > width:
            pane = int(min(before, fine) // wide)
            gone += compact(
                store, monitor, before=pane, width=width, into=wide, upto=upto, guard=guard
            )
    end = min(newest - retention.total.total_seconds(), fine)
    for width in {spec.width, _DAY, _WEEK}:
        store.expire(monitor, width=width, before=int(end // width))
    return gone
