"""A secret that is written where its place is named is shown by nothing."""

from __future__ import annotations

import traceback
from pathlib import Path
from typing import Any

import pytest

from driftwatch.config.alerts import AlertsConfig, secret_from
from driftwatch.errors import ConfigError
from driftwatch.integrations.alerting.configured import notifiers_of

CANARY = "CANARYsecret"
WRITTEN = [
    f"env:https://hooks.slack.com/services/T0/B0/{CANARY}",
    f"env:{CANARY} with a space",
    f"env:{CANARY}-1",
    f"env:{CANARY}",
    f"env:{CANARY.upper()}",
    f"file:{CANARY}",
    f"file:https://hooks.slack.com/services/T0/B0/{CANARY}",
    f"file:/services/T0/B0/{CANARY}",
    f"file:{CANARY}\0",
    f"file:{CANARY * 100}",
    CANARY,
]

PAGER = {"url": "https://a.b/", "template": {"routing_key": "$routing"}}


def mail(place: str) -> dict[str, Any]:
    keys = {"host": "h", "sender": "a@b.c", "recipients": ["a@b.c"], "username": "u"}
    return {"mail": {**keys, "password_from": place}}


def keys_with(place: str) -> list[tuple[dict[str, Any], str]]:
    return [
        ({"slack": {"webhook_url_from": place}}, "webhook_url_from"),
        ({"webhook": {"url_from": place}}, "url_from"),
        ({"webhook": {"url": "https://a.b/", "secret_from": place}}, "secret_from"),
        ({"webhook": {"url": "https://a.b/", "headers_from": {"X": place}}}, "headers_from.X"),
        ({"webhook": {**PAGER, "secrets": {"routing": place}}}, "secrets.routing"),
        (mail(place), "password_from"),
    ]


@pytest.mark.parametrize("place", WRITTEN)
def test_a_secret_in_place_of_its_place_is_not_shown(place: str, tmp_path: Path) -> None:
    for given, key in keys_with(place):
        with pytest.raises(ConfigError) as caught:
            notifiers_of(AlertsConfig.model_validate(given), tmp_path, {})
        shown = "".join(traceback.format_exception(caught.value))
        assert "canary" not in shown.lower()
        assert f"{key}:" in str(caught.value)


@pytest.mark.parametrize("place", ["env:https://a.b", "env:a b", "env:1a", "env:", "file:", "x"])
def test_what_is_no_place_is_refused_before_it_is_looked_up(place: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        AlertsConfig.model_validate({"slack": {"webhook_url_from": place}})
    with pytest.raises(ConfigError):
        secret_from(place, tmp_path, {place.partition(":")[2]: "known"})


@pytest.mark.parametrize("place", ["file:/run/secrets/slack", "file:./slack.txt"])
def test_a_path_that_looks_like_one_is_shown(place: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=rf"url_from: {place} cannot be read: No such file"):
        secret_from(place, tmp_path, key="url_from")


def test_a_secret_is_read_from_its_place(tmp_path: Path) -> None:
    (tmp_path / "Key.txt").write_text(" of the file\n")
    assert secret_from("file:Key.txt", tmp_path) == "of the file"
    assert secret_from("env:Key_1", tmp_path, {"Key_1": " of the variable "}) == "of the variable"
