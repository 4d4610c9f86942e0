"""Back ends of alerts as a configuration names them."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from driftwatch.config.alerts import (
    AlertsConfig,
    MailConfig,
    SlackConfig,
    WebhookConfig,
    secret_from,
)
from driftwatch.errors import ConfigError
from driftwatch.integrations.alerting.email import EmailAlert
from driftwatch.integrations.alerting.slack import SlackAlert
from driftwatch.integrations.alerting.webhook import WebhookAlert
from driftwatch.protocols import Notifier

__all__ = ["check_back_ends", "notifiers_of"]

_Secret = Callable[[str, str, str], str]
"""Gives the secret of a place, which a key names; has an example of one, too."""


def notifiers_of(
    config: AlertsConfig, folder: Path, environ: Mapping[str, str] = os.environ, /
) -> list[Notifier]:
    """Make the back ends, with their secrets.

    Args:
        config: Which.
        folder: Of the configuration, for files with secrets.
        environ: The environment, for secrets.

    Raises:
        ConfigError: If a secret is missing, or a value is not usable.
    """
    return _all_made(config, lambda place, key, _: secret_from(place, folder, environ, key=key))


def check_back_ends(config: AlertsConfig, /) -> None:
    """Check all of the back ends that can be checked without their secrets.

    Raises:
        ConfigError: If a value is not usable.
    """
    _all_made(config, lambda _, __, example: example)


def _all_made(config: AlertsConfig, secret: _Secret) -> list[Notifier]:
    made = []
    for each in config.back_ends():
        try:
            made.append(_made(each, secret))
        except ConfigError as error:
            problem, code = f"{_TABLES[type(each)]} {each.name!r}: {error}", error.code
        else:
            continue
        raise ConfigError(problem, code=code)
    return made


_TABLES = {SlackConfig: "alerts.slack", MailConfig: "alerts.mail", WebhookConfig: "alerts.webhook"}


def _made(each: SlackConfig | MailConfig | WebhookConfig, secret: _Secret) -> Notifier:
    match each:
        case SlackConfig():
            url = secret(each.webhook_url_from, "webhook_url_from", _ADDRESS)
            return SlackAlert(url, name=each.name, allow_private=each.allow_private)
        case WebhookConfig():
            place, key = each.url_from, each.secret_from
            return WebhookAlert(
                (each.url or "") if place is None else secret(place, "url_from", _ADDRESS),
                secret=None if key is None else secret(key, "secret_from", "example"),
                template=each.template,
                secrets=_all_of(each.secrets, "secrets", secret),
                headers=_all_of(each.headers_from, "headers_from", secret),
                name=each.name,
                allow_private=each.allow_private,
            )
        case MailConfig():
            named = each.username is not None
            return EmailAlert(
                each.host,
                each.port,
                sender=each.sender,
                recipients=each.recipients,
                tls=each.tls,
                username=each.username,
                password=secret(each.password_from, "password_from", "example") if named else None,
                name=each.name,
            )


def _all_of(places: Mapping[str, str], key: str, secret: _Secret) -> dict[str, str]:
    return {name: secret(place, f"{key}.{name}", "example") for name, place in places.items()}


_ADDRESS = "https://example.com/"
