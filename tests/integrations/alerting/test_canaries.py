"""Secrets are shown nowhere, whatever a server answers that repeats everything it was sent.

Canaries stand for the secrets. They are looked for as they are, percent-encoded, in hex and in
base64 (at any place in what was encoded) in all that could be seen: errors, the log of every
logger, output, the store with its WAL.
"""

from __future__ import annotations

import base64
import gc
import io
import json
import logging
import socket
import traceback
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import trustme

from driftwatch import Monitor
from driftwatch.cli.app import run
from driftwatch.config.kafka import REGISTRY_PASSWORD, KafkaConfig
from driftwatch.config.load import load_config
from driftwatch.errors import ConfigError, StoreError
from driftwatch.integrations.alerting import EmailAlert, NotSentError, SlackAlert, WebhookAlert
from driftwatch.integrations.alerting import email as email_module
from driftwatch.integrations.alerting import slack as slack_module
from driftwatch.integrations.alerting import webhook as webhook_module
from driftwatch.integrations.alerting.configured import notifiers_of
from driftwatch.integrations.kafka.messages import schema_registry
from driftwatch.integrations.kafka.messages.schema_registry import (
    RegistryAwayError,
    SchemaRegistry,
    WrongSchemaError,
)
from driftwatch.logs import JsonFormatter
from driftwatch.stores.remote import RemoteStore
from driftwatch.stores.sqlite.store import SQLiteStore
from tests.config.test_no_secret_is_shown import reached
from tests.http_serving import serving
from tests.integrations.alerting.test_back_ends import MESSAGE, outbox
from tests.socket_serving import serving_sockets
from tests.waiting import until

PATH = "T0/B0/canary-of-the-path-4c1e"
QUERY = "canary-of-the-query-90ab"
LOGIN = "canary-of-a-login-77f0"
KEY = "canary-of-the-signature-b2d8"
HEADER = "canary-of-a-header-1f35"
USERNAME = "canary-of-the-user-e6a1"
PASSWORD = "canary/of+the=password-53c9"
ROUTING = "canary-of-the-template-08be"
REGISTRY = "canary/of+the=registry-d417"
TRACKING = "canary-of-mlflow-2b6d"
COLLECTOR = "canary/of+the=collector-9c40"
CANARIES = (
    PATH, QUERY, LOGIN, KEY, HEADER, USERNAME, PASSWORD, ROUTING, REGISTRY, TRACKING, COLLECTOR
)  # fmt: skip
STATUSES = (302, 307, 400, 401, 403, 404, 410, 413, 429, 500, 503)
TROUBLE = (*STATUSES, "no status", "reset", "silent", "half a body", "refused", "no name", "tls")


def forms(secret: str) -> list[str]:
    """What a secret looks like in the encodings that protocols and logs have."""
    raw = secret.encode()
    found = [secret, quote(secret, safe=""), raw.hex(), secret[::-1]]
    for before in range(3):  # bytes of something else, modulo three
        coded = base64.b64encode(b"." * before + raw).decode()
        whole = coded[-(-8 * before // 6) : 8 * (before + len(raw)) // 6]
        found += [whole, whole.replace("+", "-").replace("/", "_")]
    return found


NEEDLES = {form: secret for secret in CANARIES for form in forms(secret)}


def leaks(text: str | bytes) -> list[str]:
    """The canaries that a text has in some form."""
    seen = text if isinstance(text, str) else text.decode("latin-1")
    return sorted({secret for form, secret in NEEDLES.items() if form in seen})


class Witness:
    """Hears every logger from DEBUG on, in plain text and in JSON."""

    def __init__(self) -> None:
        self._text = io.StringIO()
        self.handlers = [logging.StreamHandler(self._text), logging.StreamHandler(self._text)]
        self.handlers[0].setFormatter(
            logging.Formatter("%(name)s %(threadName)s %(message)s %(args)s")
        )
        self.handlers[1].setFormatter(JsonFormatter())
        for handler in self.handlers:  # but not the mail server of other tests
            handler.addFilter(lambda record: not record.name.startswith("mail."))

    @property
    def text(self) -> str:
        """All that was logged."""
        return self._text.getvalue()


@pytest.fixture
def witness() -> Iterator[Witness]:
    """Everything that is logged during a test."""
    heard, root = Witness(), logging.getLogger()
    before = root.level
    root.setLevel(logging.DEBUG)
    for handler in heard.handlers:
        root.addHandler(handler)
    yield heard
    for handler in heard.handlers:
        root.removeHandler(handler)
    root.setLevel(before)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Less patience than in earnest."""
    for module in (email_module, slack_module, webhook_module):
        monkeypatch.setattr(module, "_SECONDS", 0.3)


class Parrot(BaseHTTPRequestHandler):
    """Repeats all it was sent: in the status line, in headers, and in the body."""

    def do_POST(self) -> None:
        server: Any = self.server
        body = self.rfile.read(int(self.headers["Content-Length"] or 0))
        server.heard.append(f"{self.path}\n{self.headers}\n{body.decode()}")
        said = server.heard[-1]
        line = " ".join(said.split()).encode("ascii", "replace").decode()
        how = server.how
        if how == "reset":
            self.connection.setsockopt(1, 13, b"\x01\x00\x00\x00\x00\x00\x00\x00")  # linger 0
            self.connection.close()
            return
        if how == "silent":
            server.over.wait(30)
            return
        if how == "no status":
            self.wfile.write(f"{line}\r\n\r\n".encode())
            return
        status = 500 if how == "half a body" else int(how)
        self.send_response(status, line)
        self.send_header("X-You-Sent", line)
        if 300 <= status < 400:
            self.send_header("Location", f"login:{line}")
        if server.in_json:  # as a collector writes its errors
            said = json.dumps({"detail": server.in_json(said)})
        length = len(said.encode())
        self.send_header("Content-Length", str(2 * length if how == "half a body" else length))
        self.end_headers()
        self.wfile.write(said.encode())

    def do_GET(self) -> None:
        self.do_POST()

    def log_message(self, *_: Any) -> None:
        """Quiet."""


@contextmanager
def parrot(how: int | str) -> Iterator[Any]:
    """A server of HTTP that repeats what it is sent, in some trouble."""
    ca = trustme.CA() if how == "tls" else None
    with serving(Parrot, "127.0.0.1", ca=ca) as server:
        server.how, server.heard = 500 if how == "tls" else how, []
        server.in_json = None
        scheme, port = "http" if ca is None else "https", server.server_port
        if how == "refused":
            with socket.socket() as nobody:
                nobody.bind(("127.0.0.1", 0))
                port = nobody.getsockname()[1]
        host = "nowhere.invalid" if how == "no name" else "127.0.0.1"
        server.address = f"{scheme}://{host}:{port}"
        yield server


@pytest.fixture
def no_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """A resolver that knows addresses, and no names."""
    known = socket.getaddrinfo

    def asked(host: Any, *rest: Any, **more: Any) -> Any:
        if "invalid" in str(host):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return known(host, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", asked)


def slack_to(address: str) -> SlackAlert:
    return SlackAlert(f"{address}/services/{PATH}?token={QUERY}", allow_private=True)


def webhook_to(address: str) -> WebhookAlert:
    return WebhookAlert(
        f"{address}/{PATH}?token={QUERY}",
        secret=KEY,
        headers={"Authorization": f"Bearer {HEADER}", "X-Team": HEADER},
        template={"routing_key": ROUTING, "summary": "$subject"},
        allow_private=True,
    )


def said_of(how: int | str) -> str:
    """What is said of a trouble."""
    status = 500 if how == "half a body" else how
    return f"answers {status}" if isinstance(status, int) else "cannot be reached"


def words_of(error: BaseException) -> str:
    """All texts that an error is usually written as."""
    chained = traceback.format_exception(error, chain=True)
    alone = traceback.format_exception(error, chain=False)
    return "\n".join([str(error), repr(error), str(vars(error)), *chained, *alone])


def in_files(folder: Path) -> list[str]:
    """Canaries in files, that of SQLite's log of writes among them."""
    files = [file.read_bytes() for file in folder.rglob("*") if file.is_file()]
    return [each for bytes_ in files for each in leaks(bytes_)]


def test_canaries_are_found_in_every_encoding() -> None:
    for secret in CANARIES:
        for around in ("", "a", "ab", "\0user\0"):
            coded = base64.b64encode(f"{around}{secret}{around}".encode()).decode()
            assert leaks(f"AUTH PLAIN {coded}\r\n") == [secret]
        assert leaks(f"https://example.com/?x={quote(secret, safe='')}&y") == [secret]
        assert leaks(secret.encode().hex()) == [secret]
    assert leaks("nothing") == []


@pytest.mark.parametrize("how", TROUBLE)
@pytest.mark.parametrize("make", [slack_to, webhook_to])
def test_what_a_server_of_webhooks_repeats_is_shown_nowhere(
    make: Callable[[str], SlackAlert | WebhookAlert],
    how: int | str,
    tmp_path: Path,
    witness: Witness,
    no_names: None,
) -> None:
    with parrot(how) as server:
        alert = make(server.address)
        with pytest.raises(NotSentError, match=said_of(how)) as caught:
            alert.send(MESSAGE)
        assert leaks(words_of(caught.value)) == []
        assert not any(leaks(f"{each!s} {each!r}") for each in reached(caught.value))
        delivery, store, _ = outbox(tmp_path, alert, 2)
        delivery.deliver_due(alert.name)
        (first, _) = store.outbox("m")
        assert first.attempts == 1
        assert "NotSentError" in str(first.error)
        assert in_files(tmp_path) == []  # while there is a WAL
        store.close()
        if how not in ("refused", "no name", "tls"):
            assert {PATH, QUERY} <= set(leaks(server.heard[0]))  # it was there to be repeated
            assert isinstance(alert, SlackAlert) or {HEADER, ROUTING} <= set(leaks(server.heard[0]))
    assert in_files(tmp_path) == []
    assert "will be tried again" in witness.text
    assert leaks(witness.text) == []
    assert leaks(f"{alert!r} {alert!s} {[alert]} {delivery!r}") == []


def test_a_template_that_cannot_be_filled_any_more_is_not_shown(
    tmp_path: Path, witness: Witness
) -> None:
    template: dict[str, Any] = {"routing_key": ROUTING, "summary": "$subject"}
    with parrot(500) as server:
        alert = WebhookAlert(server.address, template=template, allow_private=True)
        for wrong in ({ROUTING}, f"${ROUTING}", {1: ROUTING}, f"{ROUTING}\ud800"):
            template["late"] = wrong
            with pytest.raises((ConfigError, TypeError)) as caught:
                alert.send(MESSAGE)
            assert leaks(words_of(caught.value)) == []
        delivery, store, _ = outbox(tmp_path, alert, 1)
        delivery.deliver_due(alert.name)
        store.close()
        assert server.heard == []
    assert in_files(tmp_path) == []
    assert leaks(witness.text) == []


ANSWERS = {
    "greeting": "220 here",
    "EHLO": "250-here\r\n250 AUTH {mechanism}",
    "AUTH": "235 welcome",
    "MAIL": "250 yes",
    "RCPT": "250 yes",
    "DATA": "354 go on",
    ".": "250 taken",
    "QUIT": "221 bye",
}


class MailParrot:
    """A mail server that says no in one phase, with all that it has heard up to then."""

    def __init__(self, phase: str, mechanism: str) -> None:
        self.phase, self.mechanism = phase, mechanism
        self.heard: list[str] = []
        self.code = 554

    def talk(self, client: socket.socket) -> None:
        """Take mails from one client, up to the phase."""
        self._answer(client, "greeting")
        with client.makefile("rb") as lines:
            inside = False
            for line in lines:
                text = line.decode("utf-8", "replace").strip()
                if not inside or text == ".":
                    self.heard.append(text)
                if not inside:
                    word = text.split()[0].upper() if text.split() else ""
                    self._answer(client, word)
                    inside = word == "DATA" and self.phase != "DATA"
                elif text == ".":
                    inside = False
                    self._answer(client, ".")

    def _answer(self, client: socket.socket, word: str) -> None:
        if word == self.phase:
            said = " ".join(self.heard)
            plain = "".join(map(_decoded, said.split()))
            client.sendall(
                f"{self.code}-you said {said}\r\n{self.code} that is {plain}\r\n".encode()
            )
            return
        login = word == "AUTH" and self.mechanism == "LOGIN"
        answer = "334 UGFzc3dvcmQ6" if login else ANSWERS.get(word, "235 welcome")
        client.sendall(f"{answer.format(mechanism=self.mechanism)}\r\n".encode())


def _decoded(text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).decode().replace("\0", " ")
    except ValueError:
        return ""


@contextmanager
def mail_parrot(phase: str, mechanism: str = "PLAIN") -> Iterator[tuple[MailParrot, int]]:
    """The server and its port."""
    server = MailParrot(phase, mechanism)
    with serving_sockets(server.talk) as port:
        yield server, port


def mail_to(port: int, tls: Any = "none") -> EmailAlert:
    return EmailAlert(
        "127.0.0.1", port, sender="d@example.com", recipients=["a@example.com"], tls=tls,
        username=USERNAME, password=PASSWORD,
    )  # fmt: skip


@pytest.mark.parametrize("code", [421, 554, 250])
def test_a_mail_server_that_does_not_welcome_is_told_nothing(code: int) -> None:
    """It goes on as if it had welcomed; whoever logs in has not looked at the greeting."""
    with mail_parrot("greeting") as (server, port):
        server.code = code
        with pytest.raises(NotSentError, match=f"answers {code}") as caught:
            mail_to(port).send(MESSAGE)
        assert server.heard == []
    assert leaks(words_of(caught.value)) == []


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "CRAM-MD5", "NONE-THAT-IS-KNOWN"])
@pytest.mark.parametrize("phase", ["EHLO", "AUTH", "MAIL", "RCPT", "DATA", "."])
def test_what_a_mail_server_repeats_is_shown_nowhere(
    phase: str, mechanism: str, tmp_path: Path, witness: Witness
) -> None:
    with mail_parrot(phase, mechanism) as (server, port):
        alert = mail_to(port)
        with pytest.raises(NotSentError) as caught:
            alert.send(MESSAGE)
        assert leaks(words_of(caught.value)) == []
        assert not any(leaks(f"{each!s} {each!r}") for each in reached(caught.value))
        assert caught.value.__context__ is None
        delivery, store, _ = outbox(tmp_path, alert, 1)
        delivery.deliver_due(alert.name)
        (waiting,) = store.outbox("m")
        assert "NotSentError" in str(waiting.error)
        assert in_files(tmp_path) == []
        store.close()
        if phase == "AUTH" and mechanism in ("PLAIN", "LOGIN"):
            assert "answers 554 (SMTPAuthenticationError)" in str(caught.value)
        if mechanism == "PLAIN" and phase != "EHLO":
            assert {USERNAME, PASSWORD} <= set(leaks("\n".join(server.heard)))
    assert leaks(witness.text) == []
    assert leaks(f"{alert!r} {alert!s} {delivery!r}") == []


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
def test_a_mail_server_without_tls_does_not_hear_the_password(tls: str, witness: Witness) -> None:
    with mail_parrot("nothing") as (server, port):
        with pytest.raises(NotSentError) as caught:
            mail_to(port, tls).send(MESSAGE)
        assert leaks("\n".join(server.heard)) == []
    assert leaks(words_of(caught.value) + witness.text) == []


@pytest.mark.parametrize(
    "make",
    [
        lambda: SlackAlert(f"https://u:{LOGIN}@example.com/{PATH}?t={QUERY}"),
        lambda: SlackAlert(f"http://example.com/{PATH}"),
        lambda: SlackAlert(f"{PATH}:{QUERY}"),
        lambda: SlackAlert([PATH]),  # type: ignore[arg-type]
        lambda: SlackAlert(f"https://[{PATH}"),
        lambda: SlackAlert(f"https://example.com:{PATH}/"),
        lambda: WebhookAlert(f"https://u:{LOGIN}@example.com/{PATH}?t={QUERY}"),
        lambda: WebhookAlert(PATH.encode()),  # type: ignore[arg-type]
        lambda: WebhookAlert("https://example.com/", secret=f"whsec_{KEY}"),
        lambda: WebhookAlert("https://example.com/", secret=KEY.encode()),  # type: ignore[arg-type]
        lambda: WebhookAlert("https://example.com/", secret=f"{KEY}\ud800"),
        lambda: WebhookAlert("https://example.com/", headers={"X": f"{HEADER}\r\nY: 1"}),
        lambda: WebhookAlert("https://example.com/", headers={f"X {HEADER}": "1"}),
        lambda: WebhookAlert("https://example.com/", headers={"X": HEADER.encode()}),  # type: ignore[dict-item]
        lambda: WebhookAlert("https://example.com/", headers=HEADER),  # type: ignore[arg-type]
        lambda: WebhookAlert("https://example.com/", headers={"Host": HEADER}),
        lambda: WebhookAlert("https://example.com/", template={"k": f"{ROUTING} $nothing"}),
        lambda: WebhookAlert("https://example.com/", template={"k": {ROUTING}}),
        lambda: WebhookAlert("https://example.com/", template={"k": ROUTING + "\ud800"}),
        lambda: WebhookAlert("https://example.com/", template={"k": [ROUTING, 10**5_000]}),
        lambda: mail_to(0),
        lambda: mail_to(25, PASSWORD),
        lambda: mail_to(25, [PASSWORD]),
        lambda: EmailAlert("smtp.example.com", sender="d@e.de", recipients=["a@e.de"],
                           username=USERNAME),
        lambda: EmailAlert("smtp.example.com", sender="d@e.de", recipients=["a@e.de"],
                           username=USERNAME, password=f"{PASSWORD}é"),
        lambda: EmailAlert("smtp.example.com", sender="d@e.de", recipients=["a@e.de"],
                           username=USERNAME, password=PASSWORD.encode()),  # type: ignore[arg-type]
        lambda: EmailAlert("smtp.example.com", sender="d@e.de", recipients=["a@e.de"],
                           username=USERNAME, password=PASSWORD, tls="none"),
    ],
)  # fmt: skip
def test_arguments_that_are_refused_are_not_shown(make: Callable[[], Any]) -> None:
    with pytest.raises(ConfigError) as caught:
        make()
    assert leaks(words_of(caught.value)) == []
    assert not any(leaks(f"{each!s} {each!r}") for each in reached(caught.value))


CONFIG = """
store = "{kept}/d.db"
[monitors.churn]
reference = "{kept}/ref.parquet"
window = "2h"
slide = "1h"
[monitors.churn.alerts.slack]
webhook_url_from = "env:SLACK"
allow_private = true
[monitors.churn.alerts.webhook]
url_from = "env:HOOK"
secret_from = "file:secret.txt"
template = {{ routing_key = "{routing}", summary = "$subject" }}
allow_private = true
[monitors.churn.alerts.mail]
host = "127.0.0.1"
port = {port}
sender = "d@example.com"
recipients = ["a@example.com"]
tls = "none"
username = "{username}"
password_from = "env:SMTP"
"""
COMMANDS = (
    ("config", "check"),
    ("doctor",),
    ("doctor", "--json"),
    ("alert", "test"),
    ("alert", "list"),
    ("alert", "list", "--json"),
    ("alert", "history"),
    ("alert", "history", "--json"),
    ("report", "--monitor", "churn"),
    ("report", "--monitor", "churn", "--format", "json"),
    ("report", "--monitor", "churn", "--format", "html"),
)


def drift_of_churn(file: Path) -> Monitor:
    """A monitor as a configuration has it, with an incident that nobody can be told of."""
    config = load_config(file)
    _, settings = config.one("churn")
    assert settings.alerts is not None
    now = [datetime.now(UTC) - timedelta(hours=5)]
    monitor = Monitor(
        settings.reference, name="churn", window="2h", slide="1h", store=settings.store,
        clock=lambda: now[0],
        alerts=settings.alerts.alerts(notifiers_of(settings.alerts, config.folder)),
    )  # fmt: skip
    rng = np.random.default_rng(1)
    for _ in range(5):
        now[0] += timedelta(hours=1)
        monitor.observe_many({"age": rng.normal(60, 9, 400)}, at=now[0] - timedelta(minutes=1))
        monitor.evaluate()
    return monitor


def test_commands_show_no_secret_of_back_ends_that_fail(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    witness: Witness,
) -> None:
    kept, config = tmp_path / "kept", tmp_path / "driftwatch.toml"
    kept.mkdir()
    rng = np.random.default_rng(0)
    pq.write_table(pa.table({"age": rng.normal(40, 9, 5_000)}), kept / "ref.parquet")
    (tmp_path / "secret.txt").write_text(KEY)
    with parrot(403) as server, mail_parrot("AUTH") as (_, port):
        config.write_text(CONFIG.format(kept=kept, port=port, routing=ROUTING, username=USERNAME))
        monkeypatch.setenv("SLACK", f"{server.address}/services/{PATH}?t={QUERY}")
        monkeypatch.setenv("HOOK", f"{server.address}/{PATH}?t={QUERY}")
        monkeypatch.setenv("SMTP", PASSWORD)
        with closing(SQLiteStore(kept / "d.db")) as store, drift_of_churn(config):
            until(lambda: {"slack", "webhook", "mail"} <= failed(store))
            assert in_files(kept) == []  # while there is a WAL
        shown = ""
        for command in COMMANDS:
            code = run((*command, "--config", str(config)))
            out = capsys.readouterr()
            shown += out.out + out.err
            assert code in (0, 1), out
            assert leaks(out.out + out.err) == [], command
    assert "NotSentError: Slack answers 403" in shown  # of the outbox, by doctor
    assert "mail: the mail server 127.0.0.1 answers 554" in shown  # of a test
    assert in_files(kept) == []
    assert leaks(witness.text) == []


def failed(store: SQLiteStore) -> set[str]:
    """Back ends that have failed to tell an incident of the monitor."""
    return {entry.sink for entry in store.outbox("churn") if entry.error is not None}


def refuse_and_repeat(client: socket.socket, heard: list[str]) -> None:
    """Refuse a tunnel with all that was asked for it, decoded too, in the status line."""
    asked = client.recv(64 << 10).decode()
    heard.append(asked)
    words = " ".join(asked.split())
    plain = "".join(map(_decoded, words.split()))
    client.sendall(f"HTTP/1.1 407 denied {words} {plain}\r\n\r\n".encode())


def test_what_a_proxy_repeats_is_shown_nowhere(
    tmp_path: Path, witness: Witness, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[str] = []
    with serving_sockets(partial(refuse_and_repeat, heard=heard)) as port:
        monkeypatch.setenv("https_proxy", f"http://reader:{LOGIN}@127.0.0.1:{port}")
        for alert in (slack_to("https://example.test"), webhook_to("https://example.test")):
            with pytest.raises(NotSentError, match="the proxy answers 407") as caught:
                alert.send(MESSAGE)
            assert leaks(words_of(caught.value)) == []
            assert not any(leaks(f"{each!s} {each!r}") for each in reached(caught.value))
        store = RemoteStore("https://example.test", token=COLLECTOR, spool=tmp_path, timeout=0.5)
        store.spool.put(f"1-{store.sender.mine}-churn", b"a delivery")
        assert leaks(of_the_collector(store)) == []
        store.close()
    assert leaks(heard[0]) == [LOGIN]  # it was there to be repeated
    assert leaks(witness.text) == []


def of_the_collector(store: RemoteStore) -> str:
    """All that can be seen of a collector that takes and gives nothing."""
    shown = ""
    for ask in (
        lambda: store.overview("churn"),
        lambda: store.report("churn"),
        lambda: store.references_in_use("churn"),
    ):
        with pytest.raises(StoreError) as caught:
            ask()
        shown += words_of(caught.value)
        shown += "".join(f"{each!s} {each!r}" for each in reached(caught.value))
    store.sender.send_waiting()
    assert store.sender.problem or store.sender.refused
    return f"{shown} {store.sender.problem} {vars(store.sender)} {store!r}"


@pytest.mark.parametrize("how", [200, *TROUBLE])
def test_what_a_collector_or_a_proxy_before_it_repeats_is_shown_nowhere(
    how: int | str, tmp_path: Path, witness: Witness, no_names: None
) -> None:
    with parrot(how) as server:
        store = RemoteStore(server.address, token=COLLECTOR, spool=tmp_path, timeout=0.5)
        store.spool.put(f"1-{store.sender.mine}-churn", b"a delivery")
        assert leaks(of_the_collector(store)) == []
        store.close()
        if how not in ("refused", "no name", "tls"):
            assert leaks(server.heard[0]) == [COLLECTOR]  # it was there to be repeated
    assert in_files(tmp_path) == []
    assert "driftwatch: " in witness.text
    assert leaks(witness.text) == []


@pytest.mark.parametrize(
    "written",
    [
        str,
        str.upper,
        lambda said: quote(quote(said, safe="")),
        lambda said: said.encode().hex(),
        lambda said: base64.b64encode(f"a{said}".encode()).decode(),
        lambda said: base64.urlsafe_b64encode(said.encode()).decode(),
        "\u200b".join,
        " ".join,
        lambda said: "".join(f"&#{ord(c)};" for c in said),
    ],
)
@pytest.mark.parametrize("status", [400, 403, 503])
def test_an_error_like_those_of_a_collector_is_not_shown_with_the_token_in_it(
    status: int, written: Callable[[str], str], tmp_path: Path, witness: Witness
) -> None:
    with parrot(status) as server:
        server.in_json = lambda said: "marked " + written(said[-400:])
        store = RemoteStore(server.address, token=COLLECTOR, spool=tmp_path, timeout=0.5)
        store.spool.put(f"1-{store.sender.mine}-churn", b"a delivery")
        assert "marked" not in of_the_collector(store)
        store.close()
    assert "marked" not in witness.text


def test_what_a_collector_says_itself_is_shown_on_one_line(
    tmp_path: Path, witness: Witness
) -> None:
    with parrot(400) as server:
        server.in_json = lambda _: "the \x1bmonitor\n has no\u202e reference " + "x" * 900
        store = RemoteStore(server.address, token=COLLECTOR, spool=tmp_path, timeout=0.5)
        store.spool.put(f"1-{store.sender.mine}-churn", b"a delivery")
        said = "400: the monitor has no reference xxx"
        assert said in of_the_collector(store)
        store.close()
    assert said in witness.text
    assert "x" * 300 not in witness.text


@pytest.mark.parametrize("how", TROUBLE)
def test_what_a_schema_registry_repeats_is_shown_nowhere(
    how: int | str, monkeypatch: pytest.MonkeyPatch, witness: Witness
) -> None:
    with parrot("reset" if how == "no name" else how) as server:
        config = KafkaConfig.model_validate(
            {
                "bootstrap": "127.0.0.1:9",
                "topics": ["t"],
                "format": "avro",
                "registry": server.address,
                "registry_user": "reader",
            }
        )
        monkeypatch.setattr(schema_registry, "_SECONDS", 0.3)
        registry = SchemaRegistry(config, {REGISTRY_PASSWORD: REGISTRY})
        with pytest.raises((RegistryAwayError, WrongSchemaError)) as caught:
            registry.schema(7)
        if how not in ("refused", "no name", "tls"):
            assert leaks(server.heard[0]) == [REGISTRY]
    assert leaks(words_of(caught.value)) == []
    assert leaks(f"{registry!r} {witness.text}") == []


@pytest.mark.filterwarnings("ignore")  # mlflow's own
@pytest.mark.parametrize("how", [401, 403, 404, 500, "reset", "no status", "refused"])
def test_what_a_tracking_server_repeats_is_shown_nowhere(
    how: int | str, witness: Witness, capfd: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("mlflow", reason="mlflow is not installed: pip install -e '.[dev,mlflow]'")
    from driftwatch.integrations.mlflow import MLflowError, load_reference

    with parrot(how) as server:
        login = server.address.replace("://", f"://reader:{TRACKING}@")
        with pytest.raises((ConfigError, MLflowError)) as caught:
            load_reference("models:/churn/1", tracking_uri=login)
    assert leaks(words_of(caught.value)) == []
    assert leaks(witness.text) == []
    assert leaks("".join(capfd.readouterr())) == []
    gc.collect()  # connections that mlflow leaves open
