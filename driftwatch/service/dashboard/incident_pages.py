"""The pages of incidents: all of them, and one with what happened and what can be said of it."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.responses import Response

from driftwatch.alerts.message import Line
from driftwatch.errors import DataError, StoreError
from driftwatch.render.drawing.marks import strip
from driftwatch.render.plain import plain
from driftwatch.service.dashboard.facts.incident_list import (
    IncidentFacts,
    incident_facts,
    incidents_and_damaged,
    messages_of,
    one_incident,
    what_happened,
)
from driftwatch.service.dashboard.facts.troubles import trouble_of
from driftwatch.service.dashboard.facts.window_lines import WindowLines, window_lines
from driftwatch.service.dashboard.frame import Frame, NotFoundError
from driftwatch.service.dashboard.pages import markup_of
from driftwatch.service.dashboard.shelf import Shown
from driftwatch.transport.paths import in_path

__all__ = ["SILENCES", "incident_page", "incidents_page"]

SILENCES = {"1h": "1 hour", "4h": "4 hours", "24h": "1 day", "7d": "7 days", "": "until it is over"}
"""How long an incident can be silenced."""
_MOST_PAST = 100


@dataclass(frozen=True, slots=True)
class _Moved:
    """A line of an incident, and the strip of its feature."""

    line: Line
    strip: str
    is_feature: bool

    @property
    def how(self) -> str:
        """What moved, without the name that stands beside it."""
        return self.line.text.removeprefix(self.line.name).lstrip()


def incidents_page(frame: Frame, /) -> Response:
    """All incidents of all monitors, those that are open first."""
    every: list[IncidentFacts] = []
    damaged, away = 0, []
    for shown in frame.monitors:
        try:
            readable, more = incidents_and_damaged(shown, now=frame.now)
        except StoreError as error:
            away.append((shown.name, trouble_of(error)))
            continue
        every += readable
        damaged += more
    text = frame.asked.q.casefold()
    found = [e for e in every if text in e.monitor.casefold() or text in e.title.casefold()]
    open_ones = sorted((e for e in every if e.is_open), key=_urgency)
    past = sorted((e for e in found if not e.is_open), key=lambda e: -(e.resolved or 0.0))
    waiting = sum(e.acknowledged is None and not e.is_silent for e in open_ones)
    if open_ones:
        if len(open_ones) == 1:
            taken = "nobody has taken it" if waiting else "somebody has taken it"
        else:
            taken = f"{waiting:,} of them nobody has taken" if waiting else "all are taken"
        plural = "" if len(open_ones) == 1 else "s"
        verb = "is" if len(open_ones) == 1 else "are"
        headline = f"{len(open_ones):,} incident{plural} {verb} open; {taken}."
    else:
        headline = f"No incident{' that can be read' if away or damaged else ''} is open."
    return frame.show(
        "incidents.html",
        section="/incidents",
        trail=[("/", "Fleet"), ("", "Incidents")],
        json="/v1/incidents",
        show_range=False,
        headline=headline,
        worst=open_ones[0].status if open_ones else "",
        open_ones=[each for each in open_ones if each in found],
        past=past[:_MOST_PAST],
        past_total=len(past),
        damaged=damaged,
        away=away,
    )


def _urgency(incident: IncidentFacts) -> tuple[bool, bool, float]:
    taken = incident.acknowledged is not None or incident.is_silent
    return incident.status != "CRITICAL", taken, incident.opened


def incident_page(frame: Frame, shown: Shown, number: int, /) -> Response:
    """One incident.

    Raises:
        NotFoundError: If there is none of that number, or it is damaged.
    """
    home = f"/m/{in_path(shown.name)}"
    near = [(shown.name, home), ("all incidents", "/incidents")]
    try:
        found = one_incident(shown, number)
    except DataError as error:
        raise NotFoundError(frame, f"{plain(shown.name)}: {error}.", near) from error
    if found is None:
        raise NotFoundError(frame, f"{plain(shown.name)} has no incident {number}.", near)
    stored, incident = found
    facts = incident_facts(shown, stored, now=frame.now)
    lines = window_lines(shown, since=frame.asked.since, until=frame.asked.until)
    return frame.show(
        "incident.html",
        section="/incidents",
        trail=[("/incidents", "Incidents"), (home, shown.name), ("", f"incident {number}")],
        json=f"/v1/monitors/{in_path(shown.name)}/incidents/{number}",
        home=home,
        shown=shown,
        facts=facts,
        text=incident.text,
        moved=[_moved(lines, line) for line in incident.lines],
        lines=lines,
        happened=what_happened(shown, incident),
        messages=messages_of(shown, number),
        silences=SILENCES,
        rule=_rule(shown),
    )


def _moved(lines: WindowLines, line: Line) -> _Moved:
    names = [column.name for column in lines.columns]
    if line.name not in names:
        return _Moved(line, "", is_feature=False)
    drawn = strip(lines.line(names.index(line.name)), label=plain(line.name))
    return _Moved(line, markup_of(drawn), is_feature=True)


def _rule(shown: Shown) -> str:
    """When somebody is told, in words; empty where that is not known."""
    alerts = None if shown.config is None else shown.config.alerts
    return "" if alerts is None else alerts.alerts([]).in_words()
