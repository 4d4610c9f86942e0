"""Messages by mail, over SMTP."""

from __future__ import annotations

import contextlib
import logging
import smtplib
import socket
import ssl
import threading
from collections.abc import Iterator, Sequence
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from hashlib import blake2b
from typing import Literal

from driftwatch.alerts.message import Message
from driftwatch.errors import ConfigError
from driftwatch.integrations.alerting.mail_page import mail_html
from driftwatch.integrations.alerting.not_sent import NotSentError
from driftwatch.integrations.alerting.pictures import png_of
from driftwatch.logs.events import event

__all__ = ["EmailAlert", "mail_of"]

_LOG = logging.getLogger("driftwatch")
_SECONDS = 20.0
_TLS = ("starttls", "implicit", "none")
_MOST_SUBJECT = 200
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


class EmailAlert:
    """Tells incidents by mail. Implements `driftwatch.protocols.Notifier`.

    A mail has a part of plain text and one of HTML, with drawings as PNG where Pillow is
    installed (``pip install 'driftwatch-sketch[alerting]'``). A mail that comes again has the same
    ``Message-ID``; those of one incident are one thread.

    Args:
        host: The SMTP server, which may be a private one.
        port: 587 as a rule, 465 for implicit TLS.
        sender: Address that the mails come from.
        recipients: Addresses that they go to.
        tls: ``"starttls"``, ``"implicit"`` or ``"none"``; a password is not sent without TLS, but
            to this machine.
        username: For the server; none if not given.
        password: Its password; shown nowhere.
        trust: Which certificates are believed; those of the system if not given.
        name: What the store, logs and `driftwatch doctor` call it.

    Raises:
        ConfigError: If an address is none, or the password would go out unencrypted.
    """

    def __init__(  # noqa: PLR0913 - two are positional, the others keyword-only
        self,
        host: str,
        port: int = 587,
        *,
        sender: str,
        recipients: Sequence[str],
        tls: Literal["starttls", "implicit", "none"] = "starttls",
        username: str | None = None,
        password: str | None = None,
        trust: ssl.SSLContext | None = None,
        name: str = "mail",
    ) -> None:
        self.name = name
        self._sender = _address(sender, "sender")
        if isinstance(recipients, str) or not recipients:
            raise ConfigError("recipients is a list of addresses, such as ['ml@example.com']")
        self._recipients = [_address(text, "recipients") for text in recipients]
        if tls not in _TLS:
            raise ConfigError(f"tls is one of {', '.join(_TLS)}; got {tls!r}")
        if (username is None) != (password is None):
            raise ConfigError("username and password go together; give both, or none")
        if password is not None and tls == "none" and host not in _LOOPBACK:
            raise ConfigError("a password is not sent without TLS; use tls='starttls'")
        self._host, self._port, self._tls = host, port, tls
        self._login = None if username is None or password is None else (username, password)
        self._trust = trust

    def __repr__(self) -> str:
        return f"EmailAlert({self._host!r}, {self._port}, {len(self._recipients)} recipients)"

    def send(self, message: Message, /) -> None:
        """Send a message to everybody.

        Raises:
            NotSentError: If the server does not take it now for at least one of them.
        """
        mail = mail_of(message, self._sender, self._recipients)
        try:
            with self._connected() as server:
                refused = server.send_message(mail)
        except smtplib.SMTPResponseException as error:
            raise NotSentError(
                f"the mail server {self._host} answers {error.smtp_code} ({type(error).__name__})"
            ) from None
        except smtplib.SMTPException as error:  # its text may be what the server sent
            raise NotSentError(f"the mail server {self._host}: {type(error).__name__}") from None
        except (OSError, ValueError) as error:
            why = type(error).__name__
            raise NotSentError(f"the mail server {self._host} cannot be reached: {why}") from None
        if len(refused) == len(self._recipients):
            raise NotSentError(f"the mail server {self._host} refuses every recipient")
        if refused:  # the others have it, and would have it twice
            _LOG.warning(
                "driftwatch: %s: the mail server %s refuses %d of %d recipients",
                message.monitor,
                self._host,
                len(refused),
                len(self._recipients),
                extra=event(
                    "sink.failed",
                    monitor=message.monitor,
                    sink=self.name,
                    error=f"{len(refused)} recipients refused",
                ),
            )

    @contextlib.contextmanager
    def _connected(self) -> Iterator[smtplib.SMTP]:
        """A connection that is logged in, and is cut when its time is over."""
        trust = self._trust or ssl.create_default_context()
        server = (
            smtplib.SMTP_SSL(timeout=_SECONDS, context=trust)
            if self._tls == "implicit"
            else smtplib.SMTP(timeout=_SECONDS)
        )
        # The host is what certificates are checked against; `connect` does not keep it.
        server._host = self._host  # type: ignore[attr-defined]  # noqa: SLF001
        timer = threading.Timer(_SECONDS, _cut, [server])
        timer.daemon = True
        timer.start()
        try:
            server.connect(self._host, self._port)
            if self._tls == "starttls":
                server.starttls(context=trust)
            if self._login is not None:
                server.login(*self._login)
            yield server
            with contextlib.suppress(smtplib.SMTPException, OSError):
                server.quit()
        finally:
            timer.cancel()
            server.close()


def _cut(server: smtplib.SMTP) -> None:
    sock = getattr(server, "sock", None)
    if sock is not None:
        with contextlib.suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)


def mail_of(message: Message, sender: Address, recipients: Sequence[Address], /) -> EmailMessage:
    """A message as a mail.

    Headers that data had a part in are on one line, and control characters are gone from them.

    Args:
        message: The message.
        sender: Who sends it.
        recipients: Who gets it.
    """
    domain = sender.domain
    mail = EmailMessage()
    subject = f"{message.sign} {message.subject}"
    mail["Subject"] = subject if len(subject) <= _MOST_SUBJECT else subject[:_MOST_SUBJECT] + "…"
    mail["From"] = sender
    mail["To"] = list(recipients)
    mail["Date"] = format_datetime(message.at)
    mail["Message-ID"] = f"<{_digest(message.key)}@{domain}>"
    thread = f"<{_digest(f'{message.monitor}/{message.incident}')}@{domain}>"
    mail["References"] = thread
    mail["In-Reply-To"] = thread
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(message.plain_text())
    drawn = {p.name: png for p in message.pictures if (png := png_of(p)) is not None}
    cids = {name: f"{_digest(name)}@{domain}" for name in drawn}
    mail.add_alternative(mail_html(message, cids), subtype="html")
    page = list(mail.iter_parts())[1]
    for name, png in drawn.items():
        page.add_related(png, "image", "png", cid=f"<{cids[name]}>", disposition="inline")
    return mail


def _digest(text: str) -> str:
    return blake2b(text.encode("utf-8", "replace"), digest_size=12).hexdigest()


def _address(text: str, what: str) -> Address:
    shown, bare = parseaddr(text)
    user, at, domain = bare.rpartition("@")
    if not at or not user or not domain or any(c in bare for c in " <>,") or not text.isprintable():
        raise ConfigError(f"{what}: an address looks like ml@example.com; got {text!r}")
    try:
        return Address(shown, user, domain)
    except (ValueError, IndexError) as error:
        raise ConfigError(f"{what}: {text!r} is no address: {error}") from error
