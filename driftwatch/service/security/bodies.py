"""Bodies of requests: how long, how slow and how many at once; and what was refused, to its end."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from fastapi import HTTPException
from starlette.responses import JSONResponse

from driftwatch.transport.statuses import code_of_status

__all__ = ["BodyLimit", "BodyTooLongError", "Drain", "Message", "Receive", "Send", "refusal"]

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

_HEAD_BYTES = 16_384
_PER_HEADER = 4
"""Bytes of a header beside its name and its value."""


class BodyTooLongError(HTTPException):
    """A body is longer than is taken.

    Args:
        most: Bytes that it may have.
    """

    def __init__(self, most: int) -> None:
        super().__init__(413, f"a body may have {most:,} bytes at most")
        self.most = most

    def answer(self) -> JSONResponse:
        """The answer, which says the limit for programs, too."""
        return refusal(self.status_code, self.detail, limit_bytes=self.most)


class _Arrival:
    """A body on its way, which has a time limit that others may cut short."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._end = math.inf
        self._timeout: asyncio.Timeout | None = None
        self.taken = 0

    async def next(self, receive: Receive) -> Message:
        """The next part of it.

        Raises:
            TimeoutError: If its time is over.
        """
        now = asyncio.get_running_loop().time()
        if self._end == math.inf:
            self._end = now + self._seconds
        if self._end <= now:
            raise TimeoutError
        try:
            async with asyncio.timeout_at(self._end) as self._timeout:
                message = await receive()
        finally:
            self._timeout = None
        self.taken += len(message.get("body", b""))
        return message

    def give_up(self) -> None:
        """End its time now."""
        self._end = -math.inf
        if self._timeout is not None:
            self._timeout.reschedule(-math.inf)


class BodyLimit:
    """Refuses bodies that are too long, too slow, or encoded; counts what really comes.

    So many bodies may arrive at once. Where one more begins, the one that began first is given up:
    whoever sends slowly takes no place from those who send quickly.

    Args:
        app: The application.
        most_bytes: Bytes of a body; said with the answer 413, as ``limit_bytes``.
        seconds: For a whole body to come.
        most_arriving: Bodies that arrive at once.
    """

    def __init__(
        self,
        app: Callable[..., Awaitable[None]],
        *,
        most_bytes: int,
        seconds: float = 30.0,
        most_arriving: int = 64,
    ) -> None:
        self._app = app
        self._most = most_bytes
        self._seconds = seconds
        self._most_arriving = most_arriving
        self._arriving: dict[_Arrival, None] = {}  # the oldest first

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        refused = self._refused(scope)
        if refused is not None:
            await refused(scope, receive, send)
            return
        arrival = _Arrival(self._seconds)
        try:
            await self._app(scope, self._limited(receive, arrival), send)
        finally:
            self._arriving.pop(arrival, None)

    def _refused(self, scope: Message) -> JSONResponse | None:
        if _head_bytes(scope) > _HEAD_BYTES:
            return refusal(431, f"the head of a request may have {_HEAD_BYTES:,} bytes at most")
        headers = dict(scope["headers"])
        if headers.get(b"content-encoding", b"identity").strip().lower() != b"identity":
            # What is packed may unpack to anything; profiles gain little by it.
            return refusal(415, "send the body as it is, without Content-Encoding")
        length = headers.get(b"content-length", b"0")
        if not length.isdigit():
            return refusal(400, "Content-Length must be a number")
        if len(length) > 15 or int(length) > self._most:
            return BodyTooLongError(self._most).answer()
        return None

    def _limited(self, receive: Receive, arrival: _Arrival) -> Receive:
        is_complete = False

        async def limited() -> Message:
            nonlocal is_complete
            if is_complete:  # what comes is the client's going away
                return await receive()
            self._begin(arrival)
            try:
                message = await arrival.next(receive)
            except TimeoutError as error:
                raise HTTPException(
                    408, f"the body took over {self._seconds:g} s, or was slower than others"
                ) from error
            if arrival.taken > self._most:
                raise BodyTooLongError(self._most)
            if not message.get("more_body", False):
                is_complete = True
                self._arriving.pop(arrival, None)
            return message

        return limited

    def _begin(self, arrival: _Arrival) -> None:
        if arrival in self._arriving:
            return
        self._arriving[arrival] = None
        if len(self._arriving) > self._most_arriving:
            oldest = next(iter(self._arriving))
            del self._arriving[oldest]
            oldest.give_up()


class Drain:
    """Reads what is left of a body before an answer that did not need it, within bounds.

    A server that closes while the client sends makes the client see a broken connection in place of
    the answer, and it sends the same again, for ever.

    Args:
        app: The application.
        most_bytes: Bytes that are read and thrown away; beyond these the connection is closed.
        seconds: For that, at most.
        most: How many bodies are thrown away at once; further ones are not read.
    """

    def __init__(
        self,
        app: Callable[..., Awaitable[None]],
        *,
        most_bytes: int = 64 << 20,
        seconds: float = 5.0,
        most: int = 64,
    ) -> None:
        self._app = app
        self._most_bytes = most_bytes
        self._seconds = seconds
        self._most = most
        self._draining = 0

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http" or not _has_body(scope):
            await self._app(scope, receive, send)
            return
        # Who asked before sending has not sent anything, and need not.
        is_over = (b"expect", b"100-continue") in scope["headers"]

        async def received() -> Message:
            nonlocal is_over
            message = await receive()
            is_over = not message.get("more_body", False)
            return message

        async def sent(message: Message) -> None:
            nonlocal is_over
            if message["type"] == "http.response.start" and not is_over:
                is_over = await self._drained(receive)
                if not is_over:
                    message["headers"] = [*message.get("headers", []), (b"connection", b"close")]
                is_over = True
            await send(message)

        await self._app(scope, received, sent)

    async def _drained(self, receive: Receive) -> bool:
        """Read a body to its end; whether that was possible."""
        if self._draining >= self._most:
            return False
        self._draining += 1
        left = self._most_bytes
        try:
            async with asyncio.timeout(self._seconds):
                while left > 0:
                    message = await receive()
                    if not message.get("more_body", False):
                        return True
                    left -= len(message.get("body", b""))
        except TimeoutError:
            pass
        finally:
            self._draining -= 1
        return False


def refusal(
    status: int, detail: str, /, *, limit_bytes: int | None = None, retry_after: int | None = None
) -> JSONResponse:
    """An answer after which the connection is closed."""
    said: dict[str, Any] = {"detail": detail, "code": code_of_status(status)}
    if limit_bytes is not None:
        said["limit_bytes"] = limit_bytes
    headers = {"Connection": "close"}
    if retry_after is not None:
        headers["Retry-After"] = str(retry_after)
    return JSONResponse(said, status, headers)


def _has_body(scope: Message) -> bool:
    names = (b"transfer-encoding", b"content-length")
    return any(name in names and value != b"0" for name, value in scope["headers"])


def _head_bytes(scope: Message) -> int:
    target = len(scope.get("raw_path", b"")) + len(scope.get("query_string", b""))
    return target + sum(len(name) + len(value) + _PER_HEADER for name, value in scope["headers"])
