"""Messages to anything that takes JSON over HTTPS."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import re
import string
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import orjson

from driftwatch.alerts.message import Message
from driftwatch.errors import ConfigError
from driftwatch.integrations.alerting.arguments import checked_flag, checked_name
from driftwatch.integrations.alerting.not_sent import refuse
from driftwatch.logs.lines import json_lines
from driftwatch.transport.client import HttpClient
from driftwatch.transport.urls import checked_url

__all__ = ["WebhookAlert", "signature"]

_SECONDS = 5.0
_MOST_DEPTH = 20
_IN_BASE64 = "whsec_"
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_HEADER_VALUE = re.compile(r"[!-~](?:[ -~]*[!-~])?")
_SECRET_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")
_LONGEST_INCIDENT_KEY = 255
_OF_THE_REQUEST = ("connection", "content-length", "expect", "host", "transfer-encoding")


class WebhookAlert:
    """Posts incidents as JSON. Implements `driftwatch.protocols.Notifier`.

    Requests carry the headers of Standard Webhooks (standardwebhooks.com): ``webhook-id``, which
    is the same when a message comes again, ``webhook-timestamp``, and with a secret
    ``webhook-signature``, so that its libraries verify them. ``Idempotency-Key`` is the id too.

    Args:
        url: Where to: a secret, of which only the host is shown.
        secret: For the signature; in Standard Webhooks' form (``whsec_`` and base64), or any text.
        template: The body, if the whole message is not what the other side wants: any JSON whose
            texts may have ``$name`` of the message's keys in them, such as ``{"event_action":
            "$action", "dedup_key": "$incident_key"}``; ``$$`` is a dollar. A text that is nothing
            but ``$name`` becomes that value, number or list as it is; within a longer text a list
            is written as JSON. Besides what a `Message` has there are ``$subject``, ``$summary``
            (the whole of it as text), ``$action`` (``trigger`` or, when the incident is over,
            ``resolve``) and ``$incident_key``, the same in all messages of an incident, whereas
            ``$key`` is another in each.
        secrets: More values for the template, by their names; they are shown nowhere.
        headers: More headers; their values are secrets, too.
        name: What the store, logs and `driftwatch doctor` call it.
        allow_private: Also permit ``http`` and hosts that are not public. Otherwise the host is
            looked up once for each message, every address must be public, and redirects and
            proxies are not followed.

    Raises:
        ConfigError: If the address is none, a secret or a header cannot be one, or the template
            is no JSON or names what no message has. What was given is not shown.

    Example:
        >>> PAGER_DUTY = {
        ...     "routing_key": "$routing_key",
        ...     "event_action": "$action",
        ...     "dedup_key": "$incident_key",
        ...     "payload": {"summary": "$subject", "source": "$monitor", "severity": "warning"},
        ... }
        >>> WebhookAlert(
        ...     "https://events.pagerduty.com/v2/enqueue",
        ...     template=PAGER_DUTY,
        ...     secrets={"routing_key": "of the service's integration"},
        ... )
        WebhookAlert('https://events.pagerduty.com/...')
    """

    def __init__(
        self,
        url: str,
        *,
        secret: str | None = None,
        template: Any = None,
        secrets: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        name: str = "webhook",
        allow_private: bool = False,
    ) -> None:
        self.name = checked_name(name)
        private = checked_flag(allow_private, "allow_private")
        self._url = checked_url(url, "url", https_only=not private)
        self._secret = None if secret is None else _key(secret)
        self._template = template
        self._headers = _sound({} if headers is None else headers)
        self._http = HttpClient(timeout=_SECONDS, only_public=not private)
        self._secrets = _named_secrets({} if secrets is None else secrets)
        if self._secrets and template is None:
            raise ConfigError(
                "secrets are values for a template; give one, or leave them out", code="DW081"
            )
        if template is not None:
            _check_template(template, self._secrets)

    def __repr__(self) -> str:
        return f"WebhookAlert('{urlsplit(self._url).scheme}://{urlsplit(self._url).hostname}/...')"

    def send(self, message: Message, /) -> None:
        """Post a message.

        Raises:
            NotSentError: If it is not taken now.
        """
        values = _values(message)
        filled = values
        if self._template is not None:
            filled = _filled(self._template, {**values, **self._secrets})
        # Keys hold the monitor's name as it is; whoever shows the body must not obey it.
        body = json_lines(orjson.dumps(filled).decode()).encode()
        stamp = str(int(time.time()))
        headers = {
            **self._headers,
            "Content-Type": "application/json",
            "Idempotency-Key": _header(message.key),
            "webhook-id": _header(message.key),
            "webhook-timestamp": stamp,
        }
        if self._secret is not None:
            signed = signature(self._secret, _header(message.key), stamp, body)
            headers["webhook-signature"] = signed
        host = urlsplit(self._url).hostname
        refuse(f"webhook {host}", self._http.send(self._url, body, headers=headers))


def signature(key: bytes, id_: str, stamp: str, body: bytes, /) -> str:
    """HMAC-SHA256 of id, time stamp and body, as Standard Webhooks 1.0 has it."""
    signed = b".".join([id_.encode(), stamp.encode(), body])
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def _key(secret: object) -> bytes:
    """The bytes of a secret; what is wrong with it is said without showing it."""
    key: bytes | None = None
    text = secret.strip() if isinstance(secret, str) else ""
    if text.startswith(_IN_BASE64):
        with contextlib.suppress(ValueError):
            key = base64.b64decode(text.removeprefix(_IN_BASE64), validate=True)
    else:
        with contextlib.suppress(ValueError):  # half a surrogate pair, which no bytes can hold
            key = text.encode()
    if not isinstance(secret, str) or key is None:
        raise ConfigError(
            "the webhook's secret is a text, in base64 if it begins with whsec_", code="DW081"
        )
    if not key:
        raise ConfigError(
            "the webhook's secret is empty; leave it out if there is none", code="DW081"
        )
    return key


def _header(text: str) -> str:
    """Text as a header may have it: ASCII, with others as a hash that keeps it unique."""
    if text.isascii() and text.isprintable() and len(text) <= 200:
        return text
    return _hashed(text)


def _hashed(text: str) -> str:
    return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=16).hexdigest()


def _sound(headers: object) -> dict[str, str]:
    if not isinstance(headers, Mapping):
        raise ConfigError(
            "headers is a dict of names and values, such as {'X-Team': 'ml'}", code="DW081"
        )
    for place, (name, value) in enumerate(headers.items(), 1):
        if not isinstance(name, str) or not _HEADER_NAME.fullmatch(name):
            raise ConfigError(
                f"header {place} has a name that no header may have (not shown)", code="DW081"
            )
        if not isinstance(value, str) or not _HEADER_VALUE.fullmatch(value):
            raise ConfigError(
                f"header {place} has a value that no header may have (not shown)", code="DW081"
            )
        if name.lower() in _OF_THE_REQUEST:
            raise ConfigError(
                f"header {name} is made of the request itself; leave it out", code="DW081"
            )
    return dict(headers)


def _named_secrets(secrets: object) -> dict[str, str]:
    if not isinstance(secrets, Mapping):
        raise ConfigError(
            "secrets is a dict of names and values, such as {'routing_key': ...}", code="DW081"
        )
    for place, (name, value) in enumerate(secrets.items(), 1):
        if not isinstance(name, str) or not _SECRET_NAME.fullmatch(name):
            raise ConfigError(
                f"secret {place} has a name that cannot be written as $name: it has letters, "
                "digits and _ (not shown)",
                code="DW081",
            )
        if name in _values(_SAMPLE):
            raise ConfigError(
                f"${name} is already a value of messages; name the secret otherwise", code="DW081"
            )
        if not isinstance(value, str) or not value:
            raise ConfigError(
                f"the secret {name} is no text, or an empty one (not shown)", code="DW081"
            )
    return dict(secrets)


def _values(message: Message) -> dict[str, Any]:
    return {
        **message.to_dict(),
        "subject": message.subject,
        "summary": message.plain_text(),
        "action": "resolve" if message.status == "RESOLVED" else "trigger",
        "incident_key": _incident_key(message.key),
    }


def _incident_key(key: str) -> str:
    """What is the same in the keys of all messages of an incident.

    The key of a message ends with which message of the incident it is, and its kind; the monitor
    before may have slashes. PagerDuty takes 255 characters, so that a longer one is hashed.

    Example:
        >>> _incident_key("team/churn/3/1767225600/1/opened")
        'team/churn/3/1767225600'
    """
    of_incident = key.rsplit("/", 2)[0]
    if len(of_incident) <= _LONGEST_INCIDENT_KEY:
        return of_incident
    return _hashed(of_incident)


def _filled(template: Any, values: Mapping[str, Any], depth: int = 0) -> Any:
    """A template with values in the place of their names; nothing in it is ever run."""
    if depth > _MOST_DEPTH:
        raise ConfigError(f"a template is nested more than {_MOST_DEPTH} levels deep", code="DW081")
    match template:
        case str():
            return _text(template, values)
        case Mapping():
            if not all(isinstance(key, str) for key in template):
                raise ConfigError("a template is JSON, whose keys are texts", code="DW081")
            return {key: _filled(value, values, depth + 1) for key, value in template.items()}
        case list() | tuple():
            return [_filled(item, values, depth + 1) for item in template]
        case bool() | int() | float() | None:
            return template
        case _:
            raise ConfigError(f"a template is JSON; got {type(template).__name__}", code="DW081")


def _text(template: str, values: Mapping[str, Any]) -> Any:
    whole = template.removeprefix("$")
    if template.startswith("$") and whole in values:
        return values[whole]
    with contextlib.suppress(KeyError, ValueError):
        return string.Template(template).substitute(
            {name: _in_text(value) for name, value in values.items()}
        )
    raise ConfigError(  # without the text, which may hold a key of the other side's
        "a text of the template names what no message has; known: "
        f"{', '.join(f'${name}' for name in values)}; a dollar is written $$",
        code="DW081",
    )


def _in_text(value: Any) -> str:
    """A value within a longer text: JSON where it is a list or a dict; nothing where it is None."""
    if isinstance(value, list | tuple | Mapping):
        return orjson.dumps(value).decode()
    return "" if value is None else str(value)


def _check_template(template: Any, secrets: Mapping[str, str]) -> None:
    """Fill it once, and write it: numbers may be too long for JSON, and texts no Unicode."""
    filled = _filled(template, {**_values(_SAMPLE), **secrets})
    with contextlib.suppress(TypeError):
        orjson.dumps(filled)
        return
    raise ConfigError(
        "a template is JSON: its numbers have 64 bits, and its texts are Unicode", code="DW081"
    )


def _sample() -> Message:
    from datetime import UTC, datetime

    at = datetime(2026, 1, 1, tzinfo=UTC)
    return Message("test", "m/0/1/0/test", "m", 0, "TEST", "a test", "a test", at)


_SAMPLE = _sample()
