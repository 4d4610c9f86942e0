"""Small pieces of markup that every part of a page uses."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from driftwatch.render.plain import plain

__all__ = [
    "EFFECT_ITEM",
    "SIDES",
    "SIDE_ITEMS",
    "STRIP_KEY",
    "breakable",
    "cells",
    "document",
    "pairs",
    "scrolling",
]

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"

SIDE_ITEMS = (
    "<li><svg width=16 height=10><rect class=reff width=16 height=10 /></svg>reference</li>"
    '<li><svg width=16 height=10><path class=cur d="M0 5H16"/></svg>production</li>'
)
"""What is drawn how, as items of a list that explains charts."""
EFFECT_ITEM = (
    "<li>effect bar: dotted tick warning, full tick critical, thin line the 95 % interval, "
    "// beyond twice critical</li>"
)
"""What an effect bar says, as an item of such a list."""
STRIP_KEY = (
    f"<ul class=key><li>strip: a cell a window, the higher the worse</li>{EFFECT_ITEM}</ul>\n"
)
"""What stands below features x time."""
SIDES = (
    '<ul class=key><li><svg width=16 height=10><path class=refl d="M0 5H16"/></svg>reference</li>'
    '<li><svg width=16 height=10><path class=cur d="M0 5H16"/></svg>production</li></ul>\n'
)
"""A list that says which of two lines is which side."""


def document(title: str, style: str, body: str, /) -> str:
    """A page of its own: styles are inside, there is no script, and a policy keeps it so.

    Args:
        title: Of the window, not escaped.
        style: Rules of the style sheet.
        body: What the page shows, escaped.
    """
    return (
        "<!doctype html>\n<html lang=en>\n<head>\n<meta charset=utf-8>\n"
        f'<meta http-equiv=Content-Security-Policy content="{_POLICY}">\n'
        '<meta name=viewport content="width=device-width,initial-scale=1">\n'
        f"<title>{escape(title)} · DriftWatch</title>\n"
        f"<style>\n{style}</style>\n</head>\n<body>\n<main>\n{body}</main>\n</body>\n</html>\n"
    )


def breakable(name: str, /) -> str:
    """A name from data, escaped, in a direction of its own, that may break at an underscore."""
    return f"<bdi>{escape(name).replace('_', '_<wbr>')}</bdi>"


def cells(texts: Iterable[str], /, kind: str = "n") -> str:
    """Cells of a table row with escaped texts, all of one class or of none."""
    opening = f"<td class={kind}>" if kind else "<td>"
    return "".join(f"{opening}{escape(text)}</td>" for text in texts)


def scrolling(label: str, table: str, /) -> str:
    """A table that scrolls sideways where it has no room, by keyboard too."""
    named = escape(label, quote=True)
    return f'<div class=wide tabindex=0 role=region aria-label="{named}">{table}</div>'


def pairs(items: Iterable[tuple[str, str]], /) -> str:
    """A list of terms and what there is to say of them."""
    body = "".join(
        f"<dt><bdi>{escape(plain(term))}</bdi></dt><dd><bdi>{escape(text)}</bdi></dd>"
        for term, text in items
    )
    return f"<dl class=pairs>{body}</dl>"
