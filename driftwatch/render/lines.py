"""Styled pieces of text -> lines of a terminal, wrapped where they are too long."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from rich.cells import cell_len, chop_cells

__all__ = ["Piece", "cells_of", "row_of_cells", "shown_line", "wrapped"]

_CODES = {
    "bold": "1",
    "dim": "2",
    "red": "31",
    "green": "32",
    "yellow": "33",
    "magenta": "35",
}
_WORD = re.compile(r"\S+|\s+")


@dataclass(frozen=True, slots=True)
class Piece:
    """Some text in a style.

    Attributes:
        text: On one line.
        style: Words of ``bold``, ``dim`` and a colour, such as ``bold red``; or nothing.
    """

    text: str
    style: str = ""


Line = Sequence[Piece]


def shown_line(line: Line, /, *, color: bool) -> str:
    r"""The text of pieces, each style between two escape sequences where colours are wanted.

    Example:
        >>> shown_line([Piece("a ", "bold red"), Piece("b", "bold red"), Piece("!")], color=True)
        '\x1b[1;31ma b\x1b[0m!'
    """
    texts = []
    for style, pieces in groupby(line, key=lambda piece: piece.style):
        text = "".join(piece.text for piece in pieces)
        if color and style and text:
            codes = ";".join(_CODES[word] for word in style.split())
            text = f"\x1b[{codes}m{text}\x1b[0m"
        texts.append(text)
    return "".join(texts)


def cells_of(line: Line, /) -> int:
    """Columns of a terminal that pieces take: two for each letter of East Asia."""
    return sum(cell_len(piece.text) for piece in line)


def wrapped(line: Line, width: int, /, *, indent: int = 0) -> list[list[Piece]]:
    """Break pieces into lines between words, and within words that are longer than a line.

    Args:
        line: The pieces, one after another.
        width: Columns of the terminal.
        indent: Blanks before each line.

    Example:
        >>> ["".join(piece.text for piece in line) for line in wrapped([Piece("one two")], 6)]
        ['one', 'two']
    """
    room = max(1, width - indent)
    lines: list[list[Piece]] = [[]]
    taken = 0
    for word in _words(line):
        size = cells_of(word)
        is_blank = not word[0].text.strip()
        if taken + size > room and not is_blank and lines[-1]:
            while len(lines[-1]) > 1 and lines[-1][-1].text.isspace():
                lines[-1].pop()
            lines.append([])
            taken = 0
        if size > room and not is_blank:
            lines[-1:] = _folded(word, room)  # in place of the empty one that was begun
            taken = cells_of(lines[-1])
            continue
        if is_blank and (taken + size > room or (not lines[-1] and len(lines) > 1)):
            taken = room if lines[-1] else 0
            continue  # a line neither ends with blanks nor goes on with them
        lines[-1].extend(word)
        taken += size
    margin = [Piece(" " * indent)] if indent else []
    return [[*margin, *pieces] for pieces in lines]


def row_of_cells(
    cells: Sequence[Line], widths: Sequence[int], gap: int, /, *, right: Sequence[int] = ()
) -> list[list[Piece]]:
    """Lay cells beside each other; what does not fit into its column goes on below.

    Args:
        cells: The pieces of each cell.
        widths: Columns of the terminal for each.
        gap: Blanks between them.
        right: Places of cells that end where their column does.
    """
    columns = [wrapped(cell, width) for cell, width in zip(cells, widths, strict=True)]
    lines = []
    for number in range(max(map(len, columns))):
        line: list[Piece] = []
        for place, (column, width) in enumerate(zip(columns, widths, strict=True)):
            pieces = column[number] if number < len(column) else []
            blanks = Piece(" " * (width - cells_of(pieces)))
            line += [blanks, *pieces] if place in right else [*pieces, blanks]
            line.append(Piece(" " * gap))
        lines.append(line)
    return lines


def _words(line: Line) -> Iterator[list[Piece]]:
    """Words and the blanks between them; a word may have several styles."""
    word: list[Piece] = []
    for piece in line:
        for text in _WORD.findall(piece.text):
            part = Piece(text, piece.style)
            if word and text.isspace() == word[-1].text.isspace():
                word.append(part)
            else:
                if word:
                    yield word
                word = [part]
    if word:
        yield word


def _folded(line: Line, width: int) -> list[list[Piece]]:
    """Break pieces wherever a line is full; the last line is what is left."""
    lines: list[list[Piece]] = [[]]
    taken = 0
    for piece in line:
        text = piece.text
        if taken and taken + cell_len(text) > width:
            # What still fits behind others, which is less than a line.
            fits = chop_cells(text[: width - taken], width - taken)[0] if width > taken else ""
            if cell_len(fits) <= width - taken:
                lines[-1].append(Piece(fits, piece.style))
                text = text[len(fits) :]
            lines.append([])
            taken = 0
        for number, part in enumerate(chop_cells(text, width) if text else ()):
            if number:
                lines.append([])
                taken = 0
            lines[-1].append(Piece(part, piece.style))
            taken += cell_len(part)
    if len(lines) > 1 and not lines[-1]:
        lines.pop()
    return lines
