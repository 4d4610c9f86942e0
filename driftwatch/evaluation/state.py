"""The states of an evaluator, as they are kept from one evaluation to the next."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Self

from driftwatch.alerts.state import DeskState
from driftwatch.core.data.times import to_utc
from driftwatch.core.drift.sequential import PaneDetector
from driftwatch.core.reports.report import DriftReport, EarlySign, Status
from driftwatch.core.reports.runs import DriftRun, Since
from driftwatch.core.windows.alarm import Event, Hysteresis
from driftwatch.core.windows.spec import WindowSpec
from driftwatch.core.windows.stored import SavedState

__all__ = ["EvaluationState", "event_between"]


@dataclass(slots=True)
class EvaluationState:
    """What goes on from one evaluation to the next; stored with every one of them.

    Attributes:
        consumed: Last final pane that detectors and alarm have seen.
        evaluated: Last pane of the window that was reported.
        revision: How often that report was made again because of late rows.
        reference: Content id of the reference it all is about.
        alarm: The alarm.
        statuses: Statuses of reported windows whose last pane is not final yet, by pane.
        run: The unbroken run of drifted windows, up to the last consumed pane.
        early: What detectors saw, while the alarm is on.
        desk: Incidents.
        laggards: What was known of sources that were far behind, by name.
    """

    consumed: int | None = None
    evaluated: int | None = None
    revision: int = 0
    reference: str = ""
    alarm: Hysteresis = field(default_factory=Hysteresis)
    statuses: dict[int, str] = field(default_factory=dict)
    run: DriftRun = field(default_factory=DriftRun)
    early: tuple[EarlySign, ...] = ()
    desk: DeskState = field(default_factory=DeskState)
    laggards: dict[str, list[float]] = field(default_factory=dict)

    def judged_or(self, full: list[int], first: int, last: int, /) -> list[int]:
        """Panes of a range that have something to say: with rows, or judged; and the last."""
        if first > last:
            return []
        judged = {pane for pane in self.statuses if first <= pane <= last}
        return sorted(judged.union(full, [last]))

    def consume(self, pane: int, signs: tuple[EarlySign, ...], /) -> None:
        """Let the alarm see a pane that is final, and what detectors saw in it."""
        status = Status(self.statuses.pop(pane, Status.INSUFFICIENT_DATA.value))
        self.alarm.update(pane, status, early=bool(signs))
        self.run.update(pane, status)
        if signs:
            self.early = signs
        elif not self.alarm.level.is_drift:
            self.early = ()
        self.consumed = pane

    def dated(self, report: DriftReport, spec: WindowSpec, /) -> DriftReport:
        """The report of a window that is not consumed yet; it says since when windows drift.

        Args:
            report: The report.
            spec: How the stream is cut.
        """
        if report.window is None or not report.global_status.is_drift:
            return report
        pane, run = report.window.pane, replace(self.run)
        if self.consumed is None or pane > self.consumed:
            for earlier in sorted(each for each in self.statuses if each < pane):
                run.update(earlier, Status(self.statuses[earlier]))
            run.update(pane, report.global_status)
        if run.began is None or not run.windows:
            return report
        start = None if spec.by_rows else to_utc(spec.start_of(run.began))
        since = Since(run.began, run.windows, start)
        return replace(report, window=replace(report.window, since=since))

    def to_dict(self, detector: PaneDetector | None, /) -> dict[str, Any]:
        """As plain data, with the bets of the detector."""
        return {
            "evaluated": self.evaluated,
            "revision": self.revision,
            "reference": self.reference,
            "alarm": self.alarm.to_dict(),
            "statuses": {str(pane): status for pane, status in self.statuses.items()},
            "run": [self.run.windows, self.run.began],
            "early": [sign.to_dict() for sign in self.early],
            "desk": self.desk.to_dict(),
            "detector": detector.to_dict() if detector is not None else None,
            "laggards": self.laggards,
        }

    @classmethod
    def fresh(cls, reference: str, /, *, clear_after: int) -> Self:
        """The state before the first pane."""
        return cls(reference=reference, alarm=Hysteresis(clear_after))

    def restored_with(self, saved: SavedState, detector: PaneDetector | None, /) -> Self | None:
        """As `restored`, with the bets of the detector; None if it is damaged."""
        try:
            restored = self.restored(saved)
            if detector is not None and saved.facts["reference"] == self.reference:
                detector.restore(saved.facts.get("detector") or {})
        except (LookupError, TypeError, ValueError, AttributeError):
            return None
        return restored

    def restored(self, saved: SavedState, /) -> Self:
        """Return the state that `to_dict` gave.

        If that was about another reference, detectors and alarm begin afresh, and only how
        far the stream was evaluated is taken over, and which incidents there were.
        """
        facts = saved.facts
        is_another = facts["reference"] != self.reference
        evaluated = None if facts["evaluated"] is None else int(facts["evaluated"])
        desk = DeskState.restored(
            facts.get("desk"), clear_after=self.alarm.clear_after, afresh=is_another
        )
        if is_another:
            return replace(
                self,
                consumed=saved.consumed,
                evaluated=evaluated,
                desk=desk,
                laggards=saved.laggards,
            )
        return replace(
            self,
            consumed=saved.consumed,
            evaluated=evaluated,
            revision=int(facts["revision"]),
            alarm=self.alarm.restored(facts["alarm"]),
            statuses={int(pane): str(status) for pane, status in facts["statuses"].items()},
            run=DriftRun(*facts.get("run", ())),
            early=tuple(EarlySign(**sign) for sign in facts["early"]),
            desk=desk,
            laggards=saved.laggards,
        )


def event_between(before: Status, after: Status, /) -> Event | None:
    """What an evaluation, which may have seen several panes, changed about the alarm."""
    if before.is_drift != after.is_drift:
        return Event.RAISED if after.is_drift else Event.CLEARED
    return Event.ESCALATED if after.severity > before.severity else None
