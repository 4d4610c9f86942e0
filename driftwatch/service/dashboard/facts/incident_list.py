"""Incidents as pages tell them: what is wrong, what people said of it, what was sent."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import orjson

from driftwatch.alerts.incidents import Incident, standing_of
from driftwatch.core.windows.stored import StoredIncident
from driftwatch.errors import MISREAD, DataError
from driftwatch.service.dashboard.shelf import Shown

__all__ = [
    "IncidentFacts",
    "MessageFacts",
    "SaidFacts",
    "incident_facts",
    "incidents_and_damaged",
    "incidents_of",
    "messages_of",
    "one_incident",
    "what_happened",
]

_MOST = 1_000
_MOST_MESSAGES = 100_000
_FARTHEST = 1e11
"""Moments that can be told, seconds since 1970."""


@dataclass(frozen=True, slots=True)
class IncidentFacts:
    """An incident, and how it stands.

    Attributes:
        monitor: Whose.
        number: Of its monitor, from 1.
        opened: When it was opened, seconds since 1970.
        resolved: When it was over; None while it is open.
        since: When what it is about began, by event time; None where that is not known.
        status: ``WARNING`` or ``CRITICAL``: the worst it has been.
        title: The headline.
        rules: Rules that fire, or fired last.
        acknowledged: Who looks after it; None if nobody said so.
        silenced_until: End of the silence, seconds since 1970; None without one, or one that lasts
            until the incident is over.
        is_silent: Whether nobody is told of it now.
        owner: Who is responsible; empty if nobody is named.
        messages: How many messages were made about it.
    """

    monitor: str
    number: int
    opened: float
    resolved: float | None
    since: float | None
    status: str
    title: str
    rules: tuple[str, ...] = ()
    acknowledged: str | None = None
    silenced_until: float | None = None
    is_silent: bool = False
    owner: str = ""
    messages: int = 0

    @property
    def is_open(self) -> bool:
        """Whether it is not over."""
        return self.resolved is None

    @property
    def state(self) -> str:
        """How it stands, in words."""
        if not self.is_open:
            return "over"
        if self.is_silent:
            return "silenced"
        return "not acknowledged" if self.acknowledged is None else "acknowledged"


@dataclass(frozen=True, slots=True)
class SaidFacts:
    """One thing that happened in an incident, or that somebody said of it.

    Attributes:
        at: When, seconds since 1970.
        what: ``opened``, ``worse``, ``ack``, ``silence``, ``note`` ...
        by: Who said it; empty of what happened by itself.
        text: In words.
        told: Whether a message was made of it.
    """

    at: float
    what: str
    by: str = ""
    text: str = ""
    told: bool = False


@dataclass(frozen=True, slots=True)
class MessageFacts:
    """A message about an incident.

    Attributes:
        sink: The back end.
        kind: Why it was sent.
        created: When it was made, seconds since 1970.
        delivered: When it was taken; None while it waits.
        attempts: How often it was tried in vain.
        error: Why the last attempt failed.
    """

    sink: str
    kind: str
    created: float
    delivered: float | None
    attempts: int
    error: str | None = None


def incidents_of(shown: Shown, /, *, now: float, open_only: bool = False) -> list[IncidentFacts]:
    """The newest 1,000 incidents of a monitor, the newest first, without those that are damaged."""
    return incidents_and_damaged(shown, now=now, open_only=open_only)[0]


def incidents_and_damaged(
    shown: Shown, /, *, now: float, open_only: bool = False
) -> tuple[list[IncidentFacts], int]:
    """The same, and how many more there are that are damaged."""
    found, damaged = [], 0
    for stored in shown.store.incidents(shown.name, limit=_MOST, open_only=open_only):
        try:
            found.append(incident_facts(shown, stored, now=now))
        except DataError:
            damaged += 1
    found.sort(key=lambda each: (each.opened, each.number), reverse=True)
    return found, damaged


def one_incident(shown: Shown, number: int, /) -> tuple[StoredIncident, Incident] | None:
    """An incident of a number; None if there is none.

    Raises:
        DataError: If it is damaged.
    """
    for stored in shown.store.incidents(shown.name, limit=100_000):
        if stored.number == number:
            return stored, _read(stored)
    return None


def _read(stored: StoredIncident) -> Incident:
    """An incident as the store gave it.

    Raises:
        DataError: If it is damaged.
    """
    try:
        incident = Incident.from_dict(orjson.loads(stored.body))
        is_sound = _is_sound(incident)
    except MISREAD:
        is_sound = False
    if not is_sound:
        raise DataError(
            f"incident {stored.number} is damaged in the store and cannot be read", code="DW019"
        )
    return incident


def _is_sound(incident: Incident) -> bool:
    """Whether what is shown of it is text where text belongs, and moments that can be told."""
    happenings = incident.happenings
    texts: list[object] = [incident.title, incident.text, *incident.rules]
    texts += [text for each in happenings for text in (each.what, each.text)]
    texts += [text for line in incident.lines for text in (line.status, line.name, line.text)]
    numbers: list[object] = [
        incident.opened,
        incident.reopened,
        incident.told,
        *(each.at for each in happenings),
    ]
    numbers += [each for each in (incident.since, incident.resolved) if each is not None]
    return all(isinstance(text, str) for text in texts) and all(
        isinstance(each, int | float) and abs(each) < _FARTHEST for each in numbers
    )


def incident_facts(shown: Shown, stored: StoredIncident, /, *, now: float) -> IncidentFacts:
    """How an incident stands.

    Raises:
        DataError: If it is damaged.
    """
    incident = _read(stored)
    actions = shown.store.actions(shown.name, incident=stored.number)
    said = standing_of(actions, stored.number, after=incident.reopened)
    until = said.silenced_until
    return IncidentFacts(
        shown.name,
        stored.number,
        stored.opened,
        stored.resolved,
        incident.since,
        stored.status,
        incident.title,
        incident.rules,
        said.acknowledged,
        until if now < until < math.inf else None,
        until > now,
        said.owner or shown.owner,
        incident.told,
    )


def what_happened(shown: Shown, incident: Incident, /) -> list[SaidFacts]:
    """Everything that happened in an incident and was said of it, the newest first.

    What was said of the monitor belongs to it from its beginning to its end.
    """
    end = math.inf if incident.resolved is None else incident.resolved
    said = [
        SaidFacts(each.at, each.what, text=each.text, told=each.told)
        for each in incident.happenings
    ]
    said += [
        SaidFacts(action.at, action.kind, action.by, action.text)
        for action in shown.store.actions(shown.name, incident=incident.number)
        if action.incident == incident.number or incident.opened <= action.at <= end
    ]
    return sorted(said, key=lambda each: each.at, reverse=True)


def messages_of(shown: Shown, number: int, /) -> list[MessageFacts]:
    """Messages about an incident that were taken or wait, the newest first."""
    sent = [
        MessageFacts(each.sink, each.kind, each.created, each.delivered, each.attempts)
        for each in shown.store.sent(shown.name, limit=_MOST_MESSAGES)
        if each.incident == number
    ]
    waiting = [
        MessageFacts(each.sink, each.event or "", each.created, None, each.attempts, each.error)
        for each in shown.store.outbox(shown.name)
        if each.message is not None and each.revision == number
    ]
    return _newest_first([*waiting, *sent])


def _newest_first(messages: Iterable[MessageFacts]) -> list[MessageFacts]:
    return sorted(messages, key=lambda each: each.created, reverse=True)
