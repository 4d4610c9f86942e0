from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from driftwatch.core.reports.results import Period, Status
from driftwatch.core.reports.timeline import Moment, Timeline
from driftwatch.render.drawing.drawing import WIDTH, Drawing, panel
from driftwatch.render.drawing.over_time import Mark, Point, metric_over_time, statistic_over_time
from driftwatch.render.drawing.timeline import timeline_html
from tests.render.test_distribution_drawings import ends_of, roles, words

DAY = 86_400.0
OK = Status.OK


def paths(drawing: Drawing, role: str) -> list[str]:
    return [shape.path for shape in drawing.shapes if shape.role == role]


def steady(many: int = 10, value: float = 0.02) -> list[Point]:
    return [Point(1.7e9 + DAY * i, value, (value - 0.01, value + 0.01)) for i in range(many)]


def test_the_axis_begins_at_zero_and_holds_the_critical_threshold() -> None:
    drawing = statistic_over_time(steady(), label="KS", warning=0.05, critical=0.1)
    at = {text: y for y, text in drawing.y_ticks}

    assert at["0"] == drawing.height
    assert 3 <= len(at) <= 6
    (critical,) = paths(drawing, "critical")
    assert ends_of(critical)[0][1] == pytest.approx(drawing.height * (1 - 0.1 / 0.13), abs=1)
    assert words(drawing) == ["warning 0.05", "critical 0.1"]


def test_thresholds_near_each_other_share_a_label() -> None:
    points = [Point(0.0, 0.9), Point(1.0, 1.0)]
    drawing = statistic_over_time(points, label="KS", warning=0.05, critical=0.1, dates=False)

    assert words(drawing) == ["warning 0.05, critical 0.1"]


def test_the_axis_holds_the_largest_upper_bound() -> None:
    points = [Point(0.0, 0.5, (0.4, 2.0)), Point(1.0, 0.5, (0.4, 0.6))]
    drawing = statistic_over_time(points, label="KS", dates=False)
    (band,) = paths(drawing, "band")

    assert min(y for _, y in ends_of(band)) == pytest.approx(150 * (1 - 1 / 1.05), abs=1)


def test_nothing_is_drawn_over_a_time_without_data() -> None:
    points = steady(12)
    empty = Point(points[4].at, None)  # a window without a value, and windows that are not there
    silent = [*points[:4], empty, *points[5:8], *points[11:]]
    drawing = statistic_over_time(silent, label="KS")
    lines = [[x for x, _ in ends_of(path)] for path in paths(drawing, "current")]

    assert [len(line) for line in lines] == [4, 3, 2]
    assert lines[0][-1] == pytest.approx(WIDTH * 3 / 11, abs=1)
    assert lines[1][0] == pytest.approx(WIDTH * 5 / 11, abs=1)


def test_marks_have_lines_and_an_incident_a_tint_to_its_end() -> None:
    marks = [Mark(1.7e9 + 2 * DAY, "incident 4", until=1.7e9 + 5 * DAY), Mark(1.7e9 + DAY, "v2")]
    drawing = statistic_over_time(steady(), label="KS", marks=marks)
    (tint,) = paths(drawing, "incident")

    assert {x for x, _ in ends_of(tint)} == {222, 556}
    assert len(paths(drawing, "mark")) == 1
    assert {"incident 4", "v2"} <= set(words(drawing))


def test_labels_of_marks_that_would_overlap_are_counted() -> None:
    marks = [Mark(1.7e9 + DAY * (8 + i / 100), f"version {i}") for i in range(3)]
    drawing = statistic_over_time(steady(), label="KS", marks=marks)

    assert words(drawing) == ["version 2 +2"]
    assert len(paths(drawing, "mark")) == 3


def test_a_metric_has_an_axis_of_its_own_range_and_its_reference() -> None:
    points = [Point(1.7e9 + DAY * i, 0.88, (0.87, 0.89)) for i in range(5)]
    drawing = metric_over_time(points, label="ROC AUC", reference=0.9, tolerated=0.895)
    lowest = min(float(text) for _, text in drawing.y_ticks)

    assert lowest > 0.8
    assert {"reference 0.9", "tolerated"} <= set(words(drawing))
    assert "waiting" not in roles(drawing)


def test_where_labels_lack_the_estimate_has_a_band_on_grey_ground() -> None:
    realised = [Point(float(i), 0.9, (0.89, 0.91)) for i in range(6)]
    estimated = [Point(float(i), 0.88, (0.85, 0.91)) for i in range(10)]
    drawing = metric_over_time(realised, label="ROC AUC", estimated=estimated, dates=False)
    (band,) = paths(drawing, "estimate_band")
    (ground,) = paths(drawing, "waiting")

    assert min(x for x, _ in ends_of(band)) == pytest.approx(WIDTH * 6 / 9, abs=1)
    assert min(x for x, _ in ends_of(ground)) == pytest.approx(WIDTH * 5 / 9, abs=1)
    assert "labels not in yet" in words(drawing)


@pytest.mark.parametrize("points", [[], [Point(1.0, None)], [Point(1.0, 0.0)], [Point(1.0, 5.0)]])
def test_few_points_are_no_error(points: list[Point]) -> None:
    for drawing in (
        statistic_over_time(points, label="KS", dates=False),
        metric_over_time(points, label="F1", dates=False),
    ):
        markup = panel(drawing)
        assert "nan" not in markup
        for shape in drawing.shapes:
            assert all(-1 <= x <= WIDTH + 5 for x, _ in ends_of(shape.path))


def test_ticks_of_time_are_days_and_hours_only_where_days_are_few() -> None:
    week = statistic_over_time(steady(8), label="KS").x_ticks
    hours = statistic_over_time([Point(1.7e9, 0.1), Point(1.7e9 + 6 * 3600, 0.2)], label="KS")

    assert (week[0], week[-1][0] > 0.8) == ((0.0, "14 Nov"), True)
    assert hours.x_ticks[0] == (0.0, "14 Nov 22:13")
    assert len({text for _, text in hours.x_ticks}) == len(hours.x_ticks) <= 6


def test_a_replay_is_drawn_over_time_or_over_panes_where_times_are_not_known() -> None:
    def of(period: Period) -> str:
        moments = tuple(
            Moment(pane, Period(None, period.end and period.end + timedelta(days=pane)), 9, OK)
            for pane in range(1, 9)
        )
        return timeline_html(Timeline("m", "1d", 1, moments))

    assert ">2 Jan<" in of(Period(None, datetime(2026, 1, 1, tzinfo=UTC)))
    assert "Jan" not in of(Period())
    assert ">2<" in of(Period())
