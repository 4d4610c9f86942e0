"""Signing in and out: a token is exchanged for a session once, and is not kept by the browser."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from driftwatch.service.dashboard.pages import page
from driftwatch.service.security.arrivals import note_arrival
from driftwatch.service.security.own_addresses import check_no_token, path_here
from driftwatch.service.security.page_guard import PageGuard, SignInNeededError
from driftwatch.service.security.sign_ins import SignInRefusedError
from driftwatch.service.security.visitors import Visitor

__all__ = ["sign_in_needed", "sign_in_routes"]


def sign_in_routes(guard: PageGuard, /) -> APIRouter:
    """The routes.

    Args:
        guard: Who may see and change what.
    """
    router = APIRouter(include_in_schema=False)

    @router.get("/login")
    async def ask(request: Request) -> Response:
        check_no_token(request)
        afterwards = path_here(request.query_params.get("next", "/"))
        if guard.is_open(request):
            return _go_on(afterwards)
        return await _shown(afterwards)

    @router.post("/login", dependencies=[Depends(guard.newcomer)])
    async def sign_in(request: Request) -> Response:
        form: dict[str, str] = request.state.form
        afterwards = path_here(form.get("next", "/"))
        answer = _go_on(afterwards)
        if guard.needs_token:
            try:
                guard.sign_ins.open(request, answer, form.get("token", ""))
            except SignInRefusedError as refused:
                return await _shown(afterwards, refused)
        return answer

    @router.post("/logout", dependencies=[Depends(guard.leaver)])
    async def sign_out(request: Request) -> Response:
        visitor: Visitor = request.state.visitor
        answer = _go_on("/login")
        guard.sign_ins.end(request, answer, visitor.name)
        return answer

    return router


async def sign_in_needed(_: Request, error: Exception) -> Response:
    """The answer to somebody who is not signed in: the sign-in itself, where the page would be."""
    assert isinstance(error, SignInNeededError)  # noqa: S101 - as it is registered
    if error.again:
        answer: Response = await run_in_threadpool(page, "again.html", headers={"Vary": "Cookie"})
        note_arrival(answer)
        return answer
    return await _shown(error.next, SignInRefusedError(401, "", "DW052"))


async def _shown(afterwards: str, refused: SignInRefusedError | None = None) -> Response:
    facts: dict[str, Any] = {"next": afterwards, "error": "", "code": "", "status": 200}
    headers = {}
    if refused is not None:
        facts |= {"error": refused.why, "code": refused.code, "status": refused.status}
        if refused.retry_after:
            headers["Retry-After"] = str(refused.retry_after)
    return await run_in_threadpool(page, "sign_in.html", headers=headers, **facts)


def _go_on(path: str) -> Response:
    return Response(status_code=303, headers={"Location": path})
