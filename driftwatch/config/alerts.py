"""``[monitors.NAME.alerts]``: who is told of what; secrets are named, not written."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, model_validator

from driftwatch.alerts.settings import Alerts, Rule
from driftwatch.config.table import Table
from driftwatch.errors import ConfigError

if TYPE_CHECKING:
    from driftwatch.protocols import Notifier

__all__ = ["AlertsConfig", "MailConfig", "SlackConfig", "WebhookConfig", "secret_from"]

_MOST_SECRET_BYTES = 16_384
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_SHOWN = re.compile(r"env:DRIFTWATCH_[A-Z0-9_]{1,60}|file:\.{0,2}(/[a-z][a-z0-9_.-]{0,39}){1,10}")
"""Places that are no secrets: the parts of a path are short, and in lower case."""


def _place(text: str) -> str:
    kind, _, rest = text.partition(":")
    if kind == "env" and not _VARIABLE.fullmatch(rest):
        raise ConfigError(
            "after env: stands the name of a variable of the environment, which has letters, "
            "digits and _ (what was written is not shown)",
            code="DW082",
        )
    if kind not in ("env", "file") or not rest or _ADDRESS.match(rest):
        raise ConfigError(
            "a secret is not written here: name where it is, as 'env:NAME' or 'file:/path' "
            "(what was written is not shown)",
            code="DW082",
        )
    return text


_Place = Annotated[str, AfterValidator(_place)]


def secret_from(
    place: str, folder: Path, environ: Mapping[str, str] = os.environ, /, *, key: str = "a secret"
) -> str:
    """Read a secret from the environment or from a file.

    Args:
        place: ``env:NAME`` or ``file:PATH``.
        folder: What a relative path is relative to.
        environ: The environment.
        key: The key that names the place, for errors; the place may be the secret itself.

    Raises:
        ConfigError: If there is none. The place is in it only where it cannot be a secret: a path
            that looks like one, or a variable whose name begins with ``DRIFTWATCH_``.
    """
    kind, _, rest = _place(place).partition(":")
    if kind == "env":
        value = environ.get(rest, "").strip()
    else:
        try:
            with (folder / rest).open("rb") as file:
                value = file.read(_MOST_SECRET_BYTES).decode("utf-8", "replace").strip()
        except OSError as error:
            problem = error.strerror or type(error).__name__
        except ValueError:
            problem = "it is no path"
        else:
            problem = ""
        if problem:  # raised here: the system's own error has the path in it
            raise ConfigError(f"{key}: {_named(place)} cannot be read: {problem}", code="DW082")
    if not value:
        raise ConfigError(
            f"{key}: {_named(place)} holds no secret: it is empty, or not set", code="DW082"
        )
    return value


def _named(place: str) -> str:
    """A place as it may be shown: somebody may have written the secret in its stead."""
    if _SHOWN.fullmatch(place):
        return place
    return "the variable" if place.startswith("env:") else "the file (its name is not shown)"


def _listed(value: object) -> object:
    return [value] if isinstance(value, dict | BaseModel) else value


_one_or_more = BeforeValidator(_listed)
"""A table, or several."""


class SlackConfig(Table):
    """``[monitors.NAME.alerts.slack]``.

    Attributes:
        webhook_url_from: Where the address of the incoming webhook is.
        name: What the store and logs call it.
        allow_private: Whether http and hosts that are not public are permitted.
    """

    webhook_url_from: _Place = "env:DRIFTWATCH_SLACK_WEBHOOK_URL"
    name: str = "slack"
    allow_private: bool = False


class WebhookConfig(Table):
    """``[monitors.NAME.alerts.webhook]``.

    Attributes:
        url_from: Where the address is.
        url: The address, where it is no secret.
        secret_from: Where the secret of the signature is.
        template: Body, with ``$name`` for what a message has.
        secrets: Where more values for the template are, by their names.
        headers_from: Where the values of more headers are, by their names.
        name: What the store and logs call it.
        allow_private: Whether http and hosts that are not public are permitted.
    """

    url_from: _Place | None = None
    url: str | None = None
    secret_from: _Place | None = None
    template: dict[str, Any] | list[Any] | None = None
    secrets: dict[str, _Place] = Field(default_factory=dict)
    headers_from: dict[str, _Place] = Field(default_factory=dict)
    name: str = "webhook"
    allow_private: bool = False

    @model_validator(mode="after")
    def _has_an_address(self) -> WebhookConfig:
        if (self.url is None) == (self.url_from is None):
            raise ConfigError("a webhook has either url or url_from", code="DW081")
        return self


class MailConfig(Table):
    """``[monitors.NAME.alerts.mail]``.

    Attributes:
        host: The SMTP server.
        port: Its port.
        sender: Address that mails come from.
        recipients: Addresses that they go to.
        tls: starttls, implicit or none.
        username: For the server.
        password_from: Where its password is.
        name: What the store and logs call it.
    """

    host: str
    port: int = Field(587, ge=1, le=65_535)
    sender: str
    recipients: list[str]
    tls: Literal["starttls", "implicit", "none"] = "starttls"
    username: str | None = None
    password_from: _Place = "env:DRIFTWATCH_SMTP_PASSWORD"  # noqa: S105 - where it is
    name: str = "mail"


class RuleConfig(Table):
    """One ``[[monitors.NAME.alerts.rules]]``; as `driftwatch.alerts.settings.Rule`."""

    when: str
    name: str = ""
    features: list[str] | None = None
    for_: int | str = Field(default=1, alias="for")
    level: Literal["warning", "critical"] = "warning"

    def rule(self) -> Rule:
        """The rule."""
        return Rule(self.when, self.name, self.features, self.for_, self.level)


class AlertsConfig(Table):
    """``[monitors.NAME.alerts]``; as `driftwatch.alerts.settings.Alerts`.

    Attributes:
        slack: One channel, or several.
        mail: One mailing, or several.
        webhook: One address, or several.
    """

    open: Literal["warning", "critical"] = "warning"
    for_: int | str = Field(default=1, alias="for")
    rules: list[RuleConfig] = Field(default_factory=list)
    escalate: bool = False
    repeat: str | None = None
    cooldown: str | None = None
    no_data: str | Literal[False] = "auto"
    delay: str | None = None
    downtime: list[str] = Field(default_factory=list)
    owner: str = ""
    runbook: str = ""
    labels: dict[str, str] = Field(default_factory=dict)
    url: str = ""
    slack: Annotated[list[SlackConfig], _one_or_more] = Field(default_factory=list)
    mail: Annotated[list[MailConfig], _one_or_more] = Field(default_factory=list)
    webhook: Annotated[list[WebhookConfig], _one_or_more] = Field(default_factory=list)

    @model_validator(mode="after")
    def _can_be_used(self) -> AlertsConfig:
        self.alerts([]).check_names(())
        names = [each.name for each in self.back_ends()]
        if twice := {name for name in names if names.count(name) > 1}:
            raise ConfigError(
                f"two back ends have the name {min(twice)!r}; give each one of its own "
                "(name = ...)",
                code="DW081",
            )
        return self

    def back_ends(self) -> list[SlackConfig | MailConfig | WebhookConfig]:
        """Every back end."""
        return [*self.slack, *self.mail, *self.webhook]

    def alerts(self, notifiers: list[Notifier], /) -> Alerts:
        """The settings, with back ends that were made of `back_ends`.

        Raises:
            ConfigError: If a value is not usable.
        """
        return Alerts(
            to=notifiers,
            open=self.open,
            for_=self.for_,
            rules=[rule.rule() for rule in self.rules],
            escalate=self.escalate,
            repeat=self.repeat,
            cooldown=self.cooldown,
            no_data=self.no_data or None,
            delay=self.delay,
            downtime=self.downtime,
            owner=self.owner,
            runbook=self.runbook,
            labels=self.labels,
            url=self.url,
        )
