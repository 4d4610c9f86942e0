"""What has to be told of forks, and of the end of the process."""

from __future__ import annotations

import atexit
import contextlib
import logging
import os
import time
import weakref
from typing import Protocol

from driftwatch.logs.events import event

__all__ = ["EXIT_SECONDS", "Living", "follow"]

EXIT_SECONDS = 2.0
"""Seconds that the end of the process may take, for all monitors together."""

_LEAST_SECONDS = 0.1
_LOG = logging.getLogger("driftwatch")
_FOLLOWED: list[weakref.ref[Living]] = []


class Living(Protocol):
    """Holds what waits, and threads that deal with it."""

    def begin_again(self) -> None:
        """In a child after a fork: what waits is the parent's, and so are its threads."""

    def end(self, seconds: float, /) -> None:
        """Store what waits: the process ends. May take so many seconds."""


def follow(living: Living, /) -> None:
    """Tell it of forks and of the end of the process, for as long as it lives. Held weakly."""
    _FOLLOWED[:] = [known for known in _FOLLOWED if known() is not None]
    _FOLLOWED.append(weakref.ref(living))


def _in_child() -> None:
    for known in _FOLLOWED:
        alive = known()
        if alive is not None:
            alive.begin_again()


def _at_exit() -> None:
    end = time.monotonic() + EXIT_SECONDS
    for known in _FOLLOWED:
        alive = known()
        if alive is None:
            continue
        try:
            alive.end(max(_LEAST_SECONDS, end - time.monotonic()))
        except Exception as error:  # noqa: BLE001 - the others are told all the same
            with contextlib.suppress(Exception):
                _LOG.warning(
                    "driftwatch: not stored when the process ended: %s",
                    error,
                    extra=event("rows.lost"),
                )


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_in_child)
atexit.register(_at_exit)
