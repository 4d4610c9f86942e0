"""The last report, kept as one file in the user's state directory."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from driftwatch.core.reports.report import DriftReport
from driftwatch.errors import DataError
from driftwatch.process.atomic_files import write_atomically

__all__ = ["last_report_path", "load_report", "save_report"]


def last_report_path() -> Path:
    """Where the last report is kept.

    ``$DRIFTWATCH_STATE`` if set; else the platform's directory for state: XDG's on Linux,
    ``Library/Application Support`` on macOS, ``LOCALAPPDATA`` on Windows.
    """
    return _state_directory() / "last-report.json"


def _state_directory() -> Path:
    own = os.environ.get("DRIFTWATCH_STATE")
    if own:
        return Path(own)
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "driftwatch"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home())) / "driftwatch"
    state = os.environ.get("XDG_STATE_HOME")
    return (Path(state) if state else Path.home() / ".local" / "state") / "driftwatch"


def save_report(report: DriftReport, /) -> None:
    """Keep a report as the last one; raises DataError if that cannot be done."""
    path = last_report_path()
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise DataError(
            f"{path.parent}: cannot be made: {error.strerror or error}", code="DW013"
        ) from error
    write_atomically(path, report.to_json(indent=True).encode(), private=True)


def load_report(path: Path | None, /) -> DriftReport:
    """Read a report from a JSON file, or the last one.

    Raises:
        DataError: If there is none, or it is not a report.
    """
    import orjson

    source = path or last_report_path()
    try:
        data = orjson.loads(source.read_bytes())
    except FileNotFoundError as error:
        hint = "" if path else "; run `driftwatch check` first"
        raise DataError(f"{source}: no such report{hint}", code="DW019") from error
    except OSError as error:
        raise DataError(
            f"{source}: cannot be read: {error.strerror or error}", code="DW019"
        ) from error
    except orjson.JSONDecodeError as error:
        raise DataError(f"{source}: not JSON: {error}", code="DW019") from error
    try:
        return DriftReport.from_dict(data)
    except DataError as error:
        raise DataError(f"{source}: {error}", code="DW019") from error
