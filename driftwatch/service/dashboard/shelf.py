"""The monitors that pages are about, wherever they come from: a collector, or a store file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from driftwatch.config.monitors import MonitorConfig
from driftwatch.core.drift.policy import Policy
from driftwatch.core.profiles.reference import Reference
from driftwatch.monitor import Monitor
from driftwatch.protocols import Store
from driftwatch.service.watched import WatchedMonitors

__all__ = ["Shelf", "Shown", "shelf_of_collector", "shelf_of_files"]

_LATELY = 86_400.0


@dataclass(frozen=True, slots=True)
class Shown:
    """One monitor.

    Attributes:
        name: Its name.
        store: Where its segments, reports and incidents are.
        windows: Where the summaries of its windows are: the store, unless that is only read and
            an earlier version has written it.
        config: How it is configured; None of one that was found in a store file.
        opened: The monitor itself, which knows its reference; None where there is none.
        open_again: Called when a reference has come into use: a monitor that had none begins.
    """

    name: str
    store: Store
    windows: Store
    config: MonitorConfig | None = None
    opened: Callable[[], Monitor | None] = lambda: None
    open_again: Callable[[], object] = lambda: None

    @property
    def window(self) -> str:
        """Its window in words; empty where that is not known."""
        if self.config is None:
            return ""
        slide = "" if self.config.slide is None else f" every {self.config.slide}"
        return f"{self.config.window}{slide}"

    @property
    def owner(self) -> str:
        """Who looks after it; empty where nobody is named."""
        alerts = None if self.config is None else self.config.alerts
        return "" if alerts is None else getattr(alerts, "owner", None) or ""

    def policy(self) -> Policy:
        """The rules by which its windows are judged; the usual ones where they are not known."""
        if self.config is not None:
            return self.config.judging().policy
        monitor = self.opened()
        return Policy() if monitor is None else monitor.evaluator.rules.policy

    def reference(self) -> Reference | None:
        """What it is compared with at the moment; None where that is not known."""
        monitor = self.opened()
        if monitor is None:
            return None
        references = monitor.evaluator.references
        references.refresh()
        return references.current()


@dataclass(frozen=True, slots=True)
class Shelf:
    """All monitors of the pages.

    Attributes:
        monitors: By name.
        clock: Seconds since 1970.
        title: What the pages are of: the file, or empty of a collector.
        ends_with_data: Whether stretches of time that name no end do so with the newest window,
            where that is long ago: the file of a stream that has ended shows its end.
        reads_only: Whether nothing may be changed.
    """

    monitors: Mapping[str, Shown]
    clock: Callable[[], float]
    title: str = ""
    ends_with_data: bool = False
    reads_only: bool = False

    @property
    def until(self) -> float | None:
        """When stretches of time end that name no end, seconds since 1970; now if None."""
        if not self.ends_with_data:
            return None
        ends = [w.at for each in self for w in each.windows.windows(each.name, limit=1)]
        newest = max(ends, default=None)
        return None if newest is None or self.clock() - newest < _LATELY else newest + 1

    def __iter__(self) -> Iterator[Shown]:
        return iter(self.monitors.values())

    def __len__(self) -> int:
        return len(self.monitors)

    def get(self, name: str, /) -> Shown | None:
        """The monitor of a name; None if there is none."""
        return self.monitors.get(name)


def shelf_of_collector(watched: WatchedMonitors, clock: Callable[[], float], /) -> Shelf:
    """The monitors of a collector."""
    return Shelf(
        {
            each.name: Shown(
                each.name,
                each.store,
                each.store,
                each.config,
                opened=lambda each=each: each.monitor,  # type: ignore[misc]
                open_again=each.open,
            )
            for each in watched
        },
        clock,
    )


def shelf_of_files(
    files: Iterable[tuple[str, Store, Store, MonitorConfig | None]],
    title: str,
    clock: Callable[[], float],
    /,
) -> Shelf:
    """The monitors of store files, which are only read.

    Args:
        files: Name of each monitor, its store, the store of its windows, and its configuration.
        title: What the files are called.
        clock: Seconds since 1970.
    """
    monitors = {name: Shown(name, store, windows, config) for name, store, windows, config in files}
    return Shelf(monitors, clock, title, ends_with_data=True, reads_only=True)
