"""What clients may ask of the service: requests a minute, and at once."""

from __future__ import annotations

import contextlib
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Collection, Iterator

from driftwatch.service.security.bodies import Message, Receive, Send, refusal

__all__ = ["RateLimit", "RunningLimit"]


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
