"""The HTTP server of the collector's application, and the socket that it listens on."""

from __future__ import annotations

import socket
import threading
import time
from pathlib import Path

import uvicorn
from fastapi import FastAPI

from driftwatch.service.security.connections import PromptConnection

__all__ = ["let_requests_end", "listening_on", "server_of"]

_WORKER = "AnyIO worker thread"
_GRACE_SECONDS = 20
_KEEP_ALIVE_SECONDS = 5
_HEAD_BYTES = 16_384


def server_of(
    app: FastAPI,
    /,
    *,
    certificate: tuple[Path, Path] | None = None,
    own_log: bool = False,
) -> uvicorn.Server:
    """A server for the application that `create_app` made; run it with sockets that are bound.

    Args:
        app: The application.
        certificate: Files of a certificate and its private key, to serve HTTPS.
        own_log: Whether its log goes where the process's own goes, in its form.
    """
    return uvicorn.Server(
        uvicorn.Config(
            app,
            log_config=None if own_log else uvicorn.config.LOGGING_CONFIG,
            log_level="warning",
            access_log=False,
            server_header=False,
            http=PromptConnection,
            ws="none",  # an upgrade would take the connection out of its hands
            h11_max_incomplete_event_size=_HEAD_BYTES,
            timeout_keep_alive=_KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=_GRACE_SECONDS,
            ssl_certfile=None if certificate is None else certificate[0],
            ssl_keyfile=None if certificate is None else certificate[1],
        )
    )


def let_requests_end(seconds: float = 5.0, /) -> None:
    """Wait, after a server has ended, for the threads in which AnyIO runs what requests asked for.

    The interpreter does not wait for them, and what they hold as it ends (sketches, say) would be
    told on stderr as leaks.

    Args:
        seconds: How long at most.
    """
    end = time.monotonic() + seconds
    for thread in threading.enumerate():
        if thread.name == _WORKER:
            thread.join(max(0.0, end - time.monotonic()))


def listening_on(host: str, port: int, /) -> socket.socket:
    """A socket that listens, so that what is wrong with the address is reported before all else,
    and whoever is told the address may connect at once: it waits until the server is ready.

    It is said to be of TCP: asyncio sends answers without delay only on connections of such a one.
    On others the end of an answer waits for the client to acknowledge its beginning, some 40 ms.

    Raises:
        OSError: If the address cannot be used.
        OverflowError: If there is no such port.
        UnicodeError: If the host is no name.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((host, port))
        made.listen()
    except BaseException:
        made.close()
        raise
    return made
