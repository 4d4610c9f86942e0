"""What an evaluation leaves behind, as a store keeps it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["Evaluation"]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A report and the states that go with it, kept together or not at all.

    Attributes:
        monitor: Whose.
        token: Of the lease it was made under; a store refuses it once the lease has moved on.
        pane: Last pane of its window.
        revision: 0, and one more whenever late rows changed the window.
        created: When, seconds since 1970.
        status: Of the report.
        report: The report as JSON; None where only states moved on.
        event: ``raised``, ``escalated`` or ``cleared`` where it changed the alarm.
        state: States of detectors and hysteresis.
        consumed: The last final pane they have seen.
    """

    monitor: str
    token: int
    pane: int
    revision: int
    created: float
    status: str
    report: str | None
    event: str | None
    state: Mapping[str, Any]
    consumed: int
