"""Whether a rule fires: after enough windows in a row, until enough quiet ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from driftwatch.alerts.conditions import Reading
from driftwatch.alerts.settings import Rule
from driftwatch.core.reports.report import DriftReport, Status
from driftwatch.core.reports.runs import DriftRun
from driftwatch.core.windows.alarm import Hysteresis

__all__ = ["Episode", "Said", "holding", "said_by"]


@dataclass(frozen=True, slots=True)
class Said:
    """What a rule says of one window.

    Attributes:
        status: The level of the rule if it holds, OK if it does not, and INSUFFICIENT_DATA if
            that cannot be told.
        features: The features in which it holds.
        is_less: Whether it was decided that it does not hold, of a window that is not quiet: a
            warning where only CRITICAL opens.
    """

    status: Status = Status.INSUFFICIENT_DATA
    features: tuple[str, ...] = ()
    is_less: bool = False

    def to_list(self) -> list[Any]:
        """As plain data."""
        return [self.status.value, self.is_less, *self.features]

    @classmethod
    def from_list(cls, saved: list[Any], /) -> Self:
        """Rebuild it from `to_list`."""
        return cls(Status(saved[0]), tuple(saved[2:]), bool(saved[1]))


@dataclass(slots=True)
class Episode:
    """One rule from when it begins to hold until it is really over.

    Attributes:
        alarm: Fires at once and stops late.
        run: Windows one after another in which the rule has held.
        features: Those in which it held last. While one of them cannot be judged no window is
            quiet.
    """

    alarm: Hysteresis = field(default_factory=Hysteresis)
    run: DriftRun = field(default_factory=DriftRun)
    features: tuple[str, ...] = ()

    @property
    def is_firing(self) -> bool:
        """Whether the rule fires."""
        return self.alarm.level.is_drift

    def update(self, pane: int, said: Said, windows: int, /, *, early: bool = False) -> None:
        """Take in what the rule says of the window that ends with a pane.

        A window that cannot tell counts neither for nor against it.

        Args:
            pane: The pane.
            said: What the rule says.
            windows: In how many windows one after another it must hold before it fires.
            early: Whether a detector saw persistent drift, which counts as a warning.
        """
        status = Status.WARNING if early and not said.status.is_drift else said.status
        was_on = self.is_firing
        self.run.update(pane, Status.OK if said.is_less and not status.is_drift else status)
        if status.is_drift:
            self.features = said.features
            if self.run.windows < windows and not was_on:
                return
        self.alarm.update(pane, status)
        if self.is_firing and not was_on:
            self.alarm.since = self.run.began

    def begin_again(self) -> Self:
        """The same before another reference: what fires goes on until windows are quiet."""
        alarm = Hysteresis(self.alarm.clear_after, self.alarm.level, self.alarm.since)
        return type(self)(alarm)

    def to_dict(self) -> dict[str, Any]:
        """As plain data, to go on with later."""
        run = {"run": self.run.windows, "began": self.run.began}
        own = {**run, "features": list(self.features)}
        return {**self.alarm.to_dict(), **own}

    @classmethod
    def restored(cls, saved: Mapping[str, Any], /, *, clear_after: int) -> Self:
        """The state that `to_dict` gave."""
        alarm = Hysteresis(clear_after).restored(saved)
        run = DriftRun(int(saved["run"]), saved["began"])
        return cls(alarm, run, tuple(saved["features"]))


def holding(rule: Rule, report: DriftReport, /) -> list[Reading]:
    """What a rule reads of a report and finds beyond its bound."""
    readings = rule.condition.readings(report, features=rule.features)
    return [r for r in readings if r.value is not None and rule.condition.holds(r.value)]


def said_by(rule: Rule, report: DriftReport, /, *, since: tuple[str, ...] = ()) -> Said:
    """What a rule says of a report.

    Args:
        rule: The rule.
        report: The report.
        since: Features in which it held before: as long as one of them is there and cannot be
            judged, the others do not tell that it is over.
    """
    found = holding(rule, report)
    if found:
        return Said(rule.status, tuple(r.feature for r in found if r.feature is not None))
    readings = rule.condition.readings(report, features=rule.features)
    judged = {r.feature for r in readings if r.is_decided}
    there = {feature.name for feature in report.features}
    if not judged or any(name in there and name not in judged for name in since):
        return Said()
    return Said(Status.OK)
