"""A token exchanged for a session, once, and as often as guessing needs by far not."""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Callable
from dataclasses import dataclass

from fastapi import Request
from starlette.responses import Response

from driftwatch.service.security.audit import note_sign_in
from driftwatch.service.security.cookies import SessionCookie
from driftwatch.service.security.limits import RateLimit, address_of
from driftwatch.service.security.sessions import Sessions
from driftwatch.service.security.tokens import Scope, Tokens

__all__ = ["SignInRefusedError", "SignIns"]

_FAILED_PER_MINUTE = 10


@dataclass
class SignInRefusedError(Exception):
    """Somebody is not let in.

    Attributes:
        status: HTTP status.
        why: For them.
        code: Such as ``DW052``.
        retry_after: Seconds after which they may try again; 0 if at once.
    """

    status: int
    why: str
    code: str
    retry_after: int = 0


class SignIns:
    """Opens and ends sessions.

    Args:
        tokens: Those of the service.
        sessions: All sessions.
        cookie: In which browsers keep theirs.
        clock: Seconds, monotonic, by which failed attempts a minute are counted.
    """

    def __init__(
        self,
        tokens: Tokens,
        sessions: Sessions,
        cookie: SessionCookie,
        /,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._tokens = tokens
        self._sessions = sessions
        self._cookie = cookie
        self._failed = RateLimit(_FAILED_PER_MINUTE, clock=clock)

    def open(self, request: Request, response: Response, token: str, /) -> None:
        """Give a browser a session of its own for a token, never one that it has brought.

        Raises:
            SignInRefusedError: If the token is none, or does not allow to read, or the address
                has tried too often.
        """
        where = _network_of(address_of(request))
        wait = self._failed.would_wait(where)
        if wait:
            # Before the token is looked at, or a right guess would be told from a wrong one.
            raise SignInRefusedError(
                429, "There were too many attempts: try again in a minute.", "DW058", int(wait) + 1
            )
        found = self._tokens.find(f"Bearer {token}")
        if found is None:
            self._failed.wait(where)
            note_sign_in(request, "refused", None)
            raise SignInRefusedError(401, "The collector does not know this token.", "DW052")
        if not found.allows(Scope.READ):
            self._failed.wait(where)
            note_sign_in(request, "refused", found.name)
            raise SignInRefusedError(
                403, "This token may not read: one with the scope read or admin is needed.", "DW053"
            )
        self._sessions.end(self._cookie.secret(request))
        self._cookie.put(request, response, self._sessions.open(found))
        note_sign_in(request, "signed in", found.name)

    def end(self, request: Request, response: Response, name: str, /) -> None:
        """End the session of a browser.

        Args:
            request: The request, which the guard has let through.
            response: The answer to it.
            name: Of the token.
        """
        self._sessions.end(self._cookie.secret(request))
        self._cookie.delete(request, response)
        note_sign_in(request, "signed out", name)


def _network_of(address: str) -> str:
    """What one client has for itself: of IPv6 it is a network."""
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(known, ipaddress.IPv6Address) and known.ipv4_mapped is None:
        return str(ipaddress.ip_network((known, 64), strict=False))
    return str(known)
