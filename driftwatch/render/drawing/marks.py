"""How a status looks: its letter, its sign, its badge, and the bar and strip it fills."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from html import escape
from itertools import groupby

from driftwatch.core.reports.results import Levels, Status
from driftwatch.render.numbers import number, statistic

__all__ = ["SIGNS", "badge", "effect_bar", "letter", "paint", "strip"]

SIGNS = {
    Status.CRITICAL: "◆",
    Status.WARNING: "▲",
    Status.UNDECIDED: "?",
    Status.OK: "✓",
    Status.INSUFFICIENT_DATA: "–",
}
"""Status is never colour alone: each has a sign."""

_TALL = {
    Status.CRITICAL: 18,
    Status.WARNING: 12,
    Status.UNDECIDED: 7,
    Status.OK: 3,
    Status.INSUFFICIENT_DATA: 0,
}
_PAINTS = {
    Status.CRITICAL: "#d6453c",
    Status.WARNING: "#a87400",
    Status.UNDECIDED: "#4683c9",
    Status.OK: "#2f8f57",
    Status.INSUFFICIENT_DATA: "#7d8793",
}
_STRIP = 18
_MOST_COLUMNS = 240


def letter(status: Status, /) -> str:
    """The class of a status in the style sheet."""
    return status.value[0]


def badge(status: Status, /) -> str:
    """Sign and word of a status, for a page with our style sheet."""
    return f'<b class="st {letter(status)}">{SIGNS[status]} {status.value.replace("_", " ")}</b>'


def paint(status: Status, /) -> str:
    """The colour of a status where there is no style sheet: it is seen on white and on black."""
    return _PAINTS[status]


def effect_bar(
    value: float | None,
    levels: Levels | None,
    /,
    *,
    interval: tuple[float, float] | None = None,
    painted: Status | None = None,
) -> str:
    """How large a drift is: a bar from nothing to twice the critical threshold.

    A dotted tick is the warning threshold, a full one the critical, a thin line the 95 % interval
    of the population; two strokes say that the value is beyond the bar. Empty where there is no
    value or no threshold.

    Args:
        value: The statistic.
        levels: Its thresholds.
        interval: Where the statistic of the population lies.
        painted: The status that gives the bar its colour where there is no style sheet; with one,
            an element around the bar does.
    """
    if levels is None or value is None or not levels.critical > 0:
        return ""
    end = 2 * levels.critical

    def at(size: float) -> int:
        return round(100 * min(max(size / end, 0.0), 1.0))

    look = _LOOK if painted is None else _painted_look(painted)
    parts = f"<rect {look['bar']} y=3 width={at(value)} height=8 />"
    if interval is not None and at(interval[0]) < at(interval[1]):
        parts += f'<path {look["interval"]} d="M{at(interval[0])} 7H{at(interval[1])}"/>'
    parts += f'<path {look["warning"]} d="M{at(levels.warning)} 0v14"/>'
    parts += f'<path {look["critical"]} d="M50 0v14"/>'
    if value > end:
        parts += f'<path {look["beyond"]} d="M91 2l-4 10M95 2l-4 10"/>'
    said = (
        f"{statistic(value)}; warning {number(levels.warning)}, critical {number(levels.critical)}"
    )
    return (
        f'<svg {look["svg"]} viewBox="0 0 100 14" preserveAspectRatio="none" role=img '
        f'aria-label="{escape(said, quote=True)}">{parts}</svg>'
    )


_LOOK = {
    "svg": "class=bul",
    "bar": "class=b",
    "interval": "class=ci",
    "warning": "class=kw",
    "critical": "class=k",
    "beyond": "class=over",
}


def _painted_look(status: Status) -> dict[str, str]:
    line = 'fill="none" stroke="currentColor"'
    return {
        "svg": 'width="104" height="14"',
        "bar": f'fill="{_PAINTS[status]}"',
        "interval": line,
        "warning": f'{line} stroke-opacity=".6" stroke-dasharray="2 1.5"',
        "critical": line,
        "beyond": 'fill="none" stroke="#fff" stroke-width="2"',
    }


def strip(
    statuses: Sequence[Status | None],
    /,
    *,
    label: str = "",
    columns: int = _MOST_COLUMNS,
    painted: bool = False,
) -> str:
    """The status of every window, side by side; the worse, the higher.

    Args:
        statuses: In order; None and INSUFFICIENT_DATA are a dashed line.
        label: Whose they are.
        columns: At most so many cells; with more windows each shows the worst of its own.
        painted: Whether there is no style sheet to give shapes their colours.
    """
    cells = [status or Status.INSUFFICIENT_DATA for status in statuses]
    if len(cells) > columns:
        cells = _worst(cells, columns)
    paths: dict[Status, str] = {}
    x = 0
    for status, run in groupby(cells):
        wide, tall = len(list(run)), _TALL[status]
        box = f"M{x} {_STRIP}v-{tall}h{wide}v{tall}z" if tall else f"M{x} {_STRIP - 1}h{wide}"
        paths[status] = paths.get(status, "") + box
        x += wide
    counts = Counter(status for status in statuses if status is not None)
    said = f"{label or 'Status'} in {counts.total():,} windows: " + ", ".join(
        f"{many:,} {status.value.replace('_', ' ')}" for status, many in counts.most_common()
    )
    drawn = "".join(
        f'<path {_paint_of(s) if painted else f"class={letter(s)}"} d="{path}"/>'
        for s, path in paths.items()
    )
    look = f'width="100%" height="{_STRIP}"' if painted else "class=strip"
    return (
        f'<svg {look} viewBox="0 0 {max(x, 1)} {_STRIP}" preserveAspectRatio="none" role=img '
        f'aria-label="{escape(said, quote=True)}">{drawn}</svg>'
    )


def _paint_of(status: Status) -> str:
    color = _PAINTS[status]
    if status is not Status.INSUFFICIENT_DATA:
        return f'fill="{color}"'
    return f'fill="none" stroke="{color}" stroke-dasharray="2 2" vector-effect="non-scaling-stroke"'


def _worst(cells: Sequence[Status], columns: int) -> list[Status]:
    many = len(cells)
    return [
        max(
            cells[column * many // columns : (column + 1) * many // columns],
            key=lambda status: status.severity,
        )
        for column in range(columns)
    ]
