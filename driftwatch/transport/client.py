"""One HTTP request at a time: within its deadline, to where it was sent, and to nowhere else."""

from __future__ import annotations

import contextlib
import email.utils
import http.client
import re
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from driftwatch.transport.addresses import ForbiddenAddressError, refuse_private
from driftwatch.transport.deadline import NoAddressError, handlers

__all__ = ["Answer", "HttpClient"]

_MOST_ERROR_BYTES = 4_096
_TUNNEL = re.compile(r"Tunnel connection failed: ([0-9]{3})\b")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered; its words are not in the representation.

    Attributes:
        status: HTTP status; 0 if it could not be reached, or did not answer in time.
        body: What it sent; of an error only the beginning.
        retry_after: Seconds that it asked to wait; None if it did not.
        reason: Why there is no status, in words; empty if there is one, since the phrase beside it
            may repeat what the server was sent.
    """

    status: int
    body: bytes = field(default=b"", repr=False)
    retry_after: float | None = None
    reason: str = field(default="", repr=False)

    @property
    def succeeded(self) -> bool:
        """Whether the status says so."""
        return 200 <= self.status < 300


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect would take what is sent to whoever it names."""

    def redirect_request(self, *_: Any) -> None:
        return None


class HttpClient:
    """Sends requests; follows no redirect, and ends each when its time is over.

    Args:
        timeout: Seconds that a request may take with its answer, at most.
        trust: Which certificates are believed; those of the system if not given.
        only_public: Refuse hosts that have an address which is not public. A host is looked up
            once, so that its name cannot come to mean something else after the check; proxies of
            the environment are not used then, since nobody could check what they connect to.
        proxies: Whether proxies of the environment are used otherwise.
        most_bytes: Of an answer; at most one byte more is read.
    """

    def __init__(
        self,
        *,
        timeout: float = 10.0,
        trust: ssl.SSLContext | None = None,
        only_public: bool = False,
        proxies: bool = True,
        most_bytes: int = 64 << 10,
    ) -> None:
        self._timeout = timeout
        self._most_bytes = most_bytes
        direct = [urllib.request.ProxyHandler({})] if only_public or not proxies else []
        guard = refuse_private if only_public else None
        self._opener = urllib.request.build_opener(_NoRedirect, *direct, *handlers(trust, guard))

    def send(
        self,
        url: str,
        body: bytes | None = None,
        /,
        *,
        headers: Mapping[str, str] | None = None,
        timeout: float | None = None,
    ) -> Answer:
        """Send a request: POST with a body, GET without. Never raises.

        Args:
            url: Checked by `driftwatch.transport.urls.checked_url`.
            body: The bytes.
            headers: By name.
            timeout: Seconds that this may take, if fewer than the client's.
        """
        method = "GET" if body is None else "POST"
        within = self._timeout if timeout is None else min(timeout, self._timeout)
        try:
            request = urllib.request.Request(  # noqa: S310 - http(s), checked
                url, data=body, headers=dict(headers or {}), method=method
            )
            with self._opener.open(request, timeout=within) as response:
                return Answer(response.status, response.read(self._most_bytes + 1))
        except urllib.error.HTTPError as error:
            return _refused(error)
        except ValueError as error:  # its text may be a header, and so a secret
            return Answer(0, reason=type(error).__name__)
        except http.client.HTTPException as error:  # its text may be what the server sent
            return Answer(0, reason=type(error).__name__)
        except OSError as error:
            return Answer(0, reason=_why(error))


def _why(error: OSError) -> str:
    """Why there was no answer, in words that neither a server nor a proxy has a part in.

    Those of the system and of TLS have a number, and some are our own. Of others it is the name
    of the type: a proxy that opens no tunnel may repeat its password in what it answers.
    """
    reason = getattr(error, "reason", None)
    cause = reason if isinstance(reason, OSError) else error
    if isinstance(cause, TimeoutError):
        return "it took too long"
    if isinstance(cause, ForbiddenAddressError | NoAddressError):
        return str(cause)
    if cause.errno is not None and cause.strerror:
        return cause.strerror
    if refused := _TUNNEL.match(str(cause)):
        return f"the proxy answers {refused[1]}"
    return type(cause).__name__


def _refused(error: urllib.error.HTTPError) -> Answer:
    body = b""
    with error, contextlib.suppress(OSError, http.client.HTTPException):
        body = error.read(_MOST_ERROR_BYTES)
    return Answer(error.code, body, _seconds(error.headers.get("Retry-After")))


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
    except (ValueError, OverflowError):
        return None
