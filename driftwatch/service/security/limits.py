"""What clients may ask of the service: bytes, time, requests a minute, and at once."""

from __future__ import annotations

import asyncio
import math
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Collection, MutableMapping
from typing import Any

from fastapi import HTTPException
from starlette.responses import JSONResponse

__all__ = ["BodyLimit", "RateLimit", "RunningLimit"]

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class RateLimit:
    """So many requests a minute for each client, with bursts of as many.

    Args:
        per_minute: Requests.
        clients: Clients that are remembered; those not seen for longest are forgotten.
        clock: Seconds, monotonic.

    Example:
        >>> limit = RateLimit(2, clock=lambda: 0.0)
        >>> [limit.wait("a"), limit.wait("a"), limit.wait("a")]
        [0.0, 0.0, 30.0]
    """

    def __init__(
        self,
        per_minute: int,
        /,
        *,
        clients: int = 10_000,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._rate = per_minute / 60
        self._burst = float(per_minute)
        self._clients = clients
        self._clock = clock
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait(self, client: str, /) -> float:
        """Count a request; seconds to wait before it would be welcome, 0 if it is."""
        now = self._clock()
        left, since = self._left.pop(client, (self._burst, now))
        left = min(self._burst, left + (now - since) * self._rate)
        taken = left >= 1
        self._left[client] = (left - 1 if taken else left, now)
        if len(self._left) > self._clients:
            self._left.popitem(last=False)
        return 0.0 if taken else (1 - left) / self._rate


class BodyLimit:
    """Refuses bodies that are too long, too slow, or encoded; counts what really comes.

    Args:
        app: The application.
        most_bytes: Bytes of a body.
        seconds: For a whole body to come.
    """

    def __init__(
        self, app: Callable[..., Awaitable[None]], *, most_bytes: int, seconds: float = 30.0
    ) -> None:
        self._app = app
        self._most = most_bytes
        self._seconds = seconds

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        refusal = self._refused(dict(scope["headers"]))
        if refusal is not None:
            await refusal(scope, receive, send)
            return
        await self._app(scope, self._limited(receive), send)

    def _refused(self, headers: dict[bytes, bytes]) -> JSONResponse | None:
        if headers.get(b"content-encoding", b"identity").strip().lower() != b"identity":
            # What is packed may unpack to anything; profiles gain little by it.
            return _answer(415, "send the body as it is, without Content-Encoding")
        length = headers.get(b"content-length", b"0")
        if not length.isdigit():
            return _answer(400, "Content-Length must be a number")
        if len(length) > 15 or int(length) > self._most:
            return _answer(413, self._too_long())
        return None

    def _too_long(self) -> str:
        return f"a body may have {self._most:,} bytes at most"

    def _limited(self, receive: Receive) -> Receive:
        taken = 0
        end = math.inf

        async def limited() -> Message:
            nonlocal taken, end
            loop = asyncio.get_running_loop()
            if end == math.inf:
                end = loop.time() + self._seconds
            if end == -math.inf:  # the body is complete: what comes is the client's going away
                return await receive()
            try:
                message = await asyncio.wait_for(receive(), max(0.0, end - loop.time()))
            except TimeoutError as error:
                raise HTTPException(408, f"the body took over {self._seconds:g} s") from error
            taken += len(message.get("body", b""))
            if taken > self._most:
                raise HTTPException(413, self._too_long())
            if not message.get("more_body", False):
                end = -math.inf
            return message

        return limited


class RunningLimit:
    """Refuses requests beyond so many that run at once; connections that ask nothing are free.

    Args:
        app: The application.
        most: Requests that run at once.
        free: Paths that are always answered, and not counted.
    """

    def __init__(
        self, app: Callable[..., Awaitable[None]], *, most: int, free: Collection[str] = ()
    ) -> None:
        self._app = app
        self._most = most
        self._free = frozenset(free)
        self._running = 0

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http" or self._is_free(scope):
            await self._app(scope, receive, send)
            return
        if self._running >= self._most:
            refusal = _answer(503, "too many requests run at once", **{"Retry-After": "1"})
            await refusal(scope, receive, send)
            return
        self._running += 1
        try:
            await self._app(scope, receive, send)
        finally:
            self._running -= 1

    def _is_free(self, scope: Message) -> bool:
        path: str = scope["path"]
        return path.removeprefix(scope.get("root_path", "")) in self._free


def _answer(status: int, detail: str, **headers: str) -> JSONResponse:
    return JSONResponse({"detail": detail}, status, headers={"Connection": "close", **headers})
