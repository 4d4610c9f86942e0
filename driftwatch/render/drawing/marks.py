"""How a status looks: its letter, its sign, its badge, and the bar and strip it fills."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from itertools import groupby

from driftwatch.core.reports.results import DriftResult, Status
from driftwatch.render.numbers import number, statistic

__all__ = ["SIGNS", "badge", "effect_bar", "letter", "strip"]

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
_STRIP = 18
_MOST_COLUMNS = 240


def letter(status: Status, /) -> str:
    """The class of a status in the style sheet."""
    return status.value[0]


def badge(status: Status, /) -> str:
    """Sign and word of a status, for a page with our style sheet."""
    return f'<b class="st {letter(status)}">{SIGNS[status]} {status.value.replace("_", " ")}</b>'


def effect_bar(result: DriftResult, /) -> str:
    """How large a drift is: a bar from nothing to twice the critical threshold.

    A dotted tick is the warning threshold, a full one the critical, a thin line the 95 % interval
    of the population; two strokes say that the value is beyond the bar. Empty where the test has no
    statistic or no threshold. Its colour is that of the status of an element around it.
    """
    levels, value = result.threshold, result.statistic
    if levels is None or value is None or not levels.critical > 0:
        return ""
    end = 2 * levels.critical

    def at(size: float) -> int:
        return round(100 * min(max(size / end, 0.0), 1.0))

    parts = f"<rect class=b y=3 width={at(value)} height=8 />"
    interval = result.confidence_interval or result.interval
    if interval is not None and at(interval[0]) < at(interval[1]):
        parts += f'<path class=ci d="M{at(interval[0])} 7H{at(interval[1])}"/>'
    parts += f'<path class=kw d="M{at(levels.warning)} 0v14"/><path class=k d="M50 0v14"/>'
    if value > end:
        parts += '<path class=over d="M91 2l-4 10M95 2l-4 10"/>'
    said = (
        f"{statistic(value)}; warning {number(levels.warning)}, critical {number(levels.critical)}"
    )
    return (
        '<svg class=bul viewBox="0 0 100 14" preserveAspectRatio=none role=img '
        f'aria-label="{escape(said, quote=True)}">{parts}</svg>'
    )


def strip(statuses: Sequence[Status | None], /, *, columns: int = _MOST_COLUMNS) -> str:
    """The status of every window, side by side; the worse, the higher.

    Args:
        statuses: In order; None and INSUFFICIENT_DATA are a dashed line.
        columns: At most so many cells; with more windows each shows the worst of its own.
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
    counts = {status: sum(s == status for s in statuses) for status in Status if status in cells}
    counts[Status.INSUFFICIENT_DATA] = sum(s in (None, Status.INSUFFICIENT_DATA) for s in statuses)
    said = ", ".join(
        f"{many:,} {status.value.replace('_', ' ')}" for status, many in counts.items() if many
    )
    drawn = "".join(f'<path class={letter(s)} d="{path}"/>' for s, path in paths.items())
    return (
        f'<svg class=strip viewBox="0 0 {max(x, 1)} {_STRIP}" preserveAspectRatio=none role=img '
        f'aria-label="Status of {len(statuses):,} windows: {said}">{drawn}</svg>'
    )


def _worst(cells: Sequence[Status], columns: int) -> list[Status]:
    many = len(cells)
    return [
        max(
            cells[column * many // columns : (column + 1) * many // columns],
            key=lambda status: status.severity,
        )
        for column in range(columns)
    ]
