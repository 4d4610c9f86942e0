"""Requests go where they were sent and nowhere else, and are over when their time is."""

from __future__ import annotations

import errno
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
import trustme

from driftwatch.errors import ConfigError
from driftwatch.transport.addresses import is_public
from driftwatch.transport.client import Answer, HttpClient
from driftwatch.transport.urls import checked_url
from tests.http_serving import serving


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.seen.append((self.headers["Host"], self.path))  # type: ignore[attr-defined]
        match self.path:
            case "/redirect":
                self.send_response(307)
                self.send_header("Location", "/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()
            case "/busy":
                self.send_response(429)
                self.send_header("Retry-After", "7")
                self.send_header("Content-Length", "0")
                self.end_headers()
            case "/trickle":
                for byte in b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100:
                    self.wfile.write(bytes([byte]))
                    if self.server.over.wait(0.1):  # type: ignore[attr-defined]
                        return
            case _:
                self.send_response(200)
                self.send_header("Content-Length", "200000")
                self.end_headers()
                self.wfile.write(b"z" * 200_000)

    def log_message(self, *_: Any) -> None:
        """Quiet."""


@contextmanager
def seeing(ca: trustme.CA | None = None) -> Iterator[Any]:
    """A server that notes what it is asked."""
    with serving(_Handler, "hooks.example.com", ca=ca) as server:
        server.seen = []
        yield server


@pytest.fixture
def server() -> Iterator[Any]:
    with seeing() as server:
        yield server


def test_a_redirect_is_not_followed_and_an_answer_is_cut(server: Any) -> None:
    url = f"http://127.0.0.1:{server.server_port}"
    client = HttpClient(most_bytes=1_000)
    assert client.send(f"{url}/redirect", b"secret").status == 307
    assert [path for _, path in server.seen] == ["/redirect"]
    assert len(client.send(f"{url}/", b"").body) == 1_001
    busy = client.send(f"{url}/busy", b"")
    assert (busy.status, busy.retry_after, busy.succeeded) == (429, 7.0, False)


def test_the_representation_of_an_answer_shows_nothing_that_was_sent() -> None:
    answer = Answer(403, b"you sent canary", 7.0, "canary")
    assert repr(answer) == "Answer(status=403, retry_after=7.0)"


def test_a_server_that_trickles_is_given_up_when_the_time_is_over(server: Any) -> None:
    began = time.monotonic()
    answer = HttpClient(timeout=0.5).send(f"http://127.0.0.1:{server.server_port}/trickle", b"x")
    assert (answer.status, answer.reason) == (0, "it took too long")
    assert time.monotonic() - began < 8  # the whole header would take 12 s


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "2130706433",  # decimal
        "0x7f000001",
        "0177.0.0.1",  # octal
        "0.0.0.0",  # noqa: S104 - an address to refuse
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[64:ff9b::7f00:1]",
    ],
)
def test_hosts_inside_are_refused_before_anything_is_sent(server: Any, host: str) -> None:
    answer = HttpClient(only_public=True).send(f"http://{host}:{server.server_port}/", b"x")
    assert answer.status == 0
    assert server.seen == []


@pytest.mark.parametrize(
    "address",
    [
        "169.254.169.254",
        "10.1.2.3",
        "192.168.0.1",
        "100.64.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "0.0.0.0",  # noqa: S104 - an address to refuse
        "::",
        "fe80::1%eth0",
        "fd00::1",
        "ff02::1",
        "2002:7f00:1::",
        "2001:0:7f00:1::",
        "::ffff:169.254.169.254",
        "fec0::1",
        "::127.0.0.1",
        "::10.0.0.1",
        "64:ff9b:1::7f00:1",
        "::ffff:0:127.0.0.1",
        "2606:4700::5efe:7f00:1",
        "not an address",
    ],
)
def test_addresses_that_are_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "192.0.0.192",  # Oracle
        "192.0.0.9",
        "192.88.99.1",  # relays of 6to4
        "168.63.129.16",  # Azure
        "::ffff:168.63.129.16",
        "64:ff9b::a83f:8110",  # the same by NAT64
        "2002:a83f:8110::1",  # the same by 6to4
        "100.100.100.200",  # Alibaba
        "169.254.169.254",
        "169.254.170.2",  # Amazon's containers
        "fd00:ec2::254",  # Amazon
        "fd00:ec2::23",
        "fd20:ce::254",  # Google
        "fd00:c1::a9fe:a9fe",  # Oracle
        "fd00:42::42",  # Scaleway
        "fe80::a9fe:a9fe%eth0",
    ],
)
def test_addresses_at_which_clouds_tell_secrets_are_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700:4700::1111", "::ffff:8.8.8.8"])
def test_addresses_that_are_public(address: str) -> None:
    assert is_public(address)


def test_a_name_is_looked_up_once_so_that_it_cannot_change_its_meaning(
    server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A resolver that answers publicly at first and privately after that is asked no second time.

    Connecting to the address that was checked fails here, for want of a network; what must not
    happen is that the server inside is reached.
    """
    asked: list[str] = []
    connected: list[Any] = []

    def rebinding(host: str, port: int, *_: Any, **__: Any) -> list[Any]:
        asked.append(host)
        address = "203.0.114.1" if len(asked) == 1 else "127.0.0.1"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    def connect(_: socket.socket, where: Any) -> None:
        connected.append(where)
        raise OSError(errno.ENETUNREACH, "no network")

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    monkeypatch.setattr(socket.socket, "connect", connect)
    answer = HttpClient(only_public=True).send(f"http://rebind.test:{server.server_port}/", b"x")
    assert (answer.status, answer.reason) == (0, "no network")
    assert asked == ["rebind.test"]
    assert connected == [("203.0.114.1", server.server_port)]


def test_one_private_address_among_public_ones_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    def both(_: str, port: int, *__: Any, **___: Any) -> list[Any]:
        return [(2, 1, 6, "", (address, port)) for address in ("8.8.8.8", "10.0.0.1")]

    monkeypatch.setattr(socket, "getaddrinfo", both)
    answer = HttpClient(only_public=True).send("https://mixed.test/", b"x")
    assert "10.0.0.1, which is not public" in answer.reason


def test_the_certificate_is_that_of_the_name_and_not_of_the_address(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ca = trustme.CA()
    trusting = ssl.create_default_context()
    ca.configure_trust(trusting)

    def here(_: str, port: int, *__: Any, **___: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    with seeing(ca) as server:
        monkeypatch.setattr(socket, "getaddrinfo", here)
        client = HttpClient(trust=trusting)
        assert client.send(f"https://hooks.example.com:{server.server_port}/", b"x").succeeded
        other = client.send(f"https://other.example.com:{server.server_port}/", b"x")
        assert other.status == 0
        assert "certificate" in other.reason.lower()
        untrusted = HttpClient().send(f"https://hooks.example.com:{server.server_port}/", b"x")
        assert untrusted.status == 0


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://example.com/",
        "https://",
        "https://canary:pw@example.com/",
        "https://example.com/canary path",
        "https://example.com/\ncanary",
        "gopher://example.com/",
        "https://example.com:99999/canary",
        "//example.com/",
        "https://exämple.com/canary",
    ],
)
def test_addresses_that_are_none_are_refused_without_being_shown(url: str) -> None:
    with pytest.raises(ConfigError) as caught:
        checked_url(url, "webhook url")
    assert "canary" not in str(caught.value)


def test_plain_http_is_refused_where_only_https_is_allowed() -> None:
    with pytest.raises(ConfigError, match="must begin with https:"):
        checked_url("http://example.com/", "webhook url", https_only=True)
