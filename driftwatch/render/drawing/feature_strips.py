"""Features x time: a strip of statuses a feature, as lines of text and as a table of HTML."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from driftwatch.core.reports.history import Cell, FeatureHistory, FeatureLine, Slot
from driftwatch.core.reports.results import Status
from driftwatch.render.numbers import NONE, number
from driftwatch.render.plain import plain

__all__ = ["SIGNS", "STRIP_CSS", "feature_table", "status_strip", "strip_lines"]

SIGNS = {
    Status.OK: "·",
    Status.WARNING: "▒",
    Status.CRITICAL: "█",
    Status.UNDECIDED: "?",
    Status.INSUFFICIENT_DATA: " ",
}
"""Of a window in a line of text."""
STRIP_CSS = """\
.fs{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums;table-layout:fixed}
.fs th,.fs td{text-align:left;padding:.2rem .7rem .2rem 0;vertical-align:middle}
.fs th:first-child,.fs td:first-child{width:8.5rem}
.fs .n{width:10rem;overflow-wrap:anywhere;font-weight:600}
.fs .v{width:11rem}.fs .d{width:9rem}
.fs svg{display:block;width:100%;height:18px}
.fs .x{display:flex;justify-content:space-between;font-weight:400;opacity:.8}
.fs .b{height:6px;margin-top:2px}
@media(max-width:48rem){.fs .v,.fs .d,.fs th:first-child,.fs td:first-child{display:none}
.fs .n{width:7rem}}
"""
"""What a page, or a cell of a notebook, must style."""

_MOST_LINES = 30
_COLUMNS = 240
_TEXT_COLUMNS = 60
_NAME = 24
_FILLS = {
    Status.CRITICAL: ("#d6453c", 18),
    Status.WARNING: ("#a87400", 12),
    Status.UNDECIDED: ("#4683c9", 7),
    Status.OK: ("#2f8f57", 3),
}
"""Colour and height of a status: mid tones, which are seen on white and on black."""
_GREY = "#7d8793"
_ROWS = 50


def strip_lines(history: FeatureHistory, /, *, width: int = 100) -> list[str]:
    """A line a feature: its name, a sign a window, what decided in the last, and since when.

    Args:
        history: Features x time; of many windows the worst of several is one sign, of many
            features the 30 worst have a line.
        width: Columns of the terminal.
    """
    if not history.slots:
        return []
    lines = history.ranked()
    shown = lines[:_MOST_LINES]
    names = [plain(line.name, _NAME) or "(no name)" for line in shown]
    left = max([len("all features"), *map(len, names)])
    room = max(10, min(_TEXT_COLUMNS, width - left - 40))
    every: list[Status | None] = [slot.status for slot in history.slots]
    ends = " … ".join(dict.fromkeys((_label(history.slots[0]), _label(history.slots[-1]))))
    columns = min(room, len(every))
    texts = [f"{'':{left}}  {ends}", f"{'all features':{left}}  {_signs(every, room)}"]
    for line, name in zip(shown, names, strict=True):
        statuses = _padded(line, len(every))
        told = "  ".join(filter(None, (_last(history, line), _since(history, line))))
        texts.append(f"{name:{left}}  {_signs(statuses, room):{columns}}  {told}".rstrip())
    if more := len(lines) - len(shown):
        texts.append(f"and {more:,} more features")
    return texts


def feature_table(history: FeatureHistory, /) -> str:
    """The table of HTML; what is beyond the 50 worst features is folded.

    Text is in the colour around it and shapes have colours of their own, so that it can stand in a
    page, dark or light, and in a notebook. It holds no script.
    """
    if not history.slots:
        return "<p>No window.</p>"
    lines = history.ranked()
    first, rest = lines[:_ROWS], lines[_ROWS:]
    every: list[Status | None] = [slot.status for slot in history.slots]
    whole = (
        "<tr><td></td><th scope=row class=n>all features</th>"
        f"<td>{status_strip(every, _sentence('all features', every))}</td>"
        "<td class=v></td><td class=d></td></tr>\n"
    )
    table = _table(history, whole + "".join(_row(history, line) for line in first))
    if not rest:
        return table
    more = _table(history, "".join(_row(history, line) for line in rest))
    return f"{table}<details><summary>{len(rest):,} more features</summary>{more}</details>\n"


def status_strip(statuses: Sequence[Status | None], label: str, /) -> str:
    """A strip as SVG: the worse, the higher; a dashed line where there is none.

    Args:
        statuses: Of every window; of more than 240, the worst of several is drawn.
        label: A sentence for those who do not see it.
    """
    drawn = _merged(statuses, _COLUMNS)
    paths = dict.fromkeys(_FILLS, "")
    dashes = ""
    for start, end, status in _runs(drawn):
        if status in _FILLS:
            height = _FILLS[status][1]
            paths[status] += f"M{start} 18V{18 - height}H{end}V18z"
        else:
            dashes += f"M{start} 17H{end}"
    shapes = "".join(
        f'<path d="{path}" fill="{_FILLS[status][0]}"/>' for status, path in paths.items() if path
    )
    if dashes:
        shapes += (
            f'<path d="{dashes}" fill="none" stroke="{_GREY}" stroke-dasharray="2 2" '
            'vector-effect="non-scaling-stroke"/>'
        )
    return (
        f'<svg role=img viewBox="0 0 {len(drawn)} 18" preserveAspectRatio="none" width="100%" '
        f'height="18"><title>{escape(label)}</title>{shapes}</svg>'
    )


def _table(history: FeatureHistory, rows: str) -> str:
    first, last = _label(history.slots[0]), _label(history.slots[-1])
    ends = f"<span class=x><span>{escape(first)}</span><span>{escape(last)}</span></span>"
    return (
        f"<table class=fs><thead><tr><th>{'last' if history.is_ordered else 'worst'} window</th>"
        f"<th class=n>feature</th><th>{ends}</th><th class=v>value / threshold</th>"
        f"<th class=d>{'drifts since' if history.is_ordered else 'drifts in'}</th></tr></thead>"
        f"<tbody>\n{rows}</tbody></table>\n"
    )


def _row(history: FeatureHistory, line: FeatureLine) -> str:
    statuses = _padded(line, len(history.slots))
    cell = history.present(line)
    status = Status.INSUFFICIENT_DATA if cell is None else cell.status
    color = _FILLS.get(status, (_GREY, 0))[0]
    name = plain(line.name) or "(no name)"
    return (
        f'<tr><td><b style="color:{color}">{status.value.replace("_", " ")}</b></td>'
        f"<th scope=row class=n>{escape(name)}</th>"
        f"<td>{status_strip(statuses, _sentence(name, statuses))}</td>"
        f"<td class=v>{escape(_value(cell)) or NONE}{_effect_bar(cell)}</td>"
        f"<td class=d>{escape(plain(history.drifted_in(line), _NAME))}</td></tr>\n"
    )


def _effect_bar(cell: Cell | None) -> str:
    """The statistic from 0 to twice the critical threshold, with ticks at both thresholds."""
    if cell is None or cell.statistic is None or cell.threshold is None:
        return ""
    end = 2 * cell.threshold.critical
    if not end > 0:
        return ""
    color = _FILLS.get(cell.status, (_GREY, 0))[0]
    length = 1000 * min(cell.statistic, end) / end
    warning = 1000 * cell.threshold.warning / end
    return (
        '<svg class=b viewBox="0 0 1000 6" preserveAspectRatio="none" width="100%" height="6" '
        f'aria-hidden="true"><path d="M0 1H{length:.0f}V5H0z" fill="{color}"/>'
        f'<path d="M{warning:.0f} 0V6" stroke="{_GREY}" stroke-dasharray="1 1" '
        'vector-effect="non-scaling-stroke"/>'
        f'<path d="M500 0V6" stroke="{_GREY}" vector-effect="non-scaling-stroke"/></svg>'
    )


def _sentence(name: str, statuses: Sequence[Status | None]) -> str:
    drifted = sum(status is not None and status.is_drift for status in statuses)
    return f"{name}: drifted in {drifted:,} of {len(statuses):,} windows"


def _last(history: FeatureHistory, line: FeatureLine) -> str:
    cell = history.present(line)
    if cell is None:
        return ""
    return f"{cell.status.value.replace('_', ' ')}  {_value(cell)}".rstrip()


def _value(cell: Cell | None) -> str:
    if cell is None or cell.statistic is None:
        return ""
    bound = "" if cell.threshold is None else f" / {number(cell.threshold.of(cell.status))}"
    return f"{plain(cell.test or '')} {number(cell.statistic)}{bound}"


def _since(history: FeatureHistory, line: FeatureLine) -> str:
    told = plain(history.drifted_in(line), _NAME)
    return f"{'since' if history.is_ordered else 'in'} {told}" if told else ""


def _label(slot: Slot) -> str:
    return plain(slot.label, _NAME)


def _padded(line: FeatureLine, windows: int) -> list[Status | None]:
    return line.statuses + [None] * (windows - len(line.statuses))


def _merged(statuses: Sequence[Status | None], columns: int) -> list[Status | None]:
    """The worst status of every column, where there are fewer of these than windows."""
    many = len(statuses)
    if many <= columns:
        return list(statuses)
    found: list[Status | None] = []
    for column in range(columns):
        part = statuses[column * many // columns : (column + 1) * many // columns]
        found.append(max((s for s in part if s is not None), default=None))
    return found


def _signs(statuses: Sequence[Status | None], columns: int) -> str:
    return "".join(" " if s is None else SIGNS[s] for s in _merged(statuses, columns))


def _runs(statuses: Sequence[Status | None]) -> list[tuple[int, int, Status | None]]:
    """Stretches of one status: first column, the one behind the last, status."""
    runs: list[tuple[int, int, Status | None]] = []
    for place, status in enumerate(statuses):
        if runs and runs[-1][2] is status:
            runs[-1] = (runs[-1][0], place + 1, status)
        else:
            runs.append((place, place + 1, status))
    return runs
