"""A stream that a collector keeps and evaluates."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from driftwatch.core.reports.report import DriftReport
from driftwatch.core.windows.evaluation_record import Result
from driftwatch.ingest.accumulator import Accumulator
from driftwatch.stores.remote import RemoteStore

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
    def flushing(self, within: float | None) -> Iterator[None]:
        """Afterwards, wait so long for the deliveries to arrive."""
        yield
        if within is not None:
            self.receiver.flush(within)

    def check(self, _: Accumulator, /) -> DriftReport:
        """The collector's report on the window that is open now.

        Raises:
            StoreError: If the collector cannot give it.
        """
        return self.receiver.report(self._monitor)

    def evaluate(self) -> Result | None:
        """Nothing: the collector evaluates."""
        return None

    def close(self) -> None:
        """Send what can be sent within two seconds; the rest waits for the next process."""
        if self._owned:
            self.receiver.close()


if TYPE_CHECKING:
    _SOCKET: type[Destination] = CollectorDestination
