"""Where the cells of a numeric distribution stand on paper, so that its shape can be seen."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from driftwatch.core.reports.report import Distribution
from driftwatch.render.numbers import dates as date_labels
from driftwatch.render.numbers import numbers

__all__ = ["Axis", "choose_axis"]

_LOG = "log scale"
_STEPS = "one step a cell"

_TICKS = 5
_MARGIN = 0.25  # how far beyond the bulk an axis goes, in lengths of the bulk
_TAIL = 0.04  # share on each end that is not bulk
_HEADROOM = 3.0  # a peak may be so much higher than what covers 95 % of the axis
_MIN_FILL = 0.12  # a reference that fills less of its box is a spike on a flat line
_MAX_LOST = 0.08  # a reference may lose so much of itself to cut peaks


@dataclass(frozen=True, slots=True)
class Axis:
    """A horizontal axis of length one, and how high each side stands over it.

    Attributes:
        edges: Position of every cell edge, within [0, 1].
        reference: Height of the reference over each cell, within [0, 1].
        current: Height of the current side, likewise.
        ticks: Positions with their labels.
        note: What a reader must know: a log scale, cut tails, a cut peak.
        fill: Share of the box below the reference.
        lost: Share of the reference that stands above the box.
    """

    edges: tuple[float, ...]
    reference: tuple[float, ...]
    current: tuple[float, ...]
    ticks: tuple[tuple[float, str], ...]
    note: str
    fill: float
    lost: float


def choose_axis(distribution: Distribution, edges: Sequence[float], *, dates: bool) -> Axis:
    """Return the most familiar axis on which the reference has a shape.

    Linear if that will do; logarithmic for positive heavy tails; else one step a cell,
    which any distribution survives. Heights are densities over the axis that is drawn.
    """
    linear = _measured(distribution, edges, list(edges), "", dates=dates)
    if _is_readable(linear):
        return linear
    if edges[0] > 0 and not dates:
        log = [math.log10(edge) for edge in edges]
        axis = _measured(distribution, edges, log, _LOG, dates=False)
        if _is_readable(axis):
            return axis
    steps = [float(index) for index in range(len(edges))]
    return _measured(distribution, edges, steps, _STEPS, dates=dates)


def _is_readable(axis: Axis) -> bool:
    return axis.fill >= _MIN_FILL and axis.lost <= _MAX_LOST


def _measured(
    distribution: Distribution,
    edges: Sequence[float],
    places: list[float],
    kind: str,
    *,
    dates: bool,
) -> Axis:
    low, high = (places[0], places[-1]) if kind == _STEPS else _bulk(distribution, places)
    # Halves cannot overflow where the span of the largest floats does.
    span = high / 2 - low / 2
    if span <= 0:
        return Axis((), (), (), (), kind, 0.0, 0.0)
    at = [(place / 2 - low / 2) / span for place in places]
    # A cell that holds a single value has no width; half a hundredth of the axis stands for it.
    widths = [max(right - left, 0.005) for left, right in pairwise(at)]
    sides = [
        [share / width for share, width in zip(shares, widths, strict=True)]
        for shares in (distribution.reference, distribution.current)
    ]
    drawn = [min(max(place, 0.0), 1.0) for place in at]
    lengths = [right - left for left, right in pairwise(drawn)]
    top = _top(sides, lengths)
    reference, current = ([min(height / top, 1.0) for height in side] for side in sides)
    measure = 0 if any(distribution.reference) else 1
    whole = [height / top for height in sides[measure]]
    fill = sum(min(h, 1.0) * length for h, length in zip(whole, lengths, strict=True))
    lost = sum(max(h - 1.0, 0.0) * w for h, w in zip(whole, widths, strict=True)) * top
    notes = [kind, _tails(distribution, at), _peaks(distribution, sides, top)]
    return Axis(
        edges=tuple(drawn),
        reference=tuple(reference),
        current=tuple(current),
        ticks=tuple(_ticks(edges, at, low, high, kind, dates=dates)),
        note=", ".join(note for note in notes if note),
        fill=fill,
        lost=lost,
    )


def _bulk(distribution: Distribution, places: Sequence[float]) -> tuple[float, float]:
    """Return the ends of an axis that shows all of both sides but for far, thin tails."""
    cells = len(places) - 1
    first, last = cells - 1, 0
    for shares in (distribution.reference, distribution.current):
        room = _TAIL * sum(shares)
        if room <= 0:
            continue
        first = min(first, _first_beyond(shares, room))
        last = max(last, cells - 1 - _first_beyond(shares[::-1], room))
    if first > last:
        return places[0], places[-1]
    left, right = places[first], places[last + 1]
    half = right / 2 - left / 2  # halves cannot overflow
    if last > first + 1:
        # An end cell can be the long tail itself: then the cells between measure the bulk.
        inner = places[last] / 2 - places[first + 1] / 2
        if half > 3 * inner > 0:
            left, right, half = places[first + 1], places[last], 2 * inner
    reach = 2 * _MARGIN * half
    return max(places[0], left - reach), min(places[-1], right + reach)


def _first_beyond(shares: Sequence[float], room: float) -> int:
    beyond = (index for index, total in enumerate(accumulate(shares)) if total > room)
    return next(beyond, len(shares) - 1)


def _top(sides: Sequence[Sequence[float]], lengths: Sequence[float]) -> float:
    """Return the height of the box: that of the highest peak, unless it dwarfs all else."""
    highest = max(
        (
            height
            for side in sides
            for height, length in zip(side, lengths, strict=True)
            if length > 0
        ),
        default=0.0,
    )
    usual = 0.0
    for side in sides:
        covered = 0.0
        for height, length in sorted(zip(side, lengths, strict=True), reverse=True):
            covered += length
            if covered > 0.05:
                usual = max(usual, height)
                break
    # A trace of a share is nothing to draw, and dividing by it would overflow.
    return max(min(highest, _HEADROOM * usual) if usual > 0 else highest, 1e-9)


def _tails(distribution: Distribution, at: Sequence[float]) -> str:
    """Say so where more than a trace of either side lies beyond the axis."""
    beyond = [
        1 - (min(max(right, 0), 1) - min(max(left, 0), 1)) / (right - left) if right > left else 0
        for left, right in pairwise(at)
    ]
    sides = (distribution.reference, distribution.current)
    lost = max(sum(s * b for s, b in zip(side, beyond, strict=True)) for side in sides)
    return "tails cut" if lost >= 0.005 else ""


def _peaks(distribution: Distribution, sides: Sequence[Sequence[float]], top: float) -> str:
    cut = [
        share
        for shares, side in zip((distribution.reference, distribution.current), sides, strict=True)
        for share, height in zip(shares, side, strict=True)
        if height > top * 1.001
    ]
    return f"peak of {100 * max(cut):.0f} % cut" if cut else ""


def _ticks(
    edges: Sequence[float],
    at: Sequence[float],
    low: float,
    high: float,
    kind: str,
    *,
    dates: bool,
) -> list[tuple[float, str]]:
    span = high / 2 - low / 2
    if kind == _STEPS:
        cells = len(edges) - 1
        chosen = sorted({round(i * cells / (_TICKS - 1)) for i in range(_TICKS)})
        values = [edges[i] for i in chosen]
        places = [at[i] for i in chosen]
    elif dates:
        places = [i / (_TICKS - 1) for i in range(_TICKS)]
        values = [low * (1 - place) + high * place for place in places]
    elif kind == _LOG:
        values = _log_values(low, high)
        places = [(math.log10(value) / 2 - low / 2) / span for value in values]
    else:
        values = _round_values(low, high)
        places = [(value / 2 - low / 2) / span for value in values]
    labels = date_labels(values) if dates else numbers(values)
    return list(zip(places, labels, strict=True))


def _round_values(low: float, high: float) -> list[float]:
    raw = (high / _TICKS) - (low / _TICKS)
    if raw <= 1e-11 * max(abs(low), abs(high)):
        return [low, high]  # round numbers this close together are all the same
    unit = 10.0 ** math.floor(math.log10(raw))
    step = next((unit * k for k in (1, 2, 5) if unit * k >= raw * 0.7), unit * 10)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [float(f"{index * step:.12g}") for index in range(first, last + 1)]


def _log_values(low: float, high: float) -> list[float]:
    """Return powers of ten, or if those are few the 1, 2, 5 between them."""
    first, last = math.ceil(low - 1e-9), math.floor(high + 1e-9)
    step = max(1, math.ceil((last - first + 1) / 7))
    if last - first >= 2:
        return [10.0**power for power in range(first, last + 1, step)]
    values = [k * 10.0**p for p in range(math.floor(low), last + 1) for k in (1, 2, 5)]
    inside = [value for value in values if low - 1e-9 <= math.log10(value) <= high + 1e-9]
    return inside if len(inside) > 1 else [10.0**low, 10.0**high]
