"""The page of a feature: what moved, its distribution, its statistic over time, all tests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from starlette.responses import Response

from driftwatch.core.reports.report import DriftReport, FeatureDrift
from driftwatch.core.reports.results import Status
from driftwatch.render import outline
from driftwatch.render.drawing.drawing import Drawing
from driftwatch.render.drawing.over_time import Point, statistic_over_time
from driftwatch.render.page.features import feature_chart, tests_table
from driftwatch.render.plain import SENTENCE_LENGTH, plain
from driftwatch.service.dashboard.facts.changes import Change, changes_in
from driftwatch.service.dashboard.facts.feature_lines import (
    FeaturePoint,
    feature_points,
    moved_with,
)
from driftwatch.service.dashboard.facts.reports import report_on
from driftwatch.service.dashboard.facts.window_lines import (
    EvaluatedWindow,
    WindowLines,
    window_lines,
)
from driftwatch.service.dashboard.frame import Frame, NotFoundError, nearest
from driftwatch.service.dashboard.monitor_page import empty_page, marks_of, status_strip
from driftwatch.service.dashboard.pages import markup_of
from driftwatch.service.dashboard.shelf import Shown
from driftwatch.transport.paths import in_path, name_in_path

__all__ = ["feature_page"]

_TABLE_ROWS = 240


def feature_page(frame: Frame, shown: Shown, text: str, /) -> Response:
    """The page.

    Args:
        frame: The visit.
        shown: The monitor.
        text: The feature's name, as the path has it.

    Raises:
        NotFoundError: If no window of the stretch has tested such a feature.
    """
    name, asked = name_in_path(text), frame.asked
    home = f"/m/{in_path(shown.name)}"
    lines = window_lines(shown, since=asked.stretch[0], until=asked.stretch[1], numbers=True)
    names = [column.name for column in lines.columns]
    window = lines.at(asked.at)
    trail = [("/", "Fleet"), (home, shown.name), ("", name)]
    json = asked.link(f"/v1/monitors/{in_path(shown.name)}/features/{in_path(name)}")
    if window is None:
        return empty_page(frame, shown, lines, trail, "")
    if name not in names:
        raise _not_found(frame, shown, name, names)
    column = lines.columns[names.index(name)]
    past = lines if window is lines.newest else lines.until(window)
    report = report_on(shown, window)
    feature = None if report is None else report.feature_drift().get(name)
    changes = changes_in(shown, lines, now=frame.now)
    points = feature_points(lines, name)
    began = past.drifting_since()[names.index(name)]
    status = window.summary.status_of(name) or Status.INSUFFICIENT_DATA
    return frame.show(
        "feature.html",
        trail=trail,
        json=json,
        home=home,
        shown=shown,
        name=name,
        column=column,
        became=status,
        window=window,
        is_newest=window is lines.newest,
        feature=feature,
        point=feature_points(_only(past), name)[0],
        headline=_headline(name, feature, status),
        decision="" if feature is None else outline.decision(feature),
        since=past.began(began),
        many=len(lines.windows),
        chart="" if feature is None else markup_of(feature_chart(feature, "d", full=True)),
        tests="" if feature is None else markup_of(tests_table(feature)),
        strip=status_strip(frame, _as_lines(lines, points), changes),
        lines_over_time=_charts(points, changes),
        points=points[-_TABLE_ROWS:],
        together=moved_with(past, name),
        followed=_followed(report, feature),
    )


def _not_found(frame: Frame, shown: Shown, name: str, names: Sequence[str]) -> NotFoundError:
    home = f"/m/{in_path(shown.name)}"
    return NotFoundError(
        frame,
        f"No feature named ‘{plain(name)}’ was tested in these windows of {plain(shown.name)}.",
        [(near, f"{home}/f/{in_path(near)}") for near in nearest(name, names)],
    )


def _only(lines: WindowLines) -> WindowLines:
    """The last window alone."""
    return WindowLines(lines.windows[-1:], lines.columns, lines.places[-1:], lines.length)


def _headline(name: str, feature: FeatureDrift | None, status: Status) -> str:
    shown = plain(name) or "(no name)"
    if feature is None:
        return f"{shown}: {outline.status_text(status)}. Its report is not kept, or damaged."
    moved = outline.sentence_of(feature)
    match status:
        case Status.OK:
            return f"{shown} has not moved in a way that matters: {moved}"
        case Status.UNDECIDED:
            return f"Not decided for {shown}: {moved}"
        case _:
            return f"{shown}: {moved}"


def _followed(report: DriftReport | None, feature: FeatureDrift | None) -> list[str]:
    """Features that are one story with it: those that follow it, or that it follows."""
    if report is None or feature is None:
        return []
    found = report.followers(feature.name)
    return found if feature.follows is None else [feature.follows, *found]


def _as_lines(lines: WindowLines, points: Sequence[FeaturePoint]) -> WindowLines:
    """The windows with the status of the feature in the place of their own."""
    windows = tuple(
        EvaluatedWindow(
            window.pane,
            window.at,
            window.created,
            window.event,
            replace(window.summary, status=point.status or Status.INSUFFICIENT_DATA),
        )
        for window, point in zip(lines.windows, points, strict=True)
    )
    return WindowLines(windows, lines.columns, lines.places, lines.length)


def _charts(points: Sequence[FeaturePoint], changes: Sequence[Change]) -> list[tuple[str, Drawing]]:
    """The statistic of each test that decided, and the share of missing values."""
    marks = marks_of(changes)
    tests = list(dict.fromkeys(point.test for point in reversed(points) if point.test))
    charts = []
    for test in tests[:3]:
        levels = next(p.threshold for p in reversed(points) if p.test == test)
        drawn = statistic_over_time(
            [
                Point(p.at, p.statistic, p.interval) if p.test == test else Point(p.at, None)
                for p in points
            ],
            label=outline.in_plain_words(test),
            warning=None if levels is None else levels.warning,
            critical=None if levels is None else levels.critical,
            marks=marks,
        )
        charts.append((plain(outline.in_plain_words(test), SENTENCE_LENGTH), drawn))
    if any(point.missing for point in points):
        missing = [Point(point.at, point.missing) for point in points]
        title = "share of missing values"
        charts.append((title, statistic_over_time(missing, label=title, marks=marks, height=90)))
    return charts
