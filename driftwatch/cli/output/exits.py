"""Exit codes, and how an error becomes one clear line."""

from __future__ import annotations

from enum import IntEnum

from driftwatch.core.reports.report import DriftReport, Status
from driftwatch.logs.lines import shown_line

__all__ = ["Exit", "exit_code", "one_line"]


class Exit(IntEnum):
    """What the command's exit code means."""

    NO_DRIFT = 0
    DRIFT = 1
    USAGE = 2
    NOT_ENOUGH_DATA = 3
    INTERNAL = 4


def exit_code(report: DriftReport, level: str, /) -> Exit:
    """Exit code of a report: 1 exactly when its status is `level` or worse."""
    if report.global_status is Status.INSUFFICIENT_DATA:
        return Exit.NOT_ENOUGH_DATA
    if report.has_drift(level):
        return Exit.DRIFT
    return Exit.NO_DRIFT


def one_line(error: BaseException, /) -> str:
    """The message of an error as one line that a terminal or a log can show."""
    return shown_line(str(error) or type(error).__name__)
