"""Capture inside an ASGI application: FastAPI, Starlette, Litestar, Quart.

app.add_middleware(DriftMiddleware, monitor=monitor)
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from driftwatch.integrations.bodies import Form
from driftwatch.integrations.capture import CaptureLimits
from driftwatch.integrations.exchanges import Exchange, Options

if TYPE_CHECKING:
    from driftwatch.monitor import Monitor

__all__ = ["DriftMiddleware"]

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

_ENDS = ("lifespan.shutdown.complete", "lifespan.shutdown.failed")


_KIND_LENGTH, _ENCODING_LENGTH = len(b"content-type"), len(b"content-encoding")


class DriftMiddleware:
    """Observes the features in requests and the predictions in their responses.

    Pure ASGI: every message passes through as it is, in its order and at its time; bodies
    are noted as they go by, never read ahead, and what is made of them happens in another
    thread. Only complete JSON exchanges that succeeded are looked at. Nothing of this ever
    raises into the application; what is not observed is counted in ``monitor.counters``.

    Args:
        app: The application.
        monitor: What observes.
        features: Where the features stand in the request: one record, or many in any of the shapes
            of `driftwatch.ingest.payloads.Shape`. How paths are written, ``$.inputs`` or
            ``data.rows[*].features``, stands in `driftwatch.ingest.json_paths`.
        prediction: Where the prediction stands in the response: one for each record, in their
            order, as ``[0.3]``, ``[[0.3]]``, ``[{"risk": 0.3}]``, a tensor, or found by a wildcard
            (``predictions[*].risk``). If they are not as many as the rows, none is used, and
            ``predictions_do_not_match`` is counted.
        score: Where the score stands in the response, likewise. Of ``[[0.2, 0.8]]`` the positive
            class of the monitor is taken if it knows its classes (``label=``); if not, none is,
            and ``values_of_several_classes`` is counted. ``probabilities[*][1]`` says it, too.
        id: Where the identifier of the record stands in the request.
        at: Where the event time stands in the request; when it came, if not given.
        routes: Paths to capture, with ``*`` for anything; all if not given.
        methods: Methods to capture.
        limits: What capturing may take of the host.
        payload: What stands at the path of the features: a word of
            `driftwatch.ingest.payloads.Shape` such as ``"columns"``, or ``"auto"``, which looks.
            A body of another shape than the one that is named, or without any column of the
            reference, is counted as ``other_payload``.
        score_class: Which score is meant, where there is one for each class and the path does not
            say it: its place, or the name of the class.

    A body of JSON lines (``application/x-ndjson``) is a list of its lines, to which paths apply
    (``$[*].features``); one that is no JSON is counted, and holds its place in the answer. Of a
    body, `CaptureLimits.rows` rows are taken at most, whatever shapes it declares; further ones
    are counted as ``too_many_rows``.

    Raises:
        ConfigError: If a path cannot be read, or a word is none of those that are known.

    Example:
        >>> from driftwatch import Monitor
        >>> data = {"age": [31.0, 40.0] * 99, "pay": [5.2, 3.9] * 99, "risk": [0.1, 0.4] * 99}
        >>> with Monitor(data, score="risk") as monitor:
        ...     middleware = DriftMiddleware(
        ...         None,  # the application
        ...         monitor,
        ...         features="rows[*].features",
        ...         score="probabilities[*][1]",
        ...     )
        ...     middleware.capture.offer(
        ...         b'{"rows": [{"features": [31, 5.2]}, {"features": {"age": 40, "pay": 3.9}}]}',
        ...         b'{"probabilities": [[0.9, 0.1], [0.6, 0.4]]}',
        ...     )
        ...     middleware.capture.flush(20), monitor.check().rows_current
        (True, 2)
    """

    def __init__(  # noqa: PLR0913 - one word for each thing an exchange may hold
        self,
        app: Callable[..., Awaitable[None]],
        monitor: Monitor,
        *,
        features: str = "$",
        prediction: str | None = None,
        score: str | None = None,
        id: str | None = None,  # noqa: A002 - the word of the field
        at: str | None = None,
        routes: Iterable[str] | None = None,
        methods: Iterable[str] = ("POST", "PUT"),
        limits: CaptureLimits | None = None,
        payload: str = "auto",
        score_class: int | str | None = None,
    ) -> None:
        self.app = app
        self._options = Options(
            monitor,
            features=features,
            prediction=prediction,
            score=score,
            id_=id,
            at=at,
            routes=routes,
            methods=methods,
            limits=limits,
            payload=payload,
            score_class=score_class,
        )
        self.capture = self._options.capture
        self._mark = f"driftwatch.{monitor.name}"

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Pass an exchange through."""
        kind = scope["type"]
        if kind == "http":
            exchange = self._exchange(scope)
            if exchange is not None:
                await self._pass(exchange, scope, receive, send)
                return
        elif kind == "lifespan":
            await self.app(scope, receive, self._flushing(send))
            return
        await self.app(scope, receive, send)

    async def _pass(
        self, exchange: _Exchange, scope: Message, receive: Receive, send: Send
    ) -> None:
        try:
            await self.app(scope, exchange.receiving(receive), exchange.sending(send))
        finally:
            try:
                exchange.end()
            except Exception as error:  # noqa: BLE001 - nothing of ours reaches the host
                self.capture.failed(error)

    def _exchange(self, scope: Message) -> _Exchange | None:
        try:
            options = self._options
            if self._mark in scope or not options.wants(scope["method"], *_paths(scope)):
                return None
            scope[self._mark] = True  # another middleware of this monitor leaves it alone
            return _Exchange(options, _form_of(scope["headers"]))
        except Exception as error:  # noqa: BLE001 - nothing of ours reaches the host
            self.capture.failed(error)
            return None

    def _flushing(self, send: Send) -> Send:
        async def flushed(message: Message) -> None:
            try:
                if message["type"] in _ENDS:
                    await asyncio.to_thread(self.capture.flush)
            except Exception as error:  # noqa: BLE001 - nothing of ours reaches the host
                self.capture.failed(error)
            await send(message)

        return flushed


class _Exchange(Exchange):
    """An exchange of ASGI messages."""

    __slots__ = ()

    def receiving(self, receive: Receive) -> Receive:
        async def received() -> Message:
            message = await receive()
            try:
                if message["type"] == "http.request":
                    self.request.add(message.get("body", b""))
            except Exception as error:  # noqa: BLE001 - nothing of ours reaches the host
                self.capture.failed(error)
            return message

        return received

    def sending(self, send: Send) -> Send:
        async def sent(message: Message) -> None:
            await send(message)
            try:
                self._look_at(message)
            except Exception as error:  # noqa: BLE001 - nothing of ours reaches the host
                self.capture.failed(error)

        return sent

    def _look_at(self, message: Message) -> None:
        kind = message["type"]
        if kind == "http.response.start":
            self.usable = 200 <= message["status"] < 300
            if self.needs_response:
                self.answered = _form_of(message.get("headers", ()))
        elif kind == "http.response.body":
            self.note(message.get("body", b""))
            if not message.get("more_body", False):
                self.finish()


def _paths(scope: Message) -> tuple[str, ...]:
    """The path of a request as the server has it, and as the application's own routes have it."""
    path, root = scope["path"], scope.get("root_path")
    if not root:  # nearly always
        return (path,)
    root = root.rstrip("/")
    if not root:
        return (path,)
    below = path.removeprefix(root) if path.startswith(f"{root}/") else path
    return (path, below, root + below)


def _form_of(headers: Iterable[tuple[bytes, bytes]]) -> Form:
    """How a body is written."""
    kind = encoding = b""
    for name, value in headers:
        if len(name) == _KIND_LENGTH and name.lower() == b"content-type":
            kind = value
        elif len(name) == _ENCODING_LENGTH and name.lower() == b"content-encoding":
            encoding = value
    return _form(kind, encoding)


@lru_cache(maxsize=64)
def _form(kind: bytes, encoding: bytes) -> Form:
    return Form(kind.decode("latin-1"), encoding.decode("latin-1"))
