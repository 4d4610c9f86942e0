"""The pages without a collector: for store files, which are only read."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from starlette.middleware.trustedhost import TrustedHostMiddleware

from driftwatch.service.api.views import view_routes
from driftwatch.service.dashboard.routes import dashboard_routes
from driftwatch.service.dashboard.shelf import Shelf
from driftwatch.service.security.guard import Guard
from driftwatch.service.security.page_guard import PageGuard
from driftwatch.service.security.tokens import Tokens

__all__ = ["create_dashboard"]

_PER_MINUTE = 6_000


def create_dashboard(shelf: Shelf, /, *, hosts: list[str]) -> FastAPI:
    """Make the ASGI application of the pages, for one person on their own machine.

    Args:
        shelf: The monitors.
        hosts: Names under which it may be asked for.
    """
    return FastAPI()
