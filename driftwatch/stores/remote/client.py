"""One request to a collector at a time."""

from __future__ import annotations

import contextlib
import email.utils
import http.client
import logging
import re
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from driftwatch.errors import ConfigError, StoreError
from driftwatch.stores.remote.deadline import handlers

__all__ = ["SENT_AT", "Answer", "CollectorClient"]

SENT_AT = "DriftWatch-Sent-At"
"""Header with the sender's clock, so that the collector sees how far it is off."""

_MOST_BYTES = 64 << 20
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_TOKEN = re.compile(r"[!-~]+")
_TAKEN = ("stored", "duplicate")
_LOG = logging.getLogger("driftwatch")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a collector answered.

    Attributes:
        status: HTTP status; 0 if it could not be reached.
        body: What it sent.
        retry_after: Seconds that it asked to wait; None if it did not.
        reason: In words.
    """

    status: int
    body: bytes = b""
    retry_after: float | None = None
    reason: str = ""

    def json(self) -> Any:
        """The body, read.

        Raises:
            StoreError: If it is no JSON.
        """
        import orjson

        try:
            return orjson.loads(self.body)
        except orjson.JSONDecodeError as error:
            raise StoreError(f"the collector did not answer with JSON: {error}") from error

    @property
    def took_it(self) -> bool:
        """Whether a collector says that it has a delivery now.

        A login page or a proxy may answer 200 too, and has not taken anything.
        """
        if not 200 <= self.status < 300:
            return False
        try:
            answer = self.json()
        except StoreError:
            return False
        return isinstance(answer, dict) and answer.get("outcome") in _TAKEN


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect would take the token to whoever it names."""

    def redirect_request(self, *_: Any) -> None:
        return None


class CollectorClient:
    """Speaks to one collector.

    Args:
        url: Its address, such as ``https://drift.example.com``.
        token: Sent as a bearer token; never shown in a log or an error.
        token_from: Where the token comes from, for errors.
        timeout: Seconds that a request may take with its answer, at most.

    Raises:
        ConfigError: If the address is not one of HTTP, or holds a password; or if the token
            cannot be one.
    """

    def __init__(
        self,
        url: str,
        /,
        *,
        token: str | None = None,
        token_from: str = "the argument token",  # noqa: S107 - it is none
        timeout: float = 10.0,
    ) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ConfigError(
                f"a collector has an address like https://drift.example.com; got {url!r}"
            )
        if parts.username or parts.password:
            raise ConfigError("a token does not belong into the address; set DRIFTWATCH_TOKEN")
        self.url = urlunsplit((parts.scheme, parts.netloc, parts.path.rstrip("/"), "", ""))
        self._token = _sound(token, token_from) if token else None
        self._timeout = timeout
        self._opener = urllib.request.build_opener(_NoRedirect, *handlers())
        if token and parts.scheme == "http" and parts.hostname not in _LOOPBACK:
            _LOG.warning(
                "driftwatch: the token goes to %s unencrypted; use https if others see the way",
                self.url,
            )

    def get(self, path: str, /) -> Answer:
        """Ask; never raises."""
        return self._ask(urllib.request.Request(self.url + path))  # noqa: S310 - http(s), checked

    def post(self, path: str, body: bytes, /, *, timeout: float | None = None) -> Answer:
        """Send bytes; never raises.

        Args:
            path: Where to.
            body: The bytes.
            timeout: Seconds that this may take, if fewer than the client's.
        """
        request = urllib.request.Request(self.url + path, data=body, method="POST")  # noqa: S310
        request.add_header("Content-Type", "application/octet-stream")
        request.add_header(SENT_AT, f"{time.time():.3f}")
        return self._ask(request, timeout)

    def _ask(self, request: urllib.request.Request, timeout: float | None = None) -> Answer:
        if self._token:
            request.add_header("Authorization", f"Bearer {self._token}")
        within = self._timeout if timeout is None else min(timeout, self._timeout)
        try:
            with self._opener.open(request, timeout=within) as response:
                return Answer(response.status, response.read(_MOST_BYTES))
        except urllib.error.HTTPError as error:
            return _answer(error)
        except ValueError as error:  # its text may be a header, and so the token
            return Answer(0, reason=type(error).__name__)
        except (OSError, http.client.HTTPException) as error:
            return Answer(0, reason=str(getattr(error, "reason", error)) or type(error).__name__)


def _sound(token: str, token_from: str) -> str:
    """The token without the newline of the file that it was kept in."""
    stripped = token.strip()
    if not _TOKEN.fullmatch(stripped):
        raise ConfigError(
            f"the token of {token_from} is empty, or has spaces, line breaks or characters beyond "
            "ASCII (it is not shown here); set it to the token alone"
        )
    return stripped


def _answer(error: urllib.error.HTTPError) -> Answer:
    body = b""
    with error, contextlib.suppress(OSError, http.client.HTTPException):
        body = error.read(4_096)
    wait = _seconds(error.headers.get("Retry-After"))
    return Answer(error.code, body, wait, str(error.reason))


def _seconds(retry_after: str | None) -> float | None:
    """Seconds, or a date, as the header has it."""
    if retry_after is None:
        return None
    try:
        return max(0.0, float(retry_after))
    except ValueError:
        pass
    try:
        return max(0.0, email.utils.parsedate_to_datetime(retry_after).timestamp() - time.time())
    except ValueError:
        return None
