"""A server of plain sockets on this machine for a test, for what is no HTTP, or a bad one."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = ["serving_sockets"]


@contextmanager
def serving_sockets(talk: Callable[[socket.socket], object], /) -> Iterator[int]:
    """Serve one client after another until the block ends; gives the port.

    Args:
        talk: Answers one client; an OSError ends that conversation, and no other.
    """
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=_serve, args=(listening, talk), daemon=True)
        thread.start()
        try:
            yield int(listening.getsockname()[1])
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            thread.join(30)


def _serve(listening: socket.socket, talk: Callable[[socket.socket], object]) -> None:
    while True:
        try:
            client, _ = listening.accept()
        except OSError:  # the block has ended
            return
        with client, contextlib.suppress(OSError):
            talk(client)
