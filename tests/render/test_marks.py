from __future__ import annotations

import re

import pytest

from driftwatch.core.reports.results import Levels, Status
from driftwatch.render.drawing.marks import SIGNS, badge, effect_bar, strip

CRITICAL, WARNING, OK = Status.CRITICAL, Status.WARNING, Status.OK


LEVELS = Levels(0.05, 0.1)


def test_a_status_has_a_sign_and_a_word_besides_its_colour() -> None:
    assert len(set(SIGNS.values())) == len(Status)
    assert badge(Status.INSUFFICIENT_DATA) == '<b class="st I">– INSUFFICIENT DATA</b>'


def test_a_bar_ends_at_its_value_on_a_scale_to_twice_critical() -> None:
    bar = effect_bar(0.06, LEVELS, interval=(0.04, 0.09))

    assert "<rect class=b y=3 width=30 height=8 />" in bar
    assert 'class=ci d="M20 7H45"' in bar
    assert 'class=kw d="M25 0v14"' in bar
    assert 'class=k d="M50 0v14"' in bar
    assert "class=over" not in bar
    assert 'aria-label="0.060; warning 0.05, critical 0.1"' in bar


def test_a_value_beyond_the_bar_is_marked() -> None:
    bar = effect_bar(0.9, LEVELS, interval=(0.85, 0.95))

    assert "width=100 " in bar
    assert "class=over" in bar
    assert "class=ci" not in bar  # it lies beyond as a whole


@pytest.mark.parametrize(
    ("value", "levels"), [(None, LEVELS), (0.1, None), (0.1, Levels(0.0, 0.0))]
)
def test_there_is_no_bar_without_a_value_or_a_threshold(
    value: float | None, levels: Levels | None
) -> None:
    assert effect_bar(value, levels) == ""


def test_marks_without_a_style_sheet_bring_their_colours() -> None:
    bar = effect_bar(0.9, LEVELS, interval=(0.05, 0.2), painted=WARNING)
    cells = strip([OK, None, CRITICAL], painted=True)

    for svg in (bar, cells):
        assert "class=" not in svg
        assert all("fill=" in shape for shape in re.findall(r"<(?:path|rect)[^>]*>", svg))
    assert 'fill="#a87400"' in bar


def test_a_strip_has_one_path_a_status_and_joins_neighbours() -> None:
    svg = strip([OK, OK, CRITICAL, None, OK])

    assert 'viewBox="0 0 5 18"' in svg
    assert '<path class=O d="M0 18v-3h2v3zM4 18v-3h1v3z"/>' in svg
    assert '<path class=C d="M2 18v-18h1v18z"/>' in svg
    assert '<path class=I d="M3 17h1"/>' in svg
    assert '"Status in 4 windows: 3 OK, 1 CRITICAL"' in svg  # a gap is no window


def test_many_windows_share_columns_that_show_the_worst_of_them() -> None:
    statuses = [OK] * 10_000
    statuses[7777] = WARNING
    svg = strip(statuses)

    assert 'viewBox="0 0 240 18"' in svg
    assert re.search(r'class=W d="M186 18v-12h1v12z"', svg)
    assert "10,000 windows" in svg
    assert len(svg) < 400


def test_an_empty_strip_is_no_error() -> None:
    assert "0 windows" in strip([])
