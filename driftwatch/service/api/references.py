"""References: listed, added, put to use."""

from __future__ import annotations

from fastapi import APIRouter, HTTPException, Request, Response
from starlette.concurrency import run_in_threadpool

from driftwatch.core.profiles.codec import WIRE_LIMIT
from driftwatch.core.profiles.profile import Profile
from driftwatch.core.profiles.reference import Reference
from driftwatch.core.windows.stored import StoredReference
from driftwatch.errors import DriftWatchError, ProfileFormatError, StoreError
from driftwatch.profiling.hash_keys import key_for
from driftwatch.service.api.answers import (
    ReferenceList,
    ReferenceSummary,
    problems,
)
from driftwatch.service.api.requests import BINARY_BODY, Id, Name, Service, Version
from driftwatch.service.problems import CodedError
from driftwatch.service.security.tokens import Scope
from driftwatch.service.watched import Watched

__all__ = ["reference_routes"]


def reference_routes(service: Service) -> APIRouter:
    """The routes of references."""
    router = APIRouter()
    read = service.guard.needs(Scope.READ)
    admin = service.guard.needs(Scope.ADMIN)

    @router.get("/monitors/{name}/references", dependencies=[read], responses=problems(404))
    def list_references(name: Name, model_version: Version = None) -> ReferenceList:
        """List the references, and say which one is in use."""
        store = service.named(name).store
        in_use = store.references_in_use(name)
        used = in_use.get(model_version or "") or in_use.get("")
        return ReferenceList(
            references=[_summary(row, in_use=row.id == used) for row in store.references(name)]
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
        openapi_extra=BINARY_BODY,
    )
    async def add_reference(name: Name, request: Request) -> ReferenceSummary:
        """Add a reference: a .dwp profile, as `driftwatch profile --reference` makes it."""
        watched, data = service.named(name), await request.body()
        return await run_in_threadpool(_added, watched, data, service.clock())

    @router.post(
        "/monitors/{name}/references/{reference}/use",
        dependencies=[admin],
        responses=problems(404),
    )
    def use_reference(name: Name, reference: Id, model_version: Version = None) -> ReferenceSummary:
        """Compare with a reference from now on."""
        watched = service.named(name)
        row = next((r for r in watched.store.references(name) if r.id == reference), None)
        if row is None:
            raise HTTPException(404, "no such reference")
        watched.store.use_reference(
            name, reference, model_version=model_version, now=service.clock()
        )
        watched.open()
        return _summary(row, in_use=True)

    return router


def _added(watched: Watched, data: bytes, now: float) -> ReferenceSummary:
    try:
        guard = key_for(None, watched.store).guard
        profile = Profile.from_bytes(data, guard=guard, limit=WIRE_LIMIT)
        if not profile.rows:
            raise ProfileFormatError("a reference without rows")
        id_ = Reference(profile).id
    except StoreError:
        raise
    except DriftWatchError as error:
        raise CodedError(400, str(error), error.code) from error
    watched.store.add_reference(watched.name, id_, data, now=now)
    added = next(row for row in watched.store.references(watched.name) if row.id == id_)
    return _summary(added, in_use=bool(added.used_for))


def _summary(reference: StoredReference, *, in_use: bool) -> ReferenceSummary:
    return ReferenceSummary(
        id=reference.id,
        added=reference.added,
        bytes=reference.bytes,
        in_use=in_use,
        used_for=list(reference.used_for),
    )
