"""The data of the benchmarks: a reference and a production file, made from a seed.

16 columns are twelve numbers of the shapes that production columns have (normal, skewed,
bounded, mostly zero, heavy-tailed, bimodal, rounded) and four texts with 5, 50, 300 and 2,000
Zipf-distributed categories. 6 columns are the first four numbers and the first two texts of
these. Five of the 16 columns drift mildly in production and two of the 6; the others do not.
No value is missing: not every peer accepts missing values.

The files are parquet; CSV and JSON lines are written from these, so that all hold the same values.

    python -m benchmarks.data --rows 1000000 --columns 16 --format csv
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import csv

from benchmarks.cache import default_cache

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["DRIFTING", "FORMATS", "Files", "make_files"]

FORMATS = ("parquet", "csv", "jsonl")

VERSION = 1  # part of the folder's name: changing what is generated must not find old files
SEED = 20_240_229
BLOCK = 1_000_000  # rows generated and written at once, so that memory does not grow with rows

Draw = Callable[[np.random.Generator, int], "NDArray[np.float64]"]


@dataclass(frozen=True, slots=True)
class Files:
    """The two files of one benchmark."""

    reference: Path
    production: Path
    rows: int
    columns: int


def _zero_inflated(share: float) -> Draw:
    return lambda rng, n: np.where(rng.random(n) < share, 0.0, rng.gamma(2.0, 15.0, n))


def _bimodal(rng: np.random.Generator, n: int) -> NDArray[np.float64]:
    return rng.normal(0.0, 1.0, n) + np.where(rng.random(n) < 0.4, 5.0, 0.0)


# Each number: how the reference is drawn and how production is drawn where it differs.
NUMBERS: dict[str, tuple[Draw, Draw | None]] = {
    "normal": (
        lambda rng, n: rng.normal(40.0, 9.0, n),
        lambda rng, n: rng.normal(41.0, 9.0, n),
    ),
    "lognormal": (lambda rng, n: rng.lognormal(3.0, 0.8, n), None),
    "exponential": (lambda rng, n: rng.exponential(12.0, n), None),
    "zero_inflated": (_zero_inflated(0.7), None),
    "uniform": (lambda rng, n: rng.uniform(0.0, 1.0, n), None),
    "heavy_tailed": (lambda rng, n: rng.standard_t(2.0, n), None),
    "gamma": (
        lambda rng, n: rng.gamma(3.0, 2.0, n),
        lambda rng, n: rng.gamma(3.0, 2.3, n),
    ),
    "beta": (lambda rng, n: rng.beta(2.0, 5.0, n), None),
    "bimodal": (_bimodal, None),
    "mostly_zero": (_zero_inflated(0.95), _zero_inflated(0.92)),
    "pareto": (lambda rng, n: 1.0 + rng.pareto(2.5, n), None),
    "price": (lambda rng, n: rng.lognormal(2.5, 0.6, n).round(2), None),
}

# Each text: number of categories and the Zipf exponent of the reference and of production.
TEXTS: dict[str, tuple[int, float, float]] = {
    "plan": (5, 0.7, 0.85),
    "country": (50, 1.1, 1.1),
    "city": (300, 1.1, 1.15),
    "merchant": (2_000, 1.1, 1.1),
}

DRIFTING = frozenset(
    [name for name, (_, production) in NUMBERS.items() if production is not None]
    + [name for name, (_, before, after) in TEXTS.items() if before != after]
)


def make_files(
    cache: Path, /, *, rows: int, columns: int = 16, file_format: str = "parquet"
) -> Files:
    """Generate the two files of ``rows`` rows, or find those of an earlier run.

    Args:
        cache: The folder that holds generated files.
        rows: Rows of each file.
        columns: 16 (twelve numbers, four texts) or 6 (four numbers, two texts).
        file_format: One of `FORMATS`; parquet is there beside the others.

    Raises:
        ValueError: If there is no variant with that many columns, or no such format.
    """
    if columns not in (6, 16):
        raise ValueError(f"columns must be 6 or 16, got {columns}")
    if file_format not in FORMATS:
        raise ValueError(f"file_format must be one of {', '.join(FORMATS)}, got {file_format!r}")
    folder = cache / "data" / f"v{VERSION}-{rows}x{columns}"
    folder.mkdir(parents=True, exist_ok=True)
    files = Files(folder / "reference.parquet", folder / "production.parquet", rows, columns)
    for path, production in ((files.reference, False), (files.production, True)):
        if not path.exists():
            _write(path, rows, columns, production=production)
    if file_format == "parquet":
        return files
    return Files(
        _converted(files.reference, file_format),
        _converted(files.production, file_format),
        rows,
        columns,
    )


def _converted(path: Path, file_format: str) -> Path:
    """Write the rows of a parquet file in another format, unless an earlier run did."""
    target = path.with_suffix(f".{file_format}")
    if target.exists():
        return target
    unfinished = path.with_suffix(f".{file_format}.unfinished")
    source = pq.ParquetFile(path)
    if file_format == "csv":
        plain = csv.WriteOptions(quoting_style="needed")
        with csv.CSVWriter(str(unfinished), source.schema_arrow, write_options=plain) as rows:
            for batch in source.iter_batches():
                rows.write_batch(batch)
    else:
        with unfinished.open("w", encoding="utf-8") as lines:
            for batch in source.iter_batches():
                lines.writelines(json.dumps(row) + "\n" for row in batch.to_pylist())
    unfinished.replace(target)
    return target


def _write(path: Path, rows: int, columns: int, *, production: bool) -> None:
    numbers = list(NUMBERS)[: 4 if columns == 6 else None]
    texts = list(TEXTS)[: 2 if columns == 6 else None]
    schema = pa.schema([(n, pa.float64()) for n in numbers] + [(t, pa.string()) for t in texts])
    rng = np.random.default_rng([SEED, int(production)])
    # A half-written file from an interrupted run must not pass for a whole one.
    unfinished = path.with_suffix(".unfinished")
    with pq.ParquetWriter(unfinished, schema) as writer:
        for start in range(0, rows, BLOCK):
            size = min(BLOCK, rows - start)
            arrays = [pa.array(_number(name, rng, size, production=production)) for name in numbers]
            arrays += [_text(name, rng, size, production=production) for name in texts]
            writer.write_table(pa.table(arrays, schema=schema))
    unfinished.replace(path)


def _number(
    name: str, rng: np.random.Generator, size: int, *, production: bool
) -> NDArray[np.float64]:
    reference, drifted = NUMBERS[name]
    draw = drifted if production and drifted is not None else reference
    return draw(rng, size)


def _text(name: str, rng: np.random.Generator, size: int, *, production: bool) -> pa.Array:
    categories, before, after = TEXTS[name]
    weights = np.arange(1, categories + 1, dtype=np.float64) ** -(after if production else before)
    codes = np.searchsorted(np.cumsum(weights / weights.sum()), rng.random(size), side="right")
    # Rounding can leave the last cumulative weight a hair below one.
    codes = np.minimum(codes, categories - 1).astype(np.int32)
    names = pa.array([f"{name}_{code:04d}" for code in range(categories)])
    return pa.DictionaryArray.from_arrays(pa.array(codes), names).cast(pa.string())


def main() -> None:
    parser = argparse.ArgumentParser(description="Generate the files of the benchmarks.")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--columns", type=int, choices=(6, 16), default=16)
    parser.add_argument("--format", choices=FORMATS, default="parquet")
    parser.add_argument("--cache", type=Path, default=default_cache(), metavar="DIR")
    options = parser.parse_args()
    files = make_files(
        options.cache, rows=options.rows, columns=options.columns, file_format=options.format
    )
    print(files.reference)
    print(files.production)


if __name__ == "__main__":
    main()
