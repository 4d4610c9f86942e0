"""A drift report for the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from driftwatch.core.reports.report import DriftReport, Status
from driftwatch.logs.lines import without_commands
from driftwatch.render import outline
from driftwatch.render.lines import Piece, cells_of, row_of_cells, shown_line, wrapped
from driftwatch.render.model import metric_rows, remarks
from driftwatch.render.numbers import NONE, count

__all__ = ["to_text"]

_STYLES = {
    Status.CRITICAL: "bold red",
    Status.WARNING: "bold yellow",
    Status.UNDECIDED: "yellow",
    Status.OK: "green",
    Status.INSUFFICIENT_DATA: "magenta",
}
_HEADINGS = ("status", "feature", "test", "statistic", "p, no drift", "weight")
_NAME, _WEIGHT = 1, 5
_MIN_NAME = 12
_NARROW = 6
_GAP = 2
_MAX_INDENT = 11

Line = Sequence[Piece]


def to_text(report: DriftReport, *, color: bool, width: int) -> str:
    """A report as lines, ending with one newline.

    Nothing in the report is read as markup; control characters are removed.

    Args:
        report: What to show.
        color: Whether to use ANSI colours; without them the text has no escape sequence.
        width: Columns to fill.
    """
    lines = _lines(report, width)
    shown = (shown_line(line, color=color).rstrip() for line in lines)
    return without_commands("\n".join(shown).rstrip("\n")) + "\n"


def _lines(report: DriftReport, width: int) -> Iterator[Line]:
    headline = [_status(report.global_status), Piece(f"  {outline.verdict(report)}", "bold")]
    yield from wrapped(headline, width)
    if report.features:
        yield []
    yield from _table(report, width)
    for title, lines in (
        ("Performance", _performance(report)),
        ("Schema changes", _changes(report)),
        ("Undecided", [[Piece(text)] for text in outline.undecided(report)]),
        ("Not tested", [[Piece(f"{n}: {reason}")] for n, reason in outline.skipped(report)]),
    ):
        if lines:
            yield []
            yield [Piece(title, "bold")]
        for line in lines:
            yield from wrapped(line, width, indent=_GAP)


def _table(report: DriftReport, width: int) -> Iterator[Line]:
    """Yield a line a feature, each but the OK ones followed by what moved, on full lines."""
    features, left_out = outline.shown(report)
    rows = [outline.row(feature) for feature in features]
    if rows:
        weighed = any(row.importance != NONE for row in rows)
        lines = [_cells(row, weighed=weighed) for row in rows]
        headings = [[Piece(heading, "dim")] for heading in _HEADINGS[: len(lines[0])]]
        widths = [max(map(cells_of, column)) for column in zip(headings, *lines, strict=True)]
        indent = min(widths[0] + _GAP, _MAX_INDENT)
        # The feature's name takes what width the others leave.
        others = sum(widths) - widths[_NAME] + _GAP * (len(widths) - 1)
        widths[_NAME] = max(min(widths[_NAME], width - others), _MIN_NAME)
        _narrow(widths, width - _GAP * (len(widths) - 1))
        yield from row_of_cells(headings, widths, _GAP)
        for row, line in zip(rows, lines, strict=True):
            yield from row_of_cells(line, widths, _GAP, right=(_WEIGHT,))
            for text in (
                (row.moved, row.moments) if row.moved and row.status is not Status.OK else ()
            ):
                yield from wrapped([Piece(text, "dim")], width, indent=indent) if text else ()
    if left_out:
        yield [Piece(f"{'and ' if rows else ''}{count(left_out, 'feature')} OK", "green")]


def _narrow(widths: list[int], room: int) -> None:
    """Make the widest columns less wide until all fit into a narrow terminal, the first last."""
    while sum(widths) > max(room, 2 * len(widths)):
        others = widths[1:]
        place = (
            others.index(max(others)) + 1 if max(others) > _NARROW else widths.index(max(widths))
        )
        widths[place] -= 1


def _cells(row: outline.Row, *, weighed: bool) -> list[Line]:
    name = Piece(row.name, "bold" if row.status.is_drift else "")
    cells: list[Line] = [
        [_status(row.status)],
        [name, Piece(f" ({row.kind})", "dim")],
        [Piece(row.test)],
        [Piece(row.statistic)],
        [Piece(row.p_value)],
    ]
    return [*cells, [Piece(row.importance)]] if weighed else cells


def _status(status: Status) -> Piece:
    return Piece(outline.status_text(status), _STYLES[status])


def _performance(report: DriftReport) -> list[Line]:
    """A line a metric in columns, the values of reference and production first."""
    if report.performance is None:
        return []
    rows = metric_rows(report.performance)
    widths = [max(len(row.texts[place]) for row in rows) for place in range(4)] if rows else []
    lines: list[Line] = []
    for row in rows:
        name, before, after, interval = (
            text.ljust(width) for text, width in zip(row.texts, widths, strict=False)
        )
        line = [Piece(f"{name}  {before} → {after}  "), Piece(interval, "dim")]
        if row.status is not None:
            line += [Piece("  "), _status(row.status)]
        if row.note:
            line.append(Piece(f"  {row.note}", "dim"))
        lines.append(line)
    return [*lines, *([Piece(remark, "dim")] for remark in remarks(report))]


def _changes(report: DriftReport) -> list[Line]:
    return [
        [_status(change.status), Piece(f"  {outline.change_line(change)}")]
        for change in outline.changes(report)
    ]
