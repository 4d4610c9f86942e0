"""Features x time: a strip of statuses a feature and metric, as lines of text and as a table."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from driftwatch.core.reports.history import Cell, FeatureHistory, FeatureLine, Slot
from driftwatch.core.reports.results import Status
from driftwatch.core.reports.spelling import apart
from driftwatch.render.drawing.marks import SIGNS as MARKS
from driftwatch.render.drawing.marks import badge, effect_bar, letter, paint, strip
from driftwatch.render.numbers import NONE, number, statistic
from driftwatch.render.plain import NAME_LENGTH, plain

__all__ = ["NOTEBOOK_CSS", "SIGNS", "feature_table", "strip_lines"]

SIGNS = {
    Status.OK: "·",
    Status.WARNING: "▒",
    Status.CRITICAL: "█",
    Status.UNDECIDED: "?",
    Status.INSUFFICIENT_DATA: " ",
}
"""Of a window in a line of text."""
NOTEBOOK_CSS = """\
.dw-time{overflow-x:auto;font:13px/1.45 system-ui,sans-serif}
.fs{border-collapse:collapse;width:100%;min-width:760px;font-variant-numeric:tabular-nums;table-layout:fixed}
.fs th,.fs td{text-align:left;padding:3px 10px 3px 0;vertical-align:middle}
.fs :is(th,td):is(.c1,.c2,.c4,.c5,.c6){overflow-wrap:anywhere}
.fs .c1{width:160px;font-weight:600}.fs .c2{width:130px}.fs .c4{width:116px}.fs .c5{width:140px}
.fs .c6{width:120px}.fs svg{display:block}
.fs .x{display:flex;justify-content:space-between;gap:8px;font-weight:400}
"""
"""What a cell of a notebook must style; pages have it in their style sheet."""

_MOST_LINES = 30
_TEXT_COLUMNS = 60
_NAME = 24
_ROWS = 50


def strip_lines(history: FeatureHistory, /, *, width: int = 100) -> list[str]:
    """A line a feature: its name, a sign a window, what decided in the last, and since when.

    Metrics of the model have their lines below.

    Args:
        history: Features x time; of many windows the worst of several is one sign, of many
            features the 30 worst have a line.
        width: Columns of the terminal.
    """
    if not history.slots:
        return []
    lines = history.ranked()
    shown = lines[:_MOST_LINES]
    metrics = list(history.metrics.values())
    names = [_named(line, _NAME) for line in (*shown, *metrics)]
    left = max([len("all features"), *map(len, names)])
    room = max(10, min(_TEXT_COLUMNS, width - left - 40))
    every: list[Status | None] = [slot.status for slot in history.slots]
    ends = " … ".join(dict.fromkeys((_label(history.slots[0]), _label(history.slots[-1]))))
    columns = min(room, len(every))
    texts = [f"{'':{left}}  {ends}", f"{'all features':{left}}  {_signs(every, room)}"]
    drawn = []
    for line, name in zip((*shown, *metrics), names, strict=True):
        statuses = _padded(line, len(every))
        told = "  ".join(filter(None, (_last(history, line), _since(history, line))))
        drawn.append(f"{name:{left}}  {_signs(statuses, room):{columns}}  {told}".rstrip())
    more = len(lines) - len(shown)
    left_out = [f"and {more:,} more features"] if more else []
    return [*texts, *drawn[: len(shown)], *left_out, *drawn[len(shown) :]]


def feature_table(history: FeatureHistory, /, *, notebook: bool = False) -> str:
    """The table of HTML; what is beyond the 50 worst features is folded. It holds no script.

    Metrics of the model have their rows below the features.

    Args:
        history: Features x time.
        notebook: Whether it stands in a notebook: text in the colour around it, and shapes with
            colours of their own, so that it is right on a dark theme and on a light one.
    """
    if not history.slots:
        return "<p>No window.</p>"
    lines = history.ranked()
    first, rest = lines[:_ROWS], lines[_ROWS:]
    every: list[Status | None] = [slot.status for slot in history.slots]
    whole = (
        "<tr><th scope=row class=c1>all features</th><td class=c2></td>"
        f"<td class=full>{strip(every, label='all features', painted=notebook)}</td>"
        "<td class=c4></td><td class=c5></td><td class=c6></td></tr>\n"
    )
    shown = (*first, *history.metrics.values())
    rows = [_row(history, line, notebook=notebook) for line in shown]
    table = _table(history, whole + "".join(rows), notebook=notebook)
    if not rest:
        return table
    others = "".join(_row(history, line, notebook=notebook) for line in rest)
    more = _table(history, others, notebook=notebook)
    return f"{table}<details><summary>{len(rest):,} more features</summary>{more}</details>\n"


def _table(history: FeatureHistory, rows: str, *, notebook: bool) -> str:
    ends = "".join(
        f"<span><bdi>{escape(_label(slot))}</bdi></span>"
        for slot in (history.slots[0], history.slots[-1])
    )
    order = "since" if history.is_ordered else "among"
    kind = "fs" if notebook else f'"stack heat {order}"'
    return (
        f"<table class={kind}><thead><tr><th scope=col class=c1>feature</th>"
        f"<th scope=col class=c2>{'last' if history.is_ordered else 'worst'} window</th>"
        f"<th scope=col><span class=x>{ends}</span></th><th scope=col class=c4>effect</th>"
        "<th scope=col class=c5>value / threshold</th>"
        f"<th scope=col class=c6>{'drifts since' if history.is_ordered else 'drifts in'}</th></tr>"
        f"</thead><tbody>\n{rows}</tbody></table>\n"
    )


def _row(history: FeatureHistory, line: FeatureLine, *, notebook: bool) -> str:
    statuses = _padded(line, len(history.slots))
    cell = history.present(line)
    status = Status.INSUFFICIENT_DATA if cell is None else cell.status
    name = _named(line)
    bar = ""
    if cell is not None:
        bar = effect_bar(cell.effect, cell.effects, painted=status if notebook else None)
    # Words have the colour around them: a tone for white and black is too pale for text.
    sign = f'<span style="color:{paint(status)}">{MARKS[status]}</span>'
    word = status.value.replace("_", " ")
    shown = f"<b>{sign} {word}</b>" if notebook else badge(status)
    return (
        f"<tr class={letter(status)}><th scope=row class=c1><bdi>{escape(name)}</bdi></th>"
        f"<td class=c2>{shown}</td>"
        f"<td class=full>{strip(statuses, label=name, painted=notebook)}</td>"
        f"<td class=c4>{bar}</td><td class=c5>{escape(_value(cell)) or NONE}</td>"
        f"<td class=c6>{escape(plain(history.drifted_in(line), _NAME))}</td></tr>\n"
    )


def _last(history: FeatureHistory, line: FeatureLine) -> str:
    cell = history.present(line)
    if cell is None:
        return ""
    return f"{cell.status.value.replace('_', ' ')}  {_value(cell)}".rstrip()


def _value(cell: Cell | None) -> str:
    if cell is None or cell.statistic is None:
        return ""
    limit = None if cell.threshold is None else cell.threshold.of(cell.status)
    if cell.reference is not None:
        texts = apart(cell.statistic, limit)
        return " / ".join(texts if limit is not None else texts[:1])
    bound = "" if limit is None else f" / {number(limit)}"
    return f"{plain((cell.test or '').replace('_', ' '))} {statistic(cell.statistic)}{bound}"


def _since(history: FeatureHistory, line: FeatureLine) -> str:
    told = plain(history.drifted_in(line), _NAME)
    return f"{'since' if history.is_ordered else 'in'} {told}" if told else ""


def _named(line: FeatureLine, limit: int = NAME_LENGTH) -> str:
    return plain(line.title, limit) or "(no name)"


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
