"""A real HTTP server on this machine for a test, with a certificate if it is asked for."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import trustme

__all__ = ["serving"]


@contextmanager
def serving(
    handler: type[BaseHTTPRequestHandler], *names: str, ca: trustme.CA | None = None
) -> Iterator[Any]:
    """Serve until the block ends; the attribute `over` is set then, for handlers that wait.

    Args:
        handler: What answers.
        names: Of the certificate.
        ca: Who issues the certificate; plain HTTP without.
    """
    server: Any = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    server.over = threading.Event()
    if ca is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        ca.issue_cert(*names).configure_cert(context)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.over.set()
        server.shutdown()
        thread.join()
        server.server_close()
