"""A history of verdicts: moments, episodes of drift, and how long changes took to be seen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self

from driftwatch.core.reports.history import FeatureHistory
from driftwatch.core.reports.results import Period, Status, to_iso
from driftwatch.core.reports.runs import Since

__all__ = ["AlertMoment", "ChangePoint", "Episode", "MetricValues", "Moment", "Timeline"]


@dataclass(frozen=True, slots=True)
class AlertMoment:
    """A message that the rules of alerts would have sent.

    Attributes:
        at: When.
        kind: Why: opened, worse, reminder, resolved ...
        status: Of the incident.
        incident: Its number.
        title: What it would have said.
    """

    at: datetime
    kind: str
    status: str
    incident: int
    title: str

    def to_dict(self) -> dict[str, Any]:
        return {
            "at": to_iso(self.at),
            "kind": self.kind,
            "status": self.status,
            "incident": self.incident,
            "title": self.title,
        }


@dataclass(frozen=True, slots=True)
class MetricValues:
    """A metric in one window.

    Attributes:
        reference: Its value in the reference.
        production: Its value in the window.
        interval: Where the value of the population lies, 95 %; None where that is not known.
        status: What became of it.
    """

    reference: float
    production: float
    interval: tuple[float, float] | None
    status: Status

    def to_dict(self) -> dict[str, Any]:
        return {
            "reference": self.reference,
            "production": self.production,
            "interval": None if self.interval is None else list(self.interval),
            "status": self.status.value,
        }


@dataclass(frozen=True, slots=True)
class Moment:
    """One position of the window.

    Attributes:
        pane: Its last pane.
        period: From when to when it lasts; unknown for windows by rows.
        rows: Rows in it.
        status: Of the data set.
        event: What it changed about the alarm: ``raised``, ``escalated``, ``cleared``.
        drifted: Features in WARNING or CRITICAL.
        critical: Those in CRITICAL.
        early: What detectors saw.
        distance: The largest statistic that decides, in units of its warning threshold; of what is
            undecided only where the window is.
        metrics: The deciding metrics of the model by name, where there are labels: reference,
            production, and the ends of production's interval.
        since: Since when windows drift without a break; None of one that does not.
    """

    pane: int
    period: Period
    rows: int
    status: Status
    event: str | None = None
    drifted: tuple[str, ...] = ()
    critical: tuple[str, ...] = ()
    early: tuple[str, ...] = ()
    distance: float = 0.0
    metrics: Mapping[str, MetricValues] = field(default_factory=dict)
    since: Since | None = None

    def to_dict(self) -> dict[str, Any]:
        return {
            "pane": self.pane,
            **self.period.to_dict(),
            "rows": self.rows,
            "status": self.status.value,
            "event": self.event,
            "drifted_features": list(self.drifted),
            "critical_features": list(self.critical),
            "early": list(self.early),
            "distance": self.distance,
            "performance": {name: values.to_dict() for name, values in self.metrics.items()},
            "since": None if self.since is None else self.since.to_dict(),
        }


@dataclass(frozen=True, slots=True)
class Episode:
    """One alarm, from when it was raised to when it was cleared.

    Attributes:
        first: The moment that raised it.
        last: The moment that cleared it, or the last of all.
        over: Whether it was cleared.
        level: The worst status during it.
        features: Every feature that drifted during it, the most frequent first.
    """

    first: Moment
    last: Moment
    over: bool
    level: Status
    features: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        return {
            "raised": self.first.to_dict(),
            "until": self.last.period.to_dict() | {"pane": self.last.pane},
            "over": self.over,
            "level": self.level.value,
            "features": list(self.features),
        }


@dataclass(frozen=True, slots=True)
class ChangePoint:
    """A change that was known beforehand.

    Attributes:
        label: As it was given.
        pane: The pane it happened in.
        delay: Panes until the alarm was on, counted from the end of that pane; None if it
            never was.
        ongoing: Whether the alarm was on already when it happened.
        spread: Panes until a feature drifted that had not been drifting before.
    """

    label: str
    pane: int
    delay: int | None
    ongoing: bool
    spread: int | None

    @classmethod
    def of(cls, label: str, pane: int, moments: Sequence[Moment], /) -> Self:
        """Find out how long a change took to be noticed."""
        on = False
        before: set[str] = set()
        delay = spread = None
        ongoing = False
        for moment in moments:
            on = _alarm_after(moment, on=on)
            if moment.pane < pane:
                ongoing = on
                before = set(moment.drifted)
                continue
            if on and delay is None:
                delay = moment.pane - pane
            if spread is None and set(moment.drifted) - before:
                spread = moment.pane - pane
        return cls(label, pane, delay, ongoing, spread)

    def to_dict(self) -> dict[str, Any]:
        return {
            "change": self.label,
            "pane": self.pane,
            "delay_panes": self.delay,
            "alarm_was_on": self.ongoing,
            "new_feature_after_panes": self.spread,
        }


@dataclass(frozen=True, slots=True)
class Timeline:
    """The reports that a monitor would have made, window after window.

    Attributes:
        monitor: Its name.
        window: How the stream was cut, in words.
        panes: Panes of a window.
        moments: Every position of the window, in order.
        changes: Known changes, with their delays.
        rows: Rows of the history.
        counters: Rows that were not used, by reason.
        messages: What would have been told, to whomever the alerts name.
        alerts: The rules of that, in words.
        history: Features x time: what became of every feature in every window.
    """

    monitor: str
    window: str
    panes: int
    moments: tuple[Moment, ...]
    changes: tuple[ChangePoint, ...] = ()
    rows: int = 0
    counters: Mapping[str, int] = field(default_factory=dict)
    messages: tuple[AlertMoment, ...] = ()
    alerts: str = ""
    history: FeatureHistory = field(default_factory=FeatureHistory)

    @property
    def told(self) -> str:
        """How many messages that would have been, in words."""
        kinds = Counter(message.kind for message in self.messages)
        parts = ", ".join(f"{n} {kind.replace('_', ' ')}" for kind, n in kinds.items())
        many = len(self.messages)
        return f"{many} message{'' if many == 1 else 's'}" + (f" ({parts})" if parts else "")

    @property
    def episodes(self) -> tuple[Episode, ...]:
        """The alarms that would have been raised, in order."""
        episodes: list[Episode] = []
        running: list[Moment] = []
        on = False
        for moment in self.moments:
            before, on = on, _alarm_after(moment, on=on)
            if on or before:
                running.append(moment)
            if before and not on:
                episodes.append(_episode(running, over=True))
                running = []
        if running:
            episodes.append(_episode(running, over=False))
        return tuple(episodes)

    @property
    def since(self) -> Since | None:
        """Since when windows drift without a break until the last; None if that does not."""
        return self.moments[-1].since if self.moments else None

    def count(self, status: Status, /) -> int:
        """Moments of a status."""
        return sum(moment.status is status for moment in self.moments)

    def to_dict(self) -> dict[str, Any]:
        """As plain data: the JSON of ``driftwatch replay``."""
        return {
            "schema_version": 1,
            "monitor": self.monitor,
            "window": self.window,
            "rows": self.rows,
            "counters": dict(self.counters),
            "statuses": {s.value: n for s in Status if (n := self.count(s))},
            "since": None if self.since is None else self.since.to_dict(),
            "episodes": [episode.to_dict() for episode in self.episodes],
            "changes": [change.to_dict() for change in self.changes],
            "alerts": {
                "rule": self.alerts,
                "messages": [message.to_dict() for message in self.messages],
            },
            "moments": [moment.to_dict() for moment in self.moments],
        }


def _alarm_after(moment: Moment, *, on: bool) -> bool:
    if moment.event == "cleared":
        return False
    return on or moment.event is not None


def _episode(moments: Sequence[Moment], *, over: bool) -> Episode:
    counts: dict[str, int] = {}
    for moment in moments:
        for name in moment.drifted:
            counts[name] = counts.get(name, 0) + 1
    worst = max((m.status for m in moments), key=lambda status: status.severity)
    return Episode(
        moments[0],
        moments[-1],
        over,
        worst if worst.is_drift else Status.WARNING,
        tuple(sorted(counts, key=lambda name: (-counts[name], name))),
    )
