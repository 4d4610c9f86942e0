"""The states of an evaluator, as they are kept from one evaluation to the next."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Self

from driftwatch.alerts.state import DeskState
from driftwatch.core.drift.sequential import PaneDetector
from driftwatch.core.reports.report import EarlySign, Status
from driftwatch.core.windows.alarm import Event, Hysteresis
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
    early: tuple[EarlySign, ...] = ()
    desk: DeskState = field(default_factory=DeskState)
    laggards: dict[str, list[float]] = field(default_factory=dict)

    def judged_or(self, full: list[int], first: int, last: int, /) -> list[int]:
        """Panes of a range that have something to say: with rows, or judged; and the last."""
        if first > last:
            return []
        judged = {pane for pane in self.statuses if first <= pane <= last}
        return sorted(judged.union(full, [last]))

    def to_dict(self, detector: PaneDetector | None, /) -> dict[str, Any]:
        """As plain data, with the bets of the detector."""
        return {
            "evaluated": self.evaluated,
            "revision": self.revision,
            "reference": self.reference,
            "alarm": self.alarm.to_dict(),
            "statuses": {str(pane): status for pane, status in self.statuses.items()},
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
            early=tuple(EarlySign(**sign) for sign in facts["early"]),
            desk=desk,
            laggards=saved.laggards,
        )


def event_between(before: Status, after: Status, /) -> Event | None:
    """What an evaluation, which may have seen several panes, changed about the alarm."""
    if before.is_drift != after.is_drift:
        return Event.RAISED if after.is_drift else Event.CLEARED
    return Event.ESCALATED if after.severity > before.severity else None
