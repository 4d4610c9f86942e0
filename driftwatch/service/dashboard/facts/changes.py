"""What happened while windows passed: versions of the model, references, incidents."""

from __future__ import annotations

from dataclasses import dataclass

from driftwatch.service.dashboard.facts.incident_list import incidents_of
from driftwatch.service.dashboard.facts.window_lines import WindowLines
from driftwatch.service.dashboard.shelf import Shown

__all__ = ["Change", "changes_in"]


@dataclass(frozen=True, slots=True)
class Change:
    """Something that happened, to be marked on charts.

    Attributes:
        what: ``model``, ``reference`` or ``incident``.
        at: When, seconds since 1970.
        label: In a few words.
        until: When it was over; None of what does not last.
        number: Of an incident.
    """

    what: str
    at: float
    label: str
    until: float | None = None
    number: int | None = None


def changes_in(shown: Shown, lines: WindowLines, /, *, now: float) -> list[Change]:
    """Everything that happened between the first and the last window, in order of time."""
    if len(lines.windows) < 2:
        return []
    first, last = lines.windows[0].at, lines.windows[-1].at
    found: list[Change] = []
    for before, window in zip(lines.windows, lines.windows[1:], strict=False):
        old, new = before.summary, window.summary
        if new.model_version != old.model_version and new.model_version is not None:
            found.append(Change("model", window.at, f"model {new.model_version}"))
        if new.reference != old.reference:
            found.append(Change("reference", window.at, "new reference"))
    for incident in incidents_of(shown, now=now):
        since = incident.since if incident.since is not None else incident.opened
        until = incident.resolved if incident.resolved is not None else last
        if until >= first and since <= last:
            begin = max(since, first)
            label = f"incident {incident.number}"
            found.append(
                Change("incident", begin, label, min(max(until, begin), last), incident.number)
            )
    return sorted(found, key=lambda change: change.at)
