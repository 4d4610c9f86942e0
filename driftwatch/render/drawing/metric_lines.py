"""A model's metrics over time: lines of text, and a drawing of each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape

from driftwatch.core.reports.timeline import MetricValues, Timeline
from driftwatch.render.drawing.drawing import Drawing, panel
from driftwatch.render.drawing.over_time import Point, metric_over_time
from driftwatch.render.model import metric_name
from driftwatch.render.numbers import number

__all__ = ["clock_of", "metric_drawings", "metric_texts"]


def metric_texts(timeline: Timeline, /) -> list[str]:
    """A line a metric: the reference, the range over the windows, and the worst status."""
    lines = []
    for name, points in _points(timeline).items():
        values = [value.production for _, value in points]
        worst = max((value.status for _, value in points), key=lambda s: s.severity)
        lines.append(
            f"{metric_name(name)}: reference {number(points[0][1].reference, 4)}, windows "
            f"{number(min(values), 4)} to {number(max(values), 4)}, {worst.value}"
        )
    return lines


def metric_drawings(timeline: Timeline, /) -> str:
    """Figures of the metrics over time: production with its interval, and the reference."""
    return "".join(
        f"<h3>{escape(metric_name(name))}</h3>{panel(_drawing(name, points, timeline))}"
        for name, points in _points(timeline).items()
    )


def _drawing(name: str, values: Sequence[tuple[int, MetricValues]], timeline: Timeline) -> Drawing:
    known = dict(values)
    at, dates = clock_of(timeline)
    # A window without labels has no value: nothing is drawn over it.
    points = [
        Point(at(moment.pane), None)
        if (value := known.get(moment.pane)) is None
        else Point(at(moment.pane), value.production, value.interval)
        for moment in timeline.moments
    ]
    return metric_over_time(
        points, label=metric_name(name), reference=values[-1][1].reference, dates=dates
    )


def clock_of(timeline: Timeline, /) -> tuple[Callable[[int], float], bool]:
    """When a pane ended, in seconds since 1970; its number where times are not known.

    The second is whether they are.
    """
    first, last = timeline.moments[0], timeline.moments[-1]
    start, end = first.period.end, last.period.end
    if start is None or end is None or first.pane == last.pane:
        return float, False
    pane = (end - start).total_seconds() / (last.pane - first.pane)
    return lambda number: start.timestamp() + (number - first.pane) * pane, True


def _points(timeline: Timeline) -> dict[str, list[tuple[int, MetricValues]]]:
    points: dict[str, list[tuple[int, MetricValues]]] = {}
    for moment in timeline.moments:
        for name, values in moment.metrics.items():
            points.setdefault(name, []).append((moment.pane, values))
    return points
