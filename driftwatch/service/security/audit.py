"""Who changed what through a page, and who signed in: lines of a log of its own."""

from __future__ import annotations

import logging
import sys
from typing import Any

from fastapi import Request

from driftwatch.logs import HarmlessFacts
from driftwatch.logs.events import event
from driftwatch.service.security.limits import address_of
from driftwatch.service.security.visitors import Visitor

__all__ = ["audit", "note_sign_in", "show_audit"]

_AUDIT = logging.getLogger("driftwatch.audit")
_AUDIT.addFilter(HarmlessFacts())


def audit(request: Request, /, *, what: str, monitor: str | None = None, **facts: Any) -> None:
    """Log a change that a form made, after it was made.

    Args:
        request: Of the form, which the guard has let through.
        what: What was done, such as ``acknowledged``.
        monitor: Of which monitor; None of none in particular.
        facts: More of it, such as the incident.
    """
    visitor: Visitor = request.state.visitor
    known = {**facts, "token": visitor.name, "what": what, "monitor": monitor}
    _AUDIT.info(
        "driftwatch: %s: %s, of %s",
        visitor.name,
        what,
        "no monitor" if monitor is None else monitor,
        extra=event("service.change", **known),
    )


def note_sign_in(request: Request, what: str, token: str | None, /) -> None:
    """Log that somebody signed in or out, or was not let in; never with what they typed.

    Args:
        request: The request.
        what: ``signed in``, ``signed out`` or ``refused``.
        token: Name of the token; None of one that is unknown.
    """
    is_refused = what == "refused"
    address = address_of(request)
    facts = {"what": what, "token": token, "address": address}
    _AUDIT.log(
        logging.WARNING if is_refused else logging.INFO,
        "driftwatch: %s %s from %s",
        "somebody" if token is None else token,
        "was refused a session" if is_refused else what,
        address,
        extra=event("service.sign_in", **facts, **({"code": "DW052"} if is_refused else {})),
    )


def show_audit() -> None:
    """Send these lines to stderr, where the log is text and would show nothing but warnings."""
    if not _AUDIT.handlers and not logging.getLogger().handlers:
        _AUDIT.addHandler(logging.StreamHandler(sys.stderr))
        _AUDIT.setLevel(logging.INFO)
