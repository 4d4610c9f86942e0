"""Exchanges whose timeout is that of the whole, not of every wait in it: of HTTP, and any other.

The standard library begins its timeout anew with every byte that arrives, so that a peer who
sends one now and then is never given up. Only the look-up of a host's name is not bounded
here: no system can be told to hurry with it.
"""

from __future__ import annotations

import http.client
import io
import socket
import ssl
import time
import urllib.request
from collections.abc import Callable
from typing import Any, cast

__all__ = ["BoundedSocket", "Guard", "NoAddressError", "dial", "handlers"]

_CHUNK = 64 << 10


Guard = Callable[[str, list[str]], None]
"""Is given a host and all its addresses before any is connected to; raises if it may not be."""


class NoAddressError(OSError):
    """A name of a host stands for no address."""


def handlers(
    trust: ssl.SSLContext | None = None, guard: Guard | None = None
) -> tuple[urllib.request.BaseHandler, ...]:
    """Handlers for `urllib.request.build_opener`.

    Args:
        trust: Which certificates are believed; those of the system if not given.
        guard: Decides which addresses may be connected to. A host is looked up once, and what
            the guard has seen is what is connected to.
    """
    return _HTTPHandler(guard), _HTTPSHandler(trust, guard)


class _HTTPHandler(urllib.request.HTTPHandler):
    def __init__(self, guard: Guard | None) -> None:
        super().__init__()
        self._guard = guard

    def http_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(_HTTP, req, guard=self._guard)


class _HTTPSHandler(urllib.request.HTTPSHandler):
    def __init__(self, trust: ssl.SSLContext | None, guard: Guard | None) -> None:
        super().__init__()
        self._trust = trust
        self._guard = guard

    def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        if self._trust is None:  # reading the certificates takes a while
            self._trust = ssl.create_default_context()
            self._trust.set_alpn_protocols(["http/1.1"])
        return self.do_open(_HTTPS, req, context=self._trust, guard=self._guard)


class _HTTP(http.client.HTTPConnection):
    def __init__(self, host: str, /, *, guard: Guard | None = None, **settings: Any) -> None:
        super().__init__(host, **settings)
        self._guard = guard

    def connect(self) -> None:
        end = time.monotonic() + cast("float", self.timeout)
        self._create_connection = dial(end, self._guard)
        super().connect()
        self.sock = cast("socket.socket", BoundedSocket(self.sock, end))


class _HTTPS(_HTTP, http.client.HTTPSConnection):
    """The same; `connect` of the other base makes TLS of what was dialled."""


def _left(end: float, /) -> float:
    seconds = end - time.monotonic()
    if seconds <= 0:
        raise TimeoutError("it took too long")
    return seconds


def dial(end: float, guard: Guard | None = None, /) -> Callable[..., socket.socket]:
    """`socket.create_connection`, for all addresses of a host together.

    Args:
        end: Of the exchange, on the monotonic clock.
        guard: Decides which addresses may be connected to.
    """

    def connect(address: tuple[str, int], *_: Any) -> socket.socket:
        failed: OSError = NoAddressError("the host has no address")
        addresses = socket.getaddrinfo(*address, type=socket.SOCK_STREAM)
        if guard is not None:
            guard(address[0], [str(where[0]) for *_rest, where in addresses])
        for place, (family, kind, protocol, _name, where) in enumerate(addresses):
            made = socket.socket(family, kind, protocol)
            try:
                made.settimeout(_left(end) / (len(addresses) - place))
                made.connect(where)
                made.settimeout(_left(end))
            except OSError as error:
                made.close()
                failed = error
            else:
                return made
        raise failed

    return connect


class BoundedSocket:
    """A connected socket, each of whose waits is as long as what is left of the exchange.

    It has what `http.client` and `smtplib` ask of a socket, and no more.
    """

    def __init__(self, sock: socket.socket, end: float) -> None:
        self._sock = sock
        self._end = end

    def sendall(self, data: bytes) -> None:
        """Send all of some bytes."""
        view = memoryview(data)
        while view:
            self._sock.settimeout(_left(self._end))
            view = view[self._sock.send(view[:_CHUNK]) :]

    def makefile(self, *_: Any) -> io.BufferedReader:
        """What arrives, to be read."""
        return io.BufferedReader(_BoundedReader(self._sock, self._end))

    def with_tls(self, trust: ssl.SSLContext, host: str, /) -> BoundedSocket:
        """The same connection, encrypted from now on; it takes the handshake that long, too."""
        self._sock.settimeout(_left(self._end))
        return BoundedSocket(trust.wrap_socket(self._sock, server_hostname=host), self._end)

    def close(self) -> None:
        """Close the connection."""
        self._sock.close()


class _BoundedReader(io.RawIOBase):
    def __init__(self, sock: socket.socket, end: float) -> None:
        self._sock = sock
        self._end = end
        self._file = sock.makefile("rb", buffering=0)  # keeps the socket open

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._sock.settimeout(_left(self._end))
        return self._file.readinto(buffer)

    def close(self) -> None:
        self._file.close()
        super().close()
