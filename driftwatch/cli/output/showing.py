"""A report to stdout and to files."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from driftwatch.cli.output.choices import check_choice, check_fail_on
from driftwatch.cli.output.exits import Exit, exit_code
from driftwatch.cli.output.writing import put_document, terminal_width, wants_colour
from driftwatch.core.reports.report import DriftReport
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
        check_choice("--format", self.format, FORMATS)
        check_fail_on(self.fail_on)
        for path in self.outputs:
            format_of(path)
        if self.of_several and self.outputs:
            raise ConfigError(
                f"--output {self.outputs[0]} is one file, and several monitors have a report each: "
                "name one with --monitor, or take --format json",
                code="DW002",
            )

    def show(self, report: DriftReport, /) -> Exit:
        """Write the report everywhere it is wanted; return the exit code it calls for."""
        for path in self.outputs:
            write_atomically(path, render(report, format_of(path)).encode("utf-8", "replace"))
        if self.format == "text":
            from driftwatch.render.text import to_text

            text = to_text(report, color=wants_colour(), width=terminal_width())
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


def _write_step_summary(report: DriftReport) -> None:
    """GitHub shows what a step appends to this file on the page of the run."""
    target = os.environ.get("GITHUB_STEP_SUMMARY")
    if target:
        with Path(target).open("a", encoding="utf-8") as file:
            file.write(render(report, "markdown"))
