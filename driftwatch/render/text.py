"""A drift report for the terminal."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from driftwatch.core.reports.report import DriftReport, Status
from driftwatch.logs.lines import without_commands
from driftwatch.render import outline
from driftwatch.render.model import metric_rows, remarks
from driftwatch.render.numbers import NONE, count

__all__ = ["print_report", "to_text"]

_STYLES = {
    Status.CRITICAL: "bold red",
    Status.WARNING: "bold yellow",
    Status.UNDECIDED: "yellow",
    Status.OK: "green",
    Status.INSUFFICIENT_DATA: "magenta",
}
_HEADINGS = ("status", "feature", "test", "statistic", "p, no drift", "weight")
_NAME = 1
_MIN_NAME = 12
_GAP = 2
_MAX_INDENT = 11


def print_report(report: DriftReport, console: Console) -> None:
    """Print `report` on `console`, as wide as that is and in its colours.

    Nothing in the report is read as markup; control characters are removed.
    """
    headline = Text.assemble(
        _status(report.global_status),
        (f"  {outline.verdict(report)}", "bold"),
    )
    console.print(headline, highlight=False)
    if report.features:
        console.print()
    for line in _table(report):
        console.print(line, highlight=False)
    _print_list(console, "Performance", _performance(report))
    _print_list(console, "Schema changes", _changes(report))
    _print_list(console, "Undecided", [Text(text) for text in outline.undecided(report)])
    _print_list(
        console,
        "Not tested",
        [Text(f"{name}: {reason}") for name, reason in outline.skipped(report)],
    )


def to_text(report: DriftReport, *, color: bool, width: int) -> str:
    """Return what `print_report` prints, ending with one newline.

    Args:
        report: What to show.
        color: Whether to use ANSI colours; without them the text has no escape sequence.
        width: Columns to fill.
    """
    stream = io.StringIO()
    # An empty environment: this function's arguments alone decide.
    console = Console(
        file=stream,
        width=width,
        color_system="standard" if color else None,
        force_terminal=color,
        force_jupyter=False,
        no_color=not color,
        legacy_windows=False,
        _environ={},
    )
    print_report(report, console)
    lines = (line.rstrip() for line in stream.getvalue().splitlines())
    return without_commands("\n".join(lines).rstrip("\n")) + "\n"


def _table(report: DriftReport) -> Iterator[RenderableType]:
    """Yield a line a feature, each but the OK ones followed by what moved, on full lines."""
    features, left_out = outline.shown(report)
    rows = [outline.row(feature) for feature in features]
    if rows:
        weighed = any(row.importance != NONE for row in rows)
        lines = [_cells(row, weighed=weighed) for row in rows]
        headings = [Text(heading, style="dim") for heading in _HEADINGS[: len(lines[0])]]
        widths = [
            max(cell.cell_len for cell in column) for column in zip(headings, *lines, strict=True)
        ]
        indent = min(widths[0] + _GAP, _MAX_INDENT)
        yield _Line(headings, widths)
        for row, line in zip(rows, lines, strict=True):
            yield _Line(line, widths)
            if row.moved and row.status is not Status.OK:
                yield Padding(Text(row.moved, style="dim"), (0, 0, 0, indent))
                if row.moments:
                    yield Padding(Text(row.moments, style="dim"), (0, 0, 0, indent))
    if left_out:
        yield Text(f"{'and ' if rows else ''}{count(left_out, 'feature')} OK", style="green")


def _cells(row: outline.Row, *, weighed: bool) -> list[Text]:
    name = Text(row.name, style="bold" if row.status.is_drift else "")
    cells = [
        _status(row.status),
        name.append(f" ({row.kind})", "not bold dim"),
        Text(row.test),
        Text(row.statistic),
        Text(row.p_value),
    ]
    return [*cells, Text(row.importance, justify="right")] if weighed else cells


@dataclass(frozen=True, slots=True)
class _Line:
    """Cells under each other; the feature's name takes what width the others leave."""

    cells: Sequence[Text]
    widths: Sequence[int]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        widths = list(self.widths)
        others = sum(widths) - widths[_NAME] + _GAP * (len(widths) - 1)
        widths[_NAME] = max(min(widths[_NAME], options.max_width - others), _MIN_NAME)
        grid = Table.grid(padding=(0, _GAP, 0, 0))
        for width in widths:
            grid.add_column(width=width, overflow="fold")
        grid.add_row(*self.cells)
        yield grid


def _status(status: Status) -> Text:
    return Text(outline.status_text(status), style=_STYLES[status])


def _performance(report: DriftReport) -> list[Text]:
    """A line a metric in columns, the values of reference and production first."""
    if report.performance is None:
        return []
    rows = metric_rows(report.performance)
    widths = [max(len(row.texts[place]) for row in rows) for place in range(4)] if rows else []
    lines = []
    for row in rows:
        name, before, after, interval = (
            text.ljust(width) for text, width in zip(row.texts, widths, strict=False)
        )
        line = Text.assemble(f"{name}  {before} → {after}  ", (interval, "dim"))
        if row.status is not None:
            line = Text.assemble(line, "  ", _status(row.status))
        if row.note:
            line = Text.assemble(line, (f"  {row.note}", "dim"))
        lines.append(line)
    return [*lines, *(Text(remark, style="dim") for remark in remarks(report))]


def _changes(report: DriftReport) -> list[Text]:
    return [
        Text.assemble(_status(change.status), f"  {outline.change_line(change)}")
        for change in outline.changes(report)
    ]


def _print_list(console: Console, title: str, lines: Sequence[Text]) -> None:
    if not lines:
        return
    console.print()
    console.print(Text(title, style="bold"))
    for line in lines:
        console.print(Padding(line, (0, 0, 0, 2)), highlight=False)
