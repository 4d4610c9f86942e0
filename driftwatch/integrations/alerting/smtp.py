"""SMTP whose timeout is that of the whole exchange, in whatever phase the server hangs."""

from __future__ import annotations

import smtplib
import socket
import ssl
import time
from typing import Any, cast

from driftwatch.transport.deadline import BoundedSocket, dial

__all__ = ["BoundedSMTP"]


_WELCOME = 220


class BoundedSMTP(smtplib.SMTP):
    """A connection that is over when its time is: look-up of the server's name aside.

    Args:
        host: The server.
        port: Its port.
        seconds: That everything may take together, from now on.
        trust: Which certificates are believed.
        implicit: Whether TLS begins at once.

    Raises:
        OSError: If the server cannot be reached in time.
        smtplib.SMTPException: If it answers badly, or greets with anything but a welcome.
    """

    def __init__(
        self, host: str, port: int, /, *, seconds: float, trust: ssl.SSLContext, implicit: bool
    ) -> None:
        self._end = time.monotonic() + seconds
        self._trust = trust
        self._implicit = implicit
        # Without a name of one's own the base would look one up, which may take for ever.
        super().__init__(local_hostname="[127.0.0.1]", timeout=seconds)
        self._host = host
        try:
            code, said = self.connect(host, port)
            if code != _WELCOME:  # the base asks this only where it is given the host
                raise smtplib.SMTPConnectError(code, said)
        except BaseException:
            self.close()
            raise

    def encrypt(self) -> None:
        """Go on with TLS.

        Raises:
            smtplib.SMTPException: If the server has none.
            OSError: If its certificate is not believed, or it takes too long.
        """
        self.starttls(context=cast("ssl.SSLContext", _Encrypting(self._trust)))

    def _get_socket(self, host: str, port: int, timeout: float) -> Any:
        sock = dial(self._end)((host, port))
        self.local_hostname = _own_name(sock)
        bounded = BoundedSocket(sock, self._end)
        if not self._implicit:
            return bounded
        try:
            return bounded.with_tls(self._trust, host)
        except BaseException:
            bounded.close()
            raise


class _Encrypting:
    """A context of TLS as `smtplib` asks for one, for sockets that are bounded."""

    def __init__(self, trust: ssl.SSLContext) -> None:
        self._trust = trust

    def wrap_socket(self, sock: BoundedSocket, *, server_hostname: str) -> BoundedSocket:
        return sock.with_tls(self._trust, server_hostname)


def _own_name(sock: socket.socket) -> str:
    """What to introduce oneself as: the name of this machine if it is whole, or its address."""
    name = socket.gethostname()
    if "." in name and name.isascii():
        return name
    address = str(sock.getsockname()[0]).partition("%")[0]
    return f"[IPv6:{address}]" if ":" in address else f"[{address}]"
