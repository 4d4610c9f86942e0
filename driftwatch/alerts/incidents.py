"""One incident a monitor: opened by rules, told, silenced, acknowledged, and over at last."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any, Self

from driftwatch.alerts.message import Line
from driftwatch.core.data.times import to_utc
from driftwatch.core.reports.results import Status
from driftwatch.core.windows.stored import StoredAction

__all__ = ["Happening", "Incident", "Standing", "standing_of"]

_MOST_HAPPENINGS = 100
_MOST_LINES = 30


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing that happened in an incident.

    Attributes:
        at: When, seconds since 1970.
        what: ``opened``, ``worse``, ``joined``, ``reminder``, ``still_on``, ``no_data``,
            ``resolved``, ``reopened``.
        text: In words.
        told: Whether a message was sent.
    """

    at: float
    what: str
    text: str
    told: bool = False


@dataclass(frozen=True, slots=True)
class Incident:
    """Everything that is wrong with a monitor at one time.

    Attributes:
        number: Of this monitor, from 1.
        opened: When it was opened, by the clock, seconds since 1970.
        since: When what it is about began, by event time; None for windows by rows.
        status: ``WARNING`` or ``CRITICAL``: the worst it has been.
        rules: Rules that fire, or fired last.
        title: The headline.
        text: The headline and more.
        worst: The text as it was when most was wrong.
        worst_rank: How much was, to compare with.
        lines: What moved, worst first; what has come back since is kept, and says so.
        resolved: When it was over; None while it is open.
        told: Messages that were made about it.
        sent: Those of them for which there was a back end to send them.
        told_status: The status that was told last; empty if nothing was.
        told_rules: Rules that were told.
        told_at: When something was told last.
        was_quiet: Whether a silence kept something back since then.
        quiet_until: Until when the cool-down of the incident before keeps it quiet.
        reopened: When it came back within the cool-down; what people said before holds no more.
        happenings: What happened, oldest first.
    """

    number: int
    opened: float
    since: float | None = None
    status: str = Status.WARNING.value
    rules: tuple[str, ...] = ()
    title: str = ""
    text: str = ""
    worst: str = ""
    worst_rank: int = 0
    lines: tuple[Line, ...] = ()
    resolved: float | None = None
    told: int = 0
    sent: int = 0
    told_status: str = ""
    told_rules: tuple[str, ...] = ()
    told_at: float = 0.0
    was_quiet: bool = False
    quiet_until: float = 0.0
    reopened: float = 0.0
    happenings: tuple[Happening, ...] = field(default=(), repr=False)

    @property
    def since_when(self) -> datetime | None:
        """When what it is about began."""
        return None if self.since is None else to_utc(self.since)

    def happened(self, at: float, what: str, text: str, /, *, told: bool = False) -> Self:
        """The same with one thing more that happened."""
        more = Happening(at, what, text, told)
        return replace(self, happenings=(*self.happenings, more)[-_MOST_HAPPENINGS:])

    def gathering(self, lines: Sequence[Line], /) -> Self:
        """The same with what moved now; what moved before, and does no more, comes last.

        An early sign that is gone is not kept: it has become drift, or it was none.
        """
        names = {line.name for line in lines}
        kept = [
            replace(line, is_past=True)
            for line in self.lines
            if line.name not in names and not line.is_early
        ]
        return replace(self, lines=(*lines, *kept)[:_MOST_LINES])

    def to_dict(self) -> dict[str, Any]:
        """As plain data."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], /) -> Self:
        """Rebuild it from `to_dict`; unknown keys are ignored."""
        known = {key: value for key, value in data.items() if key in cls.__slots__}
        return cls(
            **{
                **known,
                "rules": tuple(data["rules"]),
                "told_rules": tuple(data["told_rules"]),
                "lines": tuple(map(Line.from_dict, data["lines"])),
                "happenings": tuple(Happening(**each) for each in data["happenings"]),
            }
        )


@dataclass(frozen=True, slots=True)
class Standing:
    """What people have said of an incident.

    Attributes:
        acknowledged: Name of the person who acknowledged it; None if nobody has.
        silenced_until: End of the silence, seconds since 1970: infinity if it lasts until the
            incident is over, 0 if there is none.
        owner: Who is responsible for it; empty if not set.
        notes: What was noted.
    """

    acknowledged: str | None = None
    silenced_until: float = 0.0
    owner: str = ""
    notes: tuple[str, ...] = ()


def standing_of(actions: Sequence[StoredAction], number: int, /, *, after: float = 0.0) -> Standing:
    """What actions, in their order, come to for an incident.

    Args:
        actions: Of the monitor; those of incident 0 are about the monitor itself.
        number: Of the incident.
        after: Acknowledgements and silences of the incident before that, seconds since 1970, are
            over; notes and owners stay.
    """
    said = Standing()
    monitor_until = 0.0
    for action in actions:
        if action.incident == 0:
            if action.kind in ("silence", "unsilence"):
                monitor_until = action.until or 0.0
        elif action.incident == number and (action.at >= after or action.kind in ("owner", "note")):
            said = _after(said, action)
    return replace(said, silenced_until=max(said.silenced_until, monitor_until))


def _after(said: Standing, action: StoredAction) -> Standing:
    match action.kind:
        case "ack":
            return replace(said, acknowledged=action.by)
        case "unack":
            return replace(said, acknowledged=None)
        case "silence":
            until = float("inf") if action.until is None else action.until
            return replace(said, silenced_until=until)
        case "unsilence":
            return replace(said, silenced_until=0.0)
        case "owner":
            return replace(said, owner=action.text)
        case "note":
            return replace(said, notes=(*said.notes, action.text))
        case _:
            return said
