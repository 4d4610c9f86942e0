"""How fast `driftwatch check` wants to be beside its peers, and whether it was."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from benchmarks.peer_list import BASELINE
from benchmarks.peer_results import Entry, ratio

__all__ = ["Judged", "judge"]

# Our wall time over theirs, at most, by millions of rows.
MOST = {"polars_50": {1: 1.15, 10: 1.2}, "pyarrow_read": {1: 1.6, 10: 1.6}}
# Their wall time over ours, at least; the other numbers of bins only show what bins cost.
LEAST = {"duckdb_1000": 2.0, "duckdb_exact": 2.0, "scouter_psi": 2.0, "scouter_profile": 2.0}
NEITHER = {BASELINE, "driftwatch", "polars_10", "polars_1000"}
LEAST_OF_OTHERS = 5.0
MOST_MEGABYTES = {10: 300.0}


@dataclass(frozen=True, slots=True)
class Judged:
    """A figure beside what it should be."""

    what: str
    value: float
    bound: float
    at_most: bool

    @property
    def met(self) -> bool:
        return self.value <= self.bound if self.at_most else self.value >= self.bound

    def __str__(self) -> str:
        wanted = f"at {'most' if self.at_most else 'least'} {self.bound:g}"
        return f"{self.what}: {self.value:.2f}, {wanted}: {'met' if self.met else 'missed'}"


def judge(entries: Sequence[Entry], rows: int, /) -> Iterator[Judged]:
    """Compare the wall times and the memory with what they should be.

    Args:
        entries: The lines of the table.
        rows: Of each file; other sizes than a million and ten millions are not judged.
    """
    millions = rows // 1_000_000
    if rows not in (1_000_000, 10_000_000):
        return
    for entry in entries:
        theirs = ratio(entry, entries)
        if theirs is None:
            continue
        if entry.name in MOST:
            bound = MOST[entry.name][millions]
            yield Judged(f"wall over {entry.name}", 1 / theirs, bound, at_most=True)
        elif entry.name not in NEITHER:
            bound = LEAST.get(entry.name, LEAST_OF_OTHERS)
            yield Judged(f"wall of {entry.name} over it", theirs, bound, at_most=False)
        elif entry.name == BASELINE and millions in MOST_MEGABYTES and entry.peak_bytes:
            bound = MOST_MEGABYTES[millions]
            yield Judged("peak MB", entry.peak_bytes / 1e6, bound, at_most=True)
