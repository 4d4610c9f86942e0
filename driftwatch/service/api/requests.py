"""What the routes share: parameters, media types, and what they work on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import HTTPException, Path, Query

from driftwatch.service.security.guard import Guard
from driftwatch.service.watched import Watched, WatchedMonitors

__all__ = ["BINARY_BODY", "REPORT_ANSWER", "Id", "Name", "Service", "Version"]


Name = Annotated[str, Path(description="Name of the monitor.", min_length=1, max_length=200)]


Version = Annotated[
    str | None, Query(description="Only for this version of the model.", max_length=200)
]


Id = Annotated[str, Path(description="Id of a reference.", pattern="^[0-9a-f]{8,64}$")]


BINARY_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}


REPORT_ANSWER: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The report, as `driftwatch check --format json` prints it.",
        "content": {"application/json": {"schema": {"type": "object"}}},
    }
}


@dataclass(frozen=True, slots=True)
class Service:
    """What the routes work on.

    Attributes:
        monitors: Those of the configuration.
        guard: Who may do what.
        clock: Seconds since 1970.
        limit_bytes: Bytes of a delivery, at most.
    """

    monitors: WatchedMonitors
    guard: Guard
    clock: Callable[[], float]
    limit_bytes: int

    def named(self, name: str, /) -> Watched:
        """The monitor of a name, or the answer 404."""
        watched = self.monitors.get(name)
        if watched is None:
            raise HTTPException(404, "no such monitor is configured here")
        return watched
