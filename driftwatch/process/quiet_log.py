"""Warnings that are logged when something begins, and then once a minute."""

from __future__ import annotations

import contextlib
import logging
import time

from driftwatch.logs.events import event

__all__ = ["QuietLog"]

_LOG = logging.getLogger("driftwatch")
_SECONDS = 60.0


class QuietLog:
    """Logs a warning of each kind once a minute at most. Errors of log handlers are not raised.

    Example:
        >>> quiet = QuietLog()
        >>> quiet.log("full", "the queue is full: %d dropped", 3)
    """

    def __init__(self) -> None:
        self._logged: dict[object, float] = {}

    def log(
        self,
        kind: object,
        message: str,
        /,
        *facts: object,
        name: str = "store.trouble",
        code: str | None = None,
    ) -> None:
        """Log it, unless one of its kind was logged within the last minute.

        Args:
            kind: What is not to be repeated.
            message: As for `logging`.
            facts: Its arguments.
            name: Of the event, one of `driftwatch.logs.events.EVENTS`.
            code: Where one says more than the event's, or that of an error among the arguments.
        """
        now = time.monotonic()
        if now - self._logged.get(kind, now - _SECONDS) < _SECONDS:
            return
        self._logged[kind] = now
        with contextlib.suppress(Exception):
            _LOG.warning(message, *facts, extra=event(name, **({"code": code} if code else {})))
