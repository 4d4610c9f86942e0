"""The states of an evaluator, as they are kept from one evaluation to the next."""

from __future__ import annotations

from collections.abc import Mapping
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
        unused: Rows that could not be used, of all time by reason, as they stood when windows
            were reported: pairs of a pane and these, where they changed.
    """

    consumed: int | None = None
    evaluated: int | None = None
    revision: int = 0
    reference: str = ""
    alarm: Hysteresis = field(default_factory=Hysteresis)
    statuses: dict[int, str] = field(default_factory=dict)
    early: tuple[EarlySign, ...] = ()
    desk: DeskState = field(default_factory=DeskState)
    unused: list[tuple[int, dict[str, int]]] = field(default_factory=list)

    def note_unused(self, pane: int, unused: Mapping[str, int], /, *, panes: int) -> None:
        """Keep how many rows could not be used until a window was reported.

        Args:
            pane: Last pane of the window.
            unused: Of all time, by reason.
            panes: Of a window; what is older than the one before it is forgotten.
        """
        if not self.unused or self.unused[-1][1] != dict(unused):
            self.unused = [kept for kept in self.unused if kept[0] < pane]
            self.unused.append((pane, dict(unused)))
        old = [place for place, (at, _) in enumerate(self.unused) if at <= pane - panes]
        del self.unused[: max(0, len(old) - 1)]

    def unused_in(
        self, pane: int, unused: Mapping[str, int], /, *, panes: int, oldest: int
    ) -> dict[str, int]:
        """Rows that could not be used while a window lasted, by reason.

        Args:
            pane: Last pane of the window.
            unused: Of all time, by reason.
            panes: Of a window.
            oldest: First pane of the stream.
        """
        before = next((c for at, c in reversed(self.unused) if at <= pane - panes), None)
        if before is None:  # nothing is known of the time before, unless there was none
            first = self.unused[0][1] if self.unused else dict(unused)
            before = {} if oldest > pane - panes else first
        return {
            why: rows - before.get(why, 0)
            for why, rows in unused.items()
            if rows > before.get(why, 0)
        }

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
            "unused": [[pane, counted] for pane, counted in self.unused],
            "detector": detector.to_dict() if detector is not None else None,
        }

    @classmethod
    def fresh(cls, reference: str, /, *, clear_after: int) -> Self:
        """The state before the first pane."""
        return cls(reference=reference, alarm=Hysteresis(clear_after))

    def restored(self, saved: SavedState, /) -> Self:
        """Return the state that `to_dict` gave.

        If that was about another reference, detectors and alarm begin afresh, and only how
        far the stream was evaluated is taken over, and which incidents there were.
        """
        facts = saved.facts
        unused = [(int(pane), dict(counted)) for pane, counted in facts.get("unused", ())]
        is_another = facts["reference"] != self.reference
        desk = DeskState.restored(
            facts.get("desk"), clear_after=self.alarm.clear_after, afresh=is_another
        )
        if is_another:
            return replace(
                self,
                consumed=saved.consumed,
                evaluated=facts["evaluated"],
                desk=desk,
                unused=unused,
            )
        return replace(
            self,
            consumed=saved.consumed,
            evaluated=facts["evaluated"],
            revision=int(facts["revision"]),
            alarm=self.alarm.restored(facts["alarm"]),
            statuses={int(pane): str(status) for pane, status in facts["statuses"].items()},
            early=tuple(EarlySign(**sign) for sign in facts["early"]),
            desk=desk,
            unused=unused,
        )


def event_between(before: Status, after: Status, /) -> Event | None:
    """What an evaluation, which may have seen several panes, changed about the alarm."""
    if before.is_drift != after.is_drift:
        return Event.RAISED if after.is_drift else Event.CLEARED
    return Event.ESCALATED if after.severity > before.severity else None
