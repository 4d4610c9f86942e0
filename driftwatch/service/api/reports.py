"""Stored reports, and one on the window that is open."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query, Response

from driftwatch.service.api.answers import (
    ReportList,
    ReportSummary,
    problems,
)
from driftwatch.service.api.requests import REPORT_ANSWER, Name, Service
from driftwatch.service.security.tokens import Scope

__all__ = ["report_routes"]


def report_routes(service: Service) -> APIRouter:
    """The routes of reports."""
    router = APIRouter()
    read = service.guard.needs(Scope.READ)

    @router.get("/monitors/{name}/reports", dependencies=[read], responses=problems(404))
    def list_reports(
        name: Name,
        limit: Annotated[int, Query(ge=1, le=1_000)] = 100,
        alarms_only: Annotated[  # noqa: FBT002 - a parameter of the query
            bool, Query(description="Only those that changed the alarm.")
        ] = False,
    ) -> ReportList:
        """List the stored reports, the latest first."""
        rows = service.named(name).store.reports(name, limit=limit, alarms_only=alarms_only)
        return ReportList(reports=[ReportSummary(**asdict(report)) for report in rows])

    @router.get(
        "/monitors/{name}/reports/latest",
        dependencies=[read],
        responses=REPORT_ANSWER | problems(404),
        response_class=Response,
    )
    def latest_report(name: Name) -> Response:
        """Give the report of the last window that has ended."""
        rows = service.named(name).store.reports(name, limit=1)
        if not rows:
            raise HTTPException(404, "no window has ended yet")
        return Response(rows[0].body, media_type="application/json")

    @router.get(
        "/monitors/{name}/reports/current",
        dependencies=[read],
        responses=REPORT_ANSWER | problems(404, 409),
        response_class=Response,
    )
    def current_report(name: Name) -> Response:
        """Report on the window as it is now; changes nothing."""
        watched = service.named(name)
        if watched.monitor is None:
            raise HTTPException(409, "the monitor has no reference yet")
        report = watched.monitor.evaluator.check()
        return Response(report.to_json(), media_type="application/json")

    return router
