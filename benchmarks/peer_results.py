"""What the runs of the peers took: as a table to read and as plain data to store."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.processes import Measurement

__all__ = ["BASELINE", "Entry", "table", "to_dict"]

BASELINE = "driftwatch"  # the module, not the command: ratios compare like with like

HEADER = ("peer", "version", "wall s", "CPU s", "peak MB", "packages", "ratio", "flagged")


@dataclass(slots=True)
class Entry:
    """One line of the table: a command, and what its runs have taken so far.

    Attributes:
        name: Of the peer, or of the command.
        version: Of the library.
        packages: How many packages its environment holds, without pip and setuptools.
        versions: Of the libraries that many peers share.
        command: What is run.
        flagged_by: Reads the drifted columns out of what the command printed.
        exit_codes: Those that are no failure.
        flagged: The columns that the last run found drifted.
        runs: The measurements, a round each.
        error: Why the entry does not count, if it does not.
    """

    name: str
    version: str | None = None
    packages: int | None = None
    versions: dict[str, str] = field(default_factory=dict)
    command: tuple[str | Path, ...] = ()
    flagged_by: Callable[[str], list[str]] = field(default=lambda _: [])
    exit_codes: tuple[int, ...] = (0,)
    flagged: list[str] = field(default_factory=list)
    runs: list[Measurement] = field(default_factory=list)
    error: str | None = None

    @property
    def seconds(self) -> float | None:
        return self._median([run.seconds for run in self.runs])

    @property
    def cpu_seconds(self) -> float | None:
        return self._median([run.cpu_seconds for run in self.runs])

    @property
    def peak_bytes(self) -> float | None:
        return self._median([run.peak_bytes for run in self.runs])

    def _median(self, values: Sequence[float]) -> float | None:
        # A peer that failed in a later round is not counted by the earlier ones.
        return median(values) if values and self.error is None else None


def table(entries: Sequence[Entry], /) -> str:
    """Return the entries as text: those that count in columns, then why the others do not."""
    rows: list[Sequence[str]] = [HEADER]
    rows += [_row(entry, _ratio(entry, entries)) for entry in entries if entry.error is None]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(map(_aligned, row, widths, range(len(widths)))) for row in rows]
    lines += [f"{entry.name}: {entry.error}" for entry in entries if entry.error is not None]
    return "\n".join(lines)


def _aligned(cell: str, width: int, column: int) -> str:
    # Names to the left, numbers to the right.
    return cell.ljust(width) if column < 2 else cell.rjust(width)


def _row(entry: Entry, ratio: float | None) -> tuple[str, ...]:
    return (
        entry.name,
        entry.version or "-",
        _number(entry.seconds, 2),
        _number(entry.cpu_seconds, 2),
        _number(None if entry.peak_bytes is None else entry.peak_bytes / 1e6, 0),
        _number(entry.packages, 0),
        _number(ratio, 2),
        str(len(entry.flagged)),
    )


def _number(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


def _ratio(entry: Entry, entries: Sequence[Entry]) -> float | None:
    ours = next((other.seconds for other in entries if other.name == BASELINE), None)
    return entry.seconds / ours if entry.seconds and ours else None


def to_dict(entries: Sequence[Entry], /) -> list[dict[str, Any]]:
    """Return the entries as plain data, medians and single runs."""
    return [
        {
            "name": entry.name,
            "version": entry.version,
            "packages": entry.packages,
            "versions": entry.versions,
            "seconds": entry.seconds,
            "cpu_seconds": entry.cpu_seconds,
            "peak_bytes": entry.peak_bytes,
            "ratio": _ratio(entry, entries),
            "flagged": entry.flagged,
            "error": entry.error,
            "runs": [
                {
                    "seconds": run.seconds,
                    "cpu_seconds": run.cpu_seconds,
                    "peak_bytes": run.peak_bytes,
                }
                for run in entry.runs
            ],
        }
        for entry in entries
    ]
