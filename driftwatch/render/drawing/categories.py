"""Both sides of a column as bars by category: a table for pages, one SVG for notebooks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from unicodedata import east_asian_width

from driftwatch.core.reports.results import Distribution
from driftwatch.core.reports.spelling import shortened
from driftwatch.render.drawing.drawing import NOTEBOOK, svg_texts
from driftwatch.render.numbers import dates as date_texts
from driftwatch.render.numbers import numbers, points, share_change

__all__ = ["MOST", "OTHER", "Bars", "bars_of", "category_svg", "category_table"]

OTHER = "(other)"
"""Label of the categories that a report does not name."""
MOST = 12
"""Categories that have bars of their own."""

_NARROW = 18  # characters of a name beside bars in an SVG
_WORTH_A_ROW = 0.005
_ROW, _NAMES, _BARS = 22, 128, 190


@dataclass(frozen=True, slots=True)
class Bars:
    """One category, ready to be shown and still to be escaped.

    Attributes:
        name: Its name.
        reference: Its share of the reference.
        current: Its share of production.
        new: Whether the reference has never seen it.
        rest: Whether it stands for all that have no bars.
    """

    name: str
    reference: float
    current: float
    new: bool = False
    rest: bool = False

    @property
    def shares(self) -> str:
        """Both shares in words."""
        return share_change(self.reference, self.current)


def bars_of(
    distribution: Distribution, /, *, most: int = MOST, unseen: float = 0.0, dates: bool = False
) -> list[Bars]:
    """The most frequent categories of either side, in the order of the report, then the rest.

    Args:
        distribution: Shares by category; a single cell of numbers is one category.
        most: How many have a row of their own.
        unseen: Share of production's rows in categories that the reference never had.
        dates: Whether a cell holds seconds since 1970.
    """
    if distribution.edges is not None:
        return _of_one_value(distribution, dates=dates)
    named = zip(
        distribution.labels or (), distribution.reference, distribution.current, strict=False
    )
    rows = [
        Bars(shortened(name), old, new, new=old == 0 < new <= unseen + 1e-5)
        for name, old, new in named
        if name != OTHER  # goes with the rest
    ]
    ranked = sorted(range(len(rows)), key=lambda i: -max(rows[i].reference, rows[i].current))
    kept = [rows[index] for index in sorted(ranked[:most])]
    return kept + _rest(kept)


def _of_one_value(distribution: Distribution, *, dates: bool) -> list[Bars]:
    if not distribution.edges or not distribution.reference:
        return []
    ends = sorted({distribution.edges[0], distribution.edges[-1]})
    values = distribution.quantiles
    if values is not None and len(only := {*values[0], *values[1]}) == 1:
        ends = list(only)
    name = " to ".join((date_texts if dates else numbers)(ends))
    return [Bars(name, sum(distribution.reference), sum(distribution.current))]


def _rest(rows: Sequence[Bars]) -> list[Bars]:
    """What is left to one on sides that have any values."""
    sides = [row.reference for row in rows], [row.current for row in rows]
    old, new = (max(1 - sum(side), 0.0) if any(side) else 0.0 for side in sides)
    if max(old, new) < _WORTH_A_ROW:
        return []
    return [Bars("all others", old, new, rest=True)]


def category_table(rows: Sequence[Bars], /) -> str:
    """A table for a page with our style sheet: two bars a row, the reference above."""
    if not rows:
        return "<p class=soft>no values</p>"
    widest = _widest(rows)
    body = "".join(_table_row(row, widest) for row in rows)
    return (
        '<table class="stack bars"><thead><tr><th scope=col>category</th><td></td>'
        "<th scope=col>share</th><th scope=col>points</th></tr></thead>"
        f"<tbody>{body}</tbody></table>"
    )


def _table_row(row: Bars, widest: float) -> str:
    # No bar for the rest: it is no category, and would dwarf those that are.
    bars = "" if row.rest else "<svg aria-hidden=true>" + _bar("reff", 1, row.reference / widest)
    bars += "" if row.rest else _bar("curf", 10, row.current / widest) + "</svg>"
    name = f"<bdi>{escape(row.name)}</bdi>" if not row.rest else "all others"
    new = " <small>new</small>" if row.new else ""
    return (
        f"<tr><th scope=row>{name}{new}</th><td>{bars}</td><td>{escape(row.shares)}</td>"
        f"<td>{points(row.current - row.reference)}</td></tr>"
    )


def _bar(kind: str, y: int, share: float) -> str:
    # Shares so small that they have no pixel still have a trace.
    wide = max(round(100 * share), 0.3)
    return f'<rect class={kind} y={y} width="{wide}%" height=8 />' if share > 0 else ""


def category_svg(rows: Sequence[Bars], /) -> str:
    """One SVG that needs nothing around it, for notebooks."""
    if not rows:
        return f'<svg width="90" height="18">{svg_texts([(0, 13, "no values")], size=11)}</svg>'
    widest = _widest(rows)
    upper = lower = ""
    names, shares = [], []
    for index, row in enumerate(rows):
        y = index * _ROW
        if not row.rest:
            upper += _drawn_bar(y + 2, row.reference / widest)
            lower += _drawn_bar(y + 11, row.current / widest)
        names.append((_NAMES - 6, y + 15, _fitting(row.name)))
        text = f"{row.shares} new" if row.new else row.shares
        shares.append((_NAMES + _BARS + 8, y + 15, text))
    height = len(rows) * _ROW
    return (
        f'<svg width="480" height="{height}" viewBox="0 0 480 {height}" role="img" '
        'aria-label="Shares by category: reference above, production below">'
        f'<path {NOTEBOOK["reference"]} d="{upper}"/>'
        f'<path {NOTEBOOK["current_fill"]} d="{lower}"/>'
        f"{svg_texts(names, anchor='end', size=11)}{svg_texts(shares, size=11)}</svg>"
    )


def _drawn_bar(y: int, share: float) -> str:
    length = max(round(share * _BARS), 1)
    return f"M{_NAMES} {y}h{length}v8h-{length}z"


def _widest(rows: Sequence[Bars]) -> float:
    return max(
        1e-9, *(side for row in rows if not row.rest for side in (row.reference, row.current))
    )


def _fitting(name: str) -> str:
    if sum(map(_width_of, name)) <= _NARROW:
        return name
    # Long names often differ at their end: paths, user agents, addresses.
    head, tail = name, "" if name.endswith("…") else name[-5:]
    while head and sum(map(_width_of, f"{head}…{tail}")) > _NARROW:
        head = head[:-1]
    return f"{head.rstrip()}…{tail.lstrip()}"


def _width_of(character: str) -> float:
    """Width in the font of the names, about, in those of a small letter."""
    if east_asian_width(character) in "WF":
        return 2.0
    return 1.3 if character.isupper() else 1.0
