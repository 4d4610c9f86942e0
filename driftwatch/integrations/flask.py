"""Capture inside a WSGI application: Flask, Django, Bottle.

app.wsgi_app = DriftMiddleware(app.wsgi_app, monitor=monitor)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, Self

from driftwatch.integrations.bodies import Form
from driftwatch.integrations.capture import CaptureLimits
from driftwatch.integrations.exchanges import Exchange, Options

if TYPE_CHECKING:
    from driftwatch.monitor import Monitor

__all__ = ["DriftMiddleware"]

StartResponse = Callable[..., Callable[[bytes], object]]


class DriftMiddleware:
    """Observes the features in requests and the predictions in their responses.

    The WSGI counterpart of `driftwatch.integrations.fastapi.DriftMiddleware`, with the same
    arguments and promises: paths, ``payload`` and ``score_class`` are described there. Bodies are
    noted as the application reads and returns them.
    """

    def __init__(  # noqa: PLR0913 - one word for each thing an exchange may hold
        self,
        app: Callable[..., Iterable[bytes]],
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

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Pass an exchange through."""
        exchange = self._exchange(environ)
        if exchange is None:
            return self.app(environ, start_response)
        body = None
        try:
            body = self.app(environ, exchange.starting(start_response))
        finally:
            if body is None:  # it raised, so no server will close anything
                _end(exchange)
        return exchange.returned(body, environ)

    def _exchange(self, environ: dict[str, Any]) -> _Exchange | None:
        try:
            root, below = environ.get("SCRIPT_NAME", ""), environ.get("PATH_INFO", "")
            paths = (root + below, below) if root else (below,)
            if self._mark in environ or not self._options.wants(environ["REQUEST_METHOD"], *paths):
                return None
            encoding = environ.get("HTTP_CONTENT_ENCODING", "")
            asked = Form(environ.get("CONTENT_TYPE", ""), encoding)
            exchange = _Exchange(self._options, asked)
            environ["wsgi.input"] = _Tee(environ["wsgi.input"], exchange)
            environ[self._mark] = True
        except Exception as error:  # noqa: BLE001 - nothing of ours reaches the host
            self.capture.failed(error)
            return None
        return exchange


class _Exchange(Exchange):
    """An exchange of WSGI calls."""

    __slots__ = ()

    def starting(self, start_response: StartResponse) -> StartResponse:
        def start(status: str, headers: Any, *more: Any, **named: Any) -> Callable[[bytes], object]:
            write = start_response(status, headers, *more, **named)
            try:
                by_name = {name.lower(): value for name, value in headers}
                kind, encoding = (by_name.get(f"content-{of}", "") for of in ("type", "encoding"))
                self.answered = Form(kind, encoding)
                self.usable = status.startswith("2")
            except Exception as error:  # noqa: BLE001 - nothing of ours reaches the host
                self.capture.failed(error)
            return write

        return start

    def returned(self, body: Iterable[bytes], environ: dict[str, Any]) -> Iterable[bytes]:
        try:
            return self._noting(body, environ)
        except Exception as error:  # noqa: BLE001 - nothing of ours reaches the host
            self.capture.failed(error)
            return body

    def _noting(self, body: Iterable[bytes], environ: dict[str, Any]) -> Iterable[bytes]:
        wrapper = environ.get("wsgi.file_wrapper")
        if isinstance(wrapper, type) and isinstance(body, wrapper):
            self.end()
            return body  # the server sends it without us
        return _SizedBody(body, self) if hasattr(type(body), "__len__") else _Body(body, self)


class _Tee:
    """``wsgi.input``, with what is read of it noted.

    Arguments go on as they come: servers differ in what theirs take.
    """

    def __init__(self, stream: Any, exchange: _Exchange) -> None:
        self._stream = stream
        self._exchange = exchange

    def _noted(self, data: Any) -> Any:
        try:
            if data:
                self._exchange.request.add(data)
        except Exception as error:  # noqa: BLE001 - nothing of ours reaches the host
            self._exchange.capture.failed(error)
        return data

    def read(self, *args: Any, **named: Any) -> Any:
        return self._noted(self._stream.read(*args, **named))

    def readline(self, *args: Any, **named: Any) -> Any:
        return self._noted(self._stream.readline(*args, **named))

    def readlines(self, *args: Any, **named: Any) -> list[bytes]:
        return [self._noted(line) for line in self._stream.readlines(*args, **named)]

    def __iter__(self) -> Iterator[bytes]:
        for line in self._stream:
            yield self._noted(line)

    def __next__(self) -> Any:
        return self._noted(next(self._stream))

    def __enter__(self) -> Self:
        self._stream.__enter__()
        return self

    def __exit__(self, *details: object) -> Any:
        return self._stream.__exit__(*details)

    def __getattr__(self, name: str) -> Any:
        # What the server's stream has beyond the standard, such as readinto, is there too.
        attribute = getattr(self._stream, name)
        if name in ("readinto", "readinto1"):
            return lambda buffer: self._filled(buffer, attribute(buffer))
        if name in ("read1", "readall", "next"):
            return lambda *args, **named: self._noted(attribute(*args, **named))
        return attribute

    def _filled(self, buffer: Any, size: int | None) -> int | None:
        try:
            if size:
                self._exchange.request.add(bytes(memoryview(buffer).cast("B")[:size]))
        except Exception as error:  # noqa: BLE001 - nothing of ours reaches the host
            self._exchange.capture.failed(error)
        return size


class _Body:
    """The application's answer, with what the server takes of it noted."""

    def __init__(self, body: Iterable[bytes], exchange: _Exchange) -> None:
        self._body = body
        self._exchange = exchange

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._body:
            yield chunk
            try:
                self._exchange.note(chunk)
            except Exception as error:  # noqa: BLE001 - nothing of ours reaches the host
                self._exchange.capture.failed(error)
        try:
            self._exchange.finish()
        except Exception as error:  # noqa: BLE001 - nothing of ours reaches the host
            self._exchange.capture.failed(error)

    def close(self) -> None:
        try:
            close = getattr(self._body, "close", None)
            if close is not None:
                close()
        finally:
            _end(self._exchange)


class _SizedBody(_Body):
    """An answer whose chunks a server can count: of a single one it knows the length."""

    def __len__(self) -> int:
        return len(self._body)  # type: ignore[arg-type]


def _end(exchange: _Exchange) -> None:
    try:
        exchange.end()
    except Exception as error:  # noqa: BLE001 - nothing of ours reaches the host
        exchange.capture.failed(error)
