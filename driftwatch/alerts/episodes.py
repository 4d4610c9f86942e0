"""Whether a rule fires: after enough windows in a row, until enough quiet ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from driftwatch.alerts.settings import Rule
from driftwatch.core.reports.report import DriftReport, Status
from driftwatch.core.windows.alarm import Hysteresis

__all__ = ["Episode", "status_of"]


@dataclass(slots=True)
class Episode:
    """One rule from when it begins to hold until it is really over.

    Attributes:
        alarm: Fires at once and stops late.
        run: Windows one after another in which the rule has held.
        began: The pane of the first of them.
    """

    alarm: Hysteresis = field(default_factory=Hysteresis)
    run: int = 0
    began: int | None = None

    def update(self, pane: int, status: Status, rule: Rule, /, *, early: bool = False) -> None:
        """Take in what the rule says of the window that ends with a pane.

        A window that cannot tell counts neither for nor against it.
        """
        if early and not status.is_drift:
            status = Status.WARNING
        was_on = self.alarm.level.is_drift
        if status.is_drift:
            self.began = pane if self.run == 0 else self.began
            self.run += 1
            if self.run < rule.windows and not was_on:
                return
        elif status is Status.OK:
            self.run = 0
        self.alarm.update(pane, status)
        if self.alarm.level.is_drift and not was_on:
            self.alarm.since = self.began

    def to_dict(self) -> dict[str, Any]:
        """As plain data, to go on with later."""
        return {**self.alarm.to_dict(), "run": self.run, "began": self.began}

    @classmethod
    def restored(cls, saved: Mapping[str, Any] | None, /, *, clear_after: int) -> Self:
        """The state that `to_dict` gave; a fresh one if there is none."""
        alarm = Hysteresis(clear_after)
        if saved is None:
            return cls(alarm)
        return cls(alarm.restored(saved), int(saved["run"]), saved["began"])


def status_of(rule: Rule, report: DriftReport, not_used_share: float | None = None) -> Status:
    """What a rule says of a report: its level, OK, or INSUFFICIENT_DATA if it cannot tell."""
    features = None if rule.features is None else tuple(rule.features)
    readings = rule.condition.readings(report, features=features, not_used_share=not_used_share)
    values = [reading.value for reading in readings if reading.value is not None]
    if any(rule.condition.holds(value) for value in values):
        return rule.status
    return Status.OK if values else Status.INSUFFICIENT_DATA
