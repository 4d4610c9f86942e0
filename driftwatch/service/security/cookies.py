"""The cookie in which a browser keeps its session, and the origin that it is for."""

from __future__ import annotations

from fastapi import Request
from starlette.responses import Response

from driftwatch.service.security.sessions import SESSION_SECONDS, Session, Sessions

__all__ = ["FROM_HERE", "SessionCookie"]

_NAME = "driftwatch"
_PORTS = {"http": ":80", "https": ":443"}
FROM_HERE = ("same-origin", "none")
"""What browsers say of requests by our own pages, and by somebody who typed an address
(``Sec-Fetch-Site``)."""


class SessionCookie:
    """Reads and sets the cookie of sessions.

    Scripts cannot read it, and browsers send it with no request that another site began. Under TLS
    its name begins with ``__Host-``, so that no other host of the domain can set it.

    Args:
        sessions: Those that there are.
        encrypted: Whether browsers reach the service over TLS, whatever requests look like here.
    """

    def __init__(self, sessions: Sessions, /, *, encrypted: bool) -> None:
        self._sessions = sessions
        self._encrypted = encrypted

    def session(self, request: Request, /) -> Session | None:
        """The session of a request; None if it has none."""
        secret = self.secret(request)
        return self._sessions.find(secret) if secret else None

    def secret(self, request: Request, /) -> str:
        """What the cookie holds; nothing if there are two of them, one of which is foreign."""
        name = self._name(request)
        parts = ";".join(request.headers.getlist("cookie")).split(";")
        found = [
            value
            for key, _, value in (part.partition("=") for part in parts)
            if key.strip() == name
        ]
        return found[0].strip() if len(found) == 1 else ""

    def put(self, request: Request, response: Response, secret: str, /) -> None:
        """Give a browser its session."""
        self._set(request, response, secret, int(SESSION_SECONDS))

    def delete(self, request: Request, response: Response, /) -> None:
        """Take it away."""
        self._set(request, response, "", 0)

    def origin(self, request: Request, /) -> str:
        """Scheme and host under which a browser has asked."""
        scheme = self._scheme(request)
        host = request.headers.get("host", "").lower().removesuffix(_PORTS[scheme])
        return f"{scheme}://{host}"

    def _set(self, request: Request, response: Response, value: str, seconds: int) -> None:
        response.set_cookie(
            self._name(request),
            value,
            max_age=seconds,
            path="/",
            secure=self._scheme(request) == "https",
            httponly=True,
            samesite="strict",
        )

    def _name(self, request: Request) -> str:
        return f"__Host-{_NAME}" if self._scheme(request) == "https" else _NAME

    def _scheme(self, request: Request) -> str:
        # uvicorn has the scheme that a proxy on this machine names (X-Forwarded-Proto).
        return "https" if self._encrypted or request.url.scheme == "https" else "http"
