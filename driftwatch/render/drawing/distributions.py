"""Both sides of a column as drawings: numbers as a histogram and as cumulative shares."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from driftwatch.core.reports.results import Distribution, FeatureDrift
from driftwatch.core.reports.spelling import size_in_points
from driftwatch.render.drawing.categories import OTHER
from driftwatch.render.drawing.drawing import WIDTH, Drawing, Note, Palette, Shape
from driftwatch.render.drawing.ticks import date_ticks, number_ticks, share_ticks, spread_out
from driftwatch.render.numbers import dates as date_texts
from driftwatch.render.numbers import number, numbers, percent, share_change

__all__ = [
    "Seen",
    "cumulative",
    "histogram",
    "is_drawn_as_numbers",
    "largest_gap",
    "seen_range",
    "sparkline",
]

_BARS = 6  # categories of a sparkline
_END = 38  # units that a bin of rows beyond the axis is wide
_BETWEEN = 10  # and its distance from the others
_WORTH_A_BIN = 0.0005
_ABOVE = 0.06  # room over the highest cell
_EVEN = 1.25  # cells that differ by no more than this factor are drawn to scale
_HATCH = 7
_LETTER = 0.018  # the width of a letter below a narrow plot, as a share
_GAP = 0.05  # between the label at an end and the next
_CORNER = 0.45  # how far words in a corner reach
_FIRST_LINE = 13  # the base line of words at the top, in pixels
_LINE = 14
_AIR = 6


@dataclass(frozen=True, slots=True)
class Seen:
    """Between which values the reference lies, and what of production is outside.

    Attributes:
        low: The least value of the reference.
        high: The greatest.
        below: Share of production's rows below.
        above: Share of production's rows above.
    """

    low: float
    high: float
    below: float
    above: float


@dataclass(frozen=True, slots=True)
class _Axis:
    """Where the cells stand: their ends in units, and what stands at the ends of the axis."""

    places: tuple[int, ...]
    edges: tuple[float, ...]
    below: tuple[float, float] | None
    above: tuple[float, float] | None
    dates: bool
    even: bool

    def at(self, value: float) -> float:
        """Where a value stands, in units; at the ends where it is beyond them."""
        cells = list(zip(pairwise(self.edges), pairwise(self.places), strict=True))
        if value <= self.edges[0]:
            return self.places[0]
        for (left, right), (start, end) in cells:
            if value <= right:
                width = right / 2 - left / 2
                share = (value / 2 - left / 2) / width if width > 0 else 1.0
                return start + share * (end - start)
        return self.places[-1]


def seen_range(feature: FeatureDrift) -> Seen | None:
    """The range of the reference and the production rows outside of it, where it is known."""
    result = feature.tests.get("out_of_range")
    if result is None:
        return None
    span = result.details.get("range")
    below, above = result.details.get("below"), result.details.get("above")
    if not isinstance(span, list | tuple) or len(span) != 2:
        return None
    known = [value for value in (*span, below, above) if _is_number(value)]
    return Seen(*known) if len(known) == 4 else None


def largest_gap(feature: FeatureDrift) -> tuple[float, float] | None:
    """The value at which the cumulative shares differ most, and by how much, where it is known."""
    result = feature.tests.get("ks")
    at = None if result is None else result.details.get("at")
    if result is None or result.statistic is None or at is None or not _is_number(at):
        return None
    return float(at), result.statistic


def _is_number(value: object) -> bool:
    """Whether a detail of a test is a number; reports come from files too."""
    return isinstance(value, int | float) and math.isfinite(value)


def is_drawn_as_numbers(distribution: Distribution, /) -> bool:
    """Whether there is more than one cell of numbers; else a bar says it all."""
    edges = distribution.edges
    return edges is not None and len(edges) > 2 and edges[0] < edges[-1]


def histogram(
    distribution: Distribution,
    /,
    *,
    dates: bool = False,
    seen: Seen | None = None,
    height: int = 120,
) -> Drawing:
    """The reference filled, production as a line, over the same cells; heights are shares of rows.

    Rows beyond the axis stand in hatched bins at its ends. Where production has values that the
    reference never had, the ground is tinted and words say how many.

    Args:
        distribution: Shares over at least two cells with edges.
        dates: Whether the values are seconds since 1970.
        seen: The range of the reference, where it is known.
        height: Of the plot in pixels.
    """
    axis = _axis(distribution, dates=dates)
    beyond = [share for pair in (axis.below, axis.above) if pair for share in pair]
    highest = max(*distribution.reference, *distribution.current, *beyond, 1e-9)
    top = highest * (1 + _ABOVE)
    zones, words = _unseen(axis, seen, height)
    words += _remarks(axis, distribution)
    right, tall = _lower_corner(axis, distribution)
    if words and tall / top > 1 - _room_of(words) / height:
        top = tall / (1 - _room_of(words) / height)
    ticks = [(height * (1 - share / top), text) for share, text in share_ticks(highest)]
    before, after = (_heights(side, top, height) for side in _sides(distribution))
    notes = [
        Note(float(right), _FIRST_LINE + _LINE * index, text, strong=strong, ends=right)
        for index, (text, strong) in enumerate(words)
    ]
    shapes = [
        Shape("grid", "".join(f"M0 {round(y)}H{WIDTH}" for y, _ in ticks)),
        *zones,
        Shape("reference", _outline(axis.places, before, height) + "z"),
        *_end_bins(axis, top, height),
        Shape("current", _outline(axis.places, after, height)),
    ]
    return Drawing(height, shapes, _label(distribution, dates=dates), ticks, _below(axis), notes)


def cumulative(
    distribution: Distribution,
    /,
    *,
    dates: bool = False,
    gap: tuple[float, float] | None = None,
    height: int = 120,
) -> Drawing:
    """The share of rows at or below each value, of both sides, and where they differ most.

    Args:
        distribution: Shares over at least two cells with edges.
        dates: Whether the values are seconds since 1970.
        gap: The value at which the sides differ most, and by how much, where it is known.
        height: Of the plot in pixels.
    """
    axis = _axis(distribution, dates=dates, bins=False)
    starts = axis.below or (0.0, 0.0)
    lines = [_rising(side, start) for side, start in zip(_sides(distribution), starts, strict=True)]
    ticks = [(height * (1 - share), f"{100 * share:g} %" if share else "0") for share in _QUARTERS]
    shapes = [
        Shape("grid", "".join(f"M0 {round(y)}H{WIDTH}" for y, _ in ticks)),
        Shape("reference_line", _line(axis.places, lines[0], height)),
        Shape("current", _line(axis.places, lines[1], height)),
    ]
    notes = []
    label = f"Shares of rows at or below each value, {_span(distribution, dates=dates)}"
    if gap is not None:
        at, size = gap
        x = axis.at(at)
        ends = [height * (1 - _between(axis.places, line, x)) for line in lines]
        if abs(ends[0] - ends[1]) >= 1:
            shapes.append(Shape("gap", f"M{round(x)} {round(ends[0])}V{round(ends[1])}"))
        text = f"largest gap: {size_in_points(size)} points at {_value(at, dates=dates)}"
        label += f"; {text}"
        right = x > WIDTH / 2
        middle = min(max(sum(ends) / 2 + 4, 14), height - 6)
        notes.append(Note(x / WIDTH, middle, text, strong=True, ends=right))
    return Drawing(height, shapes, label, ticks, _below(axis), notes)


_QUARTERS = (0.0, 0.25, 0.5, 0.75, 1.0)


def sparkline(
    distribution: Distribution, palette: Palette, /, *, width: int = 92, height: int = 22
) -> str:
    """Both sides so small that only their shape is seen."""
    before, after = _sides(distribution)
    if distribution.labels is not None:
        # The rest is no category, and would dwarf those that are.
        named = [i for i, name in enumerate(distribution.labels) if name != OTHER][:_BARS]
        before, after = (tuple(side[i] for i in named) for side in (before, after))
    if not before:
        return ""
    top = max(*before, *after, 1e-9)
    high = height - 2
    if distribution.labels is None:
        cells = len(before)
        places = [round(index * width / cells) for index in range(cells + 1)]
        sides = [[round(share / top * high) for share in side] for side in (before, after)]
        paths = [_outline(places, side, height) for side in sides]
        body = (
            f'<path {palette["reference"]} d="{paths[0]}z"/>'
            f'<path {palette["current"]} d="{paths[1]}"/>'
        )
    else:
        room = min(width // len(before), 30)
        bar = max((room - 2) // 2, 1)
        paths = ["", ""]
        for index, pair in enumerate(zip(before, after, strict=True)):
            for side, share in enumerate(pair):
                tall = round(share / top * high)
                if tall:
                    x = index * room + side * bar
                    paths[side] += f"M{x} {height}v-{tall}h{bar}v{tall}z"
        body = (
            f'<path {palette["reference"]} d="{paths[0]}"/>'
            f'<path {palette["current_fill"]} d="{paths[1]}"/>'
        )
    return (
        f'<svg width={width} height={height} viewBox="0 0 {width} {height}" '
        f"aria-hidden=true>{body}</svg>"
    )


def _sides(distribution: Distribution) -> tuple[tuple[float, ...], tuple[float, ...]]:
    return distribution.reference, distribution.current


def _axis(distribution: Distribution, *, dates: bool, bins: bool = True) -> _Axis:
    edges = distribution.edges or ()
    below = above = None
    if distribution.beyond is not None:
        (old_below, old_above), (new_below, new_above) = distribution.beyond
        below = (old_below, new_below) if max(old_below, new_below) >= _WORTH_A_BIN else None
        above = (old_above, new_above) if max(old_above, new_above) >= _WORTH_A_BIN else None
    start = _END + _BETWEEN if below and bins else 0
    end = WIDTH - (_END + _BETWEEN if above and bins else 0)
    widths = [right / 2 - left / 2 for left, right in pairwise(edges)]
    even = min(widths) > 0 and max(widths) <= _EVEN * min(widths)
    span = edges[-1] / 2 - edges[0] / 2
    cells = len(widths)
    shares = [
        (edge / 2 - edges[0] / 2) / span if even else index / cells
        for index, edge in enumerate(edges)
    ]
    places = tuple(round(start + share * (end - start)) for share in shares)
    return _Axis(places, edges, below, above, dates, even)


def _heights(shares: Sequence[float], top: float, height: int) -> list[int]:
    return [round(share / top * height) for share in shares]


def _outline(places: Sequence[int], heights: Sequence[int], base: int) -> str:
    """A path along the tops of the cells, from the base line and back to it."""
    start, x, y = places[0], places[0], base
    path = f"M{x} {y}"
    for right, tall in zip(places[1:], heights, strict=True):
        level = base - tall
        if right > start and level != y:
            path += f"h{start - x}" if start > x else ""
            path += f"v{level - y}"
            x, y = start, level
        start = right
    return f"{path}h{start - x}V{base}"


def _rising(shares: Sequence[float], start: float) -> list[float]:
    return [min(max(value, 0.0), 1.0) for value in accumulate(shares, initial=start)]


def _line(places: Sequence[int], values: Sequence[float], height: int) -> str:
    points = [(x, round(height * (1 - v))) for x, v in zip(places, values, strict=True)]
    x, y = points[0]
    path = f"M{x} {y}"
    for right, level in points[1:]:
        path += f"l{right - x} {level - y}" if level != y else f"h{right - x}"
        x, y = right, level
    return path


def _between(places: Sequence[int], values: Sequence[float], x: float) -> float:
    """The height of a line at a place."""
    steps = zip(pairwise(places), pairwise(values), strict=True)
    for (left, right), (low, high) in steps:
        if x <= right:
            share = (x - left) / (right - left) if right > left else 1.0
            return low + max(share, 0.0) * (high - low)
    return values[-1]


def _end_bins(axis: _Axis, top: float, height: int) -> list[Shape]:
    """Hatched bins of the rows beyond the axis, reference and production."""
    shapes = []
    for pair, left in ((axis.below, 0), (axis.above, WIDTH - _END)):
        if pair is None:
            continue
        for role, share in zip(("hatched_reference", "hatched_current"), pair, strict=True):
            tall = round(share / top * height)
            if tall:
                shapes.append(Shape(role, _hatched(left, height - tall, height, role)))
    return shapes


def _hatched(left: int, y: int, base: int, role: str) -> str:
    """A box with sloping lines, which fall for one side and rise for the other."""
    right = left + _END
    start, end = (left, right) if role == "hatched_reference" else (right, left)
    path = f"M{left} {base}V{y}H{right}V{base}"
    for level in range(base, y, -_HATCH):
        drop = min(_HATCH, level - y)
        x = round(start + (end - start) * drop / _HATCH)
        path += f"M{start} {level}L{x} {level - drop}"
    return path


_Words = list[tuple[str, bool]]
"""Lines of words on a plot, and whether they are for reading and no mere label."""


def _unseen(axis: _Axis, seen: Seen | None, height: int) -> tuple[list[Shape], _Words]:
    """The ground where the reference has no value and production has, and lines of words."""
    if seen is None or not axis.even:
        return [], []
    shapes, words = [], []
    low, high = axis.at(seen.low), axis.at(seen.high)
    if seen.below >= _WORTH_A_BIN and low > 0:
        shapes.append(Shape("zone", f"M0 0H{round(low)}V{height}H0z"))
        words.append(f"{percent(seen.below)} of rows below {_value(seen.low, dates=axis.dates)}")
    if seen.above >= _WORTH_A_BIN and high < WIDTH:
        shapes.append(Shape("zone", f"M{round(high)} 0H{WIDTH}V{height}H{round(high)}z"))
        words.append(f"{percent(seen.above)} of rows above {_value(seen.high, dates=axis.dates)}")
    if not words:
        return [], []
    return shapes, [("never seen in the reference:", False), *((text, True) for text in words)]


def _room_of(words: _Words) -> float:
    """The pixels that lines of words take from the top, with some air below them."""
    return _FIRST_LINE + _LINE * (len(words) - 1) + _AIR


def _lower_corner(axis: _Axis, distribution: Distribution) -> tuple[bool, float]:
    """The corner with more room for words: whether it is the right one, and its highest share."""
    tall = [max(pair) for pair in zip(*_sides(distribution), strict=True)]
    left = [h for x, h in zip(axis.places, tall, strict=False) if x < _CORNER * WIDTH]
    right = [h for x, h in zip(axis.places[1:], tall, strict=True) if x > (1 - _CORNER) * WIDTH]
    ends = max(left, default=0.0), max(right, default=0.0)
    return (True, ends[1]) if ends[1] < ends[0] else (False, ends[0])


def _remarks(axis: _Axis, distribution: Distribution) -> _Words:
    """What a reader must know of the axis."""
    remarks = [] if axis.even else ["one step a cell, not to scale"]
    if distribution.beyond is None:
        before, after = (max(0.0, 1 - sum(side)) for side in _sides(distribution))
        if max(before, after) >= 0.005:
            remarks.append(f"beyond the axis: {share_change(before, after)}")
    return [("; ".join(remarks), False)] if remarks else []


def _below(axis: _Axis) -> list[tuple[float, str]]:
    """Labels of the x axis: round values, and the ends where rows lie beyond them."""
    first, last = axis.edges[0], axis.edges[-1]
    start, end = axis.places[0] / WIDTH, axis.places[-1] / WIDTH
    if not axis.even:
        cells = len(axis.edges) - 1
        chosen = sorted({round(i * cells / 4) for i in range(5)})
        texts = (date_texts if axis.dates else numbers)([axis.edges[i] for i in chosen])
        ticks = [(axis.places[i] / WIDTH, text) for i, text in zip(chosen, texts, strict=True)]
    else:
        inner = (date_ticks if axis.dates else number_ticks)(first, last)
        ticks = [(start + place * (end - start), text) for place, text in inner]
    low, high = (date_texts if axis.dates else numbers)([first, last])
    left = [(0.0, f"< {low}")] if start > 0 else []
    right = [(1.0, f"> {high}")] if end < 1 else []
    after = _LETTER * len(low) + _GAP if left else 0.0
    before = 1 - (_LETTER * len(high) + _GAP if right else 0.0)
    free = [tick for tick in ticks if after <= tick[0] <= before]
    return [*left, *spread_out(free), *right]


def _label(distribution: Distribution, *, dates: bool) -> str:
    return f"Histogram of reference and production, {_span(distribution, dates=dates)}"


def _span(distribution: Distribution, *, dates: bool) -> str:
    edges = distribution.edges or ()
    return f"{_value(edges[0], dates=dates)} to {_value(edges[-1], dates=dates)}"


def _value(value: float, *, dates: bool) -> str:
    return date_texts([value])[0] if dates else number(value, 4)
