"""DuckDB, nothing binned: KS over all values, PSI over the deciles of all rows, chi-squared.

A column's KS is the largest sum of steps, up for each row of the reference and down for each of
production, in the order of the values; equal values are one step, added up before they are put in
order, as whole numbers. Formats that are read row by row are read into a table once.
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

from benchmarks.peers.scripts.measures import chi2, psi

INFINITY = float("inf")  # the key of what lies beyond the last cut point
DECILES = [tenth / 10 for tenth in range(1, 10)]

KS = """
SELECT max(abs(height)) FROM (
    SELECT sum(step) OVER (ORDER BY v ROWS UNBOUNDED PRECEDING) AS height FROM (
        SELECT v, sum(step)::BIGINT AS step FROM (
            SELECT "{name}" AS v, {m} AS step FROM reference
            UNION ALL SELECT "{name}", -{n} FROM production
        ) GROUP BY v
    )
)
"""
CATEGORIES = """
SELECT coalesce(a.rows, 0), coalesce(b.rows, 0)
FROM (SELECT "{name}" AS v, count(*) AS rows FROM reference GROUP BY v) AS a
FULL JOIN (SELECT "{name}" AS v, count(*) AS rows FROM production GROUP BY v) AS b USING (v)
"""


def one_row(query: str, parameters: list[Any] | None = None) -> tuple[Any, ...]:
    return duckdb.execute(query, parameters).fetchone() or ()


def main() -> None:
    more = sys.argv[3:]
    for side, path in zip(("reference", "production"), sys.argv[1:3], strict=True):
        kind = "VIEW" if path.endswith(".parquet") else "TEMP TABLE"
        duckdb.execute(f"CREATE {kind} {side} AS FROM '{path}'")
    described = duckdb.execute("DESCRIBE reference").fetchall()
    numbers = [name for name, kind, *_ in described if kind != "VARCHAR"]
    (n,), (m,) = (one_row(f"SELECT count(*) FROM {s}") for s in ("reference", "production"))

    quantiles = ", ".join(f'quantile_disc("{name}", {DECILES})' for name in numbers)
    found = one_row(f"SELECT {quantiles} FROM reference")
    cuts = {name: sorted(set(each)) for name, each in zip(numbers, found, strict=True)}
    bins = ", ".join(f'histogram("{name}", ?)' for name in numbers)
    sides = [
        dict(zip(numbers, one_row(f"SELECT {bins} FROM {s}", list(cuts.values())), strict=True))
        for s in ("reference", "production")
    ]
    columns: dict[str, dict[str, Any]] = {}
    for name, *_ in described:
        if name in cuts:
            keys = (*cuts[name], INFINITY)
            (height,) = one_row(KS.format(name=name, n=n, m=m))
            counts = [[side[name].get(key, 0) for key in keys] for side in sides]
            columns[name] = {"psi": psi(*counts), "ks": float(height) / (n * m)}
            if more == ["cut-points"]:
                columns[name] |= {"cut_points": cuts[name], "closed": "right"}
        else:
            pairs = duckdb.execute(CATEGORIES.format(name=name)).fetchall()
            columns[name] = {"chi2": chi2(pairs, n, m)}
    print(json.dumps({"rows": [n, m], "columns": columns}))


if __name__ == "__main__":
    main()
