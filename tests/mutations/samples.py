"""Files as the product writes them: what is mutated."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa

from driftwatch import Monitor
from driftwatch.core.data.batch import batches_of
from driftwatch.core.profiles.profile import Profile

__all__ = ["KEY", "NOW", "PANE", "monitor", "small_monitor", "some_rows"]

KEY = b"the key of hidden values"
NOW = 1_767_225_600.0 + 10 * 3600  # 1 January 2026, ten o'clock
PANE = int(NOW // 3600)


def some_rows(rows: int, seed: int) -> pa.Table:
    """Columns of every kind, with labels, predictions and what is hashed."""
    rng = np.random.default_rng(seed)
    times = np.datetime64("2026-01-01", "us") + np.arange(rows) * np.timedelta64(60_000_000, "us")
    return pa.table({
        "x": rng.normal(size=rows),
        "n": rng.integers(0, 5, rows),
        "few": pa.array([None if v < 1 else v for v in rng.normal(1, 1, rows).tolist()]),
        "c": pa.array(rng.choice(["a", "b", "ü"], rows).tolist()),
        "email": pa.array([f"a{i % 50}@example.com" for i in range(rows)]),
        "flag": pa.array((rng.random(rows) < 0.3).tolist()),
        "t": times,
        "y": rng.integers(0, 2, rows),
        "p": rng.integers(0, 2, rows),
        "s": rng.random(rows),
    })  # fmt: skip


@cache
def monitor() -> Monitor:
    """A monitor whose reference has all that a reference can have."""
    return Monitor(
        some_rows(300, 1),
        label="y",
        prediction="p",
        score="s",
        roles={"t": "time"},
        rules={"x": {"min": -9, "max": 9}, "c": {"in": ["a", "b", "ü"]}},
        pane="1h",
        multivariate=True,
        hash_key=KEY,
    )


@cache
def small_monitor() -> Monitor:
    """A monitor of two columns and a hashed one."""
    return Monitor(some_rows(300, 2).select(["n", "c", "email"]), hash_key=KEY)


def profile_of(watched: Monitor, rows: int, seed: int) -> Profile:
    """Sketches of production rows."""
    profile = watched.reference.new_profile()
    data: Any = some_rows(rows, seed).select(
        [name for name in some_rows(1, 0).column_names if name in watched.reference.columns]
    )
    for batch in batches_of(data):
        profile.update(batch)
    return profile
