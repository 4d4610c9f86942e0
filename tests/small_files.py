"""A small data set as the bytes of files."""

from __future__ import annotations

import io
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

__all__ = ["ROWS", "csv", "json_lines", "parquet"]

ROWS: dict[str, list[Any]] = {"age": [31, 44, 27, 58] * 60, "plan": ["a", "b", "c", "d"] * 60}


def csv() -> bytes:
    lines = [f"{age},{plan}" for age, plan in zip(*ROWS.values(), strict=True)]
    return "\n".join(["age,plan", *lines, ""]).encode()


def json_lines() -> bytes:
    rows = zip(*ROWS.values(), strict=True)
    return b"".join(f'{{"age": {age}, "plan": "{plan}"}}\n'.encode() for age, plan in rows)


def parquet() -> bytes:
    """With several row groups."""
    file = io.BytesIO()
    pq.write_table(pa.table(ROWS), file, row_group_size=50)
    return file.getvalue()
