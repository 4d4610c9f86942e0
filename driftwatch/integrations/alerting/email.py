"""Messages by mail, over SMTP."""

from __future__ import annotations

import contextlib
import logging
import re
import smtplib
import ssl
from collections.abc import Iterator, Sequence
from email.header import Header
from email.headerregistry import Address, BaseHeader, HeaderRegistry, UniqueUnstructuredHeader
from email.message import EmailMessage
from email.policy import EmailPolicy, Policy
from email.utils import format_datetime, parseaddr
from hashlib import blake2b
from typing import Any, Literal, cast

from driftwatch.alerts.message import Message
from driftwatch.errors import ConfigError
from driftwatch.integrations.alerting.arguments import checked_name
from driftwatch.integrations.alerting.mail_page import mail_html
from driftwatch.integrations.alerting.not_sent import NotSentError
from driftwatch.integrations.alerting.pictures import png_of
from driftwatch.integrations.alerting.smtp import BoundedSMTP
from driftwatch.logs.events import event
from driftwatch.render.plain import plain

__all__ = ["EmailAlert", "mail_of"]

_LOG = logging.getLogger("driftwatch")
_SECONDS = 20.0
_TLS = ("starttls", "implicit", "none")
_MOST_SUBJECT = 200
_LOOPBACK = ("localhost", "127.0.0.1", "::1")

_Refused = dict[str, tuple[int, bytes]]
"""Recipients that a server refuses, with what it answered."""


class _Subject(UniqueUnstructuredHeader):
    """A subject that arrives as it was written.

    Where Python folds an encoded subject itself, it leaves words of ASCII as they are, and loses
    the space between two encoded words. And it takes text that looks encoded for such.
    """

    @classmethod
    def parse(cls, string: str, kwds: dict[str, Any]) -> None:
        """Take the text as it is."""
        super().parse(string, kwds)
        kwds["decoded"] = string

    def fold(self, *, policy: Policy) -> str:
        """Encode the whole text, spaces and all."""
        text = Header(str(self), "utf-8", header_name="Subject").encode(linesep=policy.linesep)
        return f"Subject: {text}{policy.linesep}"


_HEADERS = HeaderRegistry()
_HEADERS.map_to_type("subject", cast("type[BaseHeader]", _Subject))  # it is added there
_POLICY = EmailPolicy(header_factory=_HEADERS)


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
        ConfigError: If an address is none, another argument cannot be used, or the password would
            go out unencrypted.
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
        self.name = checked_name(name)
        self._sender = _address(sender, "sender")
        if not isinstance(recipients, list | tuple) or not recipients:
            raise ConfigError(
                "recipients is a list of addresses, such as ['ml@example.com']", code="DW081"
            )
        self._recipients = [
            _address(text, f"recipient {place}") for place, text in enumerate(recipients, 1)
        ]
        _check_server(host, port, tls)
        _check_login(username, password)
        if trust is not None and not isinstance(trust, ssl.SSLContext):
            raise ConfigError(
                "trust is an ssl.SSLContext, such as ssl.create_default_context()", code="DW081"
            )
        if password is not None and tls == "none" and host not in _LOOPBACK:
            raise ConfigError(
                "a password is not sent without TLS; use tls='starttls'", code="DW081"
            )
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
        refused, problem = self._attempt(message)
        if problem:  # raised here, so that no error of the server is its context
            raise NotSentError(problem)
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

    def _attempt(self, message: Message) -> tuple[_Refused, str]:
        """Send a message; returns the recipients that were refused, or what went wrong.

        The texts of errors are not in it: they may be what the server sent.
        """
        refused: _Refused = {}
        try:
            mail = mail_of(message, self._sender, self._recipients)
        except Exception as error:  # noqa: BLE001 - of the mail package, or of what draws pictures
            return refused, f"the mail cannot be written: {type(error).__name__}"
        where = f"the mail server {self._host}"
        try:
            with self._connected() as server:
                refused = server.send_message(mail)
        except smtplib.SMTPResponseException as error:
            return refused, f"{where} answers {error.smtp_code} ({type(error).__name__})"
        except smtplib.SMTPException as error:
            return refused, f"{where}: {type(error).__name__}"
        except (OSError, ValueError) as error:
            return refused, f"{where} cannot be reached: {type(error).__name__}"
        return refused, ""

    @contextlib.contextmanager
    def _connected(self) -> Iterator[BoundedSMTP]:
        """A connection that is logged in, and is over when its time is."""
        server = BoundedSMTP(
            self._host,
            self._port,
            seconds=_SECONDS,
            trust=self._trust or ssl.create_default_context(),
            implicit=self._tls == "implicit",
        )
        try:
            if self._tls == "starttls":
                server.encrypt()
            if self._login is not None:
                server.login(*self._login)
            yield server
            with contextlib.suppress(smtplib.SMTPException, OSError):
                server.quit()
        finally:
            server.close()


def mail_of(message: Message, sender: Address, recipients: Sequence[Address], /) -> EmailMessage:
    """A message as a mail.

    Headers that data had a part in are on one line, and control characters are gone from them.

    Args:
        message: The message.
        sender: Who sends it.
        recipients: Who gets it.
    """
    domain = sender.domain
    mail = EmailMessage(_POLICY)
    mail["Subject"] = plain(f"{message.sign} {message.subject}", _MOST_SUBJECT)
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


def _address(text: object, what: str) -> Address:
    """An address of mail, with a name or without; what is wrong is said without showing it."""
    if isinstance(text, str) and text.isprintable():
        shown, bare = parseaddr(text)
        user, at, domain = bare.rpartition("@")
        if at and user and domain and not any(c in bare for c in " <>,"):
            with contextlib.suppress(ValueError, IndexError):
                return Address(shown, user, domain)
    raise ConfigError(
        f"{what}: an address looks like ml@example.com (it is not shown)", code="DW081"
    )


def _check_server(host: object, port: object, tls: object) -> None:
    if not isinstance(tls, str) or tls not in _TLS:
        raise ConfigError(f"tls is one of {', '.join(_TLS)}", code="DW081")
    if not isinstance(host, str) or not re.fullmatch(r"[!-~]+", host) or "/" in host:
        raise ConfigError(
            "host is the name of a mail server, such as 'smtp.example.com'", code="DW081"
        )
    if isinstance(port, bool) or not isinstance(port, int) or not 1 <= port <= 65_535:
        raise ConfigError("port is a number from 1 to 65535, such as 587", code="DW081")


def _check_login(username: object, password: object) -> None:
    if (username is None) != (password is None):
        raise ConfigError("username and password go together; give both, or none", code="DW081")
    for what, text in (("username", username), ("password", password)):
        if text is not None and not (isinstance(text, str) and text and text.isascii()):
            raise ConfigError(
                f"{what} is a text of ASCII characters, as mail servers take no others (not shown)",
                code="DW081",
            )
