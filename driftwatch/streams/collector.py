"""A stream that a collector keeps and evaluates."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from driftwatch.core.reports.report import DriftReport
from driftwatch.core.windows.evaluation_record import Result
from driftwatch.ingest.accumulator import Accumulator
from driftwatch.stores.remote import RemoteStore
from driftwatch.stores.remote.losses import HELD

if TYPE_CHECKING:
    from driftwatch.protocols import Destination

__all__ = ["CollectorDestination"]


class CollectorDestination:
    """Sends deliveries to a collector; implements `driftwatch.protocols.Destination`.

    Args:
        remote: The way to the collector.
        monitor: Name of the monitor.
        owned: Whether to close it at the end.
    """

    def __init__(self, remote: RemoteStore, monitor: str, /, *, owned: bool = True) -> None:
        self.receiver = remote
        self._monitor = monitor
        self._owned = owned

    @contextlib.contextmanager
    def flushing(self, within: float | None) -> Iterator[Callable[[], int]]:
        """Afterwards, wait so long for the deliveries to arrive."""
        yield self.receiver.begin_flush()
        if within is not None:
            self.receiver.flush(within)

    def check(self, _: Accumulator, /) -> DriftReport:
        """The collector's report on the window that is open now, with what it does not take.

        Raises:
            StoreError: If the collector cannot give it.
        """
        report = self.receiver.report(self._monitor)
        held = self.receiver.held_up(self._monitor)
        if not held or report.window is None:
            return report
        not_used = {**report.window.not_used, HELD: held}
        return replace(report, window=replace(report.window, not_used=not_used))

    def evaluate(self) -> Result | None:
        """Nothing: the collector evaluates."""
        return None

    def close(self) -> None:
        """Send what can be sent within two seconds; the rest waits for the next process."""
        if self._owned:
            self.receiver.close()


if TYPE_CHECKING:
    _SOCKET: type[Destination] = CollectorDestination
