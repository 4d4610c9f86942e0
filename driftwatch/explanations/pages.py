"""A page of explanations, read: Markdown of the one form that all of them have.

A title; then for every code a heading ``## DW031: What it is``, a paragraph, a list after ``Usual
causes:``, a numbered one after ``What to do:``, blocks of examples, names after ``Also called:``.
"""

from __future__ import annotations

import pkgutil
import re
from collections.abc import Iterator

from driftwatch.explanations.explanation import Example, Explanation, Group

__all__ = ["parse", "read_page"]

_HEADING = re.compile(r"^## (DW\d{3}): (.+)$", re.MULTILINE)
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_CAUSES, _REMEDIES, _NAMES = "Usual causes:", "What to do:", "Also called:"
_ITEM = re.compile(r"^(?:\*|\d+\.) ")


def read_page(name: str, /) -> Group:
    """The group of a page that is beside this file.

    Args:
        name: Of the file, without ``.md``.
    """
    data = pkgutil.get_data(__package__, f"{name}.md")
    return parse((data or b"").decode())


def parse(text: str, /) -> Group:
    """Read a page.

    Example:
        >>> page = parse("# Stores" + chr(10) * 2 + "## DW031: The store is away" + chr(10))
        >>> page.title, page.explanations[0].code
        ('Stores', 'DW031')
    """
    title, *parts = _HEADING.split(text)
    sections = zip(parts[::3], parts[1::3], parts[2::3], strict=True)
    return Group(
        title.strip().removeprefix("# "),
        tuple(_explanation(code, title, body) for code, title, body in sections),
    )


def _explanation(code: str, title: str, body: str) -> Explanation:
    examples = tuple(Example(kind, lines.rstrip("\n")) for kind, lines in _BLOCK.findall(body))
    parts = {"": "", _CAUSES: "", _REMEDIES: "", _NAMES: ""}
    place = ""
    for paragraph in re.split(r"\n{2,}", _BLOCK.sub("", body).strip()):
        place = next(
            (mark for mark in (_CAUSES, _REMEDIES, _NAMES) if paragraph.startswith(mark)), place
        )
        parts[place] += f"{paragraph.removeprefix(place)}\n"
    return Explanation(
        code,
        title,
        " ".join(parts[""].split()),
        tuple(_items(parts[_CAUSES])),
        tuple(_items(parts[_REMEDIES])),
        examples,
        tuple(re.findall(r"`([^`]+)`", parts[_NAMES])),
    )


def _items(text: str) -> Iterator[str]:
    """The items of a list, each on one line."""
    lines: list[str] = []
    for line in text.splitlines():
        if _ITEM.match(line):
            lines.append(_ITEM.sub("", line))
        elif line.strip():
            lines[-1] += f" {line.strip()}"
    yield from lines
