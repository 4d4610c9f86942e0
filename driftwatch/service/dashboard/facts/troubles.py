"""Why something cannot be shown, in words that are for readers; the log has the others."""

from __future__ import annotations

import logging

from driftwatch.errors import DriftWatchError, StoreError
from driftwatch.logs.events import event

__all__ = ["STORE_AWAY", "trouble_of"]

STORE_AWAY = "the store cannot be used just now; the collector's log says more"
_LOG = logging.getLogger("driftwatch")


def trouble_of(error: DriftWatchError, /) -> str:
    """What a reader is told of an error.

    That of a store names its file, which is for who runs the service: it goes to the log.
    """
    if not isinstance(error, StoreError):
        return str(error)
    _LOG.warning("driftwatch: %s", error, extra=event("service.trouble", code=error.code))
    return STORE_AWAY
