"""A drift report as GitHub workflow commands: annotations on the run."""

from __future__ import annotations

from driftwatch.core.reports.report import DriftReport, Status
from driftwatch.logs.lines import without_commands
from driftwatch.render import outline
from driftwatch.render.model import metric_rows

__all__ = ["escape_data", "escape_property", "to_github"]

_COMMANDS = {Status.CRITICAL: "error", Status.WARNING: "warning"}


def to_github(report: DriftReport) -> str:
    """Return one command a line: the verdict, then everything that drifted, worst first.

    GitHub shows the first ten of a kind, so features that are OK say nothing and those that
    are undecided share a line.
    """
    status = report.global_status
    lines = [
        _command(status, f"DriftWatch: {outline.status_text(status)}", outline.verdict(report))
    ]
    lines += [
        _command(change.status, "Schema change", outline.change_line(change))
        for change in outline.changes(report)
        if change.status.is_drift
    ]
    for feature in outline.worst_first(report):
        if feature.status.is_drift:
            parts = (
                outline.sentence_of(feature),
                outline.moments(feature),
                f"[{outline.decision(feature)}]",
            )
            title = f"Drift in {outline.name_of(feature)}"
            lines.append(
                _command(feature.status, title, " ".join(p for p in parts if p and p != "[]"))
            )
    if report.performance is not None:
        lines += [
            _command(row.status, f"Performance: {row.name}", row.sentence)
            for row in metric_rows(report.performance)
            if row.status is not None and row.status.is_drift
        ]
        if not report.performance.labelled[1]:
            lines.append(_command(Status.OK, "Performance", str(report.performance)))
    dependence = report.multivariate
    if dependence is not None and dependence.status.is_drift:
        sentence = outline.dependence_sentence(dependence)
        lines.append(_command(dependence.status, "Drift in the dependence of columns", sentence))
    if undecided := outline.undecided(report):
        lines.append(_command(Status.UNDECIDED, "Undecided", ", ".join(undecided)))
    return "\n".join(lines) + "\n"


def escape_data(text: str) -> str:
    r"""Return the message of a command, escaped.

    Example:
        >>> escape_data("100%\n")
        '100%25%0A'
    """
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def escape_property(text: str) -> str:
    """Return the value of a property of a command, escaped.

    Example:
        >>> escape_property("a:b,c")
        'a%3Ab%2Cc'
    """
    return escape_data(text).replace(":", "%3A").replace(",", "%2C")


def _command(status: Status, title: str, message: str) -> str:
    command = _COMMANDS.get(status, "notice")
    title, message = without_commands(title), without_commands(message)
    return f"::{command} title={escape_property(title)}::{escape_data(message)}"
