"""Drift over time to stdout and to files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import orjson

from driftwatch.cli.output.choices import check_choice, check_fail_on
from driftwatch.cli.output.exits import Exit, exit_code
from driftwatch.cli.output.history_files import HISTORY_FORMATS, form_of, write_forms
from driftwatch.cli.output.writing import put_document, terminal_width
from driftwatch.core.reports.over_time import OverTime
from driftwatch.logs.lines import json_lines
from driftwatch.render.over_time import over_time_html, over_time_text

__all__ = ["ShowingOverTime"]


@dataclass(frozen=True, slots=True)
class ShowingOverTime:
    """How drift over time is to be shown.

    Attributes:
        format: Form on stdout: ``text``, ``json`` or ``html``.
        outputs: Files to write as well, in the form their suffix asks for.
        fail_on: Status of a stretch from which on the exit code is 1.

    Raises:
        ConfigError: If a format, a suffix or the level is unknown.
    """

    format: str
    outputs: tuple[Path, ...]
    fail_on: str

    def __post_init__(self) -> None:
        check_choice("--format", self.format, HISTORY_FORMATS, beside="--by")
        check_fail_on(self.fail_on)
        for path in self.outputs:
            form_of(path)

    def show(self, result: OverTime, /) -> Exit:
        """Write the result everywhere it is wanted; return the exit code of its worst stretch."""
        write_forms(self.outputs, lambda form: _written(result, form), result.history.table)
        put_document(_written(result, self.format))
        codes = [exit_code(report, self.fail_on) for report in result.reports]
        if Exit.DRIFT in codes:
            return Exit.DRIFT
        return Exit.NO_DRIFT if Exit.NO_DRIFT in codes else Exit.NOT_ENOUGH_DATA


def _written(result: OverTime, form: str) -> str:
    if form == "html":
        return over_time_html(result)
    if form == "json":
        data = orjson.dumps(result.to_dict(), option=orjson.OPT_INDENT_2).decode()
        return json_lines(data) + "\n"
    return over_time_text(result, width=terminal_width())
