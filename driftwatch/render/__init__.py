"""Reports for people and machines: terminal, Markdown, HTML, JSON, JUnit and GitHub.

Every renderer is a pure function of a `DriftReport`. Names and categories come from
foreign data, so each renderer removes control characters and escapes for its own format; no line
of any of them is a command to the runner of a continuous integration that prints it, but those of
the GitHub form. JSON has escapes in the place of such characters, and is the exact value when read.
"""

from __future__ import annotations

import os
from pathlib import PurePath

from driftwatch.core.reports.report import DriftReport
from driftwatch.errors import ConfigError, did_you_mean
from driftwatch.logs.lines import json_lines

__all__ = ["FORMATS", "format_of", "render"]

FORMATS = ("text", "json", "markdown", "html", "junit", "github")

_SUFFIXES = {
    ".html": "html",
    ".htm": "html",
    ".md": "markdown",
    ".json": "json",
    ".xml": "junit",
    ".txt": "text",
}


def render(report: DriftReport, format: str) -> str:  # noqa: A002 - the word users type
    """Return `report` as text in one of `FORMATS`; it ends with one newline.

    Text has no colours and is 100 columns wide; see `driftwatch.render.text` for terminals.

    Raises:
        ConfigError: If there is no such format.
    """
    match format:
        case "text":
            from driftwatch.render.text import to_text

            return to_text(report, color=False, width=100)
        case "json":
            return json_lines(report.to_json(indent=True)) + "\n"
        case "markdown":
            from driftwatch.render.markdown import to_markdown

            return to_markdown(report)
        case "html":
            from driftwatch.render.html import to_html

            return to_html(report)
        case "junit":
            from driftwatch.render.junit import to_junit

            return to_junit(report)
        case "github":
            from driftwatch.render.github import to_github

            return to_github(report)
    raise ConfigError(
        f"no report format {format!r}{did_you_mean(format, FORMATS)}; formats: {', '.join(FORMATS)}"
    )


def format_of(path: str | os.PathLike[str], /) -> str:
    """Return the format that the suffix of `path` stands for.

    Raises:
        ConfigError: If the suffix stands for none.

    Example:
        >>> format_of("reports/today.HTML")
        'html'
    """
    suffix = PurePath(path).suffix.lower()
    if suffix not in _SUFFIXES:
        raise ConfigError(
            f"cannot tell the report format of {os.fspath(path)!r} from its suffix"
            f"{did_you_mean(suffix, _SUFFIXES)}; suffixes: {', '.join(_SUFFIXES)}"
        )
    return _SUFFIXES[suffix]
