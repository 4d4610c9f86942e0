"""A report to stdout and to files."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from driftwatch.cli.output.exits import Exit, exit_code
from driftwatch.cli.output.writing import put_document, wants_colour
from driftwatch.core.reports.report import LEVELS, DriftReport
from driftwatch.errors import ConfigError
from driftwatch.process.atomic_files import write_atomically
from driftwatch.render import FORMATS, format_of, render
from driftwatch.render.plain import plain

__all__ = ["Showing"]


@dataclass(frozen=True, slots=True)
class Showing:
    """How a report is to be shown.

    Attributes:
        format: Form of the report on stdout.
        outputs: Files to write as well, in the form their suffix asks for.
        fail_on: Status from which on the exit code is 1.
        quiet: Whether stderr stays silent.
        of_several: Whether reports of several monitors are shown, so that each is named.

    Raises:
        ConfigError: If a format or the level is unknown, or one file is to hold several reports.
    """

    format: str
    outputs: tuple[Path, ...]
    fail_on: str
    quiet: bool
    of_several: bool = False

    def __post_init__(self) -> None:
        if self.format not in FORMATS:
            raise ConfigError(f"--format {self.format!r}; known: {', '.join(FORMATS)}")
        if self.fail_on not in LEVELS:
            raise ConfigError(f"--fail-on {self.fail_on!r}; known: {', '.join(LEVELS)}")
        for path in self.outputs:
            format_of(path)
        if self.of_several and self.outputs:
            raise ConfigError(
                f"--output {self.outputs[0]} is one file, and several monitors have a report each: "
                "name one with --monitor, or take --format json"
            )

    def show(self, report: DriftReport, /) -> Exit:
        """Write the report everywhere it is wanted; return the exit code it calls for."""
        for path in self.outputs:
            write_atomically(path, render(report, format_of(path)).encode("utf-8", "replace"))
        if self.format == "text":
            from driftwatch.render.text import to_text

            text = to_text(report, color=wants_colour(), width=_width())
            if self.of_several:
                text = f"{plain(report.monitor)}: {text}"
        else:
            text = render(report, self.format)
        put_document(text if text.endswith("\n") else f"{text}\n")
        if self.format == "github":
            _write_step_summary(report)
        return self.code(report)

    def code(self, report: DriftReport, /) -> Exit:
        """The exit code that a report calls for."""
        return exit_code(report, self.fail_on)


def _width() -> int:
    if not sys.stdout.isatty():
        return 120
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns
    except OSError:
        return 80


def _write_step_summary(report: DriftReport) -> None:
    """GitHub shows what a step appends to this file on the page of the run."""
    target = os.environ.get("GITHUB_STEP_SUMMARY")
    if target:
        with Path(target).open("a", encoding="utf-8") as file:
            file.write(render(report, "markdown"))
