"""Clients that are slow, go away, say too much or nothing take no place from the others."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import logging
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest
import uvicorn
from fastapi import FastAPI

from driftwatch.service.security.bodies import Drain
from driftwatch.service.security.connections import PromptConnection
from driftwatch.service.security.tokens import Scope
from tests.service.conftest import SECRETS
from tests.waiting import until

Address = tuple[str, int]
HEAD_BYTES = 16_384
ADMIN = SECRETS[Scope.ADMIN]
SLOW = (
    b"POST /v1/segments HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer "
    + ADMIN.encode()
    + b"\r\nContent-Length: 100000\r\n\r\nslow"
)


@contextmanager
def served(
    app: Any, connection: type[PromptConnection] = PromptConnection, **how: Any
) -> Iterator[Address]:
    """The server of `driftwatch serve`, in a thread."""
    with socket.create_server(("127.0.0.1", 0), backlog=500) as listening:
        config = uvicorn.Config(
            app,
            http=connection,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            h11_max_incomplete_event_size=HEAD_BYTES,
            **how,
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            yield listening.getsockname()
        finally:
            server.should_exit = True
            thread.join()


def ask(
    address: Address, method: str = "GET", path: str = "/v1/monitors", **how: Any
) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(*address, timeout=60)
    headers = {"Authorization": f"Bearer {ADMIN}", **how.pop("headers", {})}
    connection.request(method, path, headers=headers, **how)
    answer = connection.getresponse()
    with contextlib.closing(connection):
        return answer.status, answer.read()


def test_a_client_that_goes_away_is_a_line_and_no_traceback(
    app: FastAPI, caplog: pytest.LogCaptureFixture
) -> None:
    tasks = 0
    with served(app) as address, caplog.at_level(logging.INFO):
        for _ in range(65):
            with socket.create_connection(address) as client:
                client.sendall(SLOW)
            tasks += 1
        until(lambda: "went away" in caplog.text)
        assert ask(address)[0] == 200
    lines = caplog.text.splitlines()
    assert [record for record in caplog.records if record.exc_info] == []
    assert len(lines) <= tasks
    assert "Traceback" not in caplog.text


def test_slow_bodies_take_no_place_from_quick_ones(app: FastAPI, frame: bytes) -> None:
    with served(app) as address, ExitStack() as slow:
        clients = [slow.enter_context(socket.create_connection(address)) for _ in range(150)]
        for client in clients:
            client.sendall(SLOW)
        for _ in range(3):
            assert ask(address)[0] == 200
            for client in clients[100:]:
                with contextlib.suppress(OSError):
                    client.sendall(b"x")
        status, said = ask(address, "POST", "/v1/segments", body=frame)
        assert (status, b'"stored"' in said) == (200, True)
        assert ask(address, path="/readyz")[0] == 200
        clients[0].settimeout(60)  # the one that began first was given up, and is told so
        assert clients[0].recv(100).startswith(b"HTTP/1.1 408")


class Impatient(PromptConnection):
    answer_seconds = 0.2
    most_waiting = 5
    _waiting = {}  # noqa: RUF012 - as in the class that it is one of


async def nothing(scope: Any, receive: Any, send: Any) -> None:
    raise AssertionError("nobody asks")


def test_an_answer_that_nobody_takes_is_given_up() -> None:
    ended = threading.Event()

    async def long(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(64):
            await send({"type": "http.response.body", "body": b"x" * (1 << 20), "more_body": True})
        await send({"type": "http.response.body", "body": b""})
        ended.set()

    with served(long, Impatient) as address, socket.create_connection(address) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        assert ended.wait(60)  # while nothing was read
        client.settimeout(60)
        size = 0
        with contextlib.suppress(ConnectionError):
            while data := client.recv(1 << 20):
                size += len(data)
        assert size < 64 << 20


def test_of_too_many_silent_connections_the_first_is_closed() -> None:
    with served(nothing, Impatient) as address, ExitStack() as silent:
        clients = [silent.enter_context(socket.create_connection(address)) for _ in range(8)]
        for client in clients[:3]:
            client.settimeout(20)
            assert client.recv(1) == b""
        clients[3].settimeout(0.05)
        with pytest.raises(TimeoutError):
            clients[3].recv(1)


@pytest.mark.parametrize(
    ("head", "statuses"),
    [
        (b"X: " + b"x" * HEAD_BYTES, {431}),
        (b"X: " + b"x" * (4 << 20), {431, 400, 0}),
        (b"\r\n".join(b"X-%d: 1" % place for place in range(2_000)), {431}),
    ],
    ids=["one header", "megabytes", "many headers"],
)
def test_a_head_has_a_limit_however_fast_it_comes(
    app: FastAPI, head: bytes, statuses: set[int]
) -> None:
    with served(app) as address, socket.create_connection(address, timeout=60) as client:
        status = 0
        with contextlib.suppress(ConnectionError):
            client.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n" + head + b"\r\n\r\n")
            said = client.recv(100)
            status = int(said.split()[1]) if said else 0
        assert status in statuses
        assert ask(address)[0] == 200


def test_a_long_address_is_refused(app: FastAPI) -> None:
    with served(app) as address:
        assert ask(address, path="/healthz?" + "x" * HEAD_BYTES)[0] == 431


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Authorization": "Bearer dw_wrong"}, 401),
        ({"Authorization": f"Bearer {SECRETS[Scope.READ]}"}, 403),
        ({"Content-Encoding": "gzip"}, 415),
        ({"Host": "elsewhere.example.com"}, 400),
    ],
)
def test_whoever_is_refused_before_all_is_sent_sees_the_answer(
    app: FastAPI, headers: dict[str, str], status: int
) -> None:
    with served(app) as address:
        for _ in range(5):
            body = b"x" * (6 << 20)
            assert ask(address, "POST", "/v1/segments", body=body, headers=headers)[0] == status


# -- how much is read in vain


def drained(parts: int, *headers: tuple[bytes, bytes], **how: Any) -> tuple[int, list[Any]]:
    """Send so many parts of a body to who answers without reading; parts that were read."""
    read = 0
    said: list[Any] = []

    async def answering(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 403, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def receive() -> dict[str, Any]:
        nonlocal read
        await asyncio.sleep(0)
        read += 1
        return {"type": "http.request", "body": b"x" * 100, "more_body": read < parts}

    async def send(message: Any) -> None:
        said.append(message)

    scope = {"type": "http", "headers": [(b"transfer-encoding", b"chunked"), *headers]}
    asyncio.run(Drain(answering, **how)(scope, receive, send))
    return read, said[0]["headers"]


def test_what_is_read_in_vain_is_bounded() -> None:
    assert drained(50) == (50, [])
    read, headers = drained(1 << 40, most_bytes=1_000)
    assert (read, headers) == (10, [(b"connection", b"close")])
    read, headers = drained(1 << 40, seconds=0.05)
    assert headers == [(b"connection", b"close")]
    assert drained(50, most=0) == (0, [(b"connection", b"close")])


def test_who_asks_before_sending_has_nothing_to_be_read() -> None:
    assert drained(50, (b"expect", b"100-continue")) == (0, [])
