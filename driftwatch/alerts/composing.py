"""From an incident to the message that is sent about it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from driftwatch.alerts.conditions import Reading
from driftwatch.alerts.episodes import holding
from driftwatch.alerts.incidents import Incident, Standing
from driftwatch.alerts.message import Line, Message
from driftwatch.alerts.settings import DRIFT, NO_DATA, Alerts, Rule
from driftwatch.alerts.unused_rows import reads_not_used
from driftwatch.alerts.wording import (
    facts_of,
    lines_of,
    moment,
    pictures_of,
    what_moved,
)
from driftwatch.core.data.times import to_utc
from driftwatch.core.reports.report import DriftReport
from driftwatch.core.reports.results import Status
from driftwatch.core.reports.spelling import length_of_time
from driftwatch.render.numbers import number, percent
from driftwatch.render.plain import plain
from driftwatch.transport.paths import in_path

__all__ = ["message_of", "of_the_end", "silent_since", "worded", "worded_by_silence"]

_MESSAGE_LINES = 8
_MANY = 10_000
"""As many warnings as one CRITICAL outranks."""
_PREFIX = {"still_on": "still on: ", "reminder": "still on: ", "worse": "got worse: "}


def silent_since(heard: float | None, now: float | None = None) -> str:
    """That nothing is delivered, and since when.

    Args:
        heard: When data came last, seconds since 1970; None if that is not known.
        now: For how long that is; not said if not given.
    """
    if heard is None:
        return "no data"
    length = "" if now is None else f" ({length_of_time(now - heard)})"
    return f"no data since {moment(to_utc(heard))}{length}"


def worded_by_silence(incident: Incident, heard: float | None) -> Incident:
    """An incident of a stream that delivers nothing; the same text as long as it lasts."""
    title = silent_since(heard)
    return replace(incident, title=title, text=f"{title}.")


def worded(
    incident: Incident,
    firing: Mapping[str, Rule],
    report: DriftReport | None,
    not_used: float | None,
) -> Incident:
    """An incident with the headline and the lines of what moves now.

    Args:
        incident: The incident.
        firing: Rules that fire, by name; the rule of the status is called ``drift``.
        report: The newest report; None if there is none.
        not_used: Share of the rows that could not be used.
    """
    lines = [] if report is None else lines_of(report)
    of_rules = list(_of_rules(firing, report, not_used, {line.name for line in lines}))
    if not lines and not of_rules:  # the newest window shows no drift: keep what was said
        if incident.text:
            return incident
        names = [plain(name) for name in firing if name not in (DRIFT, NO_DATA)]
        title = ", ".join(names) or _of_before(report)
        return replace(incident, title=title, text=f"{title}.")
    parts = [] if report is None or not lines else [what_moved(report, lines)]
    parts += [f"{line.name} {line.moved}" for line in of_rules[: 3 - len(parts)]]
    title = "; ".join(parts)
    since = incident.since_when
    when = "" if since is None else f" Since {moment(since)}."
    text = f"{title}.{when}"
    found = [line for line in [*lines, *of_rules] if not line.is_early]
    rank = len(found) + sum(_MANY for line in found if line.status == Status.CRITICAL.value)
    if rank >= incident.worst_rank:
        incident = replace(incident, worst=text, worst_rank=rank)
    return replace(incident, title=title, text=text).gathering([*lines, *of_rules])


def _of_rules(
    firing: Mapping[str, Rule],
    report: DriftReport | None,
    not_used: float | None,
    told: set[str],
) -> Iterator[Line]:
    """Lines of what rules found that no other line tells."""
    for name, rule in firing.items():
        if name == DRIFT:
            continue
        if reads_not_used(rule):
            if not_used is not None and rule.condition.holds(not_used):
                moved = f"{percent(not_used)} could not be used ({plain(name)})"
                yield Line(rule.status.value, "rows", moved)
            continue
        for reading in () if report is None else holding(rule, report):
            what = plain(reading.feature or rule.condition.name)
            if what not in told:
                yield Line(rule.status.value, what, _found(rule, reading))


def _found(rule: Rule, reading: Reading) -> str:
    """What a rule found: the value, and the bound that it is beyond."""
    condition = rule.condition
    of = f"{condition.name} " if reading.feature is not None else ""
    value = number(reading.value)
    if condition.is_of_status:
        value = next(s.value for s in Status if float(s.severity) == reading.value)
    return f"{of}{value} ({plain(rule.title)})"


def _of_before(report: DriftReport | None) -> str:
    """Of an incident that a window before has opened, where the newest shows nothing."""
    if report is None:
        return "drift in a window before"
    return f"drift in a window before; the newest: {plain(report.headline(), 200)}"


def message_of(
    alerts: Alerts,
    monitor: str,
    incident: Incident,
    kind: str,
    report: DriftReport | None,
    said: Standing,
    now: float,
    heard: float | None,
) -> Message:
    """The message about an incident as it stands.

    Args:
        alerts: Who is told of what.
        monitor: Name of the monitor.
        incident: The incident, with this message counted.
        kind: Why it is sent.
        report: The newest report; None if there is none.
        said: What people have said of it.
        now: Seconds since 1970.
        heard: When data came last, seconds since 1970; None if that is not known.
    """
    is_silent = kind == "no_data" or (kind != "resolved" and incident.rules == (NO_DATA,))
    title, text = incident.title, incident.text
    if is_silent:
        title = silent_since(heard, now)
        text = f"{title}." if kind != "no_data" else f"{title}. Before that: {incident.text}"
    shown = incident.lines[:_MESSAGE_LINES]
    labels = {plain(str(k)): plain(str(v)) for k, v in alerts.labels.items()}
    url = alerts.url.rstrip("/")
    return Message(
        kind=kind,
        key=f"{monitor}/{incident.number}/{int(incident.opened)}/{incident.told}/{kind}",
        monitor=plain(monitor),
        incident=incident.number,
        status="NO DATA" if is_silent else incident.status,
        title=_PREFIX.get(kind, "") + title,
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
        url=f"{url}/m/{in_path(monitor)}/incidents/{incident.number}" if url else "",
    )


def of_the_end(message: Message, incident: Incident, length: str) -> Message:
    """The message that an incident is over.

    Args:
        message: As it would be if it were not.
        incident: The incident, with this message counted.
        length: How long it lasted, in words.
    """
    many = incident.sent - 1
    sent = ""
    if many > 0:
        were = "message was" if many == 1 else "messages were"
        sent = f"; {many} {were} sent before this one"
    was = incident.worst or incident.text
    text = f"Incident {incident.number} is over after {length}{sent}. At its worst: {was}"
    title = f"over after {length}"
    return replace(
        message, status="RESOLVED", title=title, text=text, lines=(), more=0, pictures=()
    )
