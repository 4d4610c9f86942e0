"""Forms that are sent to the collector: whether one of its own pages did it, and their fields."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from urllib.parse import parse_qsl

from fastapi import HTTPException, Request

from driftwatch.service.problems import CodedError
from driftwatch.service.security.bodies import BodyTooLongError
from driftwatch.service.security.cookies import FROM_HERE

__all__ = ["check_csrf", "check_sent_from_here", "fields_of"]

_MOST_BYTES = 65_536
_MOST_FIELDS = 100
_TYPE = "application/x-www-form-urlencoded"
_NOT_OURS = "DW130"


def check_sent_from_here(request: Request, own_origin: str, /) -> None:
    """Refuse what a page of another site has sent, as far as the browser says so.

    Args:
        request: The request.
        own_origin: Scheme and host of this site.

    Raises:
        HTTPException: 405 of another method than POST.
        CodedError: 403.
    """
    if request.method != "POST":
        raise HTTPException(405, "a form is sent by POST", headers={"Allow": "POST"})
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    is_ours = site is None or site in FROM_HERE
    if not is_ours or (origin is not None and origin.lower() != own_origin):
        raise CodedError(403, "This form was sent by a page of another site.", _NOT_OURS)


async def fields_of(request: Request, /) -> Mapping[str, str]:
    """The fields of a form; of several with one name the last.

    Raises:
        HTTPException: 400, 413 or 415 if it is none, or too long.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != _TYPE:
        raise HTTPException(415, f"a form is sent as {_TYPE}")
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > _MOST_BYTES:
            raise BodyTooLongError(_MOST_BYTES)
    try:
        fields = parse_qsl(
            body.decode("latin-1"), keep_blank_values=True, max_num_fields=_MOST_FIELDS
        )
    except ValueError as error:
        raise HTTPException(400, f"a form has {_MOST_FIELDS} fields at most") from error
    return dict(fields)


def check_csrf(given: str, own: str, /) -> None:
    """Refuse a form that does not bring back what its page was given; in constant time.

    Raises:
        CodedError: 403.
    """
    if not hmac.compare_digest(given.encode("utf-8", "replace"), own.encode()):
        raise CodedError(
            403,
            "This form is not of this session, or its page is from before you signed in: open the "
            "page anew, and send it from there.",
            _NOT_OURS,
        )
