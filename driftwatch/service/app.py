"""The service put together: limits, routes, and evaluators that live as long as it does."""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.middleware.trustedhost import TrustedHostMiddleware

from driftwatch.config.load import Config
from driftwatch.config.service import ServiceConfig
from driftwatch.core.profiles.codec import WIRE_LIMIT
from driftwatch.process.quiet_log import QuietLog
from driftwatch.service.answered_errors import answer_errors
from driftwatch.service.api.health import HEALTH_PATHS, health_routes
from driftwatch.service.api.requests import Service
from driftwatch.service.api.routes import routes
from driftwatch.service.dashboard.routes import dashboard_routes
from driftwatch.service.dashboard.shelf import shelf_of_collector
from driftwatch.service.dashboard.sign_in import sign_in_routes
from driftwatch.service.security.bodies import BodyLimit, Drain
from driftwatch.service.security.framing import Unframed
from driftwatch.service.security.guard import Guard
from driftwatch.service.security.limits import RunningLimit
from driftwatch.service.security.page_guard import PageGuard
from driftwatch.service.security.sessions import Sessions
from driftwatch.service.security.tokens import (
    Scope,
    Token,
    Tokens,
    scopes_of,
    tokens_of_environment,
)
from driftwatch.service.watched import WatchedMonitors

__all__ = ["create_app", "service_tokens"]

_LOG = logging.getLogger("driftwatch")
LOOPBACK = ("127.0.0.1", "localhost", "::1")
_MOST_RUNNING = 64


def service_tokens(service: ServiceConfig, /) -> Tokens:
    """The tokens of the configuration and those of the environment.

    Raises:
        ConfigError: If one cannot be read.
    """
    configured = [
        Token(
            t.name,
            scopes_of(t.scopes),
            t.sha256,
            None if t.monitors is None else frozenset(t.monitors),
        )
        for t in service.tokens
    ]
    return Tokens([*configured, *tokens_of_environment()])


def create_app(
    config: Config, /, *, tokens: Tokens | None = None, clock: Callable[[], float] = time.time
) -> FastAPI:
    """Make the ASGI application of the collector.

    Opens the stores at once and evaluates from start-up to shutdown.

    Args:
        config: Monitors and service.
        tokens: Those of the configuration and the environment if not given.
        clock: Seconds since 1970.

    Raises:
        ConfigError: If a monitor cannot be opened or a token cannot be read.
        StoreError: If a store cannot be opened.
    """
    service = config.service
    tokens = service_tokens(service) if tokens is None else tokens
    tokens.check_monitors(config.monitors)
    monitors = WatchedMonitors(config, clock=clock)
    limit_bytes = min(service.body_bytes or WIRE_LIMIT, WIRE_LIMIT)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        monitors.start()
        try:
            yield
        finally:
            await run_in_threadpool(monitors.close)

    app = FastAPI(
        title="DriftWatch collector",
        version="1",
        description="Takes the sketches of replicas and says whether their data drifted.",
        lifespan=lifespan,
        openapi_url=None,  # below, with a token
        docs_url=None,  # its pages load scripts from elsewhere
        redoc_url=None,
    )
    app.state.monitors = monitors
    app.state.quiet = QuietLog()
    pages = PageGuard(
        tokens,
        Sessions(tokens, clock=clock),
        per_minute=service.requests_per_minute,
        encrypted=service.tls_cert is not None or service.behind_https,
    )
    app.state.page_guard = pages
    guard = Guard(tokens, per_minute=service.requests_per_minute, cookie=pages.cookie)
    app.include_router(health_routes(monitors, limit_bytes=limit_bytes))
    shelf = shelf_of_collector(monitors, clock)
    app.include_router(routes(Service(monitors, guard, clock, limit_bytes), shelf))
    app.include_router(dashboard_routes(shelf, pages))
    app.include_router(sign_in_routes(pages))

    @app.get("/openapi.json", include_in_schema=False, dependencies=[guard.needs(Scope.READ)])
    def openapi() -> dict[str, Any]:
        return app.openapi()

    app.add_middleware(BodyLimit, most_bytes=service.body_bytes or WIRE_LIMIT)
    if service.host in LOOPBACK or service.allowed_hosts:
        # A page in a browser must not reach us under a name of its own choosing.
        hosts = [*service.allowed_hosts, *LOOPBACK, "[::1]", "["]  # as versions cut [::1]:8765
        app.add_middleware(TrustedHostMiddleware, allowed_hosts=hosts, www_redirect=False)
    app.add_middleware(RunningLimit, most=_MOST_RUNNING, free=HEALTH_PATHS)
    app.add_middleware(Drain)
    app.add_middleware(Unframed)
    answer_errors(app)
    return app
