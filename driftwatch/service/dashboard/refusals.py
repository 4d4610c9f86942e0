"""Errors as pages: what the API says in JSON, for people who look at pages."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable

from fastapi import Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, PlainTextResponse, Response

from driftwatch.service.api.health import HEALTH_PATHS
from driftwatch.service.dashboard.pages import page
from driftwatch.transport.statuses import code_of_status

__all__ = ["fault", "for_people"]

_OF_PROGRAMS = ("/openapi.json", "/metrics", *HEALTH_PATHS)
_KEPT = ("Allow", "Referrer-Policy", "Retry-After")
_HEADINGS = {
    400: "This cannot be asked for",
    403: "You may not do this",
    404: "Not found",
    405: "This cannot be done here",
    413: "This is too much",
    422: "This cannot be asked for",
    429: "Too many requests",
}
_WORDS = {
    "Not Found": "there is no such page here",
    "Method Not Allowed": "this address is not for that",
}
"""What the framework says in too few words."""
_UNKNOWN = "what the address asks for is not known here"

_Handler = Callable[[Request, Exception], Awaitable[JSONResponse]]


def for_people(handler: _Handler, /) -> Callable[[Request, Exception], Awaitable[Response]]:
    """A handler of errors whose answers are pages wherever pages are."""

    async def answer(request: Request, error: Exception) -> Response:
        found = await handler(request, error)
        return found if _is_for_programs(request) else await run_in_threadpool(_page_of, found)

    return answer


async def fault(request: Request, _: Exception) -> Response:
    """The answer where something of ours has failed."""
    if _is_for_programs(request):
        return PlainTextResponse("Internal Server Error", 500)
    said = {"detail": "Something has failed. The collector's log says what.", "code": ""}
    return await run_in_threadpool(_page_of, JSONResponse(said, 500))


def _is_for_programs(request: Request) -> bool:
    path: str = request.scope["path"]
    return path.startswith("/v1/") or path in _OF_PROGRAMS


def _page_of(answer: JSONResponse) -> Response:
    said = json.loads(bytes(answer.body))
    status = answer.status_code
    detail = said["detail"]
    return page(
        "refused.html",
        status=status,
        headers={name: answer.headers[name] for name in _KEPT if name in answer.headers},
        heading=_HEADINGS.get(status, "This did not work"),
        what=_sentence(_WORDS.get(detail, detail) if isinstance(detail, str) else _UNKNOWN),
        code=said.get("code") or code_of_status(status),
    )


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}{'' if text.endswith(('.', '!', '?')) else '.'}"
