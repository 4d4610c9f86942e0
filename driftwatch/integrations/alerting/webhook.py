"""Messages to anything that takes JSON over HTTPS."""

from __future__ import annotations

import base64
import hashlib
import hmac
import string
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import orjson

from driftwatch.alerts.message import Message
from driftwatch.errors import ConfigError
from driftwatch.integrations.alerting.not_sent import refuse
from driftwatch.transport.client import HttpClient, checked_url

__all__ = ["WebhookAlert", "signature"]

_SECONDS = 5.0
_MOST_DEPTH = 20


class WebhookAlert:
    """Posts incidents as JSON. Implements `driftwatch.protocols.Notifier`.

    Requests carry the headers of Standard Webhooks (standardwebhooks.com): ``webhook-id``, which
    is the same when a message comes again, ``webhook-timestamp``, and with a secret
    ``webhook-signature``, so that its libraries verify them. ``Idempotency-Key`` is the id too.

    Args:
        url: Where to: a secret, of which only the host is shown.
        secret: For the signature; in Standard Webhooks' form (``whsec_`` and base64), or any text.
        template: The body, if the whole message is not what the other side wants: any JSON whose
            texts may have ``$name`` of the message's keys in them, such as
            ``{"summary": "$subject", "dedup_key": "$key"}``; ``$$`` is a dollar. A text that is
            nothing but ``$name`` becomes that value, number or list as it is.
        headers: More headers; a secret, too.
        name: What the store, logs and `driftwatch doctor` call it.
        allow_private: Also permit ``http`` and hosts that are not public. Otherwise the host is
            looked up once for each message, every address must be public, and redirects and
            proxies are not followed.

    Raises:
        ConfigError: If the address is none, or the template names what no message has.
    """

    def __init__(
        self,
        url: str,
        *,
        secret: str | None = None,
        template: Any = None,
        headers: Mapping[str, str] | None = None,
        name: str = "webhook",
        allow_private: bool = False,
    ) -> None:
        self.name = name
        self._url = checked_url(url, "url", https_only=not allow_private)
        self._secret = None if secret is None else _key(secret)
        self._template = template
        self._headers = _sound(headers or {})
        self._http = HttpClient(timeout=_SECONDS, only_public=not allow_private)
        if template is not None:
            _filled(template, _values(_SAMPLE))

    def __repr__(self) -> str:
        return f"WebhookAlert('{urlsplit(self._url).scheme}://{urlsplit(self._url).hostname}/...')"

    def send(self, message: Message, /) -> None:
        """Post a message.

        Raises:
            NotSentError: If it is not taken now.
        """
        values = _values(message)
        body = orjson.dumps(values if self._template is None else _filled(self._template, values))
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


def _key(secret: str) -> bytes:
    stripped = secret.strip()
    if not stripped:
        raise ConfigError("the webhook's secret is empty; leave it out if there is none")
    if stripped.startswith("whsec_"):
        try:
            return base64.b64decode(stripped.removeprefix("whsec_"), validate=True)
        except ValueError:
            raise ConfigError("a secret that begins with whsec_ goes on in base64") from None
    return stripped.encode()


def _header(text: str) -> str:
    """Text as a header may have it: ASCII, with others as a hash that keeps it unique."""
    if text.isascii() and text.isprintable() and len(text) <= 200:
        return text
    return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=16).hexdigest()


def _sound(headers: Mapping[str, str]) -> dict[str, str]:
    for name, value in headers.items():
        if not f"{name}{value}".isascii() or not f"{name}{value}".isprintable():
            raise ConfigError(f"header {name!r} has characters that no header may have")
    return dict(headers)


def _values(message: Message) -> dict[str, Any]:
    return {**message.to_dict(), "subject": message.subject, "summary": message.plain_text()}


def _filled(template: Any, values: Mapping[str, Any], depth: int = 0) -> Any:
    """A template with values in the place of their names; nothing in it is ever run."""
    if depth > _MOST_DEPTH:
        raise ConfigError(f"a template is nested more than {_MOST_DEPTH} levels deep")
    match template:
        case str():
            return _text(template, values)
        case Mapping():
            return {str(k): _filled(v, values, depth + 1) for k, v in template.items()}
        case list() | tuple():
            return [_filled(item, values, depth + 1) for item in template]
        case bool() | int() | float() | None:
            return template
        case _:
            raise ConfigError(f"a template is JSON; got {type(template).__name__}")


def _text(template: str, values: Mapping[str, Any]) -> Any:
    whole = template.removeprefix("$")
    if template.startswith("$") and whole in values:
        return values[whole]
    try:
        return string.Template(template).substitute(
            {name: "" if value is None else value for name, value in values.items()}
        )
    except (KeyError, ValueError) as error:
        raise ConfigError(
            f"a text of the template: {error} is nothing that a message has; known: "
            f"{', '.join(values)}; a dollar is written $$"
        ) from None


def _sample() -> Message:
    from datetime import UTC, datetime

    at = datetime(2026, 1, 1, tzinfo=UTC)
    return Message("test", "m/0/1/test", "m", 0, "TEST", "a test", "a test", at)


_SAMPLE = _sample()
