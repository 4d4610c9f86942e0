"""What clients may ask of the service: requests a minute, and at once."""

from __future__ import annotations

import contextlib
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Collection, Iterator

from fastapi import HTTPException, Request

from driftwatch.service.security.bodies import Message, Receive, Send, refusal

__all__ = ["RateLimit", "RunningLimit", "address_of", "slow_down"]

_LONGEST_ADDRESS = 100


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
        left = self._left_of(client, now)
        self._left.pop(client, None)
        taken = left >= 1
        self._left[client] = (left - 1 if taken else left, now)
        if len(self._left) > self._clients:
            self._left.popitem(last=False)
        return 0.0 if taken else (1 - left) / self._rate

    def would_wait(self, client: str, /) -> float:
        """What `wait` would say, without counting."""
        left = self._left_of(client, self._clock())
        return 0.0 if left >= 1 else (1 - left) / self._rate

    def _left_of(self, client: str, now: float) -> float:
        left, since = self._left.get(client, (self._burst, now))
        return min(self._burst, left + (now - since) * self._rate)


def slow_down(seconds: float, /) -> None:
    """Refuse a request that has to wait.

    Raises:
        HTTPException: 429, unless it has not.
    """
    if seconds:
        raise HTTPException(
            429, "too many requests", headers={"Retry-After": str(max(1, round(seconds + 0.5)))}
        )


def address_of(request: Request, /) -> str:
    """The address that a request came from; a proxy on this machine may name any text."""
    return request.client.host[:_LONGEST_ADDRESS] if request.client is not None else "unknown"


class RunningLimit:
    """Refuses requests beyond so many that run at once; connections that ask nothing are free.

    So are requests while they wait for their body to come or for their answer to be taken: who is
    slow takes no place from others.

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
            refused = refusal(503, "too many requests run at once", retry_after=1)
            await refused(scope, receive, send)
            return

        is_whole = False

        async def received() -> Message:
            nonlocal is_whole
            if is_whole:  # what comes is the client's going away
                return await receive()
            with self._aside():
                message = await receive()
            is_whole = not message.get("more_body", False)
            return message

        async def sent(message: Message) -> None:
            with self._aside():
                await send(message)

        self._running += 1
        try:
            await self._app(scope, received, sent)
        finally:
            self._running -= 1

    @contextlib.contextmanager
    def _aside(self) -> Iterator[None]:
        """Let others have the place meanwhile; afterwards there may be one too many for a while."""
        self._running -= 1
        try:
            yield
        finally:
            self._running += 1

    def _is_free(self, scope: Message) -> bool:
        path: str = scope["path"]
        return path.removeprefix(scope.get("root_path", "")) in self._free
