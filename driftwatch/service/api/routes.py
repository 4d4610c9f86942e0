"""The service's routes: deliveries in; monitors, reports and references out."""

from __future__ import annotations

from fastapi import APIRouter

from driftwatch.service.api.monitors import monitor_routes
from driftwatch.service.api.references import reference_routes
from driftwatch.service.api.reports import report_routes
from driftwatch.service.api.requests import Service
from driftwatch.service.api.segments import segment_routes
from driftwatch.service.api.views import view_routes
from driftwatch.service.dashboard.shelf import Shelf

__all__ = ["routes"]


def routes(service: Service, shelf: Shelf, /) -> APIRouter:
    """The API.

    Args:
        service: What the routes work on.
        shelf: The monitors of the pages.
    """
    router = APIRouter(prefix="/v1")
    for part in (segment_routes, monitor_routes, report_routes, reference_routes):
        router.include_router(part(service))
    router.include_router(view_routes(service.guard, shelf))
    return router
