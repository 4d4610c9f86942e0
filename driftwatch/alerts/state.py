"""What a desk knows from one evaluation to the next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from driftwatch.alerts.episodes import Episode, Said
from driftwatch.alerts.incidents import Incident

__all__ = ["Counted", "DeskState"]


@dataclass(frozen=True, slots=True)
class Counted:
    """The account of rows as it stood when it was looked at last.

    Attributes:
        at: When, seconds since 1970.
        used: Rows that were used, of all time.
        lost: Rows that came and could not be used, of all time.
        share: Of the rows between the last two looks the share that could not be used; None after
            one look.
    """

    at: float
    used: int
    lost: int
    share: float | None = None


@dataclass(slots=True)
class DeskState:
    """What goes on from one evaluation to the next; stored with every one of them.

    Attributes:
        episodes: By rule.
        readings: What rules say of windows whose last pane is not final yet, by pane.
        incident: The one that is open.
        last: The one before.
        number: Of the newest incident.
        counted: The account of rows; None while no rule asks for it.
    """

    episodes: dict[str, Episode] = field(default_factory=dict)
    readings: dict[int, dict[str, Said]] = field(default_factory=dict)
    incident: Incident | None = None
    last: Incident | None = None
    number: int = 0
    counted: Counted | None = None

    def to_dict(self) -> dict[str, Any]:
        """As plain data."""
        counted = self.counted
        return {
            "episodes": {name: episode.to_dict() for name, episode in self.episodes.items()},
            "readings": {
                str(pane): {name: said.to_list() for name, said in read.items()}
                for pane, read in self.readings.items()
            },
            "incident": None if self.incident is None else self.incident.to_dict(),
            "last": None if self.last is None else self.last.to_dict(),
            "number": self.number,
            "counted": None if counted is None else asdict(counted),
        }

    @classmethod
    def restored(
        cls, saved: Mapping[str, Any] | None, /, *, clear_after: int, afresh: bool = False
    ) -> Self:
        """The state that `to_dict` gave.

        Args:
            saved: None if there is none.
            clear_after: Quiet panes after which a rule does not fire any more.
            afresh: The reference is another: what was read against the old one is forgotten. What
                fires goes on until windows are quiet against the new one.
        """
        if saved is None:
            return cls()
        incident, last, counted = saved["incident"], saved["last"], saved["counted"]
        episodes = {
            name: Episode.restored(episode, clear_after=clear_after)
            for name, episode in saved["episodes"].items()
        }
        if afresh:
            episodes = {name: e.begin_again() for name, e in episodes.items() if e.is_firing}
        readings = {} if afresh else saved["readings"]
        return cls(
            episodes,
            {
                int(pane): {name: Said.from_list(said) for name, said in read.items()}
                for pane, read in readings.items()
            },
            None if incident is None else Incident.from_dict(incident),
            None if last is None else Incident.from_dict(last),
            int(saved["number"]),
            None if counted is None else Counted(**counted),
        )
