"""The desk where incidents are kept: what windows say comes in, messages go out."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace

from driftwatch.alerts.composing import message_of, of_the_end, worded, worded_by_silence
from driftwatch.alerts.episodes import Episode, Said, said_by
from driftwatch.alerts.incidents import Incident, Standing, standing_of
from driftwatch.alerts.message import Message
from driftwatch.alerts.settings import DRIFT, NO_DATA, Alerts, Rule
from driftwatch.alerts.state import DeskState
from driftwatch.alerts.unused_rows import reads_not_used, watch_not_used
from driftwatch.core.reports.report import DriftReport, Status
from driftwatch.core.reports.spelling import length_of_time
from driftwatch.core.windows.alarm import Hysteresis
from driftwatch.core.windows.spec import WindowSpec
from driftwatch.core.windows.stored import StoredAction

__all__ = ["AlertDesk"]


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
        self._of_rows = {n: rule for n, rule in self._rules.items() if reads_not_used(rule)}
        self._of_reports = {n: r for n, r in self._rules.items() if n not in self._of_rows}
        self._silent_for = alerts.no_data_seconds(spec)

    @property
    def watches_deliveries(self) -> bool:
        """Whether it must know when data came last."""
        return self._silent_for is not None

    def read(self, state: DeskState, pane: int, report: DriftReport, status: Status, /) -> None:
        """Note what every rule says of the report on the window that ends with a pane.

        Args:
            state: Is changed.
            pane: The pane.
            report: The report; a later one on the same window takes its place.
            status: The report's, as the alarm sees it.
        """
        said = {}
        for name, rule in self._of_reports.items():
            episode = state.episodes.get(name)
            since = () if episode is None else episode.features
            if name == DRIFT:
                said[name] = self._of_the_status(report, status, since)
            else:
                said[name] = said_by(rule, report, since=since)
        state.readings[pane] = said

    def _of_the_status(
        self, report: DriftReport, status: Status, since: Collection[str], /
    ) -> Said:
        """What the rule of the status says.

        A warning opens nothing where only CRITICAL opens, and is no quiet window either; nor is one
        in which a feature that drifted before has no data.
        """
        if status is Status.WARNING and self.alerts.open == "critical":
            return Said(Status.UNDECIDED, is_less=True)
        missing = Status.INSUFFICIENT_DATA
        if status is Status.OK and any(
            feature.name in since and feature.status is missing for feature in report.features
        ):
            return Said()
        return Said(status, tuple(report.drifted_features))

    def consume(self, state: DeskState, pane: int, /, *, early: bool = False) -> None:
        """Let every rule see a pane that is final.

        Args:
            state: Is changed.
            pane: The pane.
            early: Whether a detector saw persistent drift, which counts as a warning.
        """
        said = state.readings.pop(pane, {})
        for name, rule in self._of_reports.items():
            is_early = early and name == DRIFT and self.alerts.open == "warning"
            episode = state.episodes.setdefault(name, Episode(Hysteresis(self._clear_after)))
            episode.update(pane, said.get(name, Said()), rule.windows, early=is_early)
        for old in [number for number in state.readings if number < pane]:
            del state.readings[old]
        self._follow_rules(state, pane, list(said.values()))

    def _follow_rules(self, state: DeskState, pane: int, said: Sequence[Said]) -> None:
        """Let go of rules that were removed or changed.

        One that fires ends when all the rules that there are find windows quiet: a setting that is
        changed is no window that was judged.
        """
        together = Said()
        if said and all(each.status is Status.OK for each in said):
            together = Said(Status.OK)
        for name in [name for name in state.episodes if name not in {*self._rules, NO_DATA}]:
            episode = state.episodes[name]
            episode.update(pane, together, 1)
            if not episode.is_firing:
                del state.episodes[name]

    def settle(
        self,
        state: DeskState,
        now: float,
        report: DriftReport | None,
        actions: Callable[[], Sequence[StoredAction]],
        /,
        *,
        heard: float | None = None,
        account: Callable[[], tuple[int, int]] | None = None,
    ) -> tuple[Incident | None, list[Message]]:
        """Open, change or close the incident, and decide what is told.

        Args:
            state: Is changed.
            now: Seconds since 1970.
            report: The newest report; None if there is none.
            actions: Asks what people have said; called only where there is an incident.
            heard: When data came last, seconds since 1970; None if that is not known.
            account: Asks for the rows that were used, and those that were not, of all time; called
                only where a rule reads their share.

        Returns:
            The incident if anything about it has changed, and the messages to send.
        """
        self._watch_deliveries(state, now, heard)
        if account is not None:
            watch_not_used(
                state, self._of_rows, self._spec, account, now, clear_after=self._clear_after
            )
        firing = {
            name: episode.alarm.level
            for name, episode in state.episodes.items()
            if episode.is_firing
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
        if NO_DATA in incident.told_rules and NO_DATA not in firing:  # the next time is told again
            told = tuple(rule for rule in incident.told_rules if rule != NO_DATA)
            incident = replace(incident, told_rules=told)
        said = standing_of(actions(), incident.number, after=incident.reopened)
        if firing.keys() - {NO_DATA}:
            incident = self._worded(state, incident, firing, report)
        elif NO_DATA in firing and not incident.lines:
            incident = worded_by_silence(incident, heard)
        if not firing:
            return self._resolved(state, incident, report, said, now)
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
        last = state.last
        if last is not None and now < last.quiet_until:
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
        return float(self._spec.start_of(min(begun))) if begun else None

    def _worded(
        self,
        state: DeskState,
        incident: Incident,
        firing: Mapping[str, Status],
        report: DriftReport | None,
    ) -> Incident:
        rules = {name: self._rules[name] for name in firing if name in self._rules}
        share = None if state.counted is None else state.counted.share
        incident = worded(incident, rules, report, share)
        if report is None or not report.global_status.is_drift:
            return incident
        # of a window that late rows may still change
        worst = max(Status(incident.status), report.global_status)
        return replace(incident, status=worst.value)

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
            sent=incident.sent + bool(self.alerts.to),
            told_status=incident.status,
            told_rules=tuple(sorted({*incident.told_rules, *firing})),
            told_at=now,
            was_quiet=False,
        )
        message = message_of(self.alerts, self.monitor, told, kind, report, said, now, heard)
        return told.happened(now, kind, message.title, told=True), message

    def _due(
        self, incident: Incident, firing: Mapping[str, Status], said: Standing, now: float
    ) -> str | None:
        """What is to be told if nothing keeps it back."""
        if not incident.told_status:
            return "opened"
        if incident.was_quiet or (self.alerts.to and not incident.sent):
            return "still_on"  # after a silence, or now that there is somebody to tell
        repeat = self.alerts.repeat_seconds()
        is_time = repeat is not None and now - incident.told_at >= repeat
        reminder = "reminder" if is_time and said.acknowledged is None else None
        if NO_DATA in firing:  # no data keeps everything else back
            if NO_DATA not in incident.told_rules:
                return "no_data"
            return reminder if set(firing) == {NO_DATA} else None
        if not incident.told_rules:  # only that there were no data was told
            return "worse"
        is_worse = incident.status != incident.told_status
        return "worse" if is_worse and self.alerts.escalate else reminder

    def _resolved(
        self,
        state: DeskState,
        incident: Incident,
        report: DriftReport | None,
        said: Standing,
        now: float,
    ) -> tuple[Incident, list[Message]]:
        """The end is told whenever the begin was, through any silence and downtime."""
        over = replace(incident, resolved=now, was_quiet=False)
        if incident.told_status or not incident.quiet_until:
            # What comes and goes within a cool-down, and was told to nobody, does not prolong it.
            over = replace(over, quiet_until=now + self.alerts.cooldown_seconds())
        length = length_of_time(now - incident.opened)
        messages = []
        if incident.told_status:
            sent = incident.sent + bool(self.alerts.to)
            over = replace(over, told=over.told + 1, sent=sent, told_at=now)
            base = message_of(self.alerts, self.monitor, over, "resolved", report, said, now, None)
            messages.append(of_the_end(base, over, length))
        over = over.happened(now, "resolved", f"over after {length}", told=bool(messages))
        state.incident, state.last = None, over
        return over, messages


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
