"""The first page: all monitors, those that need somebody first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from markupsafe import Markup
from starlette.responses import Response

from driftwatch.render.drawing.drawing import short
from driftwatch.render.numbers import count
from driftwatch.render.plain import plain
from driftwatch.render.sentences import listed
from driftwatch.service.dashboard.facts.fleet import Fleet, fleet_facts
from driftwatch.service.dashboard.frame import Frame
from driftwatch.service.dashboard.pages import markup_of

__all__ = ["fleet_page"]

_URGENT = 5
_NAMED = 3
_WIDE, _TALL = 96, 22


def fleet_page(frame: Frame, /) -> Response:
    """The page."""
    fleet = fleet_facts(frame.monitors, frame.asked, now=frame.now)
    worst = fleet.every[0].status if fleet.every else "OK"
    return frame.show(
        "fleet.html",
        section="/",
        trail=[("", "Fleet")],
        fleet=fleet,
        urgent=fleet.urgent[:_URGENT],
        worst=worst,
        headline=_headline(fleet),
        sparks=[_spark(line.shown) for line in fleet.lines],
        json=frame.asked.link("/v1/fleet"),
    )


def _headline(fleet: Fleet) -> str:
    """How many need somebody, and which of them nobody has taken."""
    urgent = fleet.urgent
    if not fleet.total:
        return "No monitor yet."
    if not urgent:
        many = Counter(line.status for line in fleet.every)
        words = ("WARNING", "UNDECIDED")
        others = [f"{many[word]:,} {word.lower()}" for word in words if many[word]]
        rest = f": {listed(others)}" if others else ""
        return f"Nobody is needed: no monitor of {fleet.total:,} is critical or without data{rest}."
    numbers = Counter(line.status for line in urgent)
    in_words = {"CRITICAL": "critical", "NO DATA": "without data"}
    parts = [f"{numbers[word]:,} {text}" for word, text in in_words.items() if numbers[word]]
    verb = "needs" if len(urgent) == 1 else "need"
    said = f"{count(len(urgent), 'monitor')} {verb} somebody: {', '.join(parts)}."
    waiting = [plain(line.name) or "(no name)" for line in fleet.waiting]
    if not waiting:
        return f"{said} All of them are taken."
    if len(waiting) > _NAMED:
        return f"{said} Nobody has taken {len(waiting):,} of them yet."
    return f"{said} Nobody has taken {listed(waiting)} yet."


def _spark(values: Sequence[float | None]) -> Markup:
    """The largest drift that is shown, over time; the dashed line is the warning threshold."""
    known = [value for value in values if value is not None]
    if not known:
        return Markup("")
    top = max(1.3, *known)
    step = _WIDE / max(1, len(values) - 1)

    def at(value: float) -> float:
        return _TALL - 1 - (_TALL - 3) * min(value, top) / top

    points = [
        (round(place * step), short(at(value)))
        for place, value in enumerate(values)
        if value is not None
    ]
    heights = [None, *(height for _, height in points), None]
    path = [
        f"{x} {y}"
        for (x, y), before, after in zip(points, heights, heights[2:], strict=False)
        if not before == y == after  # what lies on a flat line need not be said
    ]
    line = f"M{'L'.join(path)}" if len(points) > 1 else f"M{path[0]}h1"
    return markup_of(
        f'<svg class=spark viewBox="0 0 {_WIDE} {_TALL}" preserveAspectRatio=none aria-hidden=true>'
        f'<path class=warnl d="M0 {short(at(1.0))}H{_WIDE}"/><path class=cur d="{line}"/></svg>'
    )
