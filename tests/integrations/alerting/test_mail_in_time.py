"""A mail server that hangs is given up in time, in whatever phase of the exchange it does."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Literal

import pytest
import trustme

from driftwatch.integrations.alerting import EmailAlert, NotSentError
from driftwatch.integrations.alerting import email as email_module
from tests.integrations.alerting.test_back_ends import MESSAGE
from tests.socket_serving import serving_sockets

ANSWERS = {
    "greeting": b"220 here\r\n",
    "EHLO": b"250-here\r\n250-AUTH PLAIN\r\n250 STARTTLS\r\n",
    "STARTTLS": b"220 go ahead\r\n",
    "AUTH": b"235 welcome\r\n",
    "MAIL": b"250 yes\r\n",
    "RCPT": b"250 yes\r\n",
    "DATA": b"354 go on\r\n",
    ".": b"250 taken\r\n",
    "QUIT": b"221 bye\r\n",
}
LIMIT = 0.6


class Hanging:
    """A mail server that says no more in one phase, or a byte now and then and never a line."""

    def __init__(self, phase: str, how: str) -> None:
        self.phase, self.how = phase, how
        self.over = threading.Event()
        self.reached = threading.Event()
        self.mails = 0

    def talk(self, client: socket.socket) -> None:
        """Take mails from one client, up to the phase."""
        self._answer(client, "greeting")
        with client.makefile("rb") as lines:
            inside = False
            for line in lines:
                word = line.split()[0].decode().upper() if line.split() else ""
                if inside and line != b".\r\n":
                    continue
                self._answer(client, word)
                inside = word == "DATA"
                self.mails += word == "."

    def _answer(self, client: socket.socket, word: str) -> None:
        in_the_handshake = word == "STARTTLS" and self.phase == "TLS"
        if in_the_handshake:
            client.sendall(ANSWERS[word])
        if in_the_handshake or word == self.phase:
            self.reached.set()
            while not self.over.wait(0.02 if self.how == "trickle" else 30):
                client.sendall(b"2")
            raise OSError("over")
        client.sendall(ANSWERS[word])


@contextmanager
def hanging(phase: str, how: str) -> Iterator[tuple[Hanging, int]]:
    """The server and its port."""
    server = Hanging(phase, how)
    with serving_sockets(server.talk) as port:
        try:
            yield server, port
        finally:
            server.over.set()


def mail_to(port: int, tls: Literal["starttls", "implicit", "none"] = "none") -> EmailAlert:
    """A back end that logs in and trusts a certificate authority nobody has asked."""
    trust = ssl.create_default_context()
    trustme.CA().configure_trust(trust)
    return EmailAlert(
        "127.0.0.1", port, sender="d@example.com", recipients=["a@example.com"], tls=tls,
        username="u", password="p", trust=trust,
    )  # fmt: skip


@pytest.fixture(autouse=True)
def limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Less patience than in earnest."""
    monkeypatch.setattr(email_module, "_SECONDS", LIMIT)


def given_up(alert: EmailAlert) -> float:
    """Seconds until a mail was given up."""
    begun = time.monotonic()
    with pytest.raises(NotSentError):
        alert.send(MESSAGE)
    return time.monotonic() - begun


@pytest.mark.parametrize("how", ["silent", "trickle"])
@pytest.mark.parametrize("phase", ["greeting", "EHLO", "AUTH", "MAIL", "RCPT", "DATA", "."])
def test_a_server_that_hangs_is_given_up_in_time(phase: str, how: str) -> None:
    with hanging(phase, how) as (server, port):
        assert given_up(mail_to(port)) < 4 * LIMIT
        assert server.reached.is_set()


@pytest.mark.parametrize("how", ["silent", "trickle"])
@pytest.mark.parametrize("phase", ["STARTTLS", "TLS"])
def test_a_server_that_hangs_before_it_encrypts_is_given_up_in_time(phase: str, how: str) -> None:
    with hanging(phase, how) as (server, port):
        assert given_up(mail_to(port, "starttls")) < 4 * LIMIT
        assert server.reached.is_set()


def test_a_server_that_never_answers_a_handshake_is_given_up_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        assert given_up(mail_to(listening.getsockname()[1], "implicit")) < 4 * LIMIT


@contextmanager
def full() -> Iterator[int]:
    """The port of a server whose queue is full: the system leaves a connection without answer."""
    with ExitStack() as stack:
        listening = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        port = listening.getsockname()[1]
        for _ in range(8):
            one = stack.enter_context(socket.socket())
            one.setblocking(False)
            one.connect_ex(("127.0.0.1", port))
        yield int(port)


def test_a_server_that_takes_no_connection_is_given_up_in_time() -> None:
    with full() as port:
        assert given_up(mail_to(port)) < 4 * LIMIT


def test_all_addresses_of_a_server_are_given_up_in_the_time_of_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The first takes no connection until the time is nearly over; the last then sends bytes."""
    with full() as port, hanging("greeting", "trickle") as (server, last):
        ports = [port, port, port, last]

        def several(*_: object, **__: object) -> list[object]:
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", p)) for p in ports]

        monkeypatch.setattr(socket, "getaddrinfo", several)
        assert given_up(mail_to(port)) < 2 * LIMIT
        assert server.reached.is_set()


def test_a_server_that_does_not_say_goodbye_has_the_mail_all_the_same() -> None:
    with hanging("QUIT", "silent") as (server, port):
        begun = time.monotonic()
        mail_to(port).send(MESSAGE)
        assert time.monotonic() - begun < 4 * LIMIT
        assert server.mails == 1


def test_no_name_is_looked_up_to_introduce_oneself(monkeypatch: pytest.MonkeyPatch) -> None:
    """A resolver that hangs cannot be hurried."""

    def asked(*_: object) -> str:
        pytest.fail("a name was looked up")

    monkeypatch.setattr(socket, "getfqdn", asked)
    monkeypatch.setattr(socket, "gethostbyname", asked)
    with hanging("nothing", "silent") as (server, port):
        mail_to(port).send(MESSAGE)
        assert server.mails == 1
