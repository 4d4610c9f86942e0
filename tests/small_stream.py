"""A small stream to watch: a reference, a clock that tests move, and hours of rows."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from driftwatch import Reference
from driftwatch.core.data.batch import Batch, batches_of
from driftwatch.core.windows.spec import WindowSpec
from driftwatch.profiling.build import profile_data

START = 1_767_225_600.0  # 1 January 2026
HOUR = 3600.0


class Clock:
    """Seconds since 1970, as a test says."""

    def __init__(self, now: float = START) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def reference() -> Reference:
    rng = np.random.default_rng(3)
    data = {"x": rng.normal(size=20_000), "c": rng.choice(["a", "b", "c"], 20_000)}
    return Reference(profile_data(data, reference=True))


@pytest.fixture
def spec() -> WindowSpec:
    return WindowSpec.of("6h", "1h", lateness="30m")


@pytest.fixture
def batch_of() -> Callable[..., Batch]:
    rng = np.random.default_rng(4)

    def make(rows: int, shift: float = 0.0) -> Batch:
        data = {"x": rng.normal(shift, 1, rows), "c": rng.choice(["a", "b", "c"], rows)}
        return next(batches_of(data))

    return make
