"""Addresses of this site: where to go after signing in, and those that give a token away."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl

from fastapi import Request

from driftwatch.service.problems import CodedError

__all__ = ["asked_address", "check_no_token", "path_here"]

_PATH = re.compile(r"/(?![/\\])[!-\[\]-~]*")  # printable ASCII but the backslash
_LONGEST = 2_000
_NOT_AFTERWARDS = ("/login", "/logout")
_KEYS = ("token", "access_token", "authorization")
_TOKEN = re.compile(r"[\s\"']*(bearer\s+)?dw_", re.IGNORECASE)


def path_here(text: str, /) -> str:
    """A path on this site, as it is; anything else becomes the first page.

    Browsers take two slashes, or a slash and a backslash, for the beginning of another site's
    address, and leave control characters out before they look.

    Example:
        >>> [path_here(text) for text in ("/m/a?range=7d", "//evil.example", "https://evil.example")]
        ['/m/a?range=7d', '/', '/']
    """
    if len(text) > _LONGEST or _PATH.fullmatch(text) is None:
        return "/"
    return "/" if text.partition("?")[0] in _NOT_AFTERWARDS else text


def asked_address(request: Request, /) -> str:
    """The path and the query of a request, as they were asked for."""
    path: bytes = request.scope.get("raw_path") or b"/"
    query: bytes = request.scope.get("query_string", b"")
    told = path.partition(b"?")[0] + (b"?" + query if query else b"")
    return path_here(told.decode("latin-1"))


def check_no_token(request: Request, /) -> None:
    """Refuse an address with a token in it: it is in a browser's history and in proxies' logs.

    Raises:
        CodedError: 400, which does not repeat it.
    """
    query = request.scope.get("query_string", b"").decode("latin-1")
    fields = parse_qsl(query, keep_blank_values=True)
    if any(key.strip().lower() in _KEYS or _TOKEN.match(value) for key, value in fields):
        raise CodedError(
            400,
            "A token stands in this address. Addresses are kept in the history of browsers and in "
            "the logs of proxies: if it is a real one, revoke it at the collector and make another "
            "(driftwatch token). Then sign in with it at /login.",
            "DW131",
            headers={"Referrer-Policy": "no-referrer"},
        )
