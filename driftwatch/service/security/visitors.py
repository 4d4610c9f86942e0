"""Who looks at a page, and what they may do there."""

from __future__ import annotations

from dataclasses import dataclass

from driftwatch.service.security.tokens import Scope, Token

__all__ = ["Visitor"]


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody with a page open.

    Attributes:
        token: That they signed in with; None where the service has no tokens.
        csrf: What every form must bring back, so that no other site can fill it in.
        changes_nothing: Whether nothing may be changed, whatever the token allows: the store is
            only read.
    """

    token: Token | None
    csrf: str
    changes_nothing: bool = False

    @property
    def name(self) -> str:
        """What logs and incidents call them."""
        return "somebody" if self.token is None else self.token.name

    @property
    def may_change(self) -> bool:
        """Whether they may acknowledge, silence, note, and choose references."""
        if self.changes_nothing:
            return False
        return self.token is None or self.token.allows(Scope.ADMIN)

    @property
    def can_sign_out(self) -> bool:
        """Whether they have signed in at all."""
        return self.token is not None

    def covers(self, monitor: str, /) -> bool:
        """Whether they may see a monitor."""
        return self.token is None or self.token.covers(monitor)
