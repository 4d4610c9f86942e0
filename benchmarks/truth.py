"""Real data sets beside this repository, their splits, and statistics of the full rows.

`find_splits` and `load` read `shared/data`, one folder above the repository; nothing here
works without it. The oracle is numpy on every row and shares no code with the package.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from driftwatch import DriftReport, Monitor, Role
from driftwatch.core.data.declared import DeclaredColumns
from driftwatch.core.data.values import kind_of
from driftwatch.core.drift.cell_tests import PopulationStability
from driftwatch.core.drift.sides import MIN_EXPECTED, NumericSides, compare_sides
from driftwatch.core.profiles.reference import Reference
from driftwatch.core.reports.report import Levels
from driftwatch.profiling.build import profile_data, profile_like

__all__ = [
    "DATA",
    "Split",
    "Statistic",
    "check_all_columns",
    "compare",
    "compare_classic",
    "counts_between",
    "divergences",
    "find_splits",
    "load",
    "shuffled",
]

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
"""Where the data sets are, if they are."""

_DICTIONARY = 10_000


@dataclass(frozen=True)
class Split:
    """Two sides of one data set, and the exact statistics of their columns."""

    name: str
    split: str
    reference: pa.Table
    current: pa.Table
    columns: Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Statistic:
    """One statistic of one column, as reported and as it is on all rows."""

    column: str
    method: str
    exact: float
    reported: float
    interval: tuple[float, float]
    categories: int

    @property
    def is_inside(self) -> bool:
        """Whether the interval holds the exact value, up to rounding."""
        slack = 1e-9 * max(1.0, abs(self.exact))
        return self.interval[0] - slack <= self.exact <= self.interval[1] + slack

    @property
    def width(self) -> float:
        """Of the interval."""
        return self.interval[1] - self.interval[0]


def find_splits() -> Iterator[tuple[str, str]]:
    """Name and split of every data set; none where the folder is absent."""
    for path in sorted((DATA / "truth").glob("*.json")):
        if path.stem != "calibration_public":
            for split in json.loads(path.read_text())["splits"]:
                yield path.stem, split


@cache
def _table(name: str) -> pa.Table:
    return pq.read_table(DATA / "parquet" / f"{name}.parquet")


def load(name: str, split: str) -> Split:
    """Read both sides of a split and its truth file."""
    table = _table(name)
    side = pq.read_table(DATA / "splits" / f"{name}.parquet")[split]
    truth = json.loads((DATA / "truth" / f"{name}.json").read_text())["splits"][split]
    before, after = (table.filter(pc.equal(side, number)) for number in (1, 2))
    return Split(name, split, before, after, truth["columns"])


def shuffled(split: Split, seed: int) -> tuple[pa.Table, pa.Table]:
    """All rows of a split in random halves of its sizes: no drift, by construction."""
    rows = pa.concat_tables([split.reference, split.current], promote_options="default")
    order = np.random.default_rng(seed).permutation(rows.num_rows)
    first = split.reference.num_rows
    return rows.take(np.sort(order[:first])), rows.take(np.sort(order[first:]))


def check_all_columns(split: Split, **options: Any) -> DriftReport:
    """Check every column that can be, also identifiers and times; the truth counts all texts."""
    names = [f.name for f in split.reference.schema if kind_of(f.type).value != "unsupported"]
    roles = dict.fromkeys(names, Role.FEATURE)
    return Monitor(split.reference, roles=roles, missing_words=(), **options).check(split.current)


def compare(split: Split, report: DriftReport) -> Iterator[Statistic]:
    """Every statistic of a report with an interval, beside that of the full rows.

    Kolmogorov-Smirnov comes from the truth file. The divergences are computed here from
    all rows, over the cells, with the smoothing and without the nulls, as the report says.
    """
    for column, facts in split.columns.items():
        feature = report.feature_drift()[column]
        if facts["status"] != "ok":
            continue
        if feature.kind in ("numeric", "datetime"):
            exact = _numeric(split, column, facts, feature.tests)
            categories = 0
        else:
            exact, categories = _categorical(split, column)
        for method, value in exact.items():
            found = feature.tests.get(method)
            if found is not None and found.interval is not None and found.statistic is not None:
                yield Statistic(column, method, value, found.statistic, found.interval, categories)


def compare_classic(split: Split) -> Iterator[Statistic]:
    """The textbook's statistics beside those of the truth file, where the state is exact.

    Chi-squared, total variation and PSI of categories, and PSI of numbers over the truth
    file's own edges; both floor empty cells at 1e-4.
    """
    report = check_all_columns(split, policy="classic")
    for column, facts in split.columns.items():
        exact = facts.get("categorical")
        feature = report.feature_drift()[column]
        if facts["status"] != "ok" or exact is None or feature.kind in ("numeric", "datetime"):
            continue
        distinct = max(exact["k_ref"], exact["k_prod"])
        if distinct > _DICTIONARY:
            continue
        known = {"tvd": exact["tvd"], "psi": exact["psi_eps1e4"]}
        known["chi2"] = (exact.get("chi2") or {}).get("stat")
        for method, value in known.items():
            found = feature.tests.get(method)
            if value is not None and found is not None and found.statistic is not None:
                point = (found.statistic, found.statistic)
                yield Statistic(column, method, value, found.statistic, point, distinct)
    yield from _psi_on_given_edges(split)


def _psi_on_given_edges(split: Split) -> Iterator[Statistic]:
    names = [
        name
        for name, facts in split.columns.items()
        if facts["status"] == "ok" and (facts.get("numeric") or {}).get("psi10", {}).get("edges")
    ]
    roles = dict.fromkeys(names, Role.FEATURE)
    reference = Reference(
        profile_data(split.reference, DeclaredColumns.of(roles=roles), reference=True)
    )
    current = profile_like(reference, split.current)
    for name in names:
        sides = compare_sides(reference[name], current.columns[name])
        if not isinstance(sides, NumericSides) or sides.source != "exact":
            continue
        truth = split.columns[name]["numeric"]["psi10"]
        test = PopulationStability(smoothing="floor", edges=tuple(truth["edges"]))
        found = test(sides, effect=Levels(0.1, 0.25), level=0.05)
        value = truth["right_closed"]["psi_eps1e4"]
        yield Statistic(name, "psi on given edges", value, found.statistic, found.interval, 0)


def _numeric(
    split: Split, column: str, facts: Mapping[str, Any], tests: Mapping[str, Any]
) -> dict[str, float]:
    if facts["kind"] != "numeric":
        return {}
    exact = {"ks": float(facts["numeric"]["ks"]["stat"])}
    if "psi" in tests:
        edges = tests["psi"].details["cells"]["edges"]
        p, q = (
            counts_between(side[column].drop_null().cast(pa.float64()).to_numpy(), edges)
            for side in (split.reference, split.current)
        )
        exact |= divergences(p, q)
        del exact["chi2"]
    return exact


def counts_between(values: NDArray[np.float64], edges: list[float]) -> NDArray[np.int64]:
    """Rows in the cells ``(-inf, e0], ... (elast, inf)``; infinite values are left out."""
    values = np.sort(values[np.isfinite(values)])
    return np.diff(np.searchsorted(values, edges, side="right"), prepend=0, append=values.size)


def _categorical(split: Split, column: str) -> tuple[dict[str, float], int]:
    old, new = _value_counts(split.reference[column]), _value_counts(split.current[column])
    names = sorted(old.keys() | new.keys(), key=str)
    distinct = max(len(old), len(new))
    if distinct > _DICTIONARY:  # the cells are those of a dictionary, which rows do not name
        return {}, distinct
    p = np.array([old.get(name, 0) for name in names])
    q = np.array([new.get(name, 0) for name in names])
    expected = (p + q) / (p.sum() + q.sum()) * min(p.sum(), q.sum())
    kept = expected >= MIN_EXPECTED
    pooled = [np.append(side[kept], side[~kept].sum()) for side in (p, q)]
    if pooled[0][-1] + pooled[1][-1] == 0:
        pooled = [side[:-1] for side in pooled]
    return divergences(*pooled) | {"tvd": _total_variation(p, q)}, distinct


def _value_counts(column: pa.ChunkedArray) -> dict[Any, int]:
    found = column.drop_null().value_counts()
    return {item["values"]: item["counts"] for item in found.to_pylist()}


def _total_variation(p: NDArray[np.int64], q: NDArray[np.int64]) -> float:
    return float(np.abs(p / p.sum() - q / q.sum()).sum() / 2)


def divergences(p: NDArray[np.int64], q: NDArray[np.int64]) -> dict[str, float]:
    """Every divergence of two sides' counts, half a row added to each cell but for TVD."""
    a, b = ((side + 0.5) / (side.sum() + side.size / 2) for side in (p, q))
    middle = (a + b) / 2
    js = (a * np.log(a / middle) + b * np.log(b / middle)).sum() / 2
    shares = (p + q) / (p.sum() + q.sum())
    chi2 = sum(
        (((side - shares * side.sum()) ** 2)[shares > 0] / (shares * side.sum())[shares > 0]).sum()
        for side in (p, q)
    )
    return {
        "psi": float(((a - b) * np.log(a / b)).sum()),
        "jensen_shannon": float(np.sqrt(max(js, 0))),
        "hellinger": float(np.sqrt(((np.sqrt(a) - np.sqrt(b)) ** 2).sum() / 2)),
        "tvd": _total_variation(p, q),
        "chi2": float(chi2),
    }
