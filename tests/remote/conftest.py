"""Servers of this machine that hold data: one of S3, and one of the web."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
from pyarrow import fs

from tests.http_serving import serving

KEY = "AKIAOFTESTS"
SECRET = "wJalr-of-tests"


@pytest.fixture(autouse=True)
def state(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DRIFTWATCH_STATE", str(tmp_path_factory.mktemp("state")))
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)


@pytest.fixture(scope="session")
def s3_address() -> Iterator[str]:
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    try:
        yield f"http://{host}:{port}"
    finally:
        server.stop()


@pytest.fixture
def s3(s3_address: str, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, bytes], None]:
    """Write an object; the environment names the server, and has its credentials."""
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL_S3", "AWS_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3_address)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    system = fs.S3FileSystem(endpoint_override=s3_address, allow_bucket_creation=True)

    def written(path: str, body: bytes) -> None:
        system.create_dir(path.partition("/")[0])
        with system.open_output_stream(path, compression=None) as file:
            file.write(body)

    return written


class Web:
    """A web server without ranges and lists, as many are.

    Attributes:
        files: What it has, by path.
        seen: Every request: its method, and its path with the query.
        key: A query that every request must have, if there is one.
    """

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.seen: list[tuple[str, str]] = []
        self.key = ""
        self.port = 0

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        self.seen.append((request.command, request.path))
        path, _, query = request.path.partition("?")
        body = self.files.get(path)
        if query != self.key:
            self._send(request, 403, b"")
        elif body is None:
            self._send(request, 404, b"")
        else:
            self._send(request, 200, body)

    def _send(self, request: BaseHTTPRequestHandler, status: int, body: bytes) -> None:
        request.send_response(status)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        if request.command == "GET":
            request.wfile.write(body)


@pytest.fixture
def web() -> Iterator[Web]:
    web = Web()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            web.answer(self)

        def do_HEAD(self) -> None:
            web.answer(self)

        def log_message(self, *_: Any) -> None:
            pass

    with serving(Handler) as server:
        web.port = server.server_address[1]
        yield web
