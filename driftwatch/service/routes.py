"""The service's routes: deliveries in; monitors, reports and references out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Header, HTTPException, Path, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from driftwatch.core.codec import WIRE_LIMIT
from driftwatch.core.privacy import ValueGuard, hash_key
from driftwatch.core.profile import Profile
from driftwatch.core.reference import Reference
from driftwatch.core.segments import Delivery, Outcome
from driftwatch.errors import DriftWatchError, ProfileFormatError, StoreError
from driftwatch.service.answers import (
    Accepted,
    Health,
    MonitorDetail,
    MonitorSummary,
    ReferenceList,
    ReferenceSummary,
    ReportList,
    ReportSummary,
    SourceSummary,
    problems,
)
from driftwatch.service.guard import Guard
from driftwatch.service.intake import Refused, take_in
from driftwatch.service.tokens import Scope
from driftwatch.service.watched import Watched, WatchedMonitors
from driftwatch.stores.remote.client import SENT_AT

__all__ = ["HEALTH_PATHS", "Service", "health_routes", "routes"]

HEALTH_PATHS = ("/healthz", "/readyz")
"""What an orchestrator asks; it must be answered however busy the service is."""

Name = Annotated[str, Path(description="Name of the monitor.", min_length=1, max_length=200)]
Version = Annotated[
    str | None, Query(description="Only for this version of the model.", max_length=200)
]
Id = Annotated[str, Path(description="Id of a reference.", pattern="^[0-9a-f]{8,64}$")]
_BYTES: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}
_REPORT: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The report, as `driftwatch check --format json` prints it.",
        "content": {"application/json": {"schema": {"type": "object"}}},
    }
}


@dataclass(frozen=True, slots=True)
class Service:
    """What the routes work on.

    Attributes:
        monitors: Those of the configuration.
        guard: Who may do what.
        clock: Seconds since 1970.
    """

    monitors: WatchedMonitors
    guard: Guard
    clock: Callable[[], float]

    def named(self, name: str, /) -> Watched:
        """The monitor of a name, or the answer 404."""
        found = self.monitors.get(name)
        if found is None:
            raise HTTPException(404, "no such monitor is configured here")
        return found


def routes(service: Service, /) -> APIRouter:
    """The API."""
    router = APIRouter(prefix="/v1")
    for part in (_segments, _monitors, _reports, _references):
        router.include_router(part(service))
    return router


def _segments(service: Service) -> APIRouter:
    router = APIRouter()
    ingest = service.guard.needs(Scope.INGEST)

    @router.post(
        "/segments",
        dependencies=[ingest],
        responses=problems(404, 408, 409, 413, 415),
        openapi_extra=_BYTES,
    )
    async def deliver(
        request: Request,
        sent_at: Annotated[
            float | None,
            Header(alias=SENT_AT, description="The sender's clock, seconds since 1970."),
        ] = None,
    ) -> Accepted:
        """Take in a delivery of segments, once however often it comes."""
        data = await request.body()
        outcome, delivery = await run_in_threadpool(_taken, service, data, sent_at)
        return Accepted(outcome=outcome.value, rows=delivery.rows)

    return router


def _monitors(service: Service) -> APIRouter:
    router = APIRouter()
    read = service.guard.needs(Scope.READ)

    @router.get("/monitors", dependencies=[read], responses=problems())
    def list_monitors() -> list[MonitorSummary]:
        """List the monitors."""
        return [MonitorSummary(**_facts(watched)) for watched in service.monitors]

    @router.get("/monitors/{name}", dependencies=[read], responses=problems(404))
    def show_monitor(name: Name) -> MonitorDetail:
        """Describe a monitor: what it has seen, from whom, and what was not used."""
        watched = service.named(name)
        found = watched.store.overview(name)
        return MonitorDetail(
            **_facts(watched),
            earliest=found["earliest"],
            latest=found["latest"],
            counters=dict(found["counters"]),
            sources=[
                SourceSummary(**source, clock_off_seconds=source["sent"] - source["heard"])
                for source in watched.store.sources(name)
            ],
        )

    return router


def _reports(service: Service) -> APIRouter:
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
        found = service.named(name).store.reports(name, limit=limit, alarms_only=alarms_only)
        return ReportList(reports=[ReportSummary(**report) for report in found])

    @router.get(
        "/monitors/{name}/reports/latest",
        dependencies=[read],
        responses=_REPORT | problems(404),
        response_class=Response,
    )
    def latest_report(name: Name) -> Response:
        """Give the report of the last window that has ended."""
        found = service.named(name).store.reports(name, limit=1)
        if not found:
            raise HTTPException(404, "no window has ended yet")
        return Response(found[0]["body"], media_type="application/json")

    @router.get(
        "/monitors/{name}/reports/current",
        dependencies=[read],
        responses=_REPORT | problems(404, 409),
        response_class=Response,
    )
    def current_report(name: Name) -> Response:
        """Report on the window as it is now; changes nothing."""
        watched = service.named(name)
        if watched.monitor is None:
            raise HTTPException(409, "the monitor has no reference yet")
        report = watched.monitor.stream.evaluator.peek()
        return Response(report.to_json(), media_type="application/json")

    return router


def _references(service: Service) -> APIRouter:
    router = APIRouter()
    read = service.guard.needs(Scope.READ)
    admin = service.guard.needs(Scope.ADMIN)

    @router.get("/monitors/{name}/references", dependencies=[read], responses=problems(404))
    def list_references(name: Name, model_version: Version = None) -> ReferenceList:
        """List the references, and say which one is in use."""
        store = service.named(name).store
        used = store.reference_in_use(name, model_version)
        return ReferenceList(
            references=[
                ReferenceSummary(**row, in_use=row["id"] == used) for row in store.references(name)
            ]
        )

    @router.get(
        "/monitors/{name}/references/{reference}",
        dependencies=[read],
        responses=problems(404)
        | {200: {"content": {"application/octet-stream": {}}, "description": "A .dwp profile."}},
        response_class=Response,
    )
    def get_reference(name: Name, reference: Id) -> Response:
        """Give a reference's profile."""
        body = service.named(name).store.reference(name, reference)
        if body is None:
            raise HTTPException(404, "no such reference")
        return Response(body, media_type="application/octet-stream")

    @router.post(
        "/monitors/{name}/references",
        dependencies=[admin],
        responses=problems(404, 408, 413, 415),
        openapi_extra=_BYTES,
    )
    async def add_reference(name: Name, request: Request) -> ReferenceSummary:
        """Add a reference: a .dwp profile, as `driftwatch profile --reference` makes it."""
        watched, data = service.named(name), await request.body()
        return await run_in_threadpool(_added, watched, data, service.clock())

    @router.post(
        "/monitors/{name}/references/{reference}/use",
        dependencies=[admin],
        responses=problems(404, 409),
    )
    def use_reference(name: Name, reference: Id, model_version: Version = None) -> ReferenceSummary:
        """Compare with a reference from now on."""
        watched = service.named(name)
        found = next((r for r in watched.store.references(name) if r["id"] == reference), None)
        if found is None:
            raise HTTPException(404, "no such reference")
        if watched.config.reference is not None:
            raise HTTPException(409, "the configuration names this monitor's reference")
        watched.store.use_reference(
            name, reference, model_version=model_version, now=service.clock()
        )
        watched.open()
        return ReferenceSummary(**found, in_use=True)

    return router


def health_routes(monitors: WatchedMonitors, /) -> APIRouter:
    """What an orchestrator asks; needs no token."""
    router = APIRouter()

    alive, able = HEALTH_PATHS

    @router.get(alive)
    async def healthy() -> Health:
        """Say that the process is alive."""
        return Health(status="ok")

    @router.get(able, responses=problems())
    def ready() -> Health:
        """Say whether the stores can be reached."""
        for watched in monitors:
            watched.store.newest(watched.name)
        return Health(status="ok")

    return router


def _taken(service: Service, data: bytes, sent_at: float | None) -> tuple[Outcome, Delivery]:
    try:
        return take_in(data, service.monitors, clock=service.clock, sent_at=sent_at)
    except Refused as error:
        raise HTTPException(error.status, error.detail) from error


def _added(watched: Watched, data: bytes, now: float) -> ReferenceSummary:
    try:
        profile = Profile.from_bytes(data, guard=ValueGuard.of(hash_key()), limit=WIRE_LIMIT)
        if not profile.rows:
            raise ProfileFormatError("a reference without rows")
        id_ = Reference(profile).id
    except StoreError:
        raise
    except DriftWatchError as error:
        raise HTTPException(400, str(error)) from error
    watched.store.add_reference(watched.name, id_, data, now=now)
    found = next(row for row in watched.store.references(watched.name) if row["id"] == id_)
    return ReferenceSummary(**found, in_use=bool(found["used_for"]))


def _facts(watched: Watched) -> dict[str, Any]:
    config, reference = watched.config, watched.reference
    slide = "" if config.slide is None else f" every {config.slide}"
    return {
        "name": watched.name,
        "window": config.window + slide,
        "compare": config.compare,
        "reference": None if reference is None else reference.id,
        "rows": watched.store.overview(watched.name)["rows"],
        "alarm": watched.state().get("level"),
    }
