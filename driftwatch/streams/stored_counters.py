"""What a store has counted: asked for in a moment, or as it was when it answered last."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Mapping

from driftwatch.errors import DriftWatchError

__all__ = ["StoredCounters"]

_Ask = Callable[[], Mapping[str, int]]
_PATIENCE = 0.5


class StoredCounters:
    """Asks a store in a thread of its own, so that one that hangs holds nobody up.

    Args:
        ask: Gives what asks it, which may take long, or raise our errors; None once it is gone.
        patience: Seconds for which an answer is waited for.
    """

    def __init__(self, ask: Callable[[], _Ask | None], /, *, patience: float = _PATIENCE) -> None:
        self._ask = ask
        self._patience = patience
        self._known: Mapping[str, int] = {}
        self._asking: threading.Thread | None = None

    def get(self) -> Mapping[str, int]:
        """The counters; those of the last answer where there is none in time. Never raises."""
        asking = self._asking
        if asking is None or not asking.is_alive():
            asking = threading.Thread(target=self._look, name="driftwatch-counters", daemon=True)
            try:
                asking.start()
            except RuntimeError:  # no thread to be had
                return self._known
            self._asking = asking
        asking.join(self._patience)
        return self._known

    def _look(self) -> None:
        ask = self._ask()
        with contextlib.suppress(DriftWatchError):
            self._known = self._known if ask is None else ask()
