from __future__ import annotations

import re
from itertools import pairwise
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwatch.core.reports.report import Distribution
from driftwatch.render.drawing.axes import choose_axis
from driftwatch.render.drawing.charts import category_chart, chart, numeric_chart

NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


def numbers_of(svg: str) -> list[str]:
    return [n for path in re.findall(r' d="([^"]*)"', svg) for n in NUMBER.findall(path)]


def texts_of(svg: str) -> list[str]:
    return re.findall(r"<text[^>]*>([^<]*)</text>", svg)


@st.composite
def numeric_distributions(draw: st.DrawFn) -> Distribution:
    edges = sorted(
        draw(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=2, max_size=40))
    )
    cells = len(edges) - 1
    shares = st.lists(st.floats(0, 1), min_size=cells, max_size=cells)
    sides = []
    for side in (draw(shares), draw(shares)):
        whole = max(sum(side), 1.0)
        sides.append(tuple(share / whole for share in side))
    return Distribution(sides[0], sides[1], edges=tuple(edges))


@given(numeric_distributions(), st.booleans())
def test_any_numeric_distribution_is_drawn_within_its_box(
    distribution: Distribution, dates: bool
) -> None:
    svg = numeric_chart(distribution, dates=dates)

    assert svg.startswith("<svg")
    assert svg.endswith("</svg>")
    assert "nan" not in svg
    assert "inf" not in svg
    assert all(abs(float(number)) <= 480 for number in numbers_of(svg))


@given(numeric_distributions())
def test_every_axis_is_ascending_and_within_the_unit_square(distribution: Distribution) -> None:
    edges = distribution.edges or ()
    if len(edges) <= 2 or edges[0] == edges[-1]:
        return
    axis = choose_axis(distribution, edges, dates=False)

    assert all(left <= right for left, right in pairwise(axis.edges))
    assert all(0 <= x <= 1 for x in (*axis.edges, *axis.reference, *axis.current))
    assert all(-1e-6 <= place <= 1 + 1e-6 for place, _ in axis.ticks)


def test_a_bell_stands_on_a_linear_axis_with_round_ticks() -> None:
    shares = (0.02, 0.14, 0.34, 0.34, 0.14, 0.02)
    svg = numeric_chart(Distribution(shares, shares, edges=(-3, -2, -1, 0, 1, 2, 3)))

    assert "scale" not in svg
    assert texts_of(svg) == ["-3", "-2", "-1", "0", "1", "2", "3"]


def test_a_heavy_positive_tail_stands_on_a_log_scale() -> None:
    edges = tuple(10.0 ** (i / 4) for i in range(25))
    shares = tuple(1 / 24 for _ in range(24))
    svg = numeric_chart(Distribution(shares, shares, edges=edges))

    assert "log scale" in svg
    assert {"10", "100", "1000"} <= set(texts_of(svg))


def test_a_lump_at_zero_with_a_tail_stands_on_steps() -> None:
    edges = (0.0, 1e-9, 1.0, 10.0, 100.0, 1000.0, 1e6)
    svg = numeric_chart(Distribution((0.6, 0.1, 0.1, 0.1, 0.05, 0.05), (0.0,) * 6, edges=edges))

    assert "one step a cell" in svg


def test_one_far_value_does_not_flatten_the_rest() -> None:
    edges = (*map(float, range(31)), 1e9)
    shares = (*(0.033 for _ in range(30)), 0.01)
    axis = choose_axis(Distribution(shares, shares, edges=edges), edges, dates=False)

    assert axis.edges[30] > 0.6
    assert "tails cut" in axis.note


def test_a_lone_peak_is_cut_and_said() -> None:
    edges = tuple(float(i) for i in range(41))
    current = tuple(0.96 if i == 20 else 0.001 for i in range(40))
    svg = numeric_chart(Distribution(tuple(0.025 for _ in range(40)), current, edges=edges))

    assert "peak of 96 % cut" in svg


def test_a_log_scale_of_one_decade_has_ticks_between_powers_of_ten() -> None:
    edges = (*((1 - i / 30) ** (-1 / 1.2) for i in range(30)), 1e4)
    shares = tuple(1 / 30 for _ in range(30))
    axis = choose_axis(Distribution(shares, shares, edges=edges), edges, dates=False)

    assert axis.note == "log scale, tails cut"
    assert [label for _, label in axis.ticks] == ["1", "2", "5", "10", "20"]


def test_edges_too_close_for_round_ticks_are_labelled_themselves() -> None:
    edges = (5.0, 5.0 + 5e-15, 5.0 + 1e-14)
    axis = choose_axis(Distribution((0.5, 0.5), (0.5, 0.5), edges=edges), edges, dates=False)

    assert [place for place, _ in axis.ticks] == [0.0, 1.0]


def test_a_bulk_within_one_value_stands_on_steps() -> None:
    edges = (1.0, 5.0, 5.0, 5.0, 9.0)
    shares = (0.01, 0.49, 0.49, 0.01)
    axis = choose_axis(Distribution(shares, shares, edges=edges), edges, dates=False)

    assert axis.note.startswith("one step a cell")


def test_dates_are_labelled_as_dates() -> None:
    edges = tuple(1.7e9 + 86_400.0 * i for i in range(11))
    svg = chart(Distribution((0.1,) * 10, (0.1,) * 10, edges=edges), dates=True)

    assert "2023-11-14" in svg


@pytest.mark.parametrize("edges", [(5.0, 5.0), (5.0, 5.0, 5.0)])
def test_a_constant_is_a_bar_with_its_value(edges: tuple[float, ...]) -> None:
    cells = len(edges) - 1
    svg = numeric_chart(Distribution((1 / cells,) * cells, (0.5 / cells,) * cells, edges=edges))

    assert texts_of(svg)[0] == "5"
    assert "100 % → 50 %" in svg


def test_a_single_cell_is_a_bar_with_its_ends() -> None:
    assert "1 to 2" in numeric_chart(Distribution((1.0,), (1.0,), edges=(1.0, 2.0)))


@pytest.mark.parametrize(
    "distribution",
    [Distribution((), ()), Distribution((), (), edges=()), Distribution((), (), labels=())],
)
def test_nothing_to_draw_is_said(distribution: Distribution) -> None:
    assert "no values" in chart(distribution)


def test_sides_without_values_are_drawn_flat() -> None:
    flat = Distribution((0.0,) * 4, (0.0,) * 4, edges=(0.0, 1.0, 2.0, 3.0, 4.0))
    bars = Distribution((0.0, 0.0), (0.0, 0.0), labels=("a", "b"))

    assert '"M4 118h118h118h118h118V118z"' in numeric_chart(flat)
    assert "all others" not in category_chart(bars)
    assert "0 % → 0 %" in category_chart(bars)


def test_rare_categories_are_summed_up() -> None:
    labels = tuple(f"c{i}" for i in range(30))
    shares = tuple((30 - i) / 500 for i in range(30))
    svg = category_chart(Distribution(shares, shares[::-1], labels=labels))

    assert len(texts_of(svg)) == 2 * 13
    assert "all others" in svg


def test_labels_are_escaped_and_cut() -> None:
    svg = category_chart(Distribution((0.5, 0.5), (0.5, 0.5), labels=("<b>&\u202e", "x" * 500)))

    assert "&lt;b&gt;&amp;" in svg
    assert "x" * 17 + "…" in svg
    assert "x" * 18 not in svg


def test_the_end_of_a_long_label_is_kept_since_it_often_differs() -> None:
    labels = ("https://example.org/a/very/long/path/1", "https://example.org/a/very/long/path/2")
    svg = category_chart(Distribution((0.5, 0.5), (0.5, 0.5), labels=labels))
    assert texts_of(svg)[:2] == ["https://exam…ath/1", "https://exam…ath/2"]


def test_unnamed_categories_have_no_bar_and_one_row_with_the_rest() -> None:
    svg = category_chart(Distribution((0.2, 0.7), (0.3, 0.6), labels=("a", "(other)")))
    assert texts_of(svg)[:2] == ["a", "all others"]
    assert "80 % → 70 %" in svg


def test_wide_characters_take_the_room_of_two() -> None:
    svg = category_chart(Distribution((0.5,), (0.5,), labels=("東京都" * 9,)))

    assert texts_of(svg)[0] == "東京都…京都東京都"


def test_a_chart_has_a_title_short_numbers_and_balanced_tags() -> None:
    shares = tuple(1 / 30 for _ in range(30))
    edges = tuple(i / 7 for i in range(31))
    for svg in (
        numeric_chart(Distribution(shares, shares, edges=edges)),
        category_chart(Distribution(shares, shares, labels=tuple(map(str, range(30))))),
    ):
        root = ET.fromstring(re.sub(r"=([a-z0-9]+)", r'="\1"', svg))  # noqa: S314 - our own

        assert root.findtext("title")
        assert max(map(len, numbers_of(svg))) <= 6
        assert len(svg.encode()) <= 2500
