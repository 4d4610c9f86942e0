"""The addresses of pages."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from driftwatch.service.dashboard.changes import change_routes
from driftwatch.service.dashboard.compare_page import compare_page
from driftwatch.service.dashboard.feature_page import feature_page
from driftwatch.service.dashboard.fleet_page import fleet_page
from driftwatch.service.dashboard.frame import Frame
from driftwatch.service.dashboard.incident_pages import incident_page, incidents_page
from driftwatch.service.dashboard.monitor_page import monitor_page
from driftwatch.service.dashboard.one_at_a_time import HEAVY_WORK, asked_from_here
from driftwatch.service.dashboard.other_pages import replicas_page, why_page
from driftwatch.service.dashboard.pages import assets
from driftwatch.service.dashboard.reference_pages import preview_page, references_page
from driftwatch.service.dashboard.shelf import Shelf
from driftwatch.service.dashboard.window_page import window_page
from driftwatch.service.security.page_guard import PageGuard

__all__ = ["dashboard_routes"]


def dashboard_routes(shelf: Shelf, guard: PageGuard, /) -> APIRouter:
    """The pages.

    Args:
        shelf: The monitors that they are about.
        guard: Who may see and change what.
    """
    router = APIRouter(include_in_schema=False)
    for asset in assets().values():
        router.add_api_route(asset.path, asset.response, methods=["GET"])
    reading = [Depends(guard.reader)]
    router.include_router(_pages(shelf), dependencies=reading)
    router.include_router(_pages_of_monitors(shelf), dependencies=reading)
    router.include_router(change_routes(shelf), dependencies=[Depends(guard.changer)])
    return router


def _pages(shelf: Shelf) -> APIRouter:
    """Pages about all monitors."""
    router = APIRouter()

    @router.get("/")
    def fleet(request: Request) -> Response:
        return fleet_page(Frame.of(request, shelf))

    @router.get("/incidents")
    def incidents(request: Request) -> Response:
        return incidents_page(Frame.of(request, shelf))

    @router.get("/references")
    def references(request: Request) -> Response:
        return references_page(Frame.of(request, shelf))

    @router.get("/replicas")
    def replicas(request: Request) -> Response:
        return replicas_page(Frame.of(request, shelf))

    @router.get("/compare", dependencies=[Depends(asked_from_here)])
    def compare(request: Request) -> Response:
        with HEAVY_WORK.inside():
            return compare_page(Frame.of(request, shelf))

    return router


def _pages_of_monitors(shelf: Shelf) -> APIRouter:
    router = APIRouter()

    @router.get("/m/{monitor}")
    def monitor(request: Request, monitor: str) -> Response:
        frame = Frame.of(request, shelf)
        return monitor_page(frame, frame.monitor(monitor))

    @router.get("/m/{monitor}/f/{feature}")
    def feature(request: Request, monitor: str, feature: str) -> Response:
        frame = Frame.of(request, shelf)
        return feature_page(frame, frame.monitor(monitor), feature)

    @router.get("/m/{monitor}/w/{pane}")
    def window(request: Request, monitor: str, pane: int) -> Response:
        frame = Frame.of(request, shelf)
        return window_page(frame, frame.monitor(monitor), pane)

    @router.get("/m/{monitor}/why")
    def why(request: Request, monitor: str) -> Response:
        frame = Frame.of(request, shelf)
        return why_page(frame, frame.monitor(monitor))

    @router.get("/m/{monitor}/incidents/{number}")
    def incident(request: Request, monitor: str, number: int) -> Response:
        frame = Frame.of(request, shelf)
        return incident_page(frame, frame.monitor(monitor), number)

    @router.get("/references/{monitor}/preview", dependencies=[Depends(asked_from_here)])
    def preview(request: Request, monitor: str, days: str = "28") -> Response:
        frame = Frame.of(request, shelf)
        shown = frame.monitor(monitor)
        with HEAVY_WORK.inside():
            return preview_page(frame, shown, days)

    return router
