"""Visitors who follow a link from another site: their browser sends no session the first time.

A session is sent with no request that another site began (``SameSite=Strict``). Asked once more by
our own page, the browser sends it. Browsers say where a request began only over TLS and to this
machine; elsewhere a link from another site leads to the sign-in.
"""

from __future__ import annotations

from fastapi import Request
from starlette.responses import Response

__all__ = ["comes_from_elsewhere", "note_arrival"]

_ONCE = "driftwatch-again"
_SECONDS = 5


def comes_from_elsewhere(request: Request, /) -> bool:
    """Whether another site began a request, which has not been asked to come again just now."""
    is_foreign = request.headers.get("sec-fetch-site") == "cross-site"
    return is_foreign and request.method == "GET" and _ONCE not in request.cookies


def note_arrival(response: Response, /) -> None:
    """Note that a browser has been asked to come again, so that it is not asked for ever."""
    response.set_cookie(_ONCE, "1", max_age=_SECONDS, path="/", httponly=True, samesite="lax")
