"""DuckDB: every column counted in bins by its aggregate ``histogram``.

The bins are quantiles of the first rows of the reference, at least 100 a bin; counts are exact, of
all rows. One query reads all numbers and one all texts, each its own columns, unless the format is
read row by row: then one query takes all in one pass. The number of bins comes after the files.
"""

# The library is absent from the environment of the type checker.
# mypy: disable-error-code="import-not-found"
# Names and paths are those of the benchmark.
# ruff: noqa: S608

from __future__ import annotations

import json
import sys
from typing import Any

import duckdb

from benchmarks.peers.scripts.measures import chi2_of_categories, ks, psi

INFINITY = float("inf")  # the key of what lies beyond the last cut point


def columns_of(path: str) -> tuple[list[str], list[str]]:
    found = duckdb.execute(f"DESCRIBE FROM '{path}'").fetchall()
    numbers = [name for name, kind, *_ in found if kind != "VARCHAR"]
    return numbers, [name for name, kind, *_ in found if kind == "VARCHAR"]


def cut_points(path: str, names: list[str], bins: int) -> dict[str, list[float]]:
    rows = max(10_000, 100 * bins)
    (size,) = one_row(f"SELECT count(*) FROM (FROM '{path}' LIMIT {rows})")
    step = max(1, size // bins)
    lists = [f'list_distinct(list_sort(list("{name}"))[{step + 1}:-:{step}])' for name in names]
    found = one_row(f"SELECT {', '.join(lists)} FROM (FROM '{path}' LIMIT {rows})")
    return {name: sorted(cuts) for name, cuts in zip(names, found, strict=True)}


def one_row(query: str, parameters: list[Any] | None = None) -> tuple[Any, ...]:
    return duckdb.execute(query, parameters).fetchone() or ()


def count(path: str, cuts: dict[str, list[float]], texts: list[str]) -> dict[str, dict[Any, int]]:
    numbers = [f'histogram("{name}", ?)' for name in cuts]
    categories = [f'histogram("{name}")' for name in texts]
    parts = [numbers, categories] if path.endswith(".parquet") else [numbers + categories]
    row: list[dict[Any, int]] = []
    for part in filter(None, parts):
        parameters = list(cuts.values()) if part[0] in numbers else None
        row += one_row(f"SELECT {', '.join(part)} FROM '{path}'", parameters)
    return dict(zip([*cuts, *texts], row, strict=True))


def main() -> None:
    reference, production, bins, *more = sys.argv[1:]
    numbers, texts = columns_of(reference)
    cuts = cut_points(reference, numbers, int(bins))
    before, after = (count(path, cuts, texts) for path in (reference, production))
    columns: dict[str, dict[str, Any]] = {}
    for name in numbers:
        keys = (*cuts[name], INFINITY)
        counts = [[side[name].get(key, 0) for key in keys] for side in (before, after)]
        columns[name] = {"psi": psi(*counts), "ks_of_bins": ks(*counts)}
        if more == ["cut-points"]:
            columns[name] |= {"cut_points": cuts[name], "closed": "right"}
    for name in texts:
        columns[name] = {"chi2": chi2_of_categories(before[name], after[name])}
    rows = [sum(next(iter(side.values())).values()) for side in (before, after)]
    print(json.dumps({"rows": rows, "columns": columns}))


if __name__ == "__main__":
    main()
