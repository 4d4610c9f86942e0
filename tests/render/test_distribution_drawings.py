from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwatch.core.reports.results import Distribution, DriftResult, Status
from driftwatch.render.drawing.distributions import (
    Seen,
    cumulative,
    histogram,
    is_drawn_as_numbers,
    largest_gap,
    seen_range,
    sparkline,
)
from driftwatch.render.drawing.drawing import NOTEBOOK, PAGE, WIDTH, Drawing, inline, panel
from driftwatch.render.drawing.ticks import share_ticks
from tests.render.conftest import categorical, feature, numeric

NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


def ends_of(path: str) -> list[tuple[float, float]]:
    """Every point that a path of M, L, H, V, h, v and l goes through."""
    x = y = 0.0
    points = []
    for letter, rest in re.findall(r"([MLHVhvlz])([^MLHVhvlz]*)", path):
        values = [float(number) for number in NUMBER.findall(rest)]
        match letter:
            case "M" | "L":
                x, y = values
            case "l":
                x, y = x + values[0], y + values[1]
            case "H":
                x = values[0]
            case "h":
                x += values[0]
            case "V":
                y = values[0]
            case "v":
                y += values[0]
        points.append((x, y))
    return points


def roles(drawing: Drawing) -> list[str]:
    return [shape.role for shape in drawing.shapes]


def path_of(drawing: Drawing, role: str) -> str:
    return next(shape.path for shape in drawing.shapes if shape.role == role)


def words(drawing: Drawing) -> list[str]:
    return [note.text for note in drawing.notes]


@st.composite
def numeric_distributions(draw: st.DrawFn) -> Distribution:
    finite = st.floats(allow_nan=False, allow_infinity=False)
    edges = sorted(draw(st.lists(finite, min_size=3, max_size=40)))
    cells = len(edges) - 1
    shares = st.lists(st.floats(0, 1), min_size=cells + 2, max_size=cells + 2)
    sides, beyond = [], []
    for side in (draw(shares), draw(shares)):
        whole = max(sum(side), 1.0)
        below, *inside, above = (share / whole for share in side)
        sides.append(tuple(inside))
        beyond.append((below, above))
    known = (beyond[0], beyond[1]) if draw(st.booleans()) else None
    return Distribution(sides[0], sides[1], edges=tuple(edges), beyond=known)


@given(numeric_distributions(), st.booleans(), st.tuples(*[st.floats(-1e308, 1e308)] * 2))
def test_any_numeric_distribution_is_drawn_within_its_box(
    distribution: Distribution, dates: bool, ends: tuple[float, float]
) -> None:
    if not is_drawn_as_numbers(distribution):
        return
    seen = Seen(min(ends), max(ends), 0.1, 0.2)
    drawings = [
        histogram(distribution, dates=dates, seen=seen),
        cumulative(distribution, dates=dates, gap=(ends[0], 0.5)),
    ]

    for drawing in drawings:
        for shape in drawing.shapes:
            for x, y in ends_of(shape.path):
                assert -1 <= x <= WIDTH + 1
                assert -1 <= y <= drawing.height + 1
        assert all(0 <= place <= 1 for place, _ in drawing.x_ticks)
        assert len(drawing.x_ticks) <= 8
        for markup in (panel(drawing), inline(drawing)):
            assert "nan" not in markup
            assert "inf" not in markup


def test_heights_are_shares_and_the_axis_says_them() -> None:
    drawing = histogram(Distribution((0.5, 0.5), (0.25, 0.75), edges=(0.0, 1.0, 2.0)))
    top = {text: y for y, text in drawing.y_ticks}

    assert list(top) == ["0", "20 %", "40 %", "60 %"]
    assert top["0"] == drawing.height
    half = min(y for _, y in ends_of(path_of(drawing, "reference")))
    assert half == pytest.approx((top["40 %"] + top["60 %"]) / 2, abs=1)


def test_ticks_below_are_round_and_stand_at_their_values() -> None:
    shares = (0.02, 0.14, 0.34, 0.34, 0.14, 0.02)
    drawing = histogram(Distribution(shares, shares, edges=(-3, -2, -1, 0, 1, 2, 3)))

    assert {text: round(place, 3) for place, text in drawing.x_ticks}["0"] == 0.5
    assert [text for _, text in drawing.x_ticks] == ["-2", "0", "2"]


def test_rows_beyond_the_axis_stand_in_hatched_bins_at_its_ends() -> None:
    inside = Distribution((0.45, 0.5), (0.4, 0.3), edges=(0.5, 50.0, 99.5))
    drawing = histogram(
        Distribution(
            inside.reference, inside.current, edges=inside.edges, beyond=((0.05, 0.0), (0.1, 0.2))
        )
    )
    ticks = {text: place for place, text in drawing.x_ticks}

    assert ticks["< 0.5"] == 0.0
    assert ticks["> 99.5"] == 1.0
    assert roles(drawing).count("hatched_reference") == 1  # nothing of it lies above
    assert roles(drawing).count("hatched_current") == 2
    assert max(x for x, _ in ends_of(path_of(drawing, "hatched_reference"))) < 50
    first, last = (
        ends_of(path_of(drawing, "reference"))[0],
        max(ends_of(path_of(drawing, "reference"))),
    )
    assert first[0] > 38
    assert last[0] < WIDTH - 38


def test_no_bins_stand_where_no_row_is_beyond() -> None:
    drawing = histogram(
        Distribution((0.5, 0.5), (0.5, 0.5), edges=(0.0, 1.0, 2.0), beyond=((0.0, 0.0),) * 2)
    )

    assert not [role for role in roles(drawing) if "hatched" in role]
    assert ends_of(path_of(drawing, "reference"))[0][0] == 0


def test_a_report_of_before_says_how_many_rows_lie_beyond() -> None:
    drawing = histogram(Distribution((0.5, 0.5), (0.4, 0.3), edges=(0.0, 1.0, 2.0)))

    assert "beyond the axis: 0 % → 30 %" in words(drawing)


def test_where_the_reference_has_no_values_the_ground_is_tinted_and_told() -> None:
    distribution = Distribution((0, 0, 0, 1), (0.5, 0.3, 0.2, 0), edges=(0.0, 1.0, 2.0, 3.0, 4.0))
    drawing = histogram(distribution, seen=Seen(3.5, 4.0, 1.0, 0.0))

    assert words(drawing) == ["never seen in the reference:", "100 % of rows below 3.5"]
    assert max(x for x, _ in ends_of(path_of(drawing, "zone"))) == 875
    assert "zone" not in roles(histogram(distribution, seen=Seen(0.0, 4.0, 0.0, 0.0)))


@pytest.mark.parametrize("height", [90, 120])
def test_words_do_not_stand_on_the_cells_of_their_corner(height: int) -> None:
    edges = tuple(float(edge) for edge in range(9))
    bell = (0.02, 0.1, 0.2, 0.3, 0.2, 0.1, 0.08, 0.0)
    flat = (0.125,) * 8
    of_before = Distribution((0.1,) * 8, (0.1,) * 8, edges=edges)
    for drawing in (
        histogram(Distribution(flat, flat, edges=edges), seen=Seen(2, 6, 0.2, 0.2), height=height),
        histogram(Distribution(flat, bell, edges=edges), seen=Seen(0, 6, 0, 0.02), height=height),
        histogram(of_before, seen=Seen(0, 6, 0, 0.2), height=height),
    ):
        lowest = max(note.y for note in drawing.notes)
        (right,) = {note.ends for note in drawing.notes}
        lines = [note.y for note in drawing.notes]
        cells = [
            y
            for role in ("reference", "current")
            for x, y in ends_of(path_of(drawing, role))
            if (x > 0.6 * WIDTH if right else x < 0.4 * WIDTH)
        ]

        assert lowest < min(cells)
        assert len(set(lines)) == len(lines)


@pytest.mark.parametrize("highest", [0.011, 0.05, 0.086, 0.0999, 0.1, 0.3, 0.62, 1.0])
def test_an_axis_of_shares_has_three_to_five_labels(highest: float) -> None:
    assert 3 <= len(share_ticks(highest)) <= 5


def test_cells_of_unlike_width_are_steps_and_it_is_said() -> None:
    edges = (0.0, 1e-9, 1.0, 10.0, 100.0)
    shares = (0.6, 0.2, 0.1, 0.1)
    drawing = histogram(Distribution(shares, shares, edges=edges))
    places = sorted({x for x, _ in ends_of(path_of(drawing, "reference"))})

    assert "one step a cell, not to scale" in words(drawing)
    assert places == [0, 250, 500, 1000]


def test_dates_are_labelled_as_dates() -> None:
    edges = tuple(1.7e9 + 86_400.0 * i for i in range(11))
    drawing = histogram(Distribution((0.1,) * 10, (0.1,) * 10, edges=edges), dates=True)

    assert "2023-11-14" in [text for _, text in drawing.x_ticks]


def test_cumulative_shares_end_where_all_rows_are_and_name_the_largest_gap() -> None:
    distribution = Distribution(
        (0.5, 0.4), (0.1, 0.8), edges=(0.0, 1.0, 2.0), beyond=((0.1, 0.0), (0.0, 0.1))
    )
    drawing = cumulative(distribution, gap=(1.0, 0.5))
    before = ends_of(path_of(drawing, "reference_line"))
    after = ends_of(path_of(drawing, "current"))

    assert before == [(0, 108), (500, 48), (1000, 0)]
    assert after == [(0, 120), (500, 108), (1000, 12)]
    assert words(drawing) == ["largest gap: 50 points at 1"]
    assert ends_of(path_of(drawing, "gap")) == [(500, 48), (500, 108)]


def test_range_and_gap_are_read_from_the_tests() -> None:
    outside = DriftResult(
        "out_of_range", 0.3, details={"range": [1.0, 2.0], "below": 0.1, "above": 0.2}
    )
    ks = DriftResult("ks", 0.25, details={"at": 1.5})
    told = feature("age", Status.OK, tests={"out_of_range": outside, "ks": ks})

    assert seen_range(told) == Seen(1.0, 2.0, 0.1, 0.2)
    assert largest_gap(told) == (1.5, 0.25)
    for strange in (["a", 2.0], [1.0], "1 to 2", None, [float("nan"), 2.0]):
        details = {"range": strange, "below": 0.1, "above": 0.2}
        odd = DriftResult("out_of_range", 0.3, details=details)
        gap = DriftResult("ks", 0.25, details={"at": strange})
        assert seen_range(feature("age", Status.OK, tests={"out_of_range": odd})) is None
        assert largest_gap(feature("age", Status.OK, tests={"ks": gap})) is None
    silent = feature("age", Status.OK, tests={"ks": DriftResult("ks", None)})
    assert seen_range(silent) is None
    assert largest_gap(silent) is None


def test_a_sparkline_leaves_out_the_rest_and_is_small() -> None:
    bars = Distribution((0.02, 0.01, 0.97), (0.01, 0.02, 0.97), labels=("a", "b", "(other)"))
    svg = sparkline(bars, PAGE)

    assert svg.count("v-20") == 2  # the highest named category of each side fills it
    for distribution in (numeric(), categorical()):
        assert 0 < len(sparkline(distribution, PAGE)) <= 500
    assert sparkline(Distribution((), ()), PAGE) == ""


@pytest.mark.parametrize("draw", [histogram, cumulative])
def test_a_drawing_without_a_style_sheet_has_a_paint_on_every_shape(draw: object) -> None:
    assert callable(draw)
    svg = inline(draw(numeric()))

    assert "class=" not in svg
    assert "style=" not in svg
    assert all("fill=" in path for path in re.findall(r"<path[^>]*>", svg))
    assert NOTEBOOK.keys() == PAGE.keys()


def test_a_drawing_for_a_page_needs_no_style_attribute_and_no_id() -> None:
    markup = panel(histogram(numeric(), seen=Seen(0.0, 1.0, 0.3, 0.3)))

    assert "style=" not in markup
    assert "url(" not in markup
    assert " id=" not in markup


def test_labels_of_a_drawing_are_escaped() -> None:
    drawing = Drawing(10, [], 'a "quoted" <label>', [(1, "<y>")], [(0.5, "<x>")], [])

    for markup in (panel(drawing), inline(drawing)):
        assert "<y>" not in markup
        assert "<x>" not in markup
        assert "&quot;quoted&quot; &lt;label&gt;" in markup
