from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"


def splits() -> Iterator[tuple[str, str]]:
    """Name and split of every real data set; one placeholder where there are none."""
    if not DATA.is_dir():
        yield "none", "none"
        return
    for path in sorted((DATA / "truth").glob("*.json")):
        if path.stem == "calibration_public":
            continue
        for split in json.loads(path.read_text())["splits"]:
            yield path.stem, split


def load(name: str, split: str) -> tuple[Any, Any, dict[str, Any]]:
    """Reference rows, production rows and the truth of a split."""
    if not DATA.is_dir():
        pytest.skip(f"the real data sets are not here ({DATA})")
    table = pq.read_table(DATA / "parquet" / f"{name}.parquet")
    side = pq.read_table(DATA / "splits" / f"{name}.parquet")[split]
    truth = json.loads((DATA / "truth" / f"{name}.json").read_text())["splits"][split]
    return table.filter(pc.equal(side, 1)), table.filter(pc.equal(side, 2)), truth
