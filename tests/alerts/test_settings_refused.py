"""Settings of alerts that cannot be used are refused when they are made, with one kind of error."""

from __future__ import annotations

import traceback
from collections import deque
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwatch import Monitor
from driftwatch.alerts.conditions import Condition
from driftwatch.alerts.settings import Alerts, Rule
from driftwatch.errors import ConfigError
from driftwatch.integrations.alerting import EmailAlert, SlackAlert, WebhookAlert

HOOK = WebhookAlert("https://example.com/hook")
WRONG: list[tuple[dict[str, Any], str]] = [
    ({"rules": Rule("psi > 0.3")}, "rules is a list"),
    ({"rules": ["psi > 0.3"]}, r"rules has Rule\('psi > 0.3'\)"),
    ({"labels": ["team"]}, "labels is a dict"),
    ({"labels": {"team": 3}}, "label 'team' is a text"),
    ({"labels": {3: "team"}}, "a name in labels is a text"),
    ({"downtime": "daily 02:00-03:00"}, "downtime is a list"),
    ({"downtime": [5]}, "a downtime is a text"),
    ({"to": [SlackAlert]}, "the class SlackAlert"),
    ({"to": (hook for hook in [HOOK])}, "to is a list"),
    ({"to": HOOK}, "to is a list"),
    ({"to": ["slack"]}, "a name and a method send"),
    ({"owner": 5}, "owner is a text"),
    ({"runbook": 5}, "runbook is a text"),
    ({"url": b"https://example.com"}, "url is a text"),
    ({"escalate": "yes"}, "escalate is True or False"),
    ({"repeat": 24}, "repeat is a duration"),
    ({"repeat": timedelta(0)}, "repeat is a duration"),
    ({"cooldown": timedelta(seconds=1.5)}, "whole seconds"),
    ({"delay": "soon"}, "delay: a duration looks like"),
    ({"no_data": False}, "no_data is a duration"),
    ({"open": ["warning"]}, "a level is"),
    ({"for_": 10**5000}, "a number of windows"),
]


@pytest.mark.parametrize(("settings", "problem"), WRONG, ids=[str(w[1]) for w in WRONG])
def test_settings_that_cannot_be_used_are_refused(settings: dict[str, Any], problem: str) -> None:
    with pytest.raises(ConfigError, match=problem):
        Alerts(**settings)


@pytest.mark.parametrize(
    "when", ["psi > nan", "psi > inf", "psi > -inf", "psi", 5, None, "a > b > 1"]
)
def test_rules_that_compare_nothing_are_refused(when: Any) -> None:
    with pytest.raises(ConfigError):
        Rule(when)


@pytest.mark.parametrize("wrong", [{"name": 5}, {"features": "age"}, {"features": [5]}])
def test_rules_of_the_wrong_types_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        Rule("psi > 0.3", **wrong)


@pytest.mark.parametrize(
    "address",
    [
        "https://ana:canary@example.com/",
        "https://canary@example.com/",
        "https://[canary",
        "https://example.com:canary/",
        "ftp://example.com/canary",
        "canary",
        "https://example.com/a canary",
        "https://example.com/" + 2_000 * "canary",
        b"https://ana:canary@example.com/",
    ],
)
def test_addresses_of_messages_are_checked_and_not_shown(address: Any) -> None:
    for key in ("runbook", "url"):
        with pytest.raises(ConfigError, match=key) as caught:
            Alerts(**{key: address})
        assert "canary" not in "".join(traceback.format_exception(caught.value))


def test_a_path_can_be_written_after_the_address_of_the_dashboard() -> None:
    for address in ("https://example.com/?token=canary", "https://example.com/#canary"):
        assert Alerts(runbook=address).runbook == address
        with pytest.raises(ConfigError, match="url has a query or a fragment") as caught:
            Alerts(url=address)
        assert "canary" not in str(caught.value)
    longest = "https://example.com/" + 1_980 * "a"
    assert Alerts(url=longest, runbook=longest).url == longest


@pytest.mark.parametrize(
    "when",
    [
        "status >= critical",
        "feature >= critical",
        "prediction >= warning",
        "error >= warning",
        "performance >= warning",
        "share_drifted > 0.1",
        "weighted_share_drifted > 0.1",
        "schema_changes > 0",
        "roc_auc < 0.8",
        "roc_auc.loss > 0.1",
        "own.loss > 0.1",
        "not_used_share > 0.1",
    ],
)
def test_a_rule_of_the_whole_report_takes_no_features(when: str) -> None:
    assert not Rule(when).condition.is_of_features
    with pytest.raises(ConfigError, match=r"takes no features; .*feature_status") as caught:
        Rule(when, features=["age"])
    assert (f"feature_status {when.partition(' ')[2]}" in str(caught.value)) is (
        Rule(when).condition.is_of_status
    )


@pytest.mark.parametrize("when", ["psi > 0.3", "feature_status >= critical", "own test > 1"])
def test_a_rule_of_features_takes_some_of_them(when: str) -> None:
    assert Rule(when, features=["age"]).features == ("age",)
    with pytest.raises(ConfigError, match="features is empty"):
        Rule(when, features=[])


WHERE = "https://example.com/"
MAIL_OK: dict[str, Any] = {"host": "a.de", "sender": "a@b.de", "recipients": ["a@b.de"]}


@pytest.mark.parametrize(
    ("make", "wrong"),
    [
        (WebhookAlert, {"secret": "whsec_"}),
        (WebhookAlert, {"secret": "whsec_canary"}),
        (WebhookAlert, {"secret": "canary\ud800"}),
        (WebhookAlert, {"secret": " "}),
        (WebhookAlert, {"secret": b"canary"}),
        (WebhookAlert, {"headers": {"X canary": "v"}}),
        (WebhookAlert, {"headers": {"": "canary"}}),
        (WebhookAlert, {"headers": {"canary:": "v"}}),
        (WebhookAlert, {"headers": {"X": "canary\n"}}),
        (WebhookAlert, {"headers": {"X": " canary"}}),
        (WebhookAlert, {"headers": {"X": 5}}),
        (WebhookAlert, {"headers": ["canary"]}),
        (WebhookAlert, {"headers": {"Content-Length": "5"}}),
        (WebhookAlert, {"template": {"n": 2**70}}),
        (WebhookAlert, {"template": {"n": "\ud800"}}),
        (WebhookAlert, {"template": {5: "n"}}),
        (WebhookAlert, {"template": {"routing_key": "$canary"}}),
        (WebhookAlert, {"template": "$name", "secrets": {"name": ""}}),
        (WebhookAlert, {"template": "$name", "secrets": {"name": "canary\ud800"}}),
        (WebhookAlert, {"template": "$name", "secrets": {"name": b"canary"}}),
        (WebhookAlert, {"template": "$name", "secrets": {"a canary": "v"}}),
        (WebhookAlert, {"template": "$name", "secrets": {"name\n": "v"}}),
        (WebhookAlert, {"template": "$key", "secrets": {"key": "canary"}}),
        (WebhookAlert, {"template": "$key", "secrets": ["canary"]}),
        (WebhookAlert, {"secrets": {"name": "canary"}}),
        (WebhookAlert, {"url": 5}),
        (WebhookAlert, {"name": ""}),
        (WebhookAlert, {"allow_private": "no"}),
        (SlackAlert, {"webhook_url": None}),
        (SlackAlert, {"name": None}),
        (EmailAlert, {"port": "587"}),
        (EmailAlert, {"port": 0}),
        (EmailAlert, {"host": ""}),
        (EmailAlert, {"host": "smtp://canary"}),
        (EmailAlert, {"recipients": "canary@example.com"}),
        (EmailAlert, {"recipients": ["canary"]}),
        (EmailAlert, {"recipients": [5]}),
        (EmailAlert, {"tls": ["none"]}),
        (EmailAlert, {"username": "u", "password": "canäry"}),
        (EmailAlert, {"username": "canary"}),
        (EmailAlert, {"trust": True}),
    ],
)
def test_back_ends_refuse_what_could_not_be_sent_and_show_no_secret(
    make: Any, wrong: dict[str, Any]
) -> None:
    good: dict[Any, dict[str, Any]] = {
        WebhookAlert: {"url": WHERE},
        SlackAlert: {"webhook_url": WHERE},
        EmailAlert: MAIL_OK,
    }
    with pytest.raises(ConfigError) as caught:
        make(**{**good[make], **wrong})
    assert "canary" not in "".join(traceback.format_exception(caught.value))
    assert caught.value.__context__ is None


def test_durations_may_be_timedeltas() -> None:
    day = timedelta(days=1)
    alerts = Alerts(repeat=day, cooldown=2 * day, delay=day / 24, no_data=day)
    assert alerts.repeat_seconds() == 86_400.0
    assert alerts.cooldown_seconds() == 172_800.0
    assert alerts.delay_seconds() == 3_600.0
    assert alerts.in_words() == Alerts(repeat="24h").in_words()


def test_a_rule_reads_a_test_of_the_users_own_whatever_its_name() -> None:
    """Also one with capitals, spaces and dots; a metric's ``.loss`` is still its loss."""
    for name in ("Wasserstein", "my Test-2", "F1.macro", "größe"):
        condition = Condition.parse(f"{name}.loss >= 0.3")
        condition.check_name([name])
        assert condition.name == f"{name}.loss"
    with pytest.raises(ConfigError, match="did you mean 'My_Test'"):
        Condition.parse("my_Test > 1").check_name(["My_Test"])


def test_a_rule_reads_a_metric_of_the_users_own_with_capitals_and_a_dot() -> None:
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, 4_000)
    with Monitor(
        {"says": labels, "is": labels},
        roles={"says": "prediction", "is": "label"},
        metrics={"Off.by": lambda label, says: (label != says).astype(float)},
        alerts=Alerts(rules=[Rule("Off.by.loss > 0.5"), Rule("Off.by > 0.5", name="much")]),
    ) as monitor:
        report = monitor.check({"says": 1 - labels, "is": labels})
    for name in ("Off.by.loss", "Off.by"):
        (reading,) = Condition.parse(f"{name} > 0.5").readings(report)
        assert reading.value == 1.0


junk = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.just(2**70),
        st.floats(),
        st.text(max_size=20),
        st.sampled_from(["24h", "daily 02:00-03:00", "psi > 0.3", "https://[", "whsec_", "a@b.de"]),
        st.binary(max_size=8),
        st.timedeltas(),
        st.datetimes(),
        st.sampled_from([object(), SlackAlert, HOOK, len, np.arange(3), np.float32(1), deque([1])]),
        st.builds(iter, st.just([1])),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.lists(inner, max_size=3).map(tuple),
        st.dictionaries(st.one_of(st.text(max_size=5), st.integers()), inner, max_size=3),
    ),
    max_leaves=6,
)
ALERTS = ["to", "open", "for_", "rules", "escalate", "repeat", "cooldown", "no_data", "delay"]
ALERTS += ["downtime", "owner", "runbook", "labels", "url"]
RULE = ["when", "name", "features", "for_", "level"]
WEBHOOK = ["url", "secret", "template", "secrets", "headers", "name", "allow_private"]
SLACK = ["webhook_url", "name", "allow_private"]
MAIL = ["host", "port", "sender", "recipients", "tls", "username", "password", "trust", "name"]
KINDS: st.SearchStrategy[Any] = st.one_of(
    st.tuples(st.just(Alerts), st.just({}), st.just(ALERTS)),
    st.tuples(st.just(Rule), st.just({"when": "psi > 0.3"}), st.just(RULE)),
    st.tuples(st.just(WebhookAlert), st.just({"url": WHERE}), st.just(WEBHOOK)),
    st.tuples(st.just(SlackAlert), st.just({"webhook_url": WHERE}), st.just(SLACK)),
    st.tuples(
        st.just(EmailAlert),
        st.just(MAIL_OK),
        st.just(MAIL),
    ),
)


@given(KINDS.flatmap(lambda kind: st.tuples(
    st.just(kind[0]), st.just(kind[1]), st.dictionaries(st.sampled_from(kind[2]), junk, max_size=3)
)))  # fmt: skip
def test_whatever_is_given_works_or_is_a_config_error(case: tuple[Any, Any, Any]) -> None:
    make, good, wrong = case
    try:
        made = make(**{**good, **wrong})
    except ConfigError:
        return
    repr(made)
    if isinstance(made, Alerts):
        made.in_words()
        made.repeat_seconds()
