"""Features x time, and the statistic of one feature over time, drawn with matplotlib."""

from __future__ import annotations

import math
from typing import Any

from driftwatch.core.reports.history import FeatureHistory
from driftwatch.core.reports.over_time import OverTime
from driftwatch.core.reports.results import Status
from driftwatch.errors import UnknownColumnError
from driftwatch.render.plain import plain
from driftwatch.render.plots.library import CURRENT, STATUS_COLORS, axes_for, plain_label

__all__ = ["plot_history", "plot_statistic"]

_MOST = 30
_TICKS = 6
_NONE = math.nan


def plot_history(history: FeatureHistory, ax: Any = None, /) -> Any:
    """Draw a coloured cell a feature and window, of the 30 worst features.

    Raises:
        MissingDependencyError: If matplotlib is not installed.
    """
    lines = history.ranked()[:_MOST]
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
    ax.set_yticks(range(len(lines)), [plain_label(plain(line.name)) for line in lines])
    ax.set_ylim(len(lines) - 0.4, -0.6)
    _label_windows(ax, history)
    if used:
        ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=len(used), frameon=False)
    return ax


def plot_statistic(result: OverTime, feature: str, ax: Any = None, /) -> Any:
    """Draw a statistic of a feature over time, with its interval and both thresholds.

    It is that of the test that decided most often, in every stretch.

    Raises:
        MissingDependencyError: If matplotlib is not installed.
        UnknownColumnError: If the feature was never tested.
    """
    found = [report.feature_drift().get(feature) for report in result.reports]
    if not any(found):
        raise UnknownColumnError(feature, result.history.lines, "the tested features")
    tests = [drift.primary_test for drift in found if drift is not None and drift.primary_test]
    test = max(sorted(set(tests)), key=tests.count, default="")
    results = [None if drift is None else drift.tests.get(test) for drift in found]
    ax = axes_for(ax, (8.0, 3.2))
    windows = range(len(results))
    intervals = [None if r is None else r.confidence_interval or r.interval for r in results]
    lows, highs = ([_NONE if i is None else i[end] for i in intervals] for end in (0, 1))
    values = [_NONE if r is None or r.statistic is None else r.statistic for r in results]
    ax.fill_between(windows, lows, highs, color=CURRENT, alpha=0.2, linewidth=0)
    ax.plot(windows, values, color=CURRENT, marker="o", markersize=3)
    levels = [None if r is None else r.threshold for r in results]
    for status, style in ((Status.WARNING, "--"), (Status.CRITICAL, ":")):
        heights = [_NONE if level is None else level.of(status) for level in levels]
        color = STATUS_COLORS[status]
        ax.plot(windows, heights, style, color=color, linewidth=1, label=status.value.lower())
    ax.set_ylim(bottom=0)
    ax.set_ylabel(test)
    worst = max(drift.status for drift in found if drift is not None)
    ax.set_title(plain_label(f"{plain(feature)}: {worst.value} at the worst"))
    ax.legend(fontsize="small")
    _label_windows(ax, result.history)
    return ax


def _label_windows(ax: Any, history: FeatureHistory) -> None:
    many = len(history.slots)
    step = max(1, -(-many // _TICKS))
    places = list(range(0, many, step))
    ax.set_xticks(places, [plain_label(plain(history.slots[p].label, 24)) for p in places])
    ax.set_xlim(-0.6, max(many, 1) - 0.4)
