"""A file as a frame of Polars, for libraries that take frames."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import polars as pl

__all__ = ["read"]

READERS: dict[str, Callable[..., pl.DataFrame]] = {
    ".parquet": pl.read_parquet,
    ".csv": pl.read_csv,
    ".jsonl": pl.read_ndjson,
}


def read(path: str, /) -> pl.DataFrame:
    return READERS[Path(path).suffix](path)
