"""One module for each library, all of the same three names, so that one runner times them all.

``label`` names the library; ``profile(path)`` reads one file and makes what that library
makes of one data set alone (a profile, a fitted reference, or nothing more than the frame);
``compare(reference, current)`` runs its drift check of all columns. Each is written as a fair
user of the library would write it: its default check, over all rows, through its fastest
sensible entry point.

A module imports its library at the top, like any user's script, and is itself imported only in
an environment where that library is installed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NotRequired, Protocol, TypedDict

__all__ = ["NAMES", "ColumnDrift", "Comparison", "Peer"]

NAMES = (
    "driftwatch",
    "pandas_scipy",
    "frouros",
    "alibi_detect",
    "evidently",
    "whylogs",
    "nannyml",
    "popmon",
    "deepchecks",
)


class ColumnDrift(TypedDict):
    """The verdict on one column: ``drift`` is None where the library gives none.

    ``ks`` and ``chi2`` are statistics over all values, for `benchmarks.peer_truth`.
    """

    drift: bool | None
    score: float
    ks: NotRequired[float]
    chi2: NotRequired[float]


Comparison = dict[str, ColumnDrift]


class Peer(Protocol):
    """What every module of this package provides."""

    label: str

    def profile(self, path: Path, /) -> Any: ...

    def compare(self, reference: Any, current: Any, /) -> Comparison: ...
