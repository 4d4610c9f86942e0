"""Real servers that misbehave as they are told: one of HTTP, one of SMTP."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from typing import Any

import trustme

from tests.http_serving import serving


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        hooks: Any = self.server
        body = self.rfile.read(int(self.headers["Content-Length"]))
        what = hooks.script.pop(0) if hooks.script else 200
        hooks.asked.append(what)
        if what == "reset":
            self.connection.setsockopt(1, 13, b"\x01\x00\x00\x00\x00\x00\x00\x00")  # linger 0
            self.connection.close()
            return
        if what == "silent":
            hooks.over.wait(30)
            return
        if what == "trickle":
            for byte in b"HTTP/1.1 200 OK\r\n" * 100:
                if hooks.over.wait(0.05):
                    return
                try:
                    self.wfile.write(bytes([byte]))
                except OSError:
                    return
        status = int(what)
        if status < 300:
            hooks.taken.append((dict(self.headers), body))
        self.send_response(status)
        if status == 429:
            self.send_header("Retry-After", "120")
        if 300 <= status < 400:
            self.send_header("Location", hooks.url)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)  # repeats what it was sent, secrets and all

    def log_message(self, *_: Any) -> None:
        """Quiet."""


@contextmanager
def hooks(*script: int | str, ca: trustme.CA | None = None) -> Iterator[Any]:
    """A server of webhooks that answers as it is told, and then well."""
    with serving(_Handler, "127.0.0.1", "localhost", ca=ca) as server:
        server.script, server.taken, server.asked = list(script), [], []
        scheme = "http" if ca is None else "https"
        server.url = f"{scheme}://127.0.0.1:{server.server_port}/hooks/canary-in-the-path"
        yield server


class _Mailbox:
    """Keeps mails; answers RCPT or DATA as it is told."""

    def __init__(self, script: list[str]) -> None:
        self.script = script
        self.mails: list[bytes] = []
        self.recipients: list[list[str]] = []

    async def handle_DATA(  # noqa: N802 - the name that it is called by
        self, _server: Any, _session: Any, envelope: Any
    ) -> str:
        answer = self.script.pop(0) if self.script else "250 taken"
        if answer == "silent":
            await asyncio.sleep(3600)
        if answer.startswith("2"):
            self.mails.append(envelope.content)
            self.recipients.append(list(envelope.rcpt_tos))
        return answer


@contextmanager
def mail_server(
    *script: str,
    ca: trustme.CA | None = None,
    implicit: bool = False,
    login: tuple[str, str] | None = None,
) -> Iterator[Any]:
    """An SMTP server: with STARTTLS where it has a certificate, and a login that it requires."""
    from aiosmtpd.controller import Controller
    from aiosmtpd.smtp import AuthResult

    def check(_s: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
        given = (data.login.decode(), data.password.decode())
        return AuthResult(success=given == login, handled=False)  # so that it says no

    box = _Mailbox(list(script))
    context = None
    if ca is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        ca.issue_cert("127.0.0.1", "localhost").configure_cert(context)
    settings: dict[str, Any] = {"decode_data": False}
    if context is not None and not implicit:
        settings |= {"tls_context": context, "require_starttls": True}
    if login is not None:
        settings |= {"authenticator": check, "auth_required": True}
        settings["auth_require_tls"] = ca is not None and not implicit
    controller = Controller(
        box, "127.0.0.1", _free_port(), ssl_context=context if implicit else None, **settings
    )
    controller.start()
    box.port = controller.port  # type: ignore[attr-defined]
    try:
        yield box
    finally:
        controller.stop()


def _free_port() -> int:
    import socket

    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])
