"""``[service]``: the collector, and who may ask it."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    Field,
)

from driftwatch.config.table import Table
from driftwatch.errors import ConfigError

__all__ = ["ServiceConfig", "TokenConfig"]


_HOST = re.compile(r"\*|(\*\.)?[^*\s]+")


def _hash(text: str) -> str:
    if not re.fullmatch("[0-9a-f]{64}", text):  # not shown: it may be the token itself
        raise ConfigError(
            "64 hexadecimal digits are needed, as `driftwatch token` prints them", code="DW054"
        )
    return text


def _some(scopes: list[str]) -> list[str]:
    if not scopes:
        raise ConfigError(
            "a token without scopes allows nothing; name ingest, read or admin", code="DW054"
        )
    return scopes


def _some_monitors(names: list[str]) -> list[str]:
    if not names:
        raise ConfigError(
            "a token for no monitor allows nothing; name some, or leave it out", code="DW054"
        )
    return names


def _host(text: str) -> str:
    if not _HOST.fullmatch(text):
        raise ConfigError(
            f"a host is named like drift.example.com, *.example.com or *; got {text!r}",
            code="DW001",
        )
    return text


_Scope = Literal["ingest", "read", "admin"]


class TokenConfig(Table):
    """One ``[[service.tokens]]``, as `driftwatch token` prints it.

    Attributes:
        name: In logs.
        scopes: ``ingest``, ``read``, ``admin``.
        sha256: Hash of the token.
        monitors: Names of those for which it is; all if not given.
    """

    name: str
    scopes: Annotated[list[_Scope], AfterValidator(_some)]
    sha256: Annotated[str, AfterValidator(_hash)]
    monitors: Annotated[list[str], AfterValidator(_some_monitors)] | None = None


class ServiceConfig(Table):
    """``[service]``: the collector.

    Attributes:
        host: Address to listen on.
        port: Port to listen on.
        tokens: What may be done by whom; everything by everybody without any.
        allowed_hosts: Names under which it may be asked for, besides the loopback's.
        requests_per_minute: For each token, or each address where there are no tokens.
        body_bytes: Bytes of a request, at most; 8 MiB if not given.
        tls_cert: File of the certificate and those that it rests on, in PEM; unencrypted without.
        tls_key: File of its private key, in PEM.
        behind_https: Whether a proxy on another machine speaks HTTPS for it.
    """

    host: str = "127.0.0.1"
    port: int = Field(default=8765, ge=0, le=65_535)
    tokens: list[TokenConfig] = Field(default_factory=list)
    allowed_hosts: list[Annotated[str, AfterValidator(_host)]] = Field(default_factory=list)
    requests_per_minute: int = Field(default=6_000, ge=1)
    body_bytes: int | None = Field(default=None, ge=1_024, le=1 << 30)
    tls_cert: str | None = None
    tls_key: str | None = None
    behind_https: bool = False
