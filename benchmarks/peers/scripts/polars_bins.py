"""Polars: every column counted in bins, in one lazy pass over each file with the streaming engine.

The bins are quantiles of the first rows of the reference, at least 100 a bin; counts are exact, of
all rows. Up to a hundred cut points, comparing with each and summing is the fastest way, since the
comparison is vectorised; beyond, ``hist`` is. The number of bins comes after the files.
"""

# The library is absent from some environments of the type checker.
# mypy: disable-error-code="import-not-found"

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import polars as pl

from benchmarks.peers.scripts.measures import chi2_of_categories, ks, psi

SCANS: dict[str, Callable[[str], pl.LazyFrame]] = {
    "parquet": pl.scan_parquet,
    "csv": pl.scan_csv,
    "jsonl": pl.scan_ndjson,
}
COMPARED = 100  # cut points up to which comparing with each is faster
INFINITY = float("inf")


def scan(path: str) -> pl.LazyFrame:
    return SCANS[path.rpartition(".")[2]](path)


def cut_points(path: str, names: list[str], bins: int) -> dict[str, list[float]]:
    rows = scan(path).select(names).head(max(10_000, 100 * bins)).collect()
    step = max(1, rows.height // bins)
    return {n: rows[n].sort().gather_every(step, step).unique().sort().to_list() for n in names}


def counted(name: str, cuts: list[float]) -> pl.Expr:
    """Rows up to each cut point and beyond the last, as a list."""
    if len(cuts) < COMPARED:
        return pl.concat_list([(pl.col(name) <= cut).sum() for cut in cuts] + [pl.len()])
    return pl.col(name).hist([-INFINITY, *cuts, INFINITY]).cum_sum().implode()


def main() -> None:
    reference, production, bins, *more = sys.argv[1:]
    schema = scan(reference).collect_schema()
    numbers = [name for name, kind in schema.items() if kind.is_numeric()]
    texts = [name for name in schema if name not in numbers]
    cuts = cut_points(reference, numbers, int(bins))
    wanted = [counted(name, cuts[name]).alias(name) for name in numbers]
    wanted += [pl.col(name).value_counts().implode().alias(name) for name in texts]
    sides = [scan(path).select(pl.len().alias(""), *wanted) for path in (reference, production)]
    before, after = (side.collect(engine="streaming").row(0, named=True) for side in sides)
    columns: dict[str, dict[str, Any]] = {}
    for name in numbers:
        sums = before[name], after[name]
        counts = [[up - down for down, up in pairwise([0, *side])] for side in sums]
        columns[name] = {"psi": psi(*counts), "ks_of_bins": ks(*counts)}
        if more == ["cut-points"]:
            columns[name] |= {"cut_points": cuts[name], "closed": "right"}
    for name in texts:
        tables = [{e[name]: e["count"] for e in side[name]} for side in (before, after)]
        columns[name] = {"chi2": chi2_of_categories(*tables)}
    print(json.dumps({"rows": [before[""], after[""]], "columns": columns}))


if __name__ == "__main__":
    main()
