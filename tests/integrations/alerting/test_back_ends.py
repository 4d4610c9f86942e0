"""Messages reach Slack, mail and webhooks once these recover: in order, harmless, no secrets."""

from __future__ import annotations

import email
import email.policy
import logging
import re
import ssl
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest
import trustme
from hypothesis import example, given
from hypothesis import strategies as st

from driftwatch.alerts.message import Line, Message, Picture
from driftwatch.alerts.wording import lines_of
from driftwatch.core.windows.evaluation_record import Evaluation
from driftwatch.errors import ConfigError
from driftwatch.evaluation.sink_delivery import SinkDelivery, outgoing
from driftwatch.integrations.alerting import EmailAlert, NotSentError, SlackAlert, WebhookAlert
from driftwatch.integrations.alerting import email as email_module
from driftwatch.integrations.alerting import webhook as webhook_module
from driftwatch.integrations.alerting.slack import slack_payload
from driftwatch.stores.sqlite.store import SQLiteStore
from tests.integrations.alerting.servers import hooks, mail_server
from tests.small_stream import Clock

MESSAGE = Message(
    kind="opened",
    key="churn/3/1/opened",
    monitor="churn",
    incident=3,
    status="CRITICAL",
    title="age and 1 more feature drifted (median 39 → 36)",
    text="age and 1 more feature drifted (median 39 → 36). Since 2 Mar 02:00 UTC.",
    at=datetime(2026, 3, 2, 8, tzinfo=UTC),
    since=datetime(2026, 3, 2, 2, tzinfo=UTC),
    lines=(
        Line("CRITICAL", "age", "median 39 → 36"),
        Line("WARNING", "plan", "more of 'b'", "b", 0.14, 0.57),
    ),
    pictures=(Picture("age", (0.2, 0.5, 0.3), (0.1, 0.3, 0.6), ("20", "80")),),
    facts="2,598 rows against 68,785",
    rule="warning in 1 window; told again when it is over",
    url="https://drift.example.com/incidents/3",
)
HOSTILE = [
    "<!channel> <@U123> <https://evil.example.com|click>",
    "*bold* _it_ `code` :bomb: &amp; &lt;",
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "a\r\nBcc: victim@example.com\r\n\r\nbody",
    "\x1b[31mred\x1b[0m \x00 \u202e evil",
    "x" * 10_240,
    '"quoted" \\ back',
    "",
]


def hostile(text: str) -> Message:
    """A message as the desk makes it of hostile names: through the words of a report."""
    from driftwatch.core.reports.report import Status
    from tests.alerts.test_desk import Desk
    from tests.alerts.test_desk import report as made

    said = made(Status.CRITICAL)
    feature = replace(said.features[0], name=text, explanation=f"category {text!r} {text}")
    desk = Desk(_alerts(text))
    desk.last = replace(said, features=(feature,), model_version=text)
    desk.desk.monitor = text
    desk.pane += 1
    desk.desk.read(desk.state, desk.pane, desk.last, Status.CRITICAL)
    desk.desk.consume(desk.state, desk.pane)
    desk.settle()
    assert lines_of(desk.last)
    return desk.told[0]


def _alerts(text: str) -> Any:
    from driftwatch.alerts.settings import Alerts

    return Alerts(owner=text, labels={text: text})


def outbox(tmp_path: Path, notifier: Any, messages: int) -> tuple[SinkDelivery, Any, Clock]:
    """A delivery to a back end with some messages that wait."""
    store, clock = SQLiteStore(tmp_path / "d.db"), Clock(0.0)
    token = store.lease("m", "a", now=0.0, seconds=1e9)
    assert token is not None
    for number in range(1, messages + 1):
        message = replace(MESSAGE, key=f"m/{number}/1/opened", incident=number)
        store.record(
            Evaluation(
                "m",
                token,
                number,
                0,
                0.0,
                "OK",
                None,
                None,
                {},
                number,
                messages=(outgoing(message),),
                notifiers=(notifier.name,),
            )
        )
    return SinkDelivery(store, "m", [], [notifier], clock=clock), store, clock


def work_off(delivery: SinkDelivery, name: str, clock: Clock, seconds: float) -> list[float]:
    """Deliver as the thread of a back end does, with a clock that jumps over its pauses."""
    pauses = []
    while clock.now < seconds:
        pauses.append(delivery.deliver_due(name))
        clock.now += pauses[-1]
    return pauses


@pytest.mark.parametrize(
    "trouble", [400, 404, 410, 429, 500, 503, 302, "reset", "silent", "trickle"]
)
def test_a_webhook_is_tried_until_it_takes_everything_in_order(
    tmp_path: Path, trouble: int | str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook_module, "_SECONDS", 0.3)
    with hooks(trouble, 200, trouble) as server:
        alert = WebhookAlert(server.url, secret="canary-secret", allow_private=True)
        delivery, store, clock = outbox(tmp_path, alert, 3)
        first = delivery.deliver_due("webhook")
        (waiting, *_) = store.outbox("m")
        assert first == (120.0 if trouble == 429 else 1.0)
        assert "canary" not in str(waiting.error)
        clock.now += first
        work_off(delivery, "webhook", clock, 400.0)
        keys = [headers["Webhook-Id"] for headers, _ in server.taken]
        assert keys == ["m/1/1/opened", "m/2/1/opened", "m/3/1/opened"]
        assert store.outbox("m") == []
        assert [sent.attempts for sent in store.sent("m", limit=5)] == [0, 1, 1]
        store.close()


def test_a_server_that_was_away_for_an_hour_gets_the_newest_and_one_about_the_others(
    tmp_path: Path,
) -> None:
    with hooks() as server:
        server.script = [503] * 1_000
        alert = SlackAlert(server.url, allow_private=True)
        delivery, store, clock = outbox(tmp_path, alert, 60)
        pauses = work_off(delivery, "slack", clock, 3600.0)
        assert pauses[:4] == [1.0, 2.0, 4.0, 8.0]
        assert max(pauses) == 300.0
        assert len(store.outbox("m")) == 21  # bounded
        server.script = []
        work_off(delivery, "slack", clock, 4200.0)
        texts = [orjson.loads(body)["text"] for _, body in server.taken]
        assert len(texts) == 21
        assert "40 messages of churn could not be delivered" in texts[0]
        assert store.outbox("m") == []
        store.close()


def test_tls_that_is_not_trusted_is_not_used(tmp_path: Path) -> None:
    with hooks(ca=trustme.CA()) as server:
        alert = WebhookAlert(server.url, allow_private=True)
        with pytest.raises(NotSentError, match="cannot be reached"):
            alert.send(MESSAGE)
        assert server.taken == []


@pytest.mark.parametrize("make", [SlackAlert, WebhookAlert])
@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/canary",
        "https://2130706433/canary",
        "https://[::ffff:169.254.169.254]/canary",
        "https://localhost/canary",
    ],
)
def test_private_addresses_are_refused(make: Callable[[str], Any], url: str) -> None:
    with pytest.raises(NotSentError, match="not public") as caught:
        make(url).send(MESSAGE)
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize("make", [SlackAlert, WebhookAlert])
@pytest.mark.parametrize(
    "url", ["http://example.com/canary", "file:///canary", "https://a:canary@example.com/", ""]
)
def test_addresses_that_are_none_are_refused_at_once(make: Callable[[str], Any], url: str) -> None:
    with pytest.raises(ConfigError) as caught:
        make(url)
    assert "canary" not in str(caught.value)


def test_a_signature_is_that_of_standard_webhooks() -> None:
    from standardwebhooks import Webhook

    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    with hooks() as server:
        WebhookAlert(server.url, secret=secret, allow_private=True).send(MESSAGE)
        ((headers, body),) = server.taken
    assert Webhook(secret).verify(body, {k.lower(): v for k, v in headers.items()})
    assert headers["Idempotency-Key"] == MESSAGE.key
    assert (
        Message.from_dict(
            {k: v for k, v in orjson.loads(body).items() if k not in ("subject", "summary")}
        )
        == MESSAGE
    )


def test_a_template_is_filled_and_runs_nothing() -> None:
    template = {
        "summary": "$status: $title",
        "dedup_key": "$key",
        "number": "$incident",
        "cost": "$$5",
        "nested": [{"lines": "$lines"}, True, None, 1.5],
    }
    with hooks() as server:
        WebhookAlert(server.url, template=template, allow_private=True).send(MESSAGE)
        ((_, body),) = server.taken
    filled = orjson.loads(body)
    assert filled["summary"] == f"CRITICAL: {MESSAGE.title}"
    assert (filled["number"], filled["cost"]) == (3, "$5")
    assert filled["nested"][0]["lines"][0]["name"] == "age"
    for wrong in ("$nothing", "${key.__class__}", "$", {"a": object()}):
        with pytest.raises(ConfigError):
            WebhookAlert("https://example.com/", template=wrong)


@pytest.mark.parametrize("text", HOSTILE)
def test_text_from_data_is_harmless_in_slack(text: str) -> None:
    payload = slack_payload(hostile(text))
    assert not any(c in payload["text"] for c in "<>\n\x1b\x00\u202e")
    (attachment,) = payload["attachments"]
    texts = []

    def collect(node: Any) -> None:
        if isinstance(node, dict):
            if "text" in node and isinstance(node["text"], str):
                texts.append(node)
            for value in node.values():
                collect(value)
        elif isinstance(node, list):
            for value in node:
                collect(value)

    collect(attachment["blocks"])
    assert texts
    for each in texts:
        assert each["type"] == "plain_text"
        assert each["emoji"] is False
        assert 1 <= len(each["text"]) <= 3000
        assert not any(c in each["text"] for c in "\n\r\x1b\x00\u202e")
    assert len(attachment["blocks"][0]["text"]["text"]) <= 150
    assert len(orjson.dumps(payload)) < 40_000


@given(
    st.one_of(
        st.text(max_size=40),
        st.text("*_~`ab 1.:/@#<>&é", max_size=40),
        st.sampled_from([*HOSTILE, "https://evil.example.com/x", "evil.example.com", "a@b.de"]),
    )
)
@example("0.`")  # what stands in for a character may be a letter
def test_the_line_of_a_notification_formats_nothing(moved: str) -> None:
    payload = slack_payload(replace(MESSAGE, title=moved, text=moved))
    text = payload["text"]
    assert payload["mrkdwn"] is False
    assert not re.search("[*~`<>]", text)
    assert not re.search("&(?!(amp|lt|gt);)", text)
    assert not re.search("(^|[^A-Za-z0-9])_|_([^A-Za-z0-9]|$)", text)  # not within a word
    assert not re.search(r"\S\.[^\W\d_]|:[^\s\u2060]|[@#](?!\u2060)", text)


def test_the_line_of_a_notification_reads_as_before() -> None:
    payload = slack_payload(replace(MESSAGE, text="*age_group* of 0.25 at x.de & <b>", since=None))
    read = payload["text"].replace("\u2060", "")
    assert read == "CRITICAL churn: \u2217age_group\u2217 of 0.25 at x.de &amp; &lt;b&gt;"


@pytest.mark.parametrize("text", HOSTILE)
def test_text_from_data_is_harmless_in_a_mail(text: str) -> None:
    with mail_server() as box:
        EmailAlert(
            "127.0.0.1",
            box.port,
            sender="Drift Watch <drift@example.com>",
            recipients=["ml@example.com"],
            tls="none",
        ).send(hostile(text))
        (raw,) = box.mails
        assert box.recipients == [["ml@example.com"]]
    mail = email.message_from_bytes(raw, policy=email.policy.default)
    assert "victim" not in str(mail["Bcc"] or "")
    assert mail["To"] == "ml@example.com"
    assert not any(c in mail["Subject"] for c in "\r\n\x1b\x00\u202e")
    page = mail.get_body(("html",))
    assert page is not None
    html = page.get_content()
    assert "<script" not in html
    assert "<img src=x" not in html
    assert "\x1b" not in html
    assert len(raw) < 60_000


def test_a_mail_has_text_html_and_a_drawing_that_clients_show() -> None:
    ca = trustme.CA()
    trust = ssl.create_default_context()
    ca.configure_trust(trust)
    login = ("drift", "canary-password")
    with mail_server(ca=ca, login=login) as box:
        alert = EmailAlert(
            "127.0.0.1",
            box.port,
            sender="drift@example.com",
            recipients=["a@example.com", "b@example.com"],
            username=login[0],
            password=login[1],
            trust=trust,
        )
        alert.send(MESSAGE)
        alert.send(MESSAGE)
        first, second = (
            email.message_from_bytes(m, policy=email.policy.default) for m in box.mails
        )
    assert first["Subject"] == f"◆ CRITICAL churn: {MESSAGE.title}"
    assert first["Message-ID"] == second["Message-ID"]  # copies are told apart from others
    text, page = first.get_body(("plain",)), first.get_body(("html",))
    assert text is not None
    assert page is not None
    assert text.get_content().splitlines()[1] == MESSAGE.text
    (png,) = [part for part in first.walk() if part.get_content_type() == "image/png"]
    assert png.get_payload(decode=True).startswith(b"\x89PNG")  # type: ignore[union-attr]
    assert f"cid:{png['Content-ID'].strip('<>')}" in page.get_content()
    assert "canary" not in repr(alert)


def test_implicit_tls() -> None:
    ca = trustme.CA()
    trust = ssl.create_default_context()
    ca.configure_trust(trust)
    with mail_server(ca=ca, implicit=True) as box:
        EmailAlert(
            "127.0.0.1", box.port, sender="d@example.com", recipients=["a@example.com"],
            tls="implicit", trust=trust,
        ).send(MESSAGE)  # fmt: skip
        assert len(box.mails) == 1


@pytest.mark.parametrize("trouble", ["451 later", "554 no", "silent"])
def test_a_mail_server_that_fails_gets_the_mail_later(
    tmp_path: Path, trouble: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(email_module, "_SECONDS", 0.5)
    with mail_server(trouble) as box:
        alert = EmailAlert(
            "127.0.0.1", box.port, sender="d@example.com", recipients=["a@example.com"], tls="none"
        )
        delivery, store, clock = outbox(tmp_path, alert, 2)
        assert delivery.deliver_due("mail") == 1.0
        clock.now += 1
        work_off(delivery, "mail", clock, 60.0)
        assert len(box.mails) == 2
        assert store.outbox("m") == []
        store.close()


def test_a_wrong_password_or_certificate_is_told_without_the_password(
    caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    caplog.set_level(logging.DEBUG)
    ca = trustme.CA()
    trust = ssl.create_default_context()
    ca.configure_trust(trust)
    with mail_server(ca=ca, login=("drift", "right")) as box:
        for trusted in (trust, None):
            alert = EmailAlert(
                "127.0.0.1", box.port, sender="d@example.com", recipients=["a@example.com"],
                username="drift", password="canary-password", trust=trusted,
            )  # fmt: skip
            with pytest.raises(NotSentError, match="535" if trusted else "SSLCert") as caught:
                alert.send(MESSAGE)
            assert "canary" not in str(caught.value)
            assert caught.value.__cause__ is None
        delivery, store, _ = outbox(tmp_path, alert, 1)
        delivery.deliver_due("mail")
        store.close()
    assert "canary" not in caplog.text
    assert all(b"canary" not in file.read_bytes() for file in tmp_path.iterdir())


def test_a_password_does_not_go_out_unencrypted() -> None:
    with pytest.raises(ConfigError, match="without TLS"):
        EmailAlert(
            "smtp.example.com", sender="d@example.com", recipients=["a@example.com"],
            tls="none", username="u", password="p",
        )  # fmt: skip


@pytest.mark.parametrize("wrong", ["nobody", "a@b@", "x <>", "a@example.com\r\nBcc: b@c.de", ""])
def test_addresses_of_mail_that_are_none_are_refused(wrong: str) -> None:
    with pytest.raises(ConfigError):
        EmailAlert("localhost", sender=wrong, recipients=["a@example.com"])


def test_a_mail_that_cannot_be_written_is_one_that_is_not_sent() -> None:
    """Half a surrogate pair has no bytes; a message of another program's store may have one."""
    alert = EmailAlert("127.0.0.1", sender="d@example.com", recipients=["a@example.com"])
    with pytest.raises(NotSentError, match="cannot be written") as caught:
        alert.send(replace(MESSAGE, text="\ud800"))
    assert caught.value.__context__ is None


def test_a_copy_that_arrives_late_takes_no_merged_message_with_it(tmp_path: Path) -> None:
    """Two processes have the oldest message; one merges others into it, the other delivers it."""
    with hooks() as server:
        server.script = [503] * 3
        alert = WebhookAlert(server.url, allow_private=True)
        delivery, store, clock = outbox(tmp_path, alert, 25)
        slow = store.take_due("m", "webhook", now=clock.now, hold=0.0)
        assert slow is not None
        delivery.deliver_due("webhook")  # fails, and merges
        (merged_one, *_) = store.outbox("m")
        assert merged_one.id == slow.id
        assert merged_one.event == "several"
        store.delivered(slow, now=clock.now)
        assert store.outbox("m")[0].event == "several"
        store.close()
