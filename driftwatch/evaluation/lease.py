"""The right to evaluate a monitor, which one evaluator has at a time."""

from __future__ import annotations

import os
import socket
from secrets import token_hex

from driftwatch.protocols import Store

__all__ = ["Lease"]


class Lease:
    """An evaluator's lease of a monitor.

    Args:
        store: Where leases are.
        monitor: Name of the monitor.
        seconds: How long it holds without being renewed.

    Attributes:
        token: What the store knows it by; None before it was ever taken.
    """

    def __init__(self, store: Store, monitor: str, seconds: float, /) -> None:
        self._store = store
        self._monitor = monitor
        self._holder = f"{socket.gethostname()}-{os.getpid()}-{token_hex(4)}"
        self._seconds = seconds
        self.token: int | None = None
        self._asks = False

    def take(self, now: float, /) -> bool:
        """Take the lease or renew it; False if another holds it.

        Raises:
            StoreError: If the store cannot be written.
        """
        self._asks = True  # until its answer is known
        token = self._store.lease(self._monitor, self._holder, now=now, seconds=self._seconds)
        if token is not None:
            self.token = token
        self._asks = False
        return token is not None

    def give_back(self, now: float, /) -> None:
        """Let others have it; also where taking it was interrupted, so that it may be ours.

        Raises:
            StoreError: If the store cannot be written.
        """
        if self._asks:
            self.take(now)
        if self.token is not None:
            token, self.token = self.token, None
            self._store.release(self._monitor, token)
