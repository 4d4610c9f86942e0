"""Lines of a terminal hold what the pieces held, and are no wider than they may be."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len, chop_cells
from rich.console import Console
from rich.text import Text

from driftwatch.render import lines as lines_module
from driftwatch.render.lines import Piece, cells_of, row_of_cells, shown_line, wrapped

TEXTS = st.text(st.sampled_from("ab 日é本-"), max_size=60)
PIECES = st.lists(st.builds(Piece, TEXTS, st.sampled_from(["", "bold", "dim", "bold red"])))


def plain(lines: list[list[Piece]]) -> list[str]:
    return ["".join(piece.text for piece in line) for line in lines]


@given(PIECES, st.integers(2, 40), st.integers(0, 6))
def test_no_letter_is_lost_and_no_line_is_too_wide(
    pieces: list[Piece], width: int, indent: int
) -> None:
    lines = wrapped(pieces, width + indent, indent=indent)

    letters = "".join(piece.text for piece in pieces).replace(" ", "")
    assert "".join(plain(lines)).replace(" ", "") == letters
    for line in plain(lines):
        assert line.startswith(" " * indent)
        assert cell_len(line.rstrip()) <= width + indent


@given(st.lists(st.text(st.sampled_from("ab日"), min_size=1, max_size=4)), st.integers(8, 40))
def test_words_are_wrapped_as_rich_wraps_them(words: list[str], width: int) -> None:
    text = " ".join(words)
    stream = io.StringIO()
    console = Console(file=stream, width=width, color_system=None)
    console.print(Text(text), highlight=False)

    found = [line.rstrip() for line in plain(wrapped([Piece(text)], width))]

    assert found == [line.rstrip() for line in stream.getvalue().splitlines()]


@given(st.lists(PIECES, min_size=1, max_size=4), st.data())
def test_cells_stand_in_their_columns(cells: list[list[Piece]], data: st.DataObject) -> None:
    size = len(cells)
    widths = data.draw(st.lists(st.integers(2, 12), min_size=size, max_size=size))

    lines = row_of_cells(cells, widths, 2, right=(size - 1,))

    assert {cells_of(line) for line in lines} == {sum(widths) + 2 * size}
    for cell in cells:
        for letter in "ab日é本-":
            many = sum(piece.text.count(letter) for other in cells for piece in other)
            assert "".join(plain(lines)).count(letter) == many, cell


def test_styles_are_shown_where_colours_are_wanted() -> None:
    words = [Piece("one", "bold red"), Piece(" ", "bold red"), Piece("two", "bold red")]

    assert shown_line([*words, Piece(".")], color=True) == "\x1b[1;31mone two\x1b[0m."
    assert shown_line([*words, Piece(".")], color=False) == "one two."


def test_a_sentence_in_colour_can_be_searched_for() -> None:
    (line,) = wrapped([Piece("2 of 5 features drifted", "bold")], 80)

    assert "features drifted" in shown_line(line, color=True)


def test_a_word_without_end_is_folded_in_one_go(monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at = []

    def counted(text: str, width: int) -> list[str]:
        looked_at.append(len(text))
        return chop_cells(text, width)

    monkeypatch.setattr(lines_module, "chop_cells", counted)
    lines = wrapped([Piece("x" * 5_000)], 80)

    assert len(lines) == 63
    assert sum(looked_at) == 5_000
