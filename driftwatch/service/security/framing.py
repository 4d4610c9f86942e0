"""Headers of every answer: no other site shows it in a frame, guesses its type, or keeps it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from driftwatch.service.security.bodies import Message, Receive, Send

__all__ = ["Unframed"]

_HEADERS = {
    b"x-frame-options": b"DENY",
    b"content-security-policy": b"default-src 'none'; frame-ancestors 'none'",
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"same-origin",
    b"cross-origin-resource-policy": b"same-origin",
    b"cache-control": b"no-store",
}


class Unframed:
    """Adds the headers that an answer does not have itself: whoever made it, also as an error.

    Args:
        app: The application.
    """

    def __init__(self, app: Callable[..., Awaitable[None]]) -> None:
        self._app = app

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Pass a request on."""

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = [*message.get("headers", [])]
                known = {name.lower() for name, _ in given}
                more = [(name, value) for name, value in _HEADERS.items() if name not in known]
                message["headers"] = given + more
            await send(message)

        await self._app(scope, receive, sent)
