"""No back end is handed a control or markup of its own, whatever names and categories say."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from email.headerregistry import Address
from typing import Any

import pytest

from driftwatch.alerts.message import Message
from driftwatch.integrations.alerting import WebhookAlert
from driftwatch.integrations.alerting.email import mail_of
from driftwatch.integrations.alerting.slack import slack_payload
from tests.hostile_names import HOSTILE, controls_in, tags_in
from tests.integrations.alerting.servers import hooks
from tests.integrations.alerting.test_back_ends import hostile

ANN = Address("", "ann", "example.com")


def texts_in(data: Any) -> Iterator[str]:
    """Every text of plain data, names of objects among them."""
    if isinstance(data, str):
        yield data
    elif isinstance(data, dict):
        for name, value in data.items():
            yield name
            yield from texts_in(value)
    elif isinstance(data, list | tuple):
        for value in data:
            yield from texts_in(value)


def posted(message: Message) -> str:
    """The body that a webhook is sent, whose values are the message's."""
    with hooks() as server:
        WebhookAlert(server.url, allow_private=True).send(message)
        ((_, body),) = server.taken
    text = str(body, "utf-8")
    assert json.loads(text)["monitor"] == message.monitor
    assert json.loads(text)["key"] == message.key
    return text


@pytest.mark.parametrize("name", HOSTILE)
def test_a_message_has_no_controls_in_any_form(name: str) -> None:
    message = replace(hostile(name), pictures=())
    if "\ud800" <= max(name, default="") <= "\udfff":  # which no monitor may be called
        message = replace(message, key="key")
    mail = mail_of(message, ANN, [ANN])
    plain_part, page = (str(part.get_content()) for part in mail.iter_parts())
    forms = {
        # A joiner of its own keeps Slack from finding links and emoji.
        "slack": "".join(texts_in(slack_payload(message))).replace("\u2060", ""),
        "webhook": posted(message),
        "mail": plain_part,
        "page": page,
        "subject": str(mail["Subject"]),
    }
    assert {form: controls_in(text) for form, text in forms.items()} == {form: [] for form in forms}
    assert all(len(line) < 999 for line in mail.as_bytes().splitlines())


@pytest.mark.parametrize("name", HOSTILE)
def test_the_page_of_a_mail_has_the_elements_of_an_ordinary_one(name: str) -> None:
    def page(of: str) -> str:
        message = replace(hostile(of), pictures=())
        return str([*mail_of(message, ANN, [ANN]).iter_parts()][1].get_content())

    assert tags_in(page(name)) <= tags_in(page("age"))
