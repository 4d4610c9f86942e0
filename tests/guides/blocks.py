"""The fenced blocks of a Markdown page, and what each of them is to a reader."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Block", "blocks"]

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_NOT_RUN = re.compile(r"# Not run here: .+")
_FILE = re.compile(r"# ([\w./-]+\.\w+)")


@dataclass(frozen=True)
class Block:
    """A fenced block.

    Attributes:
        language: What its fence says: ``python``, ``console``, ``toml`` ...
        text: What is between the fences.
        line: Of its first line of text in the page, counted from one.
    """

    language: str
    text: str
    line: int

    @property
    def is_run(self) -> bool:
        """Whether nothing keeps it from being run or written: no line that says so."""
        return _NOT_RUN.fullmatch(self._first_line) is None

    @property
    def file(self) -> str | None:
        """The file that a reader would write it to, if its first line is the name of one."""
        found = _FILE.fullmatch(self._first_line)
        return found and found[1]

    @property
    def _first_line(self) -> str:
        return self.text.partition("\n")[0]


def blocks(page: Path, /) -> Iterator[Block]:
    """Yield the blocks of `page` in order."""
    text = page.read_text("utf-8")
    for found in _FENCE.finditer(text):
        yield Block(found[1], found[2], text.count("\n", 0, found.start(2)) + 1)
