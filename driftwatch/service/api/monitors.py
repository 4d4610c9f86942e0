"""Monitors: what they have seen, from whom."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from fastapi import APIRouter, Request

from driftwatch.service.api.answers import (
    MonitorDetail,
    MonitorSummary,
    PaneSummary,
    SourceSummary,
    problems,
)
from driftwatch.service.api.requests import Name, Service
from driftwatch.service.security.guard import covers
from driftwatch.service.security.tokens import Scope
from driftwatch.service.watched import Watched

__all__ = ["monitor_routes"]


def monitor_routes(service: Service) -> APIRouter:
    """The routes of monitors."""
    router = APIRouter()
    read = service.guard.needs(Scope.READ)

    @router.get("/monitors", dependencies=[read], responses=problems())
    def list_monitors(request: Request) -> list[MonitorSummary]:
        """List the monitors that the token is for."""
        return [
            MonitorSummary(**_facts(watched))
            for watched in service.monitors
            if covers(request, watched.name)
        ]

    @router.get("/monitors/{name}", dependencies=[read], responses=problems(404))
    def show_monitor(name: Name) -> MonitorDetail:
        """Describe a monitor: what it has seen, from whom, and what was not used."""
        watched = service.named(name)
        overview = watched.store.overview(name)
        return MonitorDetail(
            **_facts(watched),
            panes=[PaneSummary(**asdict(pane)) for pane in overview.panes],
            earliest=overview.earliest,
            latest=overview.latest,
            counters=dict(overview.counters),
            sources=[
                SourceSummary(**asdict(source), clock_off_seconds=source.sent - source.heard)
                for source in watched.store.sources(name)
            ],
        )

    return router


def _facts(watched: Watched) -> dict[str, Any]:
    config, reference = watched.config, watched.reference
    slide = "" if config.slide is None else f" every {config.slide}"
    return {
        "name": watched.name,
        "window": config.window + slide,
        "compare": config.compare,
        "reference": None if reference is None else reference.id,
        "rows": watched.store.overview(watched.name).rows,
        "alarm": watched.alarm,
    }
