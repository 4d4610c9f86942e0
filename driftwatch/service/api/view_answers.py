"""What the routes behind the dashboard's pages answer with."""

from __future__ import annotations

from typing import Generic, TypeVar

from pydantic import BaseModel, Field

from driftwatch.service.dashboard.facts.fleet import FleetLine
from driftwatch.service.dashboard.facts.incident_list import (
    IncidentFacts,
    MessageFacts,
    SaidFacts,
)
from driftwatch.service.dashboard.facts.references import KeptReference
from driftwatch.service.dashboard.facts.why import Check

__all__ = [
    "FeatureAnswer",
    "FeatureInWindow",
    "FleetAnswer",
    "IncidentAnswer",
    "MetricInWindow",
    "Page",
    "ReferencesOfMonitor",
    "WhyAnswer",
    "WindowAnswer",
]

Row = TypeVar("Row")


class Page(BaseModel, Generic[Row]):
    """A page of a longer list."""

    rows: list[Row]
    total: int = Field(description="rows of all pages")
    page: int = Field(description="number of this page, from 1")
    pages: int = Field(description="how many pages there are")

    @classmethod
    def of(cls, every: list[Row], page: int, size: int) -> Page[Row]:
        """One page of a list."""
        pages = max(1, -(-len(every) // size))
        first = (page - 1) * size
        return cls(rows=every[first : first + size], total=len(every), page=page, pages=pages)


class FleetAnswer(Page[FleetLine]):
    """Monitors in order of urgency, as the page of the fleet has them."""

    counts: dict[str, int] = Field(description="how many there are of each status")
    now: float = Field(description="seconds since 1970")


class MetricInWindow(BaseModel):
    """A metric of the model that decides, in one window."""

    status: str
    production: float | None
    interval: tuple[float, float] | None = Field(description="95 % interval of the population")
    reference: float | None
    warning: float | None = Field(description="the value from which on it is WARNING")
    critical: float | None


class WindowAnswer(BaseModel):
    """A window that was evaluated, without its features."""

    pane: int = Field(description="its last pane; names the window")
    ended: float = Field(description="when it ended, seconds since 1970")
    evaluated: float = Field(description="when it was evaluated, seconds since 1970")
    status: str
    event: str | None = Field(description="what it changed about the alarm")
    headline: str
    rows: int
    not_used: int
    tested: int
    drifted: int
    undecided: int
    shown_drift: float = Field(
        description="the largest drift that is shown, in units of its warning threshold"
    )
    model_version: str | None
    reference_data_hash: str
    metrics: dict[str, MetricInWindow]


class FeatureInWindow(BaseModel):
    """A feature in one window."""

    name: str
    kind: str
    role: str
    status: str | None = Field(description="null where it was not tested")
    test: str | None = Field(description="the test that decided")
    statistic: float | None
    interval: tuple[float, float] | None
    warning: float | None
    critical: float | None
    missing: float | None = Field(description="share of rows without a value")
    since: float | None = Field(description="when its present drift began, seconds since 1970")
    is_older: bool = Field(
        description="whether it began before that: there are windows before those of the stretch"
    )


class FeatureAnswer(BaseModel):
    """A feature in one of its windows."""

    pane: int
    ended: float
    status: str | None
    test: str | None
    statistic: float | None
    interval: tuple[float, float] | None
    warning: float | None
    critical: float | None
    missing: float | None


class IncidentAnswer(BaseModel):
    """An incident with everything that happened in it."""

    incident: IncidentFacts
    text: str
    happened: list[SaidFacts]
    messages: list[MessageFacts]


class WhyAnswer(BaseModel):
    """Why there are no data: every check, and the answer."""

    monitor: str
    headline: str
    checks: list[Check]


class ReferencesOfMonitor(BaseModel):
    """The references of a monitor, the newest first."""

    monitor: str
    references: list[KeptReference]
