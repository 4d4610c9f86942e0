"""The desk where incidents are kept: what windows say comes in, messages go out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

from driftwatch.alerts.episodes import Episode, status_of
from driftwatch.alerts.incidents import Incident, Standing, standing_of
from driftwatch.alerts.message import Message
from driftwatch.alerts.settings import DRIFT, NO_DATA, Alerts, Rule
from driftwatch.alerts.wording import (
    facts_of,
    lasted,
    lines_of,
    moment,
    pictures_of,
    what_moved,
)
from driftwatch.core.data.times import to_utc
from driftwatch.core.reports.report import DriftReport, Status
from driftwatch.core.windows.alarm import Hysteresis
from driftwatch.core.windows.counters import rows_not_used
from driftwatch.core.windows.spec import WindowSpec
from driftwatch.core.windows.stored import Overview, StoredAction
from driftwatch.render.plain import plain

__all__ = ["AlertDesk", "DeskState"]

_MESSAGE_LINES = 8


@dataclass(slots=True)
class DeskState:
    """What goes on from one evaluation to the next; stored with every one of them.

    Attributes:
        episodes: By rule.
        readings: What rules say of windows whose last pane is not final yet, by pane.
        incident: The one that is open.
        last: The one before.
        number: Of the newest incident.
        counted: Rows that were used, and that were not, when that was asked last.
    """

    episodes: dict[str, Episode] = field(default_factory=dict)
    readings: dict[int, dict[str, str]] = field(default_factory=dict)
    incident: Incident | None = None
    last: Incident | None = None
    number: int = 0
    counted: tuple[int, int] = (0, 0)

    def to_dict(self) -> dict[str, Any]:
        """As plain data."""
        return {
            "episodes": {name: episode.to_dict() for name, episode in self.episodes.items()},
            "readings": {str(pane): dict(read) for pane, read in self.readings.items()},
            "incident": None if self.incident is None else self.incident.to_dict(),
            "last": None if self.last is None else self.last.to_dict(),
            "number": self.number,
            "counted": list(self.counted),
        }

    @classmethod
    def restored(
        cls, saved: Mapping[str, Any] | None, /, *, clear_after: int, afresh: bool = False
    ) -> Self:
        """The state that `to_dict` gave.

        Args:
            saved: None if there is none.
            clear_after: Quiet panes after which a rule does not fire any more.
            afresh: Keep the incidents, and forget what opened them: the reference is another.
        """
        if saved is None:
            return cls()
        incident, last = saved["incident"], saved["last"]
        kept = {} if afresh else saved["episodes"]
        return cls(
            {name: Episode.restored(e, clear_after=clear_after) for name, e in kept.items()},
            {} if afresh else {int(pane): dict(r) for pane, r in saved["readings"].items()},
            None if incident is None else Incident.from_dict(incident),
            None if last is None else Incident.from_dict(last),
            int(saved["number"]),
            (int(saved["counted"][0]), int(saved["counted"][1])),
        )


class AlertDesk:
    """Keeps one incident of a monitor at a time, and decides who is told what, and when.

    Everything it knows is in the state that it is given, so that it goes on where it, or a
    process before it, has stopped. It reads no clock and sends nothing.

    Args:
        alerts: Who is told of what.
        monitor: Name of the monitor.
        spec: How its stream is cut.
        clear_after: Quiet panes after which a rule does not fire any more.
    """

    def __init__(
        self, alerts: Alerts, monitor: str, spec: WindowSpec, /, *, clear_after: int
    ) -> None:
        self.alerts = alerts
        self.monitor = monitor
        self._spec = spec
        self._clear_after = clear_after
        first, *others = alerts.all_rules()
        self._rules: dict[str, Rule] = {DRIFT: first, **{rule.title: rule for rule in others}}
        self._silent_for = alerts.no_data_seconds(spec)

    @property
    def watches_deliveries(self) -> bool:
        """Whether it must know when data came last."""
        return self._silent_for is not None

    def read(
        self,
        state: DeskState,
        pane: int,
        report: DriftReport,
        status: Status,
        overview: Callable[[], Overview],
        /,
    ) -> None:
        """Note what every rule says of the report on the window that ends with a pane.

        Args:
            state: Is changed.
            pane: The pane.
            report: The report; a later one on the same window takes its place.
            status: The report's, as the alarm sees it.
            overview: Gives rows and counters of the stream; called where a rule asks for the share
                of rows that were not used.
        """
        not_used = None
        if any(rule.condition.name == "not_used_share" for rule in self._rules.values()):
            not_used = _share_not_used(state, overview())
        said = {
            name: status_of(rule, report, not_used).value
            for name, rule in self._rules.items()
            if name != DRIFT
        }
        said[DRIFT] = self._of_the_status(status).value
        state.readings[pane] = said

    def _of_the_status(self, status: Status) -> Status:
        """A warning opens nothing where only CRITICAL opens, and is no quiet window either."""
        if status is Status.WARNING and self.alerts.open == "critical":
            return Status.UNDECIDED
        return status

    def consume(self, state: DeskState, pane: int, /, *, early: bool = False) -> None:
        """Let every rule see a pane that is final.

        Args:
            state: Is changed.
            pane: The pane.
            early: Whether a detector saw persistent drift, which counts as a warning.
        """
        said = state.readings.pop(pane, {})
        for name, rule in self._rules.items():
            status = Status(said.get(name, Status.INSUFFICIENT_DATA.value))
            is_early = early and name == DRIFT and self.alerts.open == "warning"
            episode = state.episodes.setdefault(name, Episode(Hysteresis(self._clear_after)))
            episode.update(pane, status, rule, early=is_early)
        for old in [number for number in state.readings if number < pane]:
            del state.readings[old]
        for gone in [name for name in state.episodes if name not in {*self._rules, NO_DATA}]:
            del state.episodes[gone]

    def settle(
        self,
        state: DeskState,
        now: float,
        report: DriftReport | None,
        actions: Callable[[], Sequence[StoredAction]],
        /,
        *,
        heard: float | None = None,
    ) -> tuple[Incident | None, list[Message]]:
        """Open, change or close the incident, and decide what is told.

        Args:
            state: Is changed.
            now: Seconds since 1970.
            report: The newest report; None if there is none.
            actions: Asks what people have said; called only where there is an incident.
            heard: When data came last, seconds since 1970; None if that is not known.

        Returns:
            The incident if anything about it has changed, and the messages to send.
        """
        self._watch_deliveries(state, now, heard)
        firing = {
            name: episode.alarm.level
            for name, episode in state.episodes.items()
            if episode.alarm.level.is_drift
        }
        before = state.incident
        if before is None:
            if not firing:
                return None, []
            incident = self._opened(state, firing, now)
        elif not firing:
            incident = before
        else:
            incident = _joined(before, firing, now)
        said = standing_of(actions(), incident.number, after=incident.reopened)
        if report is not None and firing.keys() - {NO_DATA}:
            incident = self._worded(incident, report, firing)
            if report.global_status.is_drift:  # of a window that late rows may still change
                incident = replace(
                    incident, status=max(Status(incident.status), report.global_status).value
                )
        elif NO_DATA in firing and not incident.lines:
            incident = self._worded_without(incident, now, heard)
        if not firing:
            return self._resolved(state, incident, report, now)
        incident, message = self._told(incident, firing, said, report, now, heard)
        state.incident = incident
        changed = incident if incident != before else None
        return changed, [] if message is None else [message]

    def _watch_deliveries(self, state: DeskState, now: float, heard: float | None) -> None:
        if self._silent_for is None:
            state.episodes.pop(NO_DATA, None)  # it was switched off while it was on
            return
        if heard is None:
            return
        episode = state.episodes.setdefault(NO_DATA, Episode())
        is_silent = now - heard > self._silent_for
        if is_silent and not episode.alarm.level.is_drift:
            episode.alarm.level, episode.alarm.since = Status.WARNING, None
        elif not is_silent:
            episode.alarm.level = Status.OK

    def _opened(self, state: DeskState, firing: Mapping[str, Status], now: float) -> Incident:
        since = self._since(state, firing)
        level = max(firing.values()).value
        last, cooldown = state.last, self.alerts.cooldown_seconds()
        if last is not None and last.resolved is not None and now < last.resolved + cooldown:
            again = replace(
                last,
                resolved=None,
                since=since,
                reopened=now,
                status=level,
                rules=tuple(firing),
                told_status="",
                told_rules=(),
                was_quiet=False,
                quiet_until=last.resolved + cooldown,
            )
            return again.happened(now, "reopened", f"opened again: {', '.join(firing)}")
        state.number += 1
        fresh = Incident(state.number, now, since, level, tuple(firing))
        return fresh.happened(now, "opened", f"opened: {', '.join(firing)}")

    def _since(self, state: DeskState, firing: Mapping[str, Status]) -> float | None:
        """Begin of the first pane with which one of the rules held."""
        if self._spec.by_rows:
            return None
        panes = [state.episodes[name].alarm.since for name in firing]
        begun = [pane for pane in panes if pane is not None]
        return float(min(begun) * self._spec.width) if begun else None

    def _worded(
        self, incident: Incident, report: DriftReport, firing: Mapping[str, Status]
    ) -> Incident:
        lines = lines_of(report)
        if not lines:  # the newest window shows no drift: keep the text of the one that did
            if incident.text:
                return incident
            others = [name for name in firing if name not in (DRIFT, NO_DATA)]
            title = f"{', '.join(others)}" if others else _of_before(report)
            return replace(incident, title=title, text=f"{title}.")
        title = what_moved(report, lines)
        since = incident.since_when
        when = "" if since is None else f" Since {moment(since)}."
        return replace(incident, title=title, text=f"{title}.{when}").gathering(lines)

    def _worded_without(self, incident: Incident, now: float, heard: float | None) -> Incident:
        title = self._no_data_title(now, heard)
        return replace(incident, title=title, text=f"{title}.")

    @staticmethod
    def _no_data_title(now: float, heard: float | None) -> str:
        if heard is None:
            return "no data"
        return f"no data since {moment(to_utc(heard))} ({lasted(now - heard)})"

    def _told(
        self,
        incident: Incident,
        firing: Mapping[str, Status],
        said: Standing,
        report: DriftReport | None,
        now: float,
        heard: float | None,
    ) -> tuple[Incident, Message | None]:
        silenced = now < said.silenced_until or now < incident.quiet_until
        kind = self._due(incident, firing, said, now)
        if silenced:
            return replace(incident, was_quiet=True), None
        if kind is None or any(time.covers(now) for time in self.alerts.times):
            return incident, None
        told = replace(
            incident,
            told=incident.told + 1,
            told_status=incident.status,
            told_rules=tuple(sorted({*incident.told_rules, *firing})),
            told_at=now,
            was_quiet=False,
        )
        message = self._message(told, kind, report, said, now, heard)
        return told.happened(now, kind, message.title, told=True), message

    def _due(
        self, incident: Incident, firing: Mapping[str, Status], said: Standing, now: float
    ) -> str | None:
        """What is to be told if nothing keeps it back."""
        if not incident.told_status:
            return "opened"
        if incident.was_quiet:
            return "still_on"
        if NO_DATA in firing:  # no data is told once, and keeps everything else back
            return "no_data" if NO_DATA not in incident.told_rules else None
        if set(incident.told_rules) <= {NO_DATA}:  # what is found now is nothing that was told
            return "worse"
        is_worse = incident.status != incident.told_status
        if is_worse and self.alerts.escalate:
            return "worse"
        repeat = self.alerts.repeat_seconds()
        if repeat is not None and said.acknowledged is None and now - incident.told_at >= repeat:
            return "reminder"
        return None

    def _resolved(
        self, state: DeskState, incident: Incident, report: DriftReport | None, now: float
    ) -> tuple[Incident, list[Message]]:
        """The end is told whenever the begin was, through any silence."""
        over = replace(incident, resolved=now, was_quiet=False)
        length = lasted(now - incident.opened)
        many = f"{incident.told} message{'' if incident.told == 1 else 's'}"
        messages = []
        if incident.told_status:
            over = replace(over, told=over.told + 1, told_at=now)
            title = f"over after {length}"
            text = (
                f"Incident {incident.number} is over after {length}; {many} "
                f"{'was' if incident.told == 1 else 'were'} sent before this one. "
                f"It was: {incident.text}"
            )
            base = self._message(over, "resolved", report, Standing(), now, None)
            messages.append(
                replace(
                    base, status="RESOLVED", title=title, text=text, lines=(), more=0, pictures=()
                )
            )
        over = over.happened(now, "resolved", f"over after {length}", told=bool(messages))
        state.incident, state.last = None, over
        return over, messages

    def _message(
        self,
        incident: Incident,
        kind: str,
        report: DriftReport | None,
        said: Standing,
        now: float,
        heard: float | None,
    ) -> Message:
        alerts = self.alerts
        is_silent = kind == "no_data" or (kind != "resolved" and incident.rules == (NO_DATA,))
        title, text = incident.title, incident.text
        if is_silent:
            title = self._no_data_title(now, heard)
            text = f"{title}." if kind != "no_data" else f"{title}. Before that: {incident.text}"
        prefix = {"still_on": "still on: ", "reminder": "still on: ", "worse": "got worse: "}
        shown = incident.lines[:_MESSAGE_LINES]
        labels = {plain(str(k)): plain(str(v)) for k, v in alerts.labels.items()}
        url = alerts.url.rstrip("/")
        return Message(
            kind=kind,
            key=f"{self.monitor}/{incident.number}/{int(incident.opened)}/{incident.told}/{kind}",
            monitor=plain(self.monitor),
            incident=incident.number,
            status="NO DATA" if is_silent else incident.status,
            title=prefix.get(kind, "") + title,
            text=text,
            at=to_utc(now),
            since=incident.since_when,
            lines=shown,
            more=len(incident.lines) - len(shown),
            pictures=() if report is None or is_silent else pictures_of(report),
            facts="" if report is None else facts_of(report),
            rule=alerts.in_words(),
            owner=plain(said.owner or alerts.owner),
            runbook=alerts.runbook,
            labels=labels,
            url=f"{url}/incidents/{incident.number}" if url else "",
        )


def _of_before(report: DriftReport) -> str:
    """Of an incident that a window before has opened, where the newest shows nothing."""
    return f"drift in a window before; the newest: {plain(report.headline(), 200)}"


def _share_not_used(state: DeskState, overview: Overview) -> float | None:
    """Of the rows that came since this was asked last."""
    rows, lost = overview.rows, rows_not_used(overview.counters)
    new_rows, new_lost = max(0, rows - state.counted[0]), max(0, lost - state.counted[1])
    state.counted = (rows, lost)
    return new_lost / (new_rows + new_lost) if new_rows + new_lost else None


def _joined(incident: Incident, firing: Mapping[str, Status], now: float) -> Incident:
    """The incident with the rules that fire now; it never gets better before it is over."""
    worst = max(Status(incident.status), *firing.values())
    new = [name for name in firing if name not in incident.rules]
    changed = replace(incident, status=worst.value, rules=tuple(firing))
    if new:
        changed = changed.happened(now, "joined", f"joined: {', '.join(new)}")
    if worst.value != incident.status:
        changed = changed.happened(now, "worse", f"{incident.status} → {worst.value}")
    return changed
