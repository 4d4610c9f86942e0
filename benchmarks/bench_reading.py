"""Reading files as this package's batches against bare loops of pyarrow over the same files.

    python -m benchmarks.bench_reading --rows 10000000

Six columns: two floats, two whole numbers and two texts, half of them with missing values; as
parquet, as CSV, and as CSV with semicolons and decimal commas. Nothing is done with the rows.
Every reading is a process of its own, in turns, the first round not counted; medians. What counts
is the loop, from opening the file to its last row, without imports; the time of the whole process
is given too.

A bare loop over CSV infers types, as pyarrow does unless told otherwise. This package reads texts,
and infers types later and from everywhere, so a bare loop that reads texts is measured as well.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

from benchmarks.cache import default_cache
from benchmarks.machine import describe
from benchmarks.processes import Measurement, measure

VERSION = 1  # part of the folder's name: changing what is generated must not find old files
BLOCK = 1_000_000
MOST = 1.5
FLOATS = ("amount", "price")

TIMED = """
import json, sys, time
path = sys.argv[1]
{imports}
def batches():
{body}
wall, cpu, rows = time.perf_counter(), time.process_time(), 0
for batch in batches():
    rows += batch.{rows}
wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
print(json.dumps(dict(rows=rows, seconds=wall, cpu_seconds=cpu)))
"""
CSV = "from pyarrow import csv"
READINGS = {
    "driftwatch": TIMED.format(
        imports="import pyarrow.compute, pyarrow.csv, pyarrow.parquet\n"
        "from driftwatch.profiling.files import find_files",
        body="    return find_files(path).batches()",
        rows="rows",
    ),
    "bare parquet": TIMED.format(
        imports="import pyarrow.parquet as pq",
        body="    return pq.ParquetFile(path).iter_batches()",
        rows="num_rows",
    ),
    "bare csv": TIMED.format(imports=CSV, body="    return csv.open_csv(path)", rows="num_rows"),
    "bare commas": TIMED.format(
        imports=CSV,
        body="""
    return csv.open_csv(path, parse_options=csv.ParseOptions(delimiter=";"),
        convert_options=csv.ConvertOptions(decimal_point=","))""",
        rows="num_rows",
    ),
    "bare texts": TIMED.format(
        imports=CSV + "\nimport pyarrow as pa",
        body="""
    with open(path) as file:
        header = file.readline().strip()
    mark = ";" if ";" in header else ","
    types = {name.strip('"'): pa.string() for name in header.split(mark)}
    return csv.open_csv(path, parse_options=csv.ParseOptions(delimiter=mark),
        convert_options=csv.ConvertOptions(column_types=types))""",
        rows="num_rows",
    ),
}


@dataclass(frozen=True, slots=True)
class Case:
    """One file, and the readings of it; the first is ours, the second what it is held against."""

    file: str
    readings: tuple[str, ...]


CASES = {
    "parquet": Case("rows.parquet", ("driftwatch", "bare parquet")),
    "csv": Case("rows.csv", ("driftwatch", "bare csv", "bare texts")),
    "csv with decimal commas": Case("commas.csv", ("driftwatch", "bare commas", "bare texts")),
}


def block_of_rows(rng: np.random.Generator, rows: int) -> pa.Table:
    """Some rows of the six columns."""
    categories = np.array([f"category_{i:03d}" for i in range(50)])
    towns = np.array([f"town_{i}" for i in range(300)])

    def with_missing(values: Any, share: float) -> pa.Array:
        return pa.array(values, mask=rng.random(rows) < share)

    return pa.table(
        {
            "amount": rng.normal(size=rows),
            "price": with_missing(rng.lognormal(2.5, 0.6, rows).round(2), 0.05),
            "visits": rng.poisson(4, rows),
            "age": with_missing(rng.integers(18, 90, rows), 0.1),
            "category": categories[rng.integers(0, 50, rows)],
            "town": with_missing(towns[np.minimum(rng.zipf(1.5, rows), 300) - 1], 0.05),
        }
    )


def with_commas(table: pa.Table) -> pa.Table:
    for name in FLOATS:
        texts = pc.replace_substring(table[name].cast(pa.string()), ".", ",")
        table = table.set_column(table.schema.get_field_index(name), name, texts)
    return table


def make_files(folder: Path, rows: int) -> None:
    """Write the three files, block by block, unless an earlier run did."""
    if folder.exists():
        return
    # Files of an interrupted run must not pass for whole ones.
    unfinished = folder.with_suffix(".unfinished")
    unfinished.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(1)
    empty = block_of_rows(rng, 0)
    plain = pa.csv.WriteOptions(quoting_style="needed")
    semicolons = pa.csv.WriteOptions(quoting_style="needed", delimiter=";")
    commas = str(unfinished / "commas.csv")
    with (
        pq.ParquetWriter(unfinished / "rows.parquet", empty.schema) as parquet,
        pa.csv.CSVWriter(str(unfinished / "rows.csv"), empty.schema, write_options=plain) as csv,
        pa.csv.CSVWriter(commas, with_commas(empty).schema, write_options=semicolons) as european,
    ):
        for start in range(0, rows, BLOCK):
            block = block_of_rows(rng, min(BLOCK, rows - start))
            parquet.write_table(block)
            csv.write_table(block)
            european.write_table(with_commas(block))
    unfinished.rename(folder)


def read_once(reading: str, path: Path, rows: int) -> tuple[dict[str, float], Measurement]:
    """Run one reading in a process of its own.

    Raises:
        RuntimeError: If it fails, or reads another number of rows.
    """
    run = measure(
        [sys.executable, "-c", READINGS[reading], str(path)],
        timeout_seconds=600,
        environment=os.environ,
        folder=Path.cwd(),
    )
    if run.exit_code:
        raise RuntimeError(f"{reading} of {path.name}: {run.last_error}")
    found: dict[str, float] = json.loads(run.output)
    if found["rows"] != rows:
        raise RuntimeError(f"{reading} of {path.name}: {found['rows']} rows of {rows}")
    return found, run


def compare(case: Case, folder: Path, rows: int, repeats: int) -> dict[str, Any]:
    """Time the readings of one file, in turns."""
    runs: dict[str, list[tuple[dict[str, float], Measurement]]] = {n: [] for n in case.readings}
    for turn in range(repeats + 1):
        for reading in case.readings:
            done = read_once(reading, folder / case.file, rows)
            if turn:
                runs[reading].append(done)
    table = {
        reading: {
            "seconds": statistics.median(found["seconds"] for found, _ in done),
            "cpu_seconds": statistics.median(found["cpu_seconds"] for found, _ in done),
            "process_seconds": statistics.median(run.seconds for _, run in done),
            "process_cpu_seconds": statistics.median(run.cpu_seconds for _, run in done),
        }
        for reading, done in runs.items()
    }
    ours, *others = case.readings
    ratios = {
        other: {
            measured: table[ours][measured] / table[other][measured]
            for measured in ("seconds", "cpu_seconds", "process_seconds", "process_cpu_seconds")
        }
        for other in others
    }
    return {"runs": table, "ratios": ratios}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--cache", type=Path, default=default_cache(), metavar="DIR")
    options = parser.parse_args()
    folder = options.cache / "reading" / f"v{VERSION}-{options.rows}"
    make_files(folder, options.rows)
    results: dict[str, Any] = {}
    for name, case in CASES.items():
        results[name] = compare(case, folder, options.rows, options.repeats)
        print(name)
        for reading, row in results[name]["runs"].items():
            print("   ", reading, {key: round(value, 2) for key, value in row.items()})
        for other, row in results[name]["ratios"].items():
            print("    over", other, {key: round(value, 2) for key, value in row.items()})
        held_against = results[name]["ratios"][case.readings[1]]
        for measured in ("seconds", "cpu_seconds"):
            verdict = "met" if held_against[measured] <= MOST else "missed"
            print(f"    {measured}: {held_against[measured]:.2f} of at most {MOST}, {verdict}")
    result = {"machine": describe(datetime.now(UTC)), "rows": options.rows, "cases": results}
    target = Path(__file__).parent / "results" / "reading.json"
    target.write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
