"""Features x time, and a statistic or a metric over time, drawn with matplotlib."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from driftwatch.core.reports.history import FeatureHistory, FeatureLine
from driftwatch.core.reports.over_time import OverTime
from driftwatch.core.reports.results import Levels, Status
from driftwatch.errors import UnknownColumnError
from driftwatch.render.plain import plain
from driftwatch.render.plots.library import (
    CURRENT,
    REFERENCE,
    STATUS_COLORS,
    axes_for,
    plain_label,
)

__all__ = ["plot_history", "plot_statistic"]

_MOST = 30
_TICKS = 6
_NONE = math.nan


def plot_history(history: FeatureHistory, ax: Any = None, /) -> Any:
    """Draw a coloured cell a feature and window, of the 30 worst features, and of the metrics.

    Raises:
        MissingDependencyError: If matplotlib is not installed.
    """
    lines = [*history.ranked()[:_MOST], *history.metrics.values()]
    ax = axes_for(ax, (8.0, 1.4 + 0.26 * max(1, len(lines))))
    used = []
    for status, color in STATUS_COLORS.items():
        places = [
            (window, row)
            for row, line in enumerate(lines)
            for window, found in enumerate(line.statuses)
            if found is status
        ]
        if places:
            used.append(status)
            ax.bar(
                [window for window, _ in places],
                [0.8] * len(places),
                width=1.0,
                bottom=[row - 0.4 for _, row in places],
                color=color,
                alpha=0.35 if status is Status.OK else 1.0,
                label=status.value.replace("_", " "),
            )
    ax.set_yticks(range(len(lines)), [plain_label(plain(line.title)) for line in lines])
    ax.set_ylim(len(lines) - 0.4, -0.6)
    _label_windows(ax, history)
    if used:
        ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=len(used), frameon=False)
    return ax


def plot_statistic(result: OverTime, feature: str, ax: Any = None, /) -> Any:
    """Draw a statistic of a feature, or a metric, over time, with its interval and thresholds.

    The statistic is that of the test that decided most often, in every stretch.

    Raises:
        MissingDependencyError: If matplotlib is not installed.
        UnknownColumnError: If the feature was never tested, and is no metric.
    """
    history = result.history
    if feature not in history.lines and feature in history.metrics:
        return _plot_metric(history, history.metrics[feature], ax)
    found = [report.feature_drift().get(feature) for report in result.reports]
    if not any(found):
        known = [*history.lines, *history.metrics]
        raise UnknownColumnError(feature, known, "the tested features and metrics")
    tests = [drift.primary_test for drift in found if drift is not None and drift.primary_test]
    test = max(sorted(set(tests)), key=tests.count, default="")
    results = [None if drift is None else drift.tests.get(test) for drift in found]
    ax = axes_for(ax, (8.0, 3.2))
    intervals = [None if r is None else r.confidence_interval or r.interval for r in results]
    levels = [None if r is None else r.threshold for r in results]
    _draw(ax, [None if r is None else r.statistic for r in results], intervals, levels)
    ax.set_ylim(bottom=0)
    ax.set_ylabel(test)
    return _titled(ax, history, history.lines[feature])


def _plot_metric(history: FeatureHistory, line: FeatureLine, ax: Any) -> Any:
    """Draw a metric over time, beside its value in the reference."""
    cells = [line.cell(place) for place in range(len(history.slots))]
    ax = axes_for(ax, (8.0, 3.2))
    _draw(
        ax,
        [None if cell is None else cell.statistic for cell in cells],
        [None if cell is None else cell.interval for cell in cells],
        [None if cell is None else cell.threshold for cell in cells],
    )
    before = [_NONE if cell is None or cell.reference is None else cell.reference for cell in cells]
    ax.plot(range(len(cells)), before, color=REFERENCE, linewidth=1, label="reference")
    ax.set_ylabel(plain_label(plain(line.title)))
    return _titled(ax, history, line)


def _draw(
    ax: Any,
    values: Sequence[float | None],
    intervals: Sequence[tuple[float, float] | None],
    levels: Sequence[Levels | None],
) -> None:
    """Draw values with their intervals, and both thresholds."""
    windows = range(len(values))
    lows, highs = ([_NONE if i is None else i[end] for i in intervals] for end in (0, 1))
    ax.fill_between(windows, lows, highs, color=CURRENT, alpha=0.2, linewidth=0)
    known = [_NONE if value is None else value for value in values]
    ax.plot(windows, known, color=CURRENT, marker="o", markersize=3)
    for status, style in ((Status.WARNING, "--"), (Status.CRITICAL, ":")):
        heights = [_NONE if level is None else level.of(status) for level in levels]
        color = STATUS_COLORS[status]
        ax.plot(windows, heights, style, color=color, linewidth=1, label=status.value.lower())


def _titled(ax: Any, history: FeatureHistory, line: FeatureLine) -> Any:
    ax.set_title(plain_label(f"{plain(line.title)}: {line.worst.value} at the worst"))
    ax.legend(fontsize="small")
    _label_windows(ax, history)
    return ax


def _label_windows(ax: Any, history: FeatureHistory) -> None:
    many = len(history.slots)
    step = max(1, -(-many // _TICKS))
    places = list(range(0, many, step))
    ax.set_xticks(places, [plain_label(plain(history.slots[p].label, 24)) for p in places])
    ax.set_xlim(-0.6, max(many, 1) - 0.4)
