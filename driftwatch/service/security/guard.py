"""Who may do what: the bearer token of a request, and how often it may ask."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import HTTPException, Request, Security
from fastapi.security import HTTPBearer

from driftwatch.logs.events import event
from driftwatch.service.security.cookies import FROM_HERE, SessionCookie
from driftwatch.service.security.limits import RateLimit, address_of, slow_down
from driftwatch.service.security.tokens import Scope, Token, Tokens

__all__ = ["Guard", "check_covers", "covers", "token_of"]

_BEARER = HTTPBearer(auto_error=False, description="A token, as `driftwatch token` makes it.")
_LOG = logging.getLogger("driftwatch")
_UNKNOWN_PER_MINUTE = 60


class Guard:
    """Lets requests through that bring a token with the right scope for the monitor they name.

    A token for some monitors hears the same of all others, whether they exist or not.

    Args:
        tokens: Those of the service; without any, everybody may do everything.
        per_minute: Requests a minute that one token, or address without tokens, may make.
        cookie: By which a browser that is signed in may read, too, and nothing else.
    """

    def __init__(
        self, tokens: Tokens, /, *, per_minute: int, cookie: SessionCookie | None = None
    ) -> None:
        self._tokens = tokens
        self._cookie = cookie
        self._known = RateLimit(per_minute)
        self._unknown = RateLimit(_UNKNOWN_PER_MINUTE)

    def needs(self, scope: Scope, /, *, name_of: Callable[[str], str] = str) -> Any:
        """A dependency of a route that needs a scope.

        Args:
            scope: That.
            name_of: The monitor that the path names; the route must read its path in the same way.
        """

        async def check(request: Request, _: Annotated[object, Security(_BEARER)]) -> None:
            self._check(request, scope, name_of)

        return Security(check)

    def _check(self, request: Request, scope: Scope, name_of: Callable[[str], str]) -> None:
        address = address_of(request)
        if not self._tokens:
            slow_down(self._known.wait(address))
            return
        token = self._token_of(request)
        if token is None:
            slow_down(self._unknown.wait(address))
            raise HTTPException(
                401, "a bearer token is needed", headers={"WWW-Authenticate": "Bearer"}
            )
        slow_down(self._known.wait(token.name))
        if not token.allows(scope):
            _LOG.warning(
                "driftwatch: token %s lacks the scope %s",
                token.name,
                scope.value,
                extra=event("service.trouble", code="DW053"),
            )
            raise HTTPException(403, f"this token does not allow: {scope.value}")
        request.state.token = token
        monitor = request.path_params.get("name")
        if monitor is not None:
            check_covers(token, name_of(monitor))

    def _token_of(self, request: Request) -> Token | None:
        """The token that a request brings, or that its browser is signed in with."""
        authorization = request.headers.get("authorization")
        if authorization is not None:
            return self._tokens.find(authorization)
        if self._cookie is None or request.method != "GET":
            return None
        session = self._cookie.session(request)
        is_ours = request.headers.get("sec-fetch-site", "none") in FROM_HERE
        return session.token if session is not None and is_ours else None


def covers(request: Request, monitor: str, /) -> bool:
    """Whether the token of a request that was let through is for a monitor."""
    token = token_of(request)
    return token is None or token.covers(monitor)


def token_of(request: Request, /) -> Token | None:
    """The token of a request that was let through; None where the service has none."""
    token: Token | None = getattr(request.state, "token", None)
    return token


def check_covers(token: Token | None, monitor: str, /) -> None:
    """Refuse what a token is not for.

    Raises:
        HTTPException: 403.
    """
    if token is None or token.covers(monitor):
        return
    _LOG.warning(
        "driftwatch: token %s is not for the monitor that it was used for",
        token.name,
        extra=event("service.trouble", code="DW053"),
    )
    raise HTTPException(403, "this token is not for that monitor")
