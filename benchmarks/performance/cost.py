"""What performance costs: the same check, and the same records, with and without labels."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from driftwatch import Monitor

__all__ = ["check_cost", "observe_cost"]

_ROLES = {"prediction": "says", "score": "p", "label": "y"}


def _frame(rows: int, seed: int) -> pa.Table:
    """Twelve numbers, four texts, and a model's outputs with labels."""
    rng = np.random.default_rng(seed)
    columns: dict[str, Any] = {f"x{i}": rng.normal(size=rows) for i in range(12)}
    columns |= {f"c{i}": rng.integers(0, 5 * 4**i, rows).astype(str) for i in range(4)}
    scores = 1 / (1 + np.exp(-2 * columns["x0"]))
    columns |= {"p": scores, "says": (scores > 0.5).astype(int)}
    columns["y"] = (rng.random(rows) < scores).astype(int)
    return pa.table(columns)


def check_cost(rows: int = 1_000_000, *, turns: int) -> Iterator[dict[str, Any]]:
    """CPU seconds of a check of two files, in turns; without performance labels are a feature."""
    with tempfile.TemporaryDirectory() as folder:
        paths = [str(Path(folder) / f"{side}.parquet") for side in ("before", "after")]
        for seed, path in enumerate(paths):
            pq.write_table(_frame(rows, seed), path)
        spent: dict[str, list[float]] = {"without": [], "with": []}
        plain = {"kinds": {"y": "numeric"}, "roles": {"y": "feature"}}
        for _ in range(turns):
            for what, options in (("without", plain), ("with", _ROLES)):
                began = time.process_time()
                Monitor(paths[0], **options).check(paths[1])
                spent[what].append(time.process_time() - began)
    yield _ratio(f"check of 2 x {rows:,} rows x 19", spent)


def observe_cost(records: int = 40_000, *, turns: int) -> Iterator[dict[str, Any]]:
    """CPU seconds of observing records with prediction, score and label, in turns."""
    rng = np.random.default_rng(5)
    reference = _frame(20_000, 3).select(["x0", "x1", "x2", "x3", "p", "says", "y"])
    rows = [
        (dict(zip(("x0", "x1", "x2", "x3"), values, strict=True)), float(score), int(label))
        for values, score, label in zip(
            rng.normal(size=(records, 4)).tolist(),
            rng.random(records),
            rng.integers(0, 2, records),
            strict=True,
        )
    ]
    spent: dict[str, list[float]] = {"without": [], "with": []}
    roles = {"says": "prediction", "p": "score", "y": "label"}
    for _ in range(turns):
        for what in ("without", "with"):
            if what == "with":
                monitor = Monitor(reference, roles=roles)
            else:
                # The same values of the same columns, of which none is a label.
                monitor = Monitor(reference, roles={"says": "prediction", "p": "score"})
            assert (monitor.reference.outcomes is not None) == (what == "with")  # noqa: S101
            monitor.observe({**rows[0][0], "y": 1}, prediction=1, score=0.5)
            monitor.flush()
            began = time.process_time()
            for record, score, label in rows:
                if what == "with":
                    monitor.observe(record, prediction=int(score > 0.5), score=score, label=label)
                else:
                    record["y"] = label
                    monitor.observe(record, prediction=int(score > 0.5), score=score)
                    del record["y"]
            monitor.flush()
            spent[what].append(time.process_time() - began)
            monitor.close()
    yield _ratio(f"observe {records:,} records", spent)


def _ratio(measure: str, spent: dict[str, list[float]]) -> dict[str, Any]:
    least = {what: min(seconds) for what, seconds in spent.items()}
    pairs = [b / a for a, b in zip(spent["without"], spent["with"], strict=True)]
    return {
        "measure": measure,
        "without": least["without"],
        "with": least["with"],
        "ratio": least["with"] / least["without"],
        "median_of_pairs": statistics.median(pairs),
    }
