"""A file as a frame of pandas, read by pyarrow whatever its format."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

__all__ = ["read_frame"]


def read_frame(path: str | Path, /) -> pd.DataFrame:
    match Path(path).suffix:
        case ".parquet":
            return pd.read_parquet(path)
        case ".csv":
            return pd.read_csv(path, engine="pyarrow")
        case _:
            return pd.read_json(path, lines=True, engine="pyarrow")
