"""The model behind HTTP, with DriftWatch's middleware: by FastAPI, or by the standard library."""

from __future__ import annotations

import socket
import socketserver
import threading
import wsgiref.simple_server
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

from driftwatch.demo.loans import PREDICTION, SCORE
from driftwatch.demo.model import LogisticModel

if TYPE_CHECKING:
    import uvicorn

    from driftwatch.integrations.capture import Capture
    from driftwatch.monitor import Monitor

__all__ = ["HOST", "PATH", "ServedModel", "has_service", "running", "served_model"]

HOST, PATH = "127.0.0.1", "/predict"
_CAPTURED = {
    "features": "applications[*]",
    "score": SCORE,
    "prediction": PREDICTION,
    "at": "at",
    "routes": [PATH],
}
"""Where things stand in requests and answers."""


@dataclass(frozen=True, slots=True)
class ServedModel:
    """Where the model answers.

    Attributes:
        port: On the loopback.
        by: What serves it, in words.
        capture: What the middleware has taken aside.
    """

    port: int
    by: str
    capture: Capture

    @property
    def url(self) -> str:
        """Where to post applications."""
        return f"http://{HOST}:{self.port}{PATH}"


def has_service() -> bool:
    """Whether the libraries of the extra `service` are installed."""
    try:
        import fastapi  # noqa: F401 - only whether it is there
        import uvicorn  # noqa: F401
    except ImportError:
        return False
    return True


@contextmanager
def served_model(model: LogisticModel, monitor: Monitor, /) -> Iterator[ServedModel]:
    """Serve a model until the block ends, on a free port of the loopback."""
    serve = _by_fastapi if has_service() else _by_the_standard_library
    with serve(model, monitor) as served:
        try:
            yield served
        finally:
            served.capture.close()  # its thread would hold the monitor until the process ends


@contextmanager
def running(server: uvicorn.Server, listening: socket.socket, /) -> Iterator[None]:
    """Run a server in a thread until the block ends; who asks it before it is ready waits."""
    from driftwatch.service.server import let_requests_end

    def run() -> None:
        try:
            server.run(sockets=[listening])
        finally:
            listening.close()  # also where it did not start: who asks is refused

    thread = threading.Thread(target=run, name="driftwatch-demo-server", daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.should_exit = True
        thread.join()
        let_requests_end()


@contextmanager
def _by_fastapi(model: LogisticModel, monitor: Monitor) -> Iterator[ServedModel]:
    import uvicorn
    from fastapi import FastAPI

    from driftwatch.integrations.fastapi import DriftMiddleware
    from driftwatch.service.server import listening_on

    app = FastAPI()

    @app.post(PATH)
    async def predict(body: dict[str, Any]) -> dict[str, list[Any]]:
        return _answer(model, body)

    watched = DriftMiddleware(app, monitor, **_CAPTURED)  # type: ignore[arg-type]
    config = uvicorn.Config(
        watched,
        log_config=None,
        log_level="warning",
        access_log=False,
    )
    listening = listening_on(HOST, 0)
    port = int(listening.getsockname()[1])
    with running(uvicorn.Server(config), listening):
        yield ServedModel(port, "FastAPI", watched.capture)


@contextmanager
def _by_the_standard_library(model: LogisticModel, monitor: Monitor) -> Iterator[ServedModel]:
    from driftwatch.integrations.flask import DriftMiddleware  # for any WSGI application

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        length = int(environ.get("CONTENT_LENGTH") or 0)
        body = environ["wsgi.input"].read(length)
        headers = [("Content-Type", "application/json")]
        if environ["PATH_INFO"] != PATH or environ["REQUEST_METHOD"] != "POST":
            start_response("404 Not Found", headers)
            return [b'{"detail": "post applications to /predict"}']
        answer = orjson.dumps(_answer(model, orjson.loads(body)))
        start_response("200 OK", [*headers, ("Content-Length", str(len(answer)))])
        return [answer]

    watched = DriftMiddleware(app, monitor, **_CAPTURED)  # type: ignore[arg-type]
    with _Server((HOST, 0), _QuietHandler) as server:
        server.set_app(watched)
        thread = threading.Thread(
            target=server.serve_forever, args=(0.05,), name="driftwatch-demo-server", daemon=True
        )
        thread.start()
        try:
            yield ServedModel(server.server_port, "the standard library", watched.capture)
        finally:
            server.shutdown()
            thread.join()


class _Server(socketserver.ThreadingMixIn, wsgiref.simple_server.WSGIServer):
    """Answers each connection in a thread of its own: one that says nothing holds up no other."""

    daemon_threads = True

    def server_bind(self) -> None:
        """Bind without asking for the name of this machine, which may take seconds."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = HOST, int(self.server_address[1])
        self.setup_environ()


class _QuietHandler(wsgiref.simple_server.WSGIRequestHandler):
    """Writes no line for each request."""

    def log_message(self, format: str, *_: Any) -> None:  # noqa: A002 - of the base class
        """Say nothing."""


def _answer(model: LogisticModel, body: dict[str, Any]) -> dict[str, list[Any]]:
    """The model's answer to a request: a score and a prediction for each application."""
    applications = body["applications"]
    columns = {name: [row[name] for row in applications] for name in model.columns}
    scores = model.scores(columns)
    return {SCORE: scores.tolist(), PREDICTION: model.predictions(scores).tolist()}
