"""What the service answers with."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field

__all__ = [
    "Accepted",
    "Health",
    "MonitorDetail",
    "MonitorSummary",
    "PaneSummary",
    "Problem",
    "ReferenceList",
    "ReferenceSummary",
    "ReportList",
    "ReportSummary",
    "SourceSummary",
]


class Problem(BaseModel):
    """Why a request was not done."""

    detail: str
    code: str | None = Field(None, description="what `driftwatch explain` says more of")
    limit_bytes: int | None = Field(None, description="bytes of a body, at most, if it was longer")


class Health(BaseModel):
    """Whether the service works."""

    status: str
    limit_bytes: int = Field(description="bytes of a delivery, at most")


class Accepted(BaseModel):
    """What became of a delivery."""

    outcome: str = Field(
        description="stored; duplicate if it was there already; partly if a half of it was, so "
        "that only its halves can be taken"
    )
    rows: int
    limit_bytes: int = Field(description="bytes of a delivery, at most")


class MonitorSummary(BaseModel):
    """A monitor in a list."""

    name: str
    window: str
    compare: str
    reference: str | None = Field(description="id of the reference in use; null if there is none")
    rows: int
    alarm: str | None = Field(description="OK, WARNING or CRITICAL; null before the first pane")


class SourceSummary(BaseModel):
    """A replica that delivers."""

    source: str
    rows: int
    deliveries: int
    heard: float = Field(description="when it was last heard, seconds since 1970")
    latest: float | None = Field(description="last event time it delivered, seconds since 1970")
    clock_off_seconds: float = Field(description="clock of the source, less that of the collector")


class PaneSummary(BaseModel):
    """The panes of one width."""

    width: int = Field(description="seconds, or rows, of a pane")
    segments: int
    rows: int
    bytes: int
    first: int
    last: int
    late: int
    earliest: float | None
    latest: float | None


class MonitorDetail(MonitorSummary):
    """A monitor with its panes, sources and counters."""

    panes: list[PaneSummary]
    earliest: float | None
    latest: float | None
    counters: dict[str, int]
    sources: list[SourceSummary]


class ReportSummary(BaseModel):
    """A stored report."""

    pane: int
    revision: int
    created: float
    status: str
    event: str | None


class ReportList(BaseModel):
    """Stored reports, the latest first."""

    reports: list[ReportSummary]


class ReferenceSummary(BaseModel):
    """A reference in the store."""

    id: str
    added: float
    bytes: int
    in_use: bool
    used_for: list[str] = Field(description="model versions; empty text for all others")


class ReferenceList(BaseModel):
    """The references of a monitor."""

    references: list[ReferenceSummary]


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The ways in which a route may refuse, for its description."""
    always = (400, 401, 403, 429, 503)
    return {status: {"model": Problem} for status in sorted({*always, *statuses})}
