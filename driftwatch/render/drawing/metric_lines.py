"""A model's metrics over time: lines of text, and a drawing of each."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from itertools import pairwise

from driftwatch.core.reports.timeline import MetricValues, Timeline
from driftwatch.render.model import metric_name
from driftwatch.render.numbers import number

__all__ = ["METRIC_CSS", "metric_drawings", "metric_texts"]

METRIC_CSS = """\
svg.t .v{fill:none;stroke:var(--current);stroke-width:1.8;stroke-linejoin:round}
svg.t .i{fill:var(--current);opacity:.18}svg.t .n{stroke:var(--reference);stroke-width:2}
"""
_WIDTH, _HEIGHT, _TOP, _BASE = 960, 150, 10, 128


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
        f"<h3>{escape(metric_name(name))}</h3>{_drawing(name, points, timeline)}"
        for name, points in _points(timeline).items()
    )


def _points(timeline: Timeline) -> dict[str, list[tuple[int, MetricValues]]]:
    points: dict[str, list[tuple[int, MetricValues]]] = {}
    for moment in timeline.moments:
        for name, values in moment.metrics.items():
            points.setdefault(name, []).append((moment.pane, values))
    return points


def _drawing(name: str, points: Sequence[tuple[int, MetricValues]], timeline: Timeline) -> str:
    first, last = timeline.moments[0].pane, timeline.moments[-1].pane
    ends = [end for _, value in points for end in (value.interval or (value.production,) * 2)]
    ends += [value.reference for _, value in points]
    low, high = min(ends), max(ends)
    room = (high - low) or abs(high) or 1.0

    def x(pane: int) -> float:
        return (pane - first + 0.5) / (last - first + 1) * _WIDTH

    def y(value: float) -> float:
        return _BASE - (value - low) / room * (_BASE - _TOP)

    runs = _runs(points)
    parts = []
    for run in runs:
        known = [(pane, v.interval) for pane, v in run if v.interval is not None]
        band = [f"{x(pane):.1f} {y(pair[1]):.1f}" for pane, pair in known]
        band += [f"{x(pane):.1f} {y(pair[0]):.1f}" for pane, pair in reversed(known)]
        if band:
            parts.append(f'<path class=i d="M{"L".join(band)}z"/>')
        line = "L".join(f"{x(pane):.1f} {y(v.production):.1f}" for pane, v in run)
        parts.append(f'<path class=v d="M{line}"/>')
        parts += [
            f'<circle class={v.status.value[0]} cx="{x(pane):.1f}" cy="{y(v.production):.1f}" '
            "r=3 />"
            for pane, v in run
            if v.status.is_drift or len(run) == 1
        ]
    level = y(points[-1][1].reference)
    parts.append(f'<line class=n x1=0 x2={_WIDTH} y1="{level:.1f}" y2="{level:.1f}"/>')
    labels = (
        f'<text class=b x=4 y="{_TOP + 8}">{number(high, 4)}</text>'
        f'<text class=b x=4 y="{_BASE}">{number(low, 4)}</text>'
        f'<text class="b e" x={_WIDTH - 4} y="{level - 4:.1f}">reference</text>'
    )
    return (
        f'<svg class=t viewBox="0 0 {_WIDTH} {_HEIGHT}" role=img '
        f'aria-label="{escape(metric_name(name), quote=True)} over time">{"".join(parts)}{labels}'
        "</svg>"
    )


def _runs(
    points: Sequence[tuple[int, MetricValues]],
) -> list[list[tuple[int, MetricValues]]]:
    """Stretches of windows with labels, so that a gap is not drawn over."""
    runs: list[list[tuple[int, MetricValues]]] = []
    usual = min((b[0] - a[0] for a, b in pairwise(points)), default=1)
    for point in points:
        if runs and point[0] - runs[-1][-1][0] <= 2 * usual:
            runs[-1].append(point)
        else:
            runs.append([point])
    return runs
