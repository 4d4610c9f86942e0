"""SVG drawings of distributions: pure functions, colours from the style sheet around them."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from unicodedata import east_asian_width

from driftwatch.core.reports.report import Distribution
from driftwatch.render.drawing.axes import Axis, choose_axis
from driftwatch.render.numbers import dates as date_labels
from driftwatch.render.numbers import numbers, percent
from driftwatch.render.plain import plain

__all__ = ["CHART_CSS", "category_chart", "chart", "numeric_chart"]

CHART_CSS = """\
.dw{display:block;width:100%;height:auto;font:11px system-ui,sans-serif;fill:var(--soft)}
.dw .r{fill:var(--reference)}
.dw .c{fill:var(--current)}
.dw .l{fill:none;stroke:var(--current);stroke-width:1.8;stroke-linejoin:round}
.dw .x{fill:none;stroke:var(--line)}
.dw .m{text-anchor:middle}
.dw .e{text-anchor:end}
"""
"""What a page must style; it defines --reference, --current, --soft and --line."""

_WIDTH = 480
_LEFT, _RIGHT = 4, 476
_TOP, _BASE = 14, 118
_HEIGHT = 136

OTHER = "(other)"
"""Label of the categories that a report does not name."""
_CATEGORIES = 12
_LABEL = 18  # characters of a category's name; Chinese, Japanese and Korean ones count twice
_BAR_LEFT, _BAR_RIGHT = 132, 384
_ROW = 22
_WORTH_A_WORD = 0.02


def chart(distribution: Distribution, *, dates: bool = False) -> str:
    """Return the drawing that suits `distribution`: cells on a line, or bars by name.

    Args:
        distribution: What to draw.
        dates: Whether the values are seconds since 1970.
    """
    if distribution.edges is not None:
        return numeric_chart(distribution, dates=dates)
    return category_chart(distribution)


def numeric_chart(distribution: Distribution, *, dates: bool = False) -> str:
    """Return an SVG with the reference as a filled histogram and the current side as a line.

    Areas are shares. Far tails and lone peaks are cut where they would flatten the rest,
    and the drawing says so. Values that are all the same are drawn as a bar.

    Args:
        distribution: Shares over cells with edges.
        dates: Whether the values are seconds since 1970.
    """
    edges = distribution.edges or ()
    labels = date_labels if dates else numbers
    if len(edges) <= 2 or edges[0] == edges[-1]:
        span = " to ".join(labels(sorted({edges[0], edges[-1]}))) if edges else ""
        reference, current = (sum(distribution.reference),), (sum(distribution.current),)
        return category_chart(
            Distribution(reference, current, labels=(span,) if span else None),
        )
    axis = choose_axis(distribution, edges, dates=dates)
    ends = " to ".join(labels([edges[0], edges[-1]]))
    remarks = [axis.note, _outside(distribution)]
    remark = "; ".join(remark for remark in remarks if remark)
    note = f"<text class=e x={_RIGHT} y=10>{remark}</text>" if remark else ""
    return _svg(
        _HEIGHT,
        f"Reference (filled) and production (line) from {ends}",
        f"<path class=r d={_quoted(_outline(axis, axis.reference) + 'z')}/>"
        f"{_ticks(axis)}"
        f"<path class=l d={_quoted(_outline(axis, axis.current))}/>{note}",
    )


def _outside(distribution: Distribution) -> str:
    """Shares of both sides that lie outside of the cells, where they are worth a word."""
    before, after = (
        max(0.0, 1 - sum(side)) for side in (distribution.reference, distribution.current)
    )
    if max(before, after) < _WORTH_A_WORD:
        return ""
    return f"outside {percent(before)} → {percent(after)}"


def category_chart(distribution: Distribution) -> str:
    """Return an SVG with a pair of bars a category: reference above, current below.

    The most frequent categories of either side have bars; the rest are one pair.
    """
    rows = _frequent(distribution)
    if not rows:
        return _svg(_ROW, "No values", "<text x=4 y=15>no values</text>")
    widest = max(1e-9, *(share for _, *shares in rows for share in shares))
    scale = (_BAR_RIGHT - _BAR_LEFT) / widest
    upper = lower = ""
    for index, (_, reference, current) in enumerate(rows):
        upper += _bar(index * _ROW + 2, reference * scale)
        lower += _bar(index * _ROW + 11, current * scale)
    # No bar for the rest: it is no category, and would dwarf those that are.
    rows += _rest(rows)
    names = [label for label, _, _ in rows]
    shares = [f"{percent(reference)} → {percent(current)}" for _, reference, current in rows]
    return _svg(
        len(rows) * _ROW,
        "Shares by category: reference above, production below",
        f"<path class=r d={_quoted(upper)}/><path class=c d={_quoted(lower)}/>"
        f"{_column(_BAR_LEFT - 6, names)}{_column(_RIGHT, shares)}",
    )


def _frequent(distribution: Distribution) -> list[tuple[str, float, float]]:
    names = distribution.labels or ()
    rows = [
        (_fitting(plain(name)) or "(empty)", reference, current)
        for name, reference, current in zip(
            names, distribution.reference, distribution.current, strict=False
        )
        if name != OTHER  # goes with the rest
    ]
    ranked = sorted(range(len(rows)), key=lambda index: -max(rows[index][1:]))
    return [rows[index] for index in sorted(ranked[:_CATEGORIES])]


def _rest(rows: Sequence[tuple[str, float, float]]) -> list[tuple[str, float, float]]:
    """Return what is left to one on sides that have any values."""
    sides = [row[1] for row in rows], [row[2] for row in rows]
    reference, current = (max(1 - sum(side), 0.0) if any(side) else 0.0 for side in sides)
    return [("all others", reference, current)] if max(reference, current) >= 0.005 else []


def _fitting(label: str) -> str:
    if sum(map(_width_of, label)) <= _LABEL:
        return label
    # Long names often differ at their end: paths, user agents, addresses.
    head, tail = label, "" if label.endswith("…") else label[-5:]
    while head and sum(map(_width_of, f"{head}…{tail}")) > _LABEL:
        head = head[:-1]
    return f"{head.rstrip()}…{tail.lstrip()}"


def _width_of(character: str) -> float:
    """Width in the font of the labels, about, in those of a small letter."""
    if east_asian_width(character) in "WF":
        return 2.0
    return 1.3 if character.isupper() else 1.0


def _column(right: int, texts: Sequence[str]) -> str:
    lines = "".join(
        f"<text y={index * _ROW + 15}>{escape(text)}</text>" for index, text in enumerate(texts)
    )
    return f'<g class=e transform="translate({right})">{lines}</g>'


def _bar(y: int, length: float) -> str:
    return f"M{_BAR_LEFT} {y}h{_short(max(length, 0.5))}v9h-{_short(max(length, 0.5))}z"


def _outline(axis: Axis, heights: Sequence[float]) -> str:
    """Return a path along the tops of the cells, from the base line and back to it."""
    x = round(_LEFT + axis.edges[0] * (_RIGHT - _LEFT)) if axis.edges else _LEFT
    y = _BASE
    path = f"M{x} {y}"
    cells = zip(axis.edges[1:], heights, strict=False)
    for edge, height in cells:
        right = round(_LEFT + edge * (_RIGHT - _LEFT))
        level = round(_BASE - height * (_BASE - _TOP))
        if right == x:
            continue
        if level != y:
            path += f"v{level - y}"
        path += f"h{right - x}"
        x, y = right, level
    return f"{path}V{_BASE}"


def _ticks(axis: Axis) -> str:
    lines, texts = f"M{_LEFT} {_BASE}H{_RIGHT}", ""
    for place, label in axis.ticks:
        x = round(_LEFT + place * (_RIGHT - _LEFT))
        lines += f"M{x} {_BASE}v4"
        if x < 24:
            anchor, x = "", _LEFT
        elif x > _WIDTH - 24:
            anchor, x = " class=e", _RIGHT
        else:
            anchor = " class=m"
        texts += f"<text{anchor} x={x} y={_HEIGHT - 3}>{escape(label)}</text>"
    return f"<path class=x d={_quoted(lines)}/>{texts}"


def _svg(height: int, title: str, body: str) -> str:
    return (
        f'<svg class=dw role=img viewBox="0 0 {_WIDTH} {height}">'
        f"<title>{escape(title)}</title>{body}</svg>"
    )


def _quoted(path: str) -> str:
    return f'"{path}"'


def _short(length: float) -> str:
    return f"{length:.1f}".removesuffix(".0")
