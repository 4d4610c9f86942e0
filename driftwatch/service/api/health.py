"""What an orchestrator asks of the service."""

from __future__ import annotations

from fastapi import APIRouter

from driftwatch.service.api.answers import (
    Health,
    problems,
)
from driftwatch.service.watched import WatchedMonitors

__all__ = ["HEALTH_PATHS", "health_routes"]


HEALTH_PATHS = ("/healthz", "/readyz")
"""What an orchestrator asks; it must be answered however busy the service is."""


def health_routes(monitors: WatchedMonitors, /, *, limit_bytes: int) -> APIRouter:
    """What an orchestrator asks; needs no token, and says nothing of the monitors.

    Args:
        monitors: Those of the service.
        limit_bytes: Bytes of a delivery, at most.
    """
    router = APIRouter()

    alive, able = HEALTH_PATHS

    @router.get(alive)
    async def healthy() -> Health:
        """Say that the process is alive."""
        return Health(status="ok", limit_bytes=limit_bytes)

    @router.get(able, responses=problems())
    def ready() -> Health:
        """Say whether the stores can be reached."""
        for watched in monitors:
            watched.store.newest(watched.name)
        return Health(status="ok", limit_bytes=limit_bytes)

    return router
