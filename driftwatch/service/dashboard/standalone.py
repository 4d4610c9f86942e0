"""The pages without a collector: for store files, which are only read."""

from __future__ import annotations

from fastapi import APIRouter, FastAPI
from starlette.middleware.trustedhost import TrustedHostMiddleware

from driftwatch.core.profiles.codec import WIRE_LIMIT
from driftwatch.process.quiet_log import QuietLog
from driftwatch.service.answered_errors import answer_errors
from driftwatch.service.api.views import view_routes
from driftwatch.service.dashboard.routes import dashboard_routes
from driftwatch.service.dashboard.shelf import Shelf
from driftwatch.service.security.bodies import BodyLimit
from driftwatch.service.security.framing import Unframed
from driftwatch.service.security.guard import Guard
from driftwatch.service.security.page_guard import PageGuard
from driftwatch.service.security.tokens import Tokens

__all__ = ["create_dashboard"]

_PER_MINUTE = 6_000
_HOSTS = ["127.0.0.1", "localhost", "[::1]", "["]  # as versions cut [::1]:8765


def create_dashboard(shelf: Shelf, /) -> FastAPI:
    """Make the ASGI application of the pages, for one person on their own machine.

    It answers under the names of the loopback alone, and has no form that changes anything.

    Args:
        shelf: The monitors.
    """
    app = FastAPI(
        title="DriftWatch dashboard",
        version="1",
        description="The windows, incidents and references of stored streams, read only.",
        docs_url=None,  # its pages load scripts from elsewhere
        redoc_url=None,
    )
    app.state.quiet = QuietLog()
    pages = PageGuard(per_minute=_PER_MINUTE, reads_only=True)
    app.state.page_guard = pages
    app.include_router(dashboard_routes(shelf, pages))
    views = APIRouter(prefix="/v1")
    views.include_router(view_routes(Guard(Tokens(), per_minute=_PER_MINUTE), shelf))
    app.include_router(views)
    app.add_middleware(BodyLimit, most_bytes=WIRE_LIMIT)
    # A page in a browser must not reach us under a name of its own choosing.
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=_HOSTS, www_redirect=False)
    app.add_middleware(Unframed)
    answer_errors(app)
    return app
