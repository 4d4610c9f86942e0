"""Deliveries of replicas, in."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header, HTTPException, Request
from starlette.concurrency import run_in_threadpool

from driftwatch.core.windows.segments import Delivery, Outcome
from driftwatch.service.api.answers import (
    Accepted,
    problems,
)
from driftwatch.service.api.intake import Refused, take_in
from driftwatch.service.api.requests import BINARY_BODY, Service
from driftwatch.service.problems import CodedError
from driftwatch.service.security.guard import check_covers, token_of
from driftwatch.service.security.tokens import Scope, Token
from driftwatch.stores.remote.client import SENT_AT
from driftwatch.transport.statuses import code_of_status

__all__ = ["segment_routes"]


def segment_routes(service: Service) -> APIRouter:
    """The route that takes deliveries."""
    router = APIRouter()
    ingest = service.guard.needs(Scope.INGEST)

    @router.post(
        "/segments",
        dependencies=[ingest],
        responses=problems(404, 408, 409, 413, 415),
        openapi_extra=BINARY_BODY,
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
        try:
            outcome, delivery = await run_in_threadpool(
                _taken, service, data, sent_at, token_of(request)
            )
        except HTTPException as error:
            request.app.state.quiet.log(
                ("not taken", error.status_code),
                "driftwatch: a delivery is not taken (%d): %s",
                error.status_code,
                error.detail,
                name="service.trouble",
                code=getattr(error, "code", None)
                or code_of_status(error.status_code, of_delivery=True),
            )
            raise
        return Accepted(outcome=outcome.value, rows=delivery.rows, limit_bytes=service.limit_bytes)

    return router


def _taken(
    service: Service, data: bytes, sent_at: float | None, token: Token | None
) -> tuple[Outcome, Delivery]:
    try:
        return take_in(
            data,
            service.monitors,
            clock=service.clock,
            sent_at=sent_at,
            allowed=lambda monitor: check_covers(token, monitor),
        )
    except Refused as error:
        raise CodedError(error.status, error.detail, error.code) from error
