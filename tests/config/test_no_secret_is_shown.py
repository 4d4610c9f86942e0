"""What is wrong with a configuration is said by its key, and without what was given."""

from __future__ import annotations

import copy
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from driftwatch.config.load import Config, load_config
from driftwatch.config.monitors import MonitorConfig
from driftwatch.errors import ConfigError

CANARY = "canary-7f3a"
WHOLE: dict[str, Any] = {
    "store": "d.db",
    "monitors": {
        "churn": {
            "reference": ["ref.parquet"],
            "store": "d.db",
            "spool": "spool",
            "features": ["age"],
            "exclude": ["row"],
            "kinds": {"zip": "categorical"},
            "rules": {"age": {"min": 0, "max": 120}, "plan": {"in": ["free"]}},
            "time": "ts",
            "id": ["who"],
            "label": ["left"],
            "prediction": "says",
            "score": "p",
            "weight": "w",
            "positive": "yes",
            "task": "binary",
            "cost": [[0.0, 1.0], [1.0, 0.0]],
            "thresholds": {"ks": 0.1, "psi": [0.1, 0.25], "age": {"ks": 0.2}},
            "policy": "default",
            "false_alarms": "1 per 30d",
            "window": "24h",
            "slide": "1h",
            "lateness": "1h",
            "compare": "frozen",
            "pane": "1h",
            "multivariate": ["age"],
            "flush_every": "10s",
            "every": "1m",
            "sinks": ["package.module:name"],
            "alerts": {
                "open": "warning",
                "for": "2 windows",
                "escalate": True,
                "repeat": "24h",
                "cooldown": "1h",
                "no_data": "1h",
                "delay": "1h",
                "downtime": ["daily 02:00-03:00"],
                "owner": "ana",
                "runbook": "https://example.com/runbook",
                "labels": {"team": "ml"},
                "url": "https://example.com",
                "rules": [
                    {
                        "when": "psi > 0.3",
                        "name": "moved",
                        "features": ["age"],
                        "for": 3,
                        "level": "critical",
                    }
                ],
                "slack": {"webhook_url_from": "env:A", "name": "slack", "allow_private": False},
                "webhook": [
                    {
                        "url_from": "env:B",
                        "secret_from": "env:C",
                        "template": {"routing_key": "$routing_key"},
                        "secrets": {"routing_key": "env:E"},
                        "headers_from": {"Authorization": "env:F"},
                        "name": "webhook",
                        "allow_private": False,
                    },
                    {"url": "https://example.com/hook", "name": "second"},
                ],
                "mail": {
                    "host": "smtp.example.com",
                    "port": 587,
                    "sender": "d@example.com",
                    "recipients": ["ml@example.com"],
                    "tls": "starttls",
                    "username": "u",
                    "password_from": "env:D",
                    "name": "mail",
                },
            },
            "kafka": {
                "bootstrap": "127.0.0.1:9092",
                "topics": ["t"],
                "group": "g",
                "start": "earliest",
                "format": "avro",
                "registry": "https://registry.example.com",
                "registry_user": "u",
                "registry_ca_file": "ca.pem",
                "features": "$.inputs",
                "prediction": "$.p",
                "score": "$.s",
                "label": "$.l",
                "id": "$.i",
                "model_version": "$.v",
                "at": "$.ts",
                "message_bytes": 1024,
                "dead_letters": "d",
                "security": "sasl_ssl",
                "ca_file": "ca.pem",
                "cert_file": "c.pem",
                "key_file": "k.pem",
                "sasl_mechanism": "PLAIN",
                "username": "u",
                "instance": "i",
                "session_seconds": 45.0,
                "stalled_seconds": 60.0,
            },
        }
    },
    "service": {
        "host": "127.0.0.1",
        "port": 8765,
        "tokens": [{"name": "a", "scopes": ["ingest"], "sha256": "0" * 64}],
        "allowed_hosts": ["drift.example.com"],
        "requests_per_minute": 100,
        "body_bytes": 2048,
    },
}
INSTEAD: list[Any] = [
    CANARY,
    f"https://{CANARY}@example.com/{CANARY}",
    f"psi > {CANARY}",
    f"{CANARY} > 0.3",
    f"{CANARY}/{CANARY}",
    f"'{CANARY}",
    "x" * 90 + CANARY,
    [CANARY],
    [[CANARY]],
    [{"name": CANARY}],
    {"x": CANARY},
    {"x": [CANARY]},
    {"x": {"y": CANARY}},
    10**5_000,
]


def places(table: Any, before: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every key, of tables too, and to every item of a list."""
    items = table.items() if isinstance(table, dict) else enumerate(table)
    for key, value in items:
        yield (*before, key)
        if isinstance(value, dict | list):
            yield from places(value, (*before, key))


def put(place: tuple[Any, ...], value: Any) -> dict[str, Any]:
    """The whole configuration with another value in one place."""
    whole = copy.deepcopy(WHOLE)
    table: Any = whole
    for part in place[:-1]:
        table = table[part]
    table[place[-1]] = value
    return whole


def reached(error: BaseException) -> Iterator[object]:
    """Everything that can be got from an error by attributes; not the frames it went through."""
    seen: set[int] = set()
    waiting: list[object] = [error]
    while waiting:
        each = waiting.pop()
        if id(each) in seen or each is None:
            continue
        seen.add(id(each))
        yield each
        if isinstance(each, BaseException):
            waiting += [each.__cause__, each.__context__, *each.args]
            waiting += [getattr(each, name, None) for name in ("__notes__", "object", "doc")]
        if callable(of_pydantic := getattr(each, "errors", None)):
            waiting.append(of_pydantic())
        if isinstance(each, dict):
            waiting += [*each.keys(), *each.values()]
        elif isinstance(each, list | tuple | set):
            waiting += each
        waiting += vars(each).values() if hasattr(each, "__dict__") else []


def test_the_whole_configuration_can_be_read() -> None:
    Config.model_validate(WHOLE)


def refusal(whole: dict[str, Any]) -> ConfigError | None:
    """What is wrong with a configuration."""
    try:
        Config.model_validate(whole)
    except ConfigError as error:
        return error
    return None


@pytest.mark.parametrize("place", list(places(WHOLE)), ids=lambda p: ".".join(map(str, p)))
def test_no_error_holds_what_was_given(place: tuple[Any, ...]) -> None:
    errors = [error for each in INSTEAD if (error := refusal(put(place, each))) is not None]
    assert errors or "template" in place, "nothing was wrong for this key"
    for error in errors:
        assert str(place[0]) in str(error)
        texts = [str(error), repr(error), *traceback.format_exception(error)]
        assert CANARY not in "".join(texts)
        assert not any(CANARY in str(each) or CANARY in repr(each) for each in reached(error))


def test_a_file_that_is_no_toml_is_not_quoted(tmp_path: Path) -> None:
    for number, text in enumerate(
        [f"store = {CANARY}", f'"{CANARY}" = [', f"a = 1\na = '{CANARY}'", "a = " + "9" * 5_000]
    ):
        file = tmp_path / f"{number}.toml"
        file.write_text(text)
        with pytest.raises(ConfigError, match="TOML") as caught:
            load_config(file)
        assert not any(CANARY in str(each) for each in reached(caught.value))
    file.write_bytes(b"a = '\xff" + CANARY.encode())
    with pytest.raises(ConfigError, match="UTF-8") as caught:
        load_config(file)
    assert not any(CANARY in str(each) for each in reached(caught.value))


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        (("alerts", "for"), ["x"], "alerts.for: input should be a valid integer"),
        (("alerts", "for_"), 2, "unknown key alerts.for_ (did you mean 'for'?); known: open, for,"),
        (("alerts", "slack", "webhook_url_from"), 5, "alerts.slack.webhook_url_from: input should"),
        (("alerts", "slack", "webhook_url_from"), "x", "alerts.slack.webhook_url_from: a secret"),
        (("alerts", "webhook", 1), "x", "alerts.webhook.1: a table of keys is needed here"),
        (("alerts", "rules", 0, "for_"), 2, "unknown key alerts.rules.0.for_ (did you mean 'for'"),
        (("alerts", "mail"), {"host": "h"}, "alerts.mail.sender is missing"),
        (("window",), "soon", "window: a duration looks like 90s, 15m, 24h, 7d or 2w; or a number"),
        (("policy",), "classics", "policy: input should be 'default' or 'classic' (did you mean"),
        (("thresholds", "psi"), "x", "thresholds.psi: input should be a valid number"),
        (("label",), ["ts"], "column 'ts' is named for time and for label"),
    ],
)
def test_a_key_is_shown_as_it_is_written(place: tuple[Any, ...], value: Any, message: str) -> None:
    whole = put(("monitors", "churn", *place), value)
    with pytest.raises(ConfigError) as caught:
        MonitorConfig.model_validate(whole["monitors"]["churn"])
    assert str(caught.value).startswith(message)
