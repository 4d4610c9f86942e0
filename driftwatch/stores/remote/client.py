"""One request to a collector at a time."""

from __future__ import annotations

import logging
import re
import ssl
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from driftwatch.errors import ConfigError
from driftwatch.logs.events import event
from driftwatch.stores.remote.readings import MOST_BYTES
from driftwatch.stores.remote.words import words_of
from driftwatch.transport.client import Answer, HttpClient
from driftwatch.transport.urls import checked_url

__all__ = ["AUTHORITY", "SENT_AT", "CollectorClient"]

AUTHORITY = "DRIFTWATCH_CA_FILE"
"""Variable that names the file of the authority which the collector's certificate rests on."""

SENT_AT = "DriftWatch-Sent-At"
"""Header with the sender's clock, so that the collector sees how far it is off."""

_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_TOKEN = re.compile(r"[!-~]+")
_LOG = logging.getLogger("driftwatch")


class CollectorClient:
    """Speaks to one collector.

    Args:
        url: Its address, such as ``https://drift.example.com``.
        token: Sent as a bearer token; never shown in a log or an error.
        token_from: Where the token comes from, for errors.
        timeout: Seconds that a request may take with its answer, at most.
        clock: Seconds since 1970, by which rows get their times.
        authority: PEM file of the authority that the collector's certificate rests on, in place of
            those of the system.

    Raises:
        ConfigError: If the address is not one of HTTP, or holds a password; if the token
            cannot be one; or if the file of the authority cannot be read.
    """

    def __init__(
        self,
        url: str,
        /,
        *,
        token: str | None = None,
        token_from: str = "the argument token",  # noqa: S107 - it is none
        timeout: float = 10.0,
        clock: Callable[[], float] = time.time,
        authority: str | Path | None = None,
    ) -> None:
        self._clock = clock
        login = "set DRIFTWATCH_TOKEN to a token"
        parts = urlsplit(checked_url(url, "the collector's address", instead_of_login=login))
        self.url = urlunsplit((parts.scheme, parts.netloc, parts.path.rstrip("/"), "", ""))
        self._token = _sound(token, token_from) if token else None
        trust = None if authority is None else _trust(Path(authority))
        # A proxy would look for the collector on its own loopback.
        proxies = parts.hostname not in _LOOPBACK
        self._http = HttpClient(
            timeout=timeout, trust=trust, proxies=proxies, most_bytes=MOST_BYTES
        )
        if token and parts.scheme == "http" and parts.hostname not in _LOOPBACK:
            _LOG.warning(
                "driftwatch: the token goes to %s unencrypted; use https if others see the way",
                self.url,
                extra=event("delivery.trouble", code="DW059"),
            )

    def get(self, path: str, /, *, timeout: float | None = None) -> Answer:
        """Ask; never raises.

        Args:
            path: What for.
            timeout: Seconds that this may take, if fewer than the client's.
        """
        return self._http.send(self.url + path, headers=self._login(), timeout=timeout)

    def post(self, path: str, body: bytes, /, *, timeout: float | None = None) -> Answer:
        """Send bytes; never raises.

        Args:
            path: Where to.
            body: The bytes.
            timeout: Seconds that this may take, if fewer than the client's.
        """
        headers = {
            "Content-Type": "application/octet-stream",
            SENT_AT: f"{self._clock():.3f}",
            **self._login(),
        }
        return self._http.send(self.url + path, body, headers=headers, timeout=timeout)

    def why(self, answer: Answer, /) -> str:
        """Why a request failed: its status, and the collector's own words if they are some.

        Never the reason phrase of a status, nor a body of another kind: servers and proxies
        repeat in them what they were sent, and so the token.

        Args:
            answer: What came of it.
        """
        if answer.status == 0:
            return f"unreachable: {answer.reason}"
        words = words_of(answer, self._token)
        return f"{answer.status}: {words}" if words else str(answer.status)

    def explains(self, answer: Answer, /) -> bool:
        """Whether a failure is explained as a collector does, and not a proxy's."""
        return bool(words_of(answer, self._token))

    def _login(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._token}"} if self._token else {}


def _trust(authority: Path) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=authority)
    except ssl.SSLError as error:
        raise ConfigError(
            f"the authority's file {authority} has no certificate in PEM form", code="DW059"
        ) from error
    except OSError as error:
        raise ConfigError(
            f"the authority's file {authority} cannot be read: {error.strerror or error}",
            code="DW059",
        ) from error


def _sound(token: str, token_from: str) -> str:
    """The token without the newline of the file that it was kept in."""
    stripped = token.strip()
    if not _TOKEN.fullmatch(stripped):
        raise ConfigError(
            f"the token of {token_from} is empty, or has spaces, line breaks or characters beyond "
            "ASCII (it is not shown here); set it to the token alone",
            code="DW052",
        )
    return stripped
