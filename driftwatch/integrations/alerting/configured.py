"""Back ends of alerts as a configuration names them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from driftwatch.config.alerts import (
    AlertsConfig,
    MailConfig,
    SlackConfig,
    WebhookConfig,
    secret_from,
)
from driftwatch.integrations.alerting.email import EmailAlert
from driftwatch.integrations.alerting.slack import SlackAlert
from driftwatch.integrations.alerting.webhook import WebhookAlert
from driftwatch.protocols import Notifier

__all__ = ["notifiers_of"]


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
    return [_made(each, folder, environ) for each in config.back_ends()]


def _made(
    each: SlackConfig | MailConfig | WebhookConfig, folder: Path, environ: Mapping[str, str]
) -> Notifier:
    match each:
        case SlackConfig():
            url = secret_from(each.webhook_url_from, folder, environ)
            return SlackAlert(url, name=each.name, allow_private=each.allow_private)
        case WebhookConfig():
            place, key = each.url_from, each.secret_from
            return WebhookAlert(
                (each.url or "") if place is None else secret_from(place, folder, environ),
                secret=None if key is None else secret_from(key, folder, environ),
                template=each.template,
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
                password=secret_from(each.password_from, folder, environ) if named else None,
                name=each.name,
            )
