"""The catalogue of events: their names are stable, and new facts may be added to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["EVENTS", "EventKind", "event"]

_TEXT, _NUMBER, _COUNT = "string", "number", "integer"
_MONITOR = {"monitor": _TEXT}
_WINDOW = {"window_start": _TEXT, "window_end": _TEXT}


@dataclass(frozen=True, slots=True)
class EventKind:
    """An event that the log may have.

    Attributes:
        name: Its stable name.
        meaning: What has happened.
        facts: Facts that it always has, with their JSON type.
        maybe: Facts that may be null or missing.
        code: What `driftwatch explain` has of it, where the record itself has no code that says
            more; None for what is no warning.
    """

    name: str
    meaning: str
    facts: Mapping[str, str] = field(default_factory=dict)
    maybe: Mapping[str, str] = field(default_factory=dict)
    code: str | None = None


_REPORT = {**_WINDOW, "model_version": _TEXT, "incident": _COUNT}
_INCIDENT = {**_MONITOR, "incident": _COUNT, "status": _TEXT, "title": _TEXT, "key": _TEXT}

EVENTS: Mapping[str, EventKind] = {
    kind.name: kind
    for kind in (
        EventKind(
            "window.evaluated",
            "A window was compared with its reference, and the report was stored.",
            {**_MONITOR, "status": _TEXT, "rows": _COUNT, "drifted": _COUNT},
            _REPORT,
        ),
        EventKind(
            "feature.drift",
            "A feature is in WARNING or CRITICAL in a window that was evaluated.",
            {**_MONITOR, "feature": _TEXT, "status": _TEXT},
            {"test": _TEXT, "score": _NUMBER, "threshold": _NUMBER, "moved": _TEXT, **_REPORT},
            code="DW104",
        ),
        EventKind(
            "performance.drop",
            "A metric of the model got worse than is tolerated in a window that was evaluated.",
            {**_MONITOR, "metric": _TEXT, "status": _TEXT},
            {"score": _NUMBER, "reference": _NUMBER, "threshold": _NUMBER, **_REPORT},
            code="DW095",
        ),
        EventKind("alarm.raised", "The alarm went on.", _MONITOR, {"status": _TEXT}, code="DW085"),
        EventKind(
            "alarm.escalated",
            "The alarm became CRITICAL.",
            _MONITOR,
            {"status": _TEXT},
            code="DW085",
        ),
        EventKind(
            "alarm.cleared", "The alarm went off.", _MONITOR, {"status": _TEXT}, code="DW085"
        ),
        EventKind(
            "incident.opened", "An incident is told for the first time.", _INCIDENT, code="DW086"
        ),
        EventKind("incident.worse", "An incident became CRITICAL.", _INCIDENT, code="DW086"),
        EventKind("incident.no_data", "Data stopped during an incident.", _INCIDENT, code="DW086"),
        EventKind(
            "incident.still_on",
            "A silence ended, and the incident has not.",
            _INCIDENT,
            code="DW086",
        ),
        EventKind(
            "incident.reminder",
            "An incident that nobody acknowledged is on.",
            _INCIDENT,
            code="DW086",
        ),
        EventKind("incident.resolved", "An incident is over.", _INCIDENT, code="DW086"),
        EventKind("incidents.failed", "Incidents could not be worked out.", _MONITOR, code="DW087"),
        EventKind(
            "sink.failed",
            "A sink or back end did not take something; it is tried again.",
            {**_MONITOR, "sink": _TEXT, "error": _TEXT},
            code="DW083",
        ),
        EventKind(
            "sink.gave_up",
            "A sink or back end never took something; it is lost to it.",
            {**_MONITOR, "sink": _TEXT, "error": _TEXT},
            code="DW084",
        ),
        EventKind(
            "source.lagging",
            "A source has fallen far behind the others, or windows wait for it no longer.",
            {**_MONITOR, "source": _TEXT, "behind_seconds": _NUMBER},
            code="DW112",
        ),
        EventKind(
            "evaluation.failed", "A window could not be evaluated now.", _MONITOR, code="DW117"
        ),
        EventKind(
            "housekeeping.failed", "The store could not be tidied now.", _MONITOR, code="DW030"
        ),
        EventKind(
            "reference.trouble", "A reference cannot be read or does not fit.", {}, code="DW048"
        ),
        EventKind(
            "hash_key.trouble",
            "The key of hashed columns cannot be kept, or is open.",
            {},
            code="DW042",
        ),
        EventKind("rows.lost", "Rows could not be kept, and are counted.", {}, code="DW118"),
        EventKind(
            "delivery.trouble", "A collector does not take deliveries now.", {}, code="DW051"
        ),
        EventKind("delivery.recovered", "A collector takes deliveries again.", {}),
        EventKind("store.trouble", "A store cannot be used now.", {}, code="DW031"),
        EventKind(
            "capture.trouble", "A request or answer could not be captured.", {}, code="DW120"
        ),
        EventKind(
            "kafka.trouble",
            "Messages cannot be read or stored now, or were lost.",
            {},
            code="DW060",
        ),
        EventKind(
            "service.trouble", "The service refused or failed to do something.", {}, code="DW050"
        ),
        EventKind(
            "service.change",
            "Somebody changed something through a page of the collector.",
            {"token": _TEXT, "what": _TEXT},
            _MONITOR,
        ),
        EventKind(
            "service.sign_in",
            "Somebody signed in at the collector's pages or out, or was refused.",
            {"what": _TEXT, "address": _TEXT},
            {"token": _TEXT},
        ),
        EventKind("worker.started", "A worker began to read.", _MONITOR),
        EventKind("worker.stopped", "A worker has stopped.", _MONITOR),
        EventKind("message", "Anything else.", {}),
    )
}
"""Every event by name."""


def event(name: str, /, **facts: Any) -> dict[str, dict[str, Any]]:
    """An event with its facts, as ``extra`` of a call of the standard library's logging.

    Args:
        name: One of `EVENTS`.
        facts: Its facts; `code` where one says more than the event's.

    Example:
        >>> event("alarm.raised", monitor="churn")
        {'driftwatch': {'event': 'alarm.raised', 'monitor': 'churn'}}
    """
    return {"driftwatch": {"event": name, **facts}}
