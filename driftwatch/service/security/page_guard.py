"""Who may see a page, and who may change something on one."""

from __future__ import annotations

import hashlib
import hmac
import logging
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from fastapi import HTTPException, Request

from driftwatch.logs.events import event
from driftwatch.service.security.arrivals import comes_from_elsewhere
from driftwatch.service.security.cookies import SessionCookie
from driftwatch.service.security.forms import check_csrf, check_sent_from_here, fields_of
from driftwatch.service.security.limits import RateLimit, address_of, slow_down
from driftwatch.service.security.own_addresses import asked_address, check_no_token
from driftwatch.service.security.sessions import Sessions
from driftwatch.service.security.sign_ins import SignIns
from driftwatch.service.security.tokens import Scope, Tokens
from driftwatch.service.security.visitors import Visitor
from driftwatch.transport.paths import name_in_path

__all__ = ["PageGuard", "SignInNeededError"]

_LOG = logging.getLogger("driftwatch")
_UNKNOWN_PER_MINUTE = 60


@dataclass
class SignInNeededError(Exception):
    """Nobody is signed in who may see a page.

    Attributes:
        next: Path and query to go on to.
        again: Whether a browser came from another site, with whose requests it sends no session
            though it may have one: it should ask the same again, by itself.
    """

    next: str = "/"
    again: bool = False


class PageGuard:
    """Lets visitors through to pages, and notes who they are in ``request.state.visitor``.

    Args:
        tokens: Those of the service; without any, everybody may see and change everything, but
            only by our own forms.
        sessions: Of visitors who have signed in.
        clock: Seconds, monotonic, by which requests a minute are counted.
        per_minute: Pages a minute for one token, or one address without tokens.
        encrypted: Whether browsers reach the service over TLS, its own or that of a proxy.
        reads_only: Whether nothing may be changed.
    """

    def __init__(
        self,
        tokens: Tokens | None = None,
        sessions: Sessions | None = None,
        /,
        *,
        clock: Callable[[], float] = time.monotonic,
        per_minute: int = 6_000,
        encrypted: bool = False,
        reads_only: bool = False,
    ) -> None:
        self._tokens = Tokens() if tokens is None else tokens
        sessions = Sessions(self._tokens) if sessions is None else sessions
        self.cookie = SessionCookie(sessions, encrypted=encrypted)
        self.sign_ins = SignIns(self._tokens, sessions, self.cookie, clock=clock)
        self._known = RateLimit(per_minute, clock=clock)
        self._unknown = RateLimit(min(per_minute, _UNKNOWN_PER_MINUTE), clock=clock)
        self._reads_only = reads_only
        self._csrf = hmac.new(secrets.token_bytes(32), b"csrf", hashlib.sha256).hexdigest()

    async def reader(self, request: Request) -> None:
        """A dependency of pages that are read."""
        check_no_token(request)
        request.state.visitor = self._visitor(request, asked_address(request))

    async def changer(self, request: Request) -> None:
        """A dependency of forms that change something; their fields are in ``request.state.form``.

        The visitor may do it, with the monitor that the path has as ``name``, and the form is one
        of ours.
        """
        visitor = await self._sender(request)
        if not visitor.may_change:
            needed = f"this needs a token that allows: {Scope.ADMIN.value}"
            only_read = "nothing can be changed here: the store is only read"
            _note_refusal(visitor)
            raise HTTPException(403, only_read if visitor.changes_nothing else needed)
        monitor = request.path_params.get("monitor")
        if monitor is not None and not visitor.covers(name_in_path(monitor)):
            _note_refusal(visitor)
            raise HTTPException(404, "there is no such monitor here")
        await self._take(request, visitor)

    async def leaver(self, request: Request) -> None:
        """A dependency of the form by which somebody signs out, which a reader may send, too."""
        await self._take(request, await self._sender(request))

    async def newcomer(self, request: Request) -> None:
        """A dependency of the form by which somebody signs in: it has no session yet."""
        check_no_token(request)
        check_sent_from_here(request, self.cookie.origin(request))
        request.state.form = await fields_of(request)

    @property
    def needs_token(self) -> bool:
        """Whether there are tokens, with which one signs in."""
        return bool(self._tokens)

    def is_open(self, request: Request, /) -> bool:
        """Whether a request needs no signing in, or none any more."""
        if not self._tokens:
            return True
        session = self.cookie.session(request)
        return session is not None and session.token.allows(Scope.READ)

    async def _sender(self, request: Request) -> Visitor:
        check_no_token(request)
        check_sent_from_here(request, self.cookie.origin(request))
        return self._visitor(request, "/")

    async def _take(self, request: Request, visitor: Visitor) -> None:
        form: Mapping[str, str] = await fields_of(request)
        check_csrf(form.get("csrf", ""), visitor.csrf)
        request.state.visitor = visitor
        request.state.form = {key: value for key, value in form.items() if key != "csrf"}

    def _visitor(self, request: Request, afterwards: str) -> Visitor:
        if not self._tokens:
            slow_down(self._known.wait(address_of(request)))
            return Visitor(None, self._csrf, self._reads_only)
        session = self.cookie.session(request)
        if session is None or not session.token.allows(Scope.READ):
            slow_down(self._unknown.wait(address_of(request)))
            raise SignInNeededError(afterwards, again=comes_from_elsewhere(request))
        slow_down(self._known.wait(session.token.name))
        return Visitor(session.token, session.csrf, self._reads_only)


def _note_refusal(visitor: Visitor) -> None:
    _LOG.warning(
        "driftwatch: %s may not make the change that was tried on a page",
        visitor.name,
        extra=event("service.trouble", code="DW053"),
    )
