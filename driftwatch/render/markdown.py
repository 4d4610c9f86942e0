"""A drift report in GitHub-flavoured Markdown, for job summaries and comments."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from driftwatch.core.reports.report import DriftReport, Status
from driftwatch.logs.lines import without_commands
from driftwatch.render import outline
from driftwatch.render.model import HEADINGS, metric_rows, remarks
from driftwatch.render.numbers import NONE, count

__all__ = ["escape_markdown", "to_markdown"]

_MARKS = {
    Status.CRITICAL: "🔴",
    Status.WARNING: "🟠",
    Status.UNDECIDED: "🟡",
    Status.OK: "🟢",
    Status.INSUFFICIENT_DATA: "⚪",
}
_PUNCTUATION = re.compile(r"([\\`*_\[\]<>#~|$&])")
_LINKS = re.compile(r"@|://|(?i:www)(?=\.)|(?<=\\#)(?=\d)|(?i:GH)(?=-\d)")


def to_markdown(report: DriftReport) -> str:
    """Return the report as Markdown: a verdict, a table, and what else needs reading."""
    blocks = [f"**{_status(report.global_status)}**: {escape_markdown(outline.verdict(report))}"]
    features, left_out = outline.shown(report)
    if features:
        blocks.append(_features([outline.row(feature) for feature in features]))
    if left_out:
        blocks.append(f"and {count(left_out, 'feature')} OK")
    blocks += _performance(report)
    blocks += _list(
        "Schema changes",
        [
            f"{_status(change.status)}: {escape_markdown(outline.change_line(change))}"
            for change in outline.changes(report)
        ],
    )
    blocks += _list("Undecided", map(escape_markdown, outline.undecided(report)))
    blocks += _list(
        "Not tested",
        [
            f"{escape_markdown(name)}: {escape_markdown(reason)}"
            for name, reason in outline.skipped(report)
        ],
    )
    moments = [
        f"{escape_markdown(row.name)}: {escape_markdown(row.moments)}"
        for row in map(outline.row, features)
        if row.moments
    ]
    if moments:
        title = "<details><summary>Mean, deviation and range</summary>"
        blocks.append("\n".join([title, "", *_items(moments), "", "</details>"]))
    facts = [f"{label}: {escape_markdown(text)}" for label, text in outline.facts(report)]
    blocks.append("\n".join(["<details><summary>What was compared</summary>", "", *_items(facts)]))
    return without_commands("\n\n".join(blocks)) + "\n\n</details>\n"


def escape_markdown(text: str) -> str:
    r"""Return `text` so that Markdown shows it as it is.

    Punctuation that formats is escaped. A zero-width space keeps `@somebody`, links and
    issue numbers from becoming mentions and references. Newlines become spaces.

    Example:
        >>> escape_markdown("a|b <c>")
        'a\\|b \\<c\\>'
    """
    escaped = _PUNCTUATION.sub(r"\\\1", " ".join(text.split()))
    return _LINKS.sub(_unlinked, escaped)


def _unlinked(match: re.Match[str]) -> str:
    link = match.group()
    return ":&#8203;//" if link == "://" else f"{link}&#8203;"


def _features(rows: Sequence[outline.Row]) -> str:
    weighed = any(row.importance != NONE for row in rows)
    headings = ["status", "feature", "kind", "test", "statistic", "p, no drift"]
    headings += ["importance"] if weighed else []
    headings.append("what moved")
    lines = [_line(headings), _line("---" for _ in headings)]
    for row in rows:
        texts = [row.name, row.kind, row.test, row.statistic, row.p_value]
        texts += [row.importance] if weighed else []
        lines.append(_line([_status(row.status), *map(escape_markdown, [*texts, row.moved])]))
    return "\n".join(lines)


def _performance(report: DriftReport) -> list[str]:
    if report.performance is None:
        return []
    lines = [_line([*HEADINGS, "note"]), _line("---" for _ in range(len(HEADINGS) + 1))]
    for row in metric_rows(report.performance):
        status = NONE if row.status is None else _status(row.status)
        lines.append(_line([status, *map(escape_markdown, [*row.texts, row.note])]))
    title = f"**Performance**: {_status(report.performance.status)}"
    table = ["\n".join(lines)] if len(lines) > 2 else []
    return [title, *table, *_list("Labels", map(escape_markdown, remarks(report)))]


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _list(title: str, lines: Iterable[str]) -> list[str]:
    items = _items(lines)
    return ["\n".join([f"**{title}**", "", *items])] if items else []


def _items(lines: Iterable[str]) -> list[str]:
    return [f"- {line}" for line in lines]


def _status(status: Status) -> str:
    return f"{_MARKS[status]} {outline.status_text(status)}"
