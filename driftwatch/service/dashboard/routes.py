"""The addresses of pages."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from driftwatch.service.dashboard.feature_page import feature_page
from driftwatch.service.dashboard.fleet_page import fleet_page
from driftwatch.service.dashboard.frame import Frame
from driftwatch.service.dashboard.monitor_page import monitor_page
from driftwatch.service.dashboard.pages import assets
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
    router.include_router(_pages(shelf), dependencies=[Depends(guard.reader)])
    return router


def _pages(shelf: Shelf) -> APIRouter:
    router = APIRouter()

    @router.get("/")
    def fleet(request: Request) -> Response:
        return fleet_page(Frame.of(request, shelf))

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

    return router
