"""One feature in every window: its statistic, its thresholds, its missing values."""

from __future__ import annotations

from dataclasses import dataclass

from driftwatch.core.reports.results import Levels, Status
from driftwatch.service.dashboard.facts.window_lines import WindowLines

__all__ = ["FeaturePoint", "feature_points", "moved_with"]

_NEAR = 2
_MOST = 12


@dataclass(frozen=True, slots=True)
class FeaturePoint:
    """What became of a feature in a window.

    Attributes:
        pane: Last pane of the window.
        at: When it ended, seconds since 1970.
        status: Of the feature; None where it was not tested.
        test: The test that decided.
        statistic: Its value.
        interval: Where the value of the population lies.
        threshold: From which values on it is WARNING and CRITICAL.
        missing: Share of rows without a value.
    """

    pane: int
    at: float
    status: Status | None
    test: str | None = None
    statistic: float | None = None
    interval: tuple[float, float] | None = None
    threshold: Levels | None = None
    missing: float | None = None


def feature_points(lines: WindowLines, name: str, /) -> list[FeaturePoint]:
    """A point a window, the oldest first.

    Args:
        lines: Windows, with numbers.
        name: Of the feature.
    """
    points = []
    for window in lines.windows:
        cell = window.summary.cell(name)
        if cell is None:
            points.append(FeaturePoint(window.pane, window.at, None))
            continue
        points.append(
            FeaturePoint(
                window.pane,
                window.at,
                cell.status,
                cell.test,
                cell.statistic,
                cell.interval,
                cell.threshold,
                window.summary.missing(name),
            )
        )
    return points


def moved_with(lines: WindowLines, name: str, /) -> list[str]:
    """Features whose present drift began within two windows of that of a feature."""
    if not lines.windows:
        return []
    since = lines.drifting_since()
    began = {
        column.name: lines.windows.index(window)
        for column, window in zip(lines.columns, since, strict=True)
        if window is not None and not lines.began(window)[1]
    }
    if name not in began:
        return []
    near = [
        other
        for other, place in began.items()
        if other != name and abs(place - began[name]) <= _NEAR
    ]
    return sorted(near, key=lambda other: (abs(began[other] - began[name]), other))[:_MOST]
