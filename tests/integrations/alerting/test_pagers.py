"""Webhooks to pagers, which open an incident by a key and close what has the same key."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest

from driftwatch.alerts.message import Line, Message
from driftwatch.alerts.settings import Alerts
from driftwatch.config.alerts import AlertsConfig
from driftwatch.core.reports.report import Status
from driftwatch.errors import ConfigError
from driftwatch.integrations.alerting import WebhookAlert
from driftwatch.integrations.alerting.configured import check_back_ends, notifiers_of
from tests.alerts.test_desk import Desk, run
from tests.integrations.alerting.servers import hooks

TEMPLATE = {"event_action": "$action", "dedup_key": "$incident_key"}


def posted(messages: list[Message], **settings: Any) -> list[dict[str, Any]]:
    """What a pager was given of some messages."""
    with hooks() as server:
        hook = WebhookAlert(server.url, allow_private=True, **settings)
        for message in messages:
            hook.send(message)
        return [orjson.loads(body) for _, body in server.taken]


def messages_of_two_incidents() -> list[Message]:
    desk = Desk(Alerts(escalate=True))
    warning, critical, ok = Status.WARNING, Status.CRITICAL, Status.OK
    run(desk, warning, critical, ok, ok, ok, warning)
    assert [message.kind for message in desk.told] == ["opened", "worse", "resolved", "opened"]
    return desk.told


@pytest.mark.parametrize("monitor", ["m", "team/churn/v2"])
def test_all_messages_of_an_incident_have_its_key_and_the_last_resolves_it(monitor: str) -> None:
    told = messages_of_two_incidents()
    told = [replace(each, key=monitor + each.key.removeprefix(each.monitor)) for each in told]
    given = posted(told, template=TEMPLATE)
    assert [each["event_action"] for each in given] == ["trigger", "trigger", "resolve", "trigger"]
    first, second, third, other = [each["dedup_key"] for each in given]
    assert first == second == third != other
    assert first.startswith(f"{monitor}/1/")
    whole = posted(told)  # without a template they are there as well
    assert [each["action"] for each in whole] == [each["event_action"] for each in given]
    assert [each["incident_key"] for each in whole] == [each["dedup_key"] for each in given]


def test_a_key_that_is_too_long_for_a_pager_is_shorter_and_still_its_own() -> None:
    told = [replace(each, key=500 * "m" + each.key) for each in messages_of_two_incidents()]
    first, second, third, other = (each["dedup_key"] for each in posted(told, template=TEMPLATE))
    assert first == second == third != other
    assert len(first) <= 255


def test_a_list_within_a_text_is_json() -> None:
    message = Message(
        "opened", "m/1/5/0/opened", "m", 1, "WARNING", "t", "t", datetime(2026, 1, 1, tzinfo=UTC),
        lines=(Line("WARNING", "it's \"age\"", "moved"),), labels={"team": "ml"},
    )  # fmt: skip
    template = {"lines": "lines: $lines", "labels": "${labels}!", "none": "[$since]", "as": "$more"}
    (given,) = posted([message], template=template)
    (line,) = orjson.loads(given["lines"].removeprefix("lines: "))
    assert line["name"] == 'it\'s "age"'
    assert orjson.loads(given["labels"].removesuffix("!")) == {"team": "ml"}
    assert (given["none"], given["as"]) == ("[]", 0)


def test_secrets_of_a_configuration_are_in_the_body_and_the_headers(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("GenieKey of-the-file\n")
    with hooks() as server:
        config = AlertsConfig.model_validate(
            {
                "webhook": {
                    "url": server.url,
                    "allow_private": True,
                    "headers_from": {"Authorization": "file:token"},
                    "secrets": {"routing_key": "env:PD_KEY"},
                    "template": {"routing_key": "$routing_key", "in": "a $routing_key"},
                }
            }
        )
        check_back_ends(config)
        (hook,) = notifiers_of(config, tmp_path, {"PD_KEY": "of $key"})
        hook.send(messages_of_two_incidents()[0])
        ((headers, body),) = server.taken
    assert headers["Authorization"] == "GenieKey of-the-file"
    assert orjson.loads(body) == {"routing_key": "of $key", "in": "a of $key"}


def test_a_secret_that_the_template_names_and_nobody_gives_is_refused() -> None:
    webhook = {"url": "https://example.com/", "template": {"routing_key": "$routing_key"}}
    with pytest.raises(ConfigError, match="names what no message has"):
        check_back_ends(AlertsConfig.model_validate({"webhook": webhook}))
