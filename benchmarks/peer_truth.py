"""Whether the peers compute what they say: their statistics against exact ones of the same files.

    python -m benchmarks.peer_truth reference.parquet production.parquet < answers.json

Statistics of bins are computed again from all rows, at the peer's own cut points, and have to be
the same; the difference from the exact Kolmogorov-Smirnov statistic may then be as large as the
bins make it, and is returned. Statistics without bins have to be exact, and where an interval is
stated, it has to hold the exact value.

`benchmarks.run_peers` runs it in a process of its own: the parent of the measured processes stays
small.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Numbers", "Texts", "examine"]

# Rows by which shares may differ: libraries smooth empty bins, and count values at and beyond the
# ends of the reference, in ways of their own.
ROWS = 5
RELATIVE = 1e-6

Side = Literal["left", "right"]


class Numbers:
    """A column of numbers in both files, in order."""

    def __init__(self, before: NDArray[np.float64], after: NDArray[np.float64], /) -> None:
        self.sides = np.sort(before), np.sort(after)
        self.slack = ROWS / min(before.size, after.size)
        values = np.concatenate(self.sides)
        self.ks = self._largest_gap(values, "right")

    def faults(self, found: Mapping[str, Any], /) -> Iterator[str]:
        """What is wrong with the statistics of a peer."""
        cuts = np.asarray(found.get("cut_points", ()))
        exact = {"ks": self.ks, "median": float(np.median(self.sides[0]))}
        if "cut_points" in found:
            exact |= self._of_bins(cuts, found["closed"])
        for name in ("psi", "ks_of_bins", "ks", "median"):
            if name in found and name in exact:
                slack = self._slack(name, exact[name])
                yield from _differs(name, found, exact[name], slack)

    def _slack(self, name: str, exact: float) -> float:
        if name != "median":
            return self.slack
        # The nearest values: a quantile between two rows is a matter of taste.
        side = self.sides[0]
        middle = side.size // 2
        return float(max(side[min(middle + 1, side.size - 1)] - exact, exact - side[middle - 1]))

    def _of_bins(self, cuts: NDArray[np.float64], closed: Side) -> dict[str, float]:
        gap = self._largest_gap(cuts, closed) if cuts.size else 0.0
        counts = [
            np.diff(np.concatenate([[0], np.searchsorted(side, cuts, closed), [side.size]]))
            for side in self.sides
        ]
        return {"ks_of_bins": gap} | _psi(*counts)

    def _largest_gap(self, at: NDArray[np.float64], closed: Side) -> float:
        before, after = (np.searchsorted(side, at, closed) / side.size for side in self.sides)
        return float(np.abs(before - after).max())


class Texts:
    """The counts of a column of texts in both files."""

    def __init__(self, before: Mapping[str, int], after: Mapping[str, int], /) -> None:
        names = sorted(before.keys() | after.keys())
        sides = ([side.get(name, 0) for name in names] for side in (before, after))
        self.counts = [np.array(side, dtype=np.float64) for side in sides]
        self.slack = ROWS / min(side.sum() for side in self.counts)

    def faults(self, found: Mapping[str, Any], /) -> Iterator[str]:
        """What is wrong with the statistics of a peer."""
        a, b = self.counts
        n, m = a.sum(), b.sum()
        exact = {"chi2": float((np.square(a * m - b * n) / (a + b)).sum() / (n * m))}
        exact |= _psi(a, b)
        if a.all():  # no library has an expectation for what the reference does not have
            expected = a * m / n
            exact["chi2_of_expected"] = float((np.square(b - expected) / expected).sum())
        for name, value in exact.items():
            if name in found:
                slack = self.slack if name == "psi" else RELATIVE * value
                yield from _differs(name, found, value, slack)


def _psi(before: NDArray[Any], after: NDArray[Any]) -> dict[str, float]:
    if not (before.all() and after.all()):
        return {}  # an empty bin has no logarithm: how it is smoothed is a matter of taste
    p, q = before / before.sum(), after / after.sum()
    return {"psi": float(((q - p) * np.log(q / p)).sum())}


def _differs(name: str, found: Mapping[str, Any], exact: float, slack: float) -> Iterator[str]:
    low, high = found.get("intervals", {}).get(name, (found[name], found[name]))
    if not low - slack <= exact <= high + slack:
        said = f"{found[name]:.6g}" if low == high else f"{low:.6g} to {high:.6g}"
        yield f"{name} is {exact:.6g}, not {said}"


def examine(
    columns: Mapping[str, Numbers | Texts], rows: Sequence[int], answer: Mapping[str, Any], /
) -> dict[str, Any]:
    """Return what is wrong with an answer, and how far its KS is from the exact one.

    Args:
        columns: The columns of both files.
        rows: Of both files.
        answer: What the peer printed: ``columns``, and ``rows`` if it counted them.

    Returns:
        ``faults``, a list of texts, and ``ks_error``, the largest absolute difference over all
        columns of numbers; None if the peer computes no KS.
    """
    found = answer["columns"]
    faults = []
    if "rows" in answer and list(answer["rows"]) != list(rows):
        faults.append(f"rows are {list(rows)}, not {list(answer['rows'])}")
    if found and (missing := [name for name in columns if name not in found]):
        faults.append(f"nothing about {', '.join(missing)}")
    errors = []
    for name, column in columns.items():
        about = found.get(name, {})
        faults += [f"{name}: {fault}" for fault in column.faults(about)]
        ks = about.get("ks", about.get("ks_of_bins"))
        if isinstance(column, Numbers) and ks is not None:
            errors.append(abs(ks - column.ks))
    return {"faults": faults, "ks_error": max(errors, default=None)}


def read_column(name: str, paths: Sequence[Path], /) -> Numbers | Texts:
    """Read a column of both files."""
    sides = [pq.read_table(path, columns=[name])[name] for path in paths]
    if pa.types.is_floating(sides[0].type):
        return Numbers(*(side.to_numpy() for side in sides))
    tables = (pc.value_counts(side).to_pylist() for side in sides)
    return Texts(*({each["values"]: each["counts"] for each in table} for table in tables))


def main() -> None:
    paths = [Path(path) for path in sys.argv[1:3]]
    answers = json.load(sys.stdin)
    rows = [pq.read_metadata(path).num_rows for path in paths]
    found: dict[str, dict[str, Any]] = {n: {"faults": [], "ks_error": None} for n in answers}
    columns = {name: read_column(name, paths) for name in pq.read_schema(paths[0]).names}
    for name, answer in answers.items():
        found[name] = examine(columns, rows, answer)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
