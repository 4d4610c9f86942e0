"""Sessions: what a browser shows in place of the token that it was signed in with."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from driftwatch.service.security.tokens import Token, Tokens, hash_of

__all__ = ["SESSION_SECONDS", "Session", "Sessions"]

SESSION_SECONDS = 12 * 3600.0
_MOST_OF_A_TOKEN = 100


@dataclass(frozen=True, slots=True)
class Session:
    """One browser that is signed in.

    Attributes:
        token: That it was signed in with.
        csrf: What every form of its pages brings back.
        opened: When, in seconds since 1970.
        expires: When it ends, however much it is used.
    """

    token: Token
    csrf: str = field(repr=False)
    opened: float
    expires: float


class Sessions:
    """All sessions of a service, in memory: they end when it is started anew.

    What a browser keeps is known by its hash alone, and is found by it: how long that takes says
    nothing of the secrets that there are.

    Args:
        tokens: Those of the service; a session ends with its token.
        clock: Seconds since 1970.
        seconds: How long a session lasts.
        most_of_a_token: Sessions that are kept of one token; the oldest ends for a further one.

    Example:
        >>> from driftwatch.service.security.tokens import scopes_of
        >>> token = Token("ann", scopes_of(["read"]), hash_of("secret"))
        >>> sessions = Sessions(Tokens([token]), clock=lambda: 0.0)
        >>> secret = sessions.open(token)
        >>> sessions.find(secret).token.name, sessions.find("guessed") is None
        ('ann', True)
    """

    def __init__(
        self,
        tokens: Tokens,
        /,
        *,
        clock: Callable[[], float] = time.time,
        seconds: float = SESSION_SECONDS,
        most_of_a_token: int = _MOST_OF_A_TOKEN,
    ) -> None:
        self._tokens = tokens
        self._clock = clock
        self._seconds = seconds
        self._most = most_of_a_token
        self._kept: dict[str, Session] = {}  # by the hash of the secret, the oldest first

    def __len__(self) -> int:
        return len(self._kept)

    def open(self, token: Token, /) -> str:
        """Begin a session; the secret that the browser keeps, which is new every time."""
        now = self._clock()
        for hashed, session in [*self._kept.items()]:
            if session.expires <= now:
                del self._kept[hashed]
        own = [h for h, session in self._kept.items() if session.token.sha256 == token.sha256]
        for hashed in own[: max(0, len(own) - self._most + 1)]:
            del self._kept[hashed]
        secret = secrets.token_urlsafe(32)
        csrf = secrets.token_urlsafe(32)
        self._kept[hash_of(secret)] = Session(token, csrf, now, now + self._seconds)
        return secret

    def find(self, secret: str, /) -> Session | None:
        """The session of a secret; None if there is none, or it is over.

        Its token is the one of now: what it allows may have changed meanwhile.
        """
        hashed = hash_of(secret)
        session = self._kept.get(hashed)
        if session is None:
            return None
        token = self._tokens.with_hash(session.token.sha256)
        if token is None or session.expires <= self._clock():
            del self._kept[hashed]
            return None
        return replace(session, token=token)

    def end(self, secret: str, /) -> None:
        """End the session of a secret, if there is one."""
        self._kept.pop(hash_of(secret), None)
