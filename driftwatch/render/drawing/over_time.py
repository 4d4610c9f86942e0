"""What changes from window to window as drawings: a statistic, and a metric of the model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from driftwatch.render.drawing.drawing import WIDTH, Drawing, Note, Shape
from driftwatch.render.drawing.ticks import number_ticks, round_values, spread_out, time_ticks
from driftwatch.render.numbers import number, numbers, statistic

__all__ = ["Mark", "Point", "metric_over_time", "statistic_over_time"]

_HEIGHT = 150
_HEADROOM = 1.05
_ROOM = 0.06  # of a metric's axis, above and below
_TOO_NEAR = 13  # pixels between two labels
_USUAL_GAPS = 2  # a line ends where the next point is farther than so many usual distances


@dataclass(frozen=True, slots=True)
class Point:
    """A window on a line.

    Attributes:
        at: When it ended, in seconds since 1970, or its number.
        value: What was measured; None where there was nothing to measure.
        interval: Where the value of the population lies.
    """

    at: float
    value: float | None
    interval: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that happened: a new version of the model, another reference, an incident.

    Attributes:
        at: When.
        label: What, not escaped.
        until: When it was over; an incident has a tint until then, all else is a line.
    """

    at: float
    label: str
    until: float | None = None


@dataclass(frozen=True, slots=True)
class _Scale:
    """From what is measured to places in a drawing."""

    first: float
    last: float
    low: float
    high: float
    height: int

    def x(self, at: float) -> float:
        """How far from the left, as a share."""
        span = self.last - self.first
        return min(max((at - self.first) / span, 0.0), 1.0) if span > 0 else 0.5

    def y(self, value: float) -> float:
        """How far from the top, in pixels."""
        share = (value - self.low) / ((self.high - self.low) or 1.0)
        return self.height * (1 - min(max(share, 0.0), 1.0))

    def point(self, at: float, value: float) -> str:
        """Both as a path says it."""
        return f"{WIDTH * self.x(at):.0f} {self.y(value):.0f}"


def statistic_over_time(
    points: Sequence[Point],
    /,
    *,
    label: str,
    warning: float | None = None,
    critical: float | None = None,
    dates: bool = True,
    marks: Sequence[Mark] = (),
    height: int = _HEIGHT,
) -> Drawing:
    """A statistic from window to window with its band, and the thresholds it is held against.

    The axis begins at 0 and ends above the highest upper bound and above the critical threshold.
    Where there was no data there is no line.

    Args:
        points: In order of time.
        label: What is shown, in words.
        warning: Where WARNING begins, a dashed line.
        critical: Where CRITICAL begins, a dotted line.
        dates: Whether `Point.at` is seconds since 1970 and no number.
        marks: What happened meanwhile.
        height: Of the plot in pixels.
    """
    highest = max((bound for p in points for bound in _bounds(p)), default=0.0)
    levels = [(v, role) for v, role in ((warning, "warning"), (critical, "critical")) if v]
    top = max([_HEADROOM * highest, *(1.3 * value for value, _ in levels)]) or 1.0
    scale = _Scale(*_ends(points), 0.0, top, height)
    values = round_values(0.0, top, about=4)
    ticks = [(scale.y(value), text) for value, text in zip(values, numbers(values), strict=True)]
    shapes = [_grid(ticks), *_tints(scale, marks)]
    shapes += [_level(scale, value, role) for value, role in levels]
    notes = _level_notes(scale, levels)
    runs = _runs(points)
    shapes += [*_bands(scale, runs, "band"), *_lines(scale, runs, "current")]
    lines, words = _mark_lines(scale, marks)
    return Drawing(
        height,
        shapes + lines,
        _said(label, points),
        ticks,
        _x_ticks(scale, dates=dates),
        notes + words,
    )


def metric_over_time(
    realised: Sequence[Point],
    /,
    *,
    label: str,
    reference: float | None = None,
    tolerated: float | None = None,
    estimated: Sequence[Point] = (),
    dates: bool = True,
    marks: Sequence[Mark] = (),
    height: int = _HEIGHT,
) -> Drawing:
    """A metric of the model from window to window; its axis spans what there is, never from 0.

    Args:
        realised: From labels: a full line with its band.
        label: What is shown, in words.
        reference: Its value in the reference, a line.
        tolerated: Where a WARNING begins, a dashed line.
        estimated: Without labels: a dashed line. Where it goes on after the last label, its band is
            drawn and the ground is grey.
        dates: Whether `Point.at` is seconds since 1970 and no number.
        marks: What happened meanwhile.
        height: Of the plot in pixels.
    """
    labels_until = max((p.at for p in realised if p.value is not None), default=None)
    waiting = [p for p in estimated if labels_until is None or p.at > labels_until]
    ends = [b for p in [*realised, *waiting] for b in _bounds(p)]
    ends += [p.value for p in estimated if p.value is not None]
    ends += [value for value in (reference, tolerated) if value is not None]
    low, high = min(ends, default=0.0), max(ends, default=1.0)
    room = _ROOM * ((high - low) or abs(high) or 1.0)
    scale = _Scale(*_ends([*realised, *estimated]), low - room, high + room, height)
    ticks = [(height * (1 - place), text) for place, text in number_ticks(scale.low, scale.high)]
    shapes = [_grid(ticks), *_tints(scale, marks)]
    notes: list[Note] = []
    if waiting:
        start = WIDTH * scale.x(scale.first if labels_until is None else labels_until)
        shapes.append(Shape("waiting", f"M{start:.0f} 0H{WIDTH}V{height}H{start:.0f}z"))
        notes.append(Note(1.0, height - 6, "labels not in yet", ends=True))
    if reference is not None:
        shapes.append(_level(scale, reference, "reference_line"))
        notes.append(Note(0.0, _above(scale.y(reference)), f"reference {number(reference)}"))
    if tolerated is not None:
        shapes.append(_level(scale, tolerated, "warning"))
        near = reference is not None and abs(scale.y(tolerated) - scale.y(reference)) < _TOO_NEAR
        notes.append(Note(0.3 if near else 0.0, _above(scale.y(tolerated)), "tolerated"))
    runs = _runs(realised)
    shapes += _bands(scale, _runs(waiting), "estimate_band")
    shapes += _lines(scale, _runs(estimated), "estimate")
    shapes += [*_bands(scale, runs, "band"), *_lines(scale, runs, "current")]
    lines, words = _mark_lines(scale, marks)
    said = _said(label, realised or estimated)
    return Drawing(height, shapes + lines, said, ticks, _x_ticks(scale, dates=dates), notes + words)


def _bounds(point: Point) -> tuple[float, ...]:
    known = () if point.value is None else (point.value,)
    return known if point.interval is None else (*known, *point.interval)


def _ends(points: Sequence[Point]) -> tuple[float, float]:
    return (points[0].at, points[-1].at) if points else (0.0, 1.0)


def _grid(ticks: Sequence[tuple[float, str]]) -> Shape:
    return Shape("grid", "".join(f"M0 {y:.0f}H{WIDTH}" for y, _ in ticks))


def _level(scale: _Scale, value: float, role: str) -> Shape:
    return Shape(role, f"M0 {scale.y(value):.0f}H{WIDTH}")


def _level_notes(scale: _Scale, levels: Sequence[tuple[float, str]]) -> list[Note]:
    """The thresholds at the left, in one label where they are near each other."""
    notes = [Note(0.0, _above(scale.y(value)), f"{role} {number(value)}") for value, role in levels]
    if len(notes) == 2 and abs(notes[0].y - notes[1].y) < _TOO_NEAR:
        return [Note(0.0, notes[1].y, f"{notes[0].text}, {notes[1].text}")]
    return notes


def _above(y: float) -> float:
    return max(y - 4, 10.0)


def _runs(points: Sequence[Point]) -> list[list[Point]]:
    """Stretches without a gap: nothing is drawn over a time without data."""
    distances = sorted(b.at - a.at for a, b in pairwise(points))
    usual = distances[len(distances) // 2] if distances else 0.0
    runs: list[list[Point]] = []
    before: Point | None = None
    for point in points:
        if point.value is None:
            before = None
            continue
        if before is None or point.at - before.at > _USUAL_GAPS * usual:
            runs.append([])
        runs[-1].append(point)
        before = point
    return runs


def _bands(scale: _Scale, runs: Sequence[Sequence[Point]], role: str) -> list[Shape]:
    shapes = []
    for run in runs:
        known = [(p.at, p.interval) for p in run if p.interval is not None]
        ends = [scale.point(at, pair[1]) for at, pair in known]
        ends += [scale.point(at, pair[0]) for at, pair in reversed(known)]
        if len(known) > 1:
            shapes.append(Shape(role, f"M{'L'.join(ends)}z"))
    return shapes


def _lines(scale: _Scale, runs: Sequence[Sequence[Point]], role: str) -> list[Shape]:
    shapes = []
    for run in runs:
        places = [scale.point(p.at, p.value) for p in run if p.value is not None]
        # A window alone has no line: a short stroke stands for it.
        path = f"M{'L'.join(places)}" if len(places) > 1 else f"M{places[0]}h4"
        shapes.append(Shape(role, path))
    return shapes


def _tints(scale: _Scale, marks: Sequence[Mark]) -> list[Shape]:
    shapes = []
    for mark in marks:
        if mark.until is not None:
            left, right = (WIDTH * scale.x(at) for at in (mark.at, mark.until))
            path = f"M{left:.0f} 0H{right:.0f}V{scale.height}H{left:.0f}z"
            shapes.append(Shape("incident", path))
    return shapes


def _mark_lines(scale: _Scale, marks: Sequence[Mark]) -> tuple[list[Shape], list[Note]]:
    """Lines of marks, and the labels of those that do not stand on another's."""
    shapes: list[Shape] = []
    notes: list[Note] = []
    for mark in marks:
        role = "mark" if mark.until is None else "incident_line"
        shapes.append(Shape(role, f"M{WIDTH * scale.x(mark.at):.0f} 0V{scale.height}"))
    left, unnamed = 1.1, 0
    for mark in sorted(marks, key=lambda mark: -mark.at):
        place = scale.x(mark.at)
        # About 0.6 % of the width a letter; the newest has its label first.
        if place + 0.006 * len(mark.label) + 0.02 > left and notes:
            unnamed += 1
            continue
        ends = place > 0.8
        notes.append(Note(place, 10, mark.label, ends=ends))
        left = place - (0.006 * len(mark.label) if ends else 0.0)
    if unnamed and notes:
        newest = notes[0]
        text = f"{newest.text} +{unnamed}"
        notes[0] = Note(newest.place, newest.y, text, ends=newest.ends)
    return shapes, notes


def _x_ticks(scale: _Scale, *, dates: bool) -> list[tuple[float, str]]:
    if dates:
        return spread_out(time_ticks(scale.first, scale.last), nearest=0.15)
    return spread_out(number_ticks(scale.first, scale.last), nearest=0.1)


def _said(label: str, points: Sequence[Point]) -> str:
    """The chart in a sentence."""
    values = [point.value for point in points if point.value is not None]
    if not values:
        return f"{label}: no window has a value"
    ends = f"{statistic(min(values))} to {statistic(max(values))}"
    return f"{label} over {len(points):,} windows: {ends}, {statistic(values[-1])} in the last"
