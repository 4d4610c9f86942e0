"""A report, and one feature of it, drawn with matplotlib."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import pairwise
from textwrap import wrap
from typing import Any

from driftwatch.core.reports.report import Distribution, DriftReport, FeatureDrift
from driftwatch.render import outline
from driftwatch.render.numbers import number
from driftwatch.render.plain import plain
from driftwatch.render.plots.library import (
    CURRENT,
    REFERENCE,
    STATUS_COLORS,
    axes_for,
    plain_label,
)

__all__ = ["plot_feature", "plot_report"]

_MOST = 30
_CATEGORIES = 12
_BEYOND = 3.0
"""Critical thresholds up to which bars are drawn."""


def plot_report(report: DriftReport, ax: Any = None, /) -> Any:
    """Draw a bar a feature: how far the statistic that decides is, in critical thresholds.

    Args:
        report: The report; its 30 worst features are drawn.
        ax: Axes to draw into, or None.

    Returns:
        The axes. A thin line is the interval of 95 %, where one is known.

    Raises:
        MissingDependencyError: If matplotlib is not installed.
    """
    features = outline.worst_first(report)[:_MOST]
    ax = axes_for(ax, (7.0, 1.2 + 0.28 * max(1, len(features))))
    for place, feature in enumerate(features):
        _bar(ax, place, feature)
    names = [plain_label(outline.name_of(feature)) for feature in features]
    ax.set_yticks(range(len(features)), names)
    ax.set_ylim(len(features) - 0.4, -0.6)
    ax.set_xlim(0, _BEYOND)
    ax.axvline(1.0, color="gray", linewidth=1)
    ax.set_xlabel("statistic, in units of its critical threshold")
    left_out = len(report.features) - len(features)
    more = f" (and {left_out} more features)" if left_out else ""
    ax.set_title(plain_label(f"{plain(report.monitor)}: {report.global_status.value}{more}"))
    return ax


def _bar(ax: Any, place: int, feature: FeatureDrift) -> None:
    result = feature.primary
    color = STATUS_COLORS[feature.status]
    critical = None if result is None or result.threshold is None else result.threshold.critical
    if result is None or result.statistic is None or not critical:
        ax.text(0.03, place, outline.status_text(feature.status), va="center", color=color)
        return
    length = result.statistic / critical
    ax.barh(place, min(length, _BEYOND), height=0.6, color=color)
    if result.confidence_interval is not None:
        low, high = (min(end / critical, _BEYOND) for end in result.confidence_interval)
        ax.plot([low, high], [place + 0.38] * 2, color="gray", linewidth=1)
    bound = result.threshold.of(feature.status) if result.threshold else None
    text = f"{plain(result.method)} {number(result.statistic)} / {number(bound)}"
    side = {"ha": "right", "color": "white"} if length > 0.6 * _BEYOND else {"ha": "left"}
    end = min(length, _BEYOND) + (-0.04 if length > 0.6 * _BEYOND else 0.04)
    ax.text(end, place, text, va="center", fontsize="small", **side)


def plot_feature(feature: FeatureDrift, ax: Any = None, /) -> Any:
    """Draw both sides of a feature over the same cells: densities of numbers, shares of names.

    Args:
        feature: The feature.
        ax: Axes to draw into, or None.

    Raises:
        MissingDependencyError: If matplotlib is not installed.
    """
    ax = axes_for(ax, (6.4, 3.6))
    distribution = feature.distribution
    edges = None if distribution is None else distribution.edges
    if distribution is None or not (distribution.reference or distribution.current):
        ax.text(0.5, 0.5, "no values to draw", ha="center", transform=ax.transAxes)
    elif edges is not None and len(edges) > 2 and edges[0] < edges[-1]:
        _histogram(ax, distribution, edges, dates=feature.kind == "datetime")
    else:
        _categories(ax, distribution)
    name = outline.name_of(feature)
    ax.set_title(plain_label(f"{name}: {feature.status.value}"))
    sentence = "\n".join(wrap(outline.sentence_of(feature), 80))
    ax.set_xlabel(plain_label(sentence), fontsize="small")
    return ax


def _histogram(ax: Any, distribution: Distribution, edges: Sequence[float], *, dates: bool) -> None:
    low, high = _bulk(distribution, edges)
    at: Any = [datetime.fromtimestamp(edge, UTC) for edge in edges] if dates else list(edges)
    for label, shares, style in (
        ("reference", distribution.reference, {"fill": True, "color": REFERENCE, "alpha": 0.7}),
        ("production", distribution.current, {"color": CURRENT, "linewidth": 1.6}),
    ):
        widths = [right - left for left, right in pairwise(edges)]
        heights = [s / w if w > 0 else 0.0 for s, w in zip(shares, widths, strict=True)]
        ax.stairs(heights, at, label=label, **style)
    ax.set_xlim(*(datetime.fromtimestamp(end, UTC) if dates else end for end in (low, high)))
    ax.set_ylabel("share per unit" if not dates else "share per second")
    ax.legend()


def _bulk(distribution: Distribution, edges: Sequence[float]) -> tuple[float, float]:
    """Ends of what holds all of both sides but one share of a hundred at each end."""
    first, last = len(edges) - 2, 0
    for shares in (distribution.reference, distribution.current):
        total, upto = sum(shares), 0.0
        for place, share in enumerate(shares):
            upto += share
            if upto > 0.01 * total:
                first = min(first, place)
            if upto - share < 0.99 * total and share:
                last = max(last, place)
    return (edges[first], edges[last + 1]) if first <= last else (edges[0], edges[-1])


def _categories(ax: Any, distribution: Distribution) -> None:
    names = distribution.labels or tuple(number(edge) for edge in (distribution.edges or ())[:1])
    rows = sorted(
        zip(names, distribution.reference, distribution.current, strict=False),
        key=lambda row: -max(row[1:]),
    )[:_CATEGORIES]
    places = range(len(rows))
    ax.barh([p - 0.2 for p in places], [r[1] for r in rows], 0.38, color=REFERENCE)
    ax.barh([p + 0.2 for p in places], [r[2] for r in rows], 0.38, color=CURRENT)
    ax.set_yticks(places, [plain_label(plain(row[0]) or "(empty)") for row in rows])
    ax.invert_yaxis()
    ax.xaxis.set_major_formatter(lambda share, _: f"{100 * share:g} %")
    ax.legend(["reference", "production"])
