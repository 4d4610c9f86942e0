from __future__ import annotations

import re

import pytest

from driftwatch.core.reports.results import Distribution
from driftwatch.render.drawing.categories import bars_of, category_svg, category_table
from driftwatch.render.drawing.distributions import is_drawn_as_numbers


def names(distribution: Distribution, **how: object) -> list[str]:
    most = how.get("most", 12)
    assert isinstance(most, int)
    return [row.name for row in bars_of(distribution, most=most)]


def texts_of(svg: str) -> list[str]:
    return re.findall(r"<text[^>]*>([^<]*)</text>", svg)


@pytest.mark.parametrize("edges", [(2.5, 7.5), (5.0, 5.0, 5.0)])
def test_a_constant_is_a_bar_with_its_value(edges: tuple[float, ...]) -> None:
    cells = len(edges) - 1
    constant = Distribution(
        (1 / cells,) * cells, (0.5 / cells,) * cells, edges=edges, quantiles=((5.0,) * 7,) * 2
    )

    assert not is_drawn_as_numbers(constant)
    assert [(row.name, row.shares) for row in bars_of(constant)] == [("5", "100 % → 50 %")]


def test_a_single_cell_is_a_bar_with_its_ends() -> None:
    assert names(Distribution((1.0,), (1.0,), edges=(1.0, 2.0))) == ["1 to 2"]


@pytest.mark.parametrize(
    "distribution",
    [Distribution((), ()), Distribution((), (), edges=()), Distribution((), (), labels=())],
)
def test_nothing_to_draw_is_said(distribution: Distribution) -> None:
    rows = bars_of(distribution)

    assert "no values" in category_table(rows)
    assert "no values" in category_svg(rows)


def test_rare_categories_are_summed_up_without_a_bar() -> None:
    labels = tuple(f"c{i}" for i in range(30))
    shares = tuple((30 - i) / 500 for i in range(30))
    rows = bars_of(Distribution(shares, shares[::-1], labels=labels))

    assert len(rows) == 13
    assert (rows[-1].name, rows[-1].rest) == ("all others", True)
    assert category_table(rows).count("<rect") == 2 * 12
    assert len(names(Distribution(shares, shares[::-1], labels=labels), most=6)) == 7


def test_unnamed_categories_go_with_the_rest() -> None:
    rows = bars_of(Distribution((0.2, 0.7), (0.3, 0.6), labels=("a", "(other)")))

    assert [(row.name, row.shares) for row in rows] == [
        ("a", "20 % → 30 %"),
        ("all others", "80 % → 70 %"),
    ]


def test_sides_without_values_have_no_rest() -> None:
    assert names(Distribution((0.0, 0.0), (0.0, 0.0), labels=("a", "b"))) == ["a", "b"]


def test_new_categories_are_marked_only_where_the_test_saw_rows_of_them() -> None:
    distribution = Distribution((1.0, 0.0), (0.7, 0.3), labels=("a", "b"))

    assert [row.new for row in bars_of(distribution, unseen=0.3)] == [False, True]
    assert [row.new for row in bars_of(distribution)] == [False, False]
    assert "<small>new</small>" in category_table(bars_of(distribution, unseen=0.3))
    assert "0 % → 30 % new" in category_svg(bars_of(distribution, unseen=0.3))


def test_the_longest_bar_fills_the_width_and_small_ones_have_a_trace() -> None:
    rows = bars_of(Distribution((0.5, 0.0001), (0.25, 0.0), labels=("a", "b")))

    assert re.findall(r'width="([^"]*)%"', category_table(rows)) == ["100", "50", "0.3"]


def test_labels_are_escaped_and_cut_in_the_middle() -> None:
    rows = bars_of(Distribution((0.5, 0.5), (0.5, 0.5), labels=("<b>&\u202e", "x" * 500 + "end")))

    assert "<bdi>&lt;b&gt;&amp;</bdi>" in category_table(rows)
    assert len(rows[1].name) <= 80
    assert rows[1].name.startswith("xxx")
    assert "x…" in rows[1].name


def test_the_end_of_a_long_label_is_kept_since_it_often_differs() -> None:
    labels = ("https://example.org/a/very/long/path/1", "https://example.org/a/very/long/path/2")
    svg = category_svg(bars_of(Distribution((0.5, 0.5), (0.5, 0.5), labels=labels)))
    long = tuple(f"{'p/' * 60}{number}" for number in (1, 2))

    assert texts_of(svg)[:2] == ["https://exam…ath/1", "https://exam…ath/2"]
    assert len(set(names(Distribution((0.5, 0.5), (0.5, 0.5), labels=long)))) == 2


def test_wide_characters_take_the_room_of_two() -> None:
    svg = category_svg(bars_of(Distribution((0.5,), (0.5,), labels=("東京都" * 9,))))

    assert texts_of(svg)[0] == "東京都…京都東京都"


def test_an_empty_name_is_told() -> None:
    assert names(Distribution((1.0,), (1.0,), labels=("",))) == ["(empty)"]
