"""Bearer tokens: what they allow, and how they are told apart without being kept."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import quote, unquote

from driftwatch.errors import ConfigError, did_you_mean

__all__ = [
    "ENVIRONMENT",
    "Scope",
    "Token",
    "Tokens",
    "environment_entry",
    "hash_of",
    "new_token",
    "scopes_of",
    "tokens_of_environment",
]

ENVIRONMENT = "DRIFTWATCH_TOKENS"
_PREFIX = "dw_"
_SHORTEST = 24


class Scope(StrEnum):
    """What a token allows."""

    INGEST = "ingest"
    """To deliver segments."""
    READ = "read"
    """To see monitors, reports and references."""
    ADMIN = "admin"
    """To add and choose references; and everything else."""


@dataclass(frozen=True, slots=True)
class Token:
    """A token as the service knows it: not itself, but its hash.

    Attributes:
        name: In logs.
        scopes: What it allows.
        sha256: Hash of the token, 64 hexadecimal digits. A token is random enough for its
            plain hash to give nothing away.
        monitors: Those for which it allows that; None for all.
    """

    name: str
    scopes: frozenset[Scope]
    sha256: str
    monitors: frozenset[str] | None = None

    def __post_init__(self) -> None:
        if len(self.sha256) != 64 or set(self.sha256) - set("0123456789abcdef"):
            raise ConfigError(
                f"token {self.name!r}: sha256 must be 64 hexadecimal digits", code="DW054"
            )
        if not self.scopes:
            raise ConfigError(
                f"token {self.name!r} allows nothing; scopes: {_known()}", code="DW054"
            )
        if self.monitors is not None and not self.monitors:
            raise ConfigError(
                f"token {self.name!r} is for no monitor; name one, or leave it out", code="DW054"
            )

    def allows(self, scope: Scope, /) -> bool:
        """Whether it allows something."""
        return scope in self.scopes or Scope.ADMIN in self.scopes

    def covers(self, monitor: str, /) -> bool:
        """Whether it allows that for a monitor.

        Example:
            >>> Token("a", frozenset({Scope.READ}), "0" * 64, frozenset({"churn"})).covers("fraud")
            False
        """
        return self.monitors is None or monitor in self.monitors


class Tokens:
    """All tokens of a service; none of them, and everything is allowed.

    Example:
        >>> secret = new_token()
        >>> tokens = Tokens([Token("pods", frozenset({Scope.INGEST}), hash_of(secret))])
        >>> tokens.find(f"Bearer {secret}").name
        'pods'
        >>> tokens.find("Bearer dw_guessed") is None
        True
    """

    def __init__(self, tokens: Iterable[Token] = ()) -> None:
        self._tokens = tuple(tokens)

    def __bool__(self) -> bool:
        return bool(self._tokens)

    def check_monitors(self, known: Collection[str], /) -> None:
        """Check that the monitors of tokens are there: a name that is misspelt allows nothing.

        Raises:
            ConfigError: If one is not.
        """
        for token in self._tokens:
            for name in sorted((token.monitors or frozenset()) - set(known)):
                raise ConfigError(
                    f"token {token.name!r} is for a monitor {name!r}, which is not configured"
                    f"{did_you_mean(name, known)}; there are: {', '.join(sorted(known))}",
                    code="DW054",
                )

    def find(self, authorization: str, /) -> Token | None:
        """The token of an ``Authorization`` header; None if it is none of ours.

        Compares in constant time, with all of them.
        """
        kind, _, secret = authorization.partition(" ")
        if kind.lower() != "bearer":
            return None
        return self.with_hash(hash_of(secret.strip()))

    def with_hash(self, hashed: str, /) -> Token | None:
        """The token of a hash; None if it is none of ours.

        Compares in constant time, with all of them.
        """
        owner = None
        for token in self._tokens:
            if hmac.compare_digest(token.sha256, hashed):
                owner = token
        return owner


def new_token() -> str:
    """A new random token, with a prefix by which scanners for secrets know it."""
    return _PREFIX + secrets.token_urlsafe(32)


def hash_of(secret: str, /) -> str:
    """What is kept of a token."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def scopes_of(names: Iterable[str], /) -> frozenset[Scope]:
    """Read the names of scopes.

    Raises:
        ConfigError: If one is unknown.
    """
    try:
        return frozenset(Scope(name) for name in names)
    except ValueError as error:
        raise ConfigError(f"{error}; known scopes: {_known()}", code="DW054") from error


def tokens_of_environment(environment: Mapping[str, str] = os.environ, /) -> list[Token]:
    """Tokens of ``$DRIFTWATCH_TOKENS``: ``ingest:dw_...,read+admin:dw_...``.

    One that is for some monitors alone names them after the scopes, as in
    ``ingest@churn+fraud:dw_...``; characters that have a meaning here are written as in a URL
    (``%2B`` for a plus).

    Raises:
        ConfigError: If it cannot be read; the message does not repeat it.

    Example:
        >>> entry = "ingest@churn+a%2Bb:" + new_token()
        >>> (token,) = tokens_of_environment({"DRIFTWATCH_TOKENS": entry})
        >>> sorted(token.monitors)
        ['a+b', 'churn']
    """
    tokens: list[Token] = []
    for place, part in enumerate(filter(None, environment.get(ENVIRONMENT, "").split(","))):
        allowed, _, secret = part.strip().rpartition(":")
        if len(secret) < _SHORTEST:
            raise ConfigError(
                f"{ENVIRONMENT}: entry {place + 1} must be SCOPE:TOKEN or SCOPE@MONITOR:TOKEN with "
                f"a token of at least {_SHORTEST} characters, as `driftwatch token` makes it",
                code="DW054",
            )
        names, bound, monitors = allowed.partition("@")
        tokens.append(
            Token(
                f"environment-{place + 1}",
                scopes_of(names.split("+")),
                hash_of(secret),
                frozenset(map(unquote, filter(None, monitors.split("+")))) if bound else None,
            )
        )
    return tokens


def environment_entry(scopes: Iterable[str], monitors: Iterable[str], /) -> str:
    """What stands before a token in ``$DRIFTWATCH_TOKENS``.

    Example:
        >>> environment_entry(["ingest"], ["churn", "a+b"]), environment_entry(["read"], [])
        ('ingest@churn+a%2Bb', 'read')
    """
    bound = "+".join(quote(name, safe="") for name in monitors)
    return "+".join(scopes) + (f"@{bound}" if bound else "")


def _known() -> str:
    return ", ".join(scope.value for scope in Scope)
