"""What the runs of the peers took: as a table to read and as plain data to store."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.peer_list import BASELINE
from benchmarks.processes import Measurement

__all__ = ["Entry", "ratio", "table", "to_dict"]

HEADER = (
    *("peer", "version", "wall s", "CPU s", "peak MB", "packages"),
    *("ratio", "CPU ratio", "flagged", "KS off by"),
)

Answer = dict[str, Any]
"""What a peer said: ``columns``, each with its verdict and statistics, perhaps ``rows``."""


@dataclass(slots=True)
class Entry:
    """One line of the table: a command, and what its runs have taken so far.

    Attributes:
        name: Of the peer, or of the command.
        version: Of the library.
        packages: How many packages its environment holds, without pip and setuptools.
        versions: Of the libraries that many peers share.
        command: What is run.
        asking: Arguments that it gets as well when its statistics are checked.
        checked: Whether they are.
        answer_of: Reads the answer out of what the command printed.
        exit_codes: Those that are no failure.
        flagged: The columns that the last run found drifted; None if it gives no verdicts.
        ks_error: The largest difference of its KS from the exact one, if it computes any.
        runs: The measurements, a round each.
        error: Why the entry does not count, if it does not.
    """

    name: str
    version: str | None = None
    packages: int | None = None
    versions: dict[str, str] = field(default_factory=dict)
    command: tuple[str | Path, ...] = ()
    asking: tuple[str, ...] = ()
    checked: bool = False
    answer_of: Callable[[str], Answer] = field(default=lambda _: {"columns": {}})
    exit_codes: tuple[int, ...] = (0,)
    flagged: list[str] | None = None
    ks_error: float | None = None
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


def ratio(entry: Entry, entries: Sequence[Entry], what: str = "seconds", /) -> float | None:
    """How many times as much as the baseline an entry took: the median of the rounds.

    Both sides of a round ran within minutes of each other, so a slow hour of the machine falls on
    both; the ratio of two medians would take them from different hours.

    Args:
        entry: A line of the table.
        entries: All of them, the baseline too.
        what: "seconds" or "cpu_seconds".
    """
    ours = next((other for other in entries if other.name == BASELINE), None)
    if ours is None or ours.error is not None or entry.error is not None or not entry.runs:
        return None
    pairs = zip(entry.runs, ours.runs, strict=True)
    return float(median(getattr(theirs, what) / getattr(our, what) for theirs, our in pairs))


def table(entries: Sequence[Entry], /) -> str:
    """Return the entries as text: those that count in columns, then why the others do not."""
    rows: list[Sequence[str]] = [HEADER]
    rows += [_row(entry, entries) for entry in entries if entry.error is None]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(map(_aligned, row, widths, range(len(widths)))) for row in rows]
    lines += [f"{entry.name}: {entry.error}" for entry in entries if entry.error is not None]
    return "\n".join(lines)


def _aligned(cell: str, width: int, column: int) -> str:
    # Names to the left, numbers to the right.
    return cell.ljust(width) if column < 2 else cell.rjust(width)


def _row(entry: Entry, entries: Sequence[Entry]) -> tuple[str, ...]:
    return (
        entry.name,
        entry.version or "-",
        _number(entry.seconds, 2),
        _number(entry.cpu_seconds, 2),
        _number(None if entry.peak_bytes is None else entry.peak_bytes / 1e6, 0),
        _number(entry.packages, 0),
        _number(ratio(entry, entries), 2),
        _number(ratio(entry, entries, "cpu_seconds"), 2),
        "-" if entry.flagged is None else str(len(entry.flagged)),
        _number(entry.ks_error, 4),
    )


def _number(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


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
            "ratio": ratio(entry, entries),
            "cpu_ratio": ratio(entry, entries, "cpu_seconds"),
            "flagged": entry.flagged,
            "ks_error": entry.ks_error,
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
