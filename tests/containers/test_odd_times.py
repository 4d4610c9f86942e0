"""One odd time among good ones costs its own row at most, whichever way rows come in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from driftwatch import Monitor
from driftwatch.integrations.kafka.messages.decoding import seconds_given

ROWS = 200
NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
FORMS: dict[str, Callable[[float], Any]] = {
    "ISO text": lambda at: datetime.fromtimestamp(at, UTC).isoformat(),
    "datetime": lambda at: datetime.fromtimestamp(at, UTC),
    "seconds": float,
    "milliseconds": lambda at: int(at * 1e3),
    "microseconds": lambda at: int(at * 1e6),
    "nanoseconds": lambda at: int(at) * 1_000_000_000,
    "seconds in text": lambda at: f"{at:.0f}",
    "milliseconds in text": lambda at: f"{at * 1e3:.0f}",
}
ODD: dict[str, tuple[Any, bool]] = {
    **{form: (make(NOW.timestamp() - 5), True) for form, make in FORMS.items()},
    "n/a": ("n/a", False),
    "empty": ("", False),
    "nothing": (None, False),
    "list": ([1], False),
    "huge": (10**400, False),
    "truth": (True, False),
    "d/m/Y": ("01/02/2026", False),
}


@pytest.fixture(scope="module")
def reference() -> dict[str, np.ndarray[Any, Any]]:
    return {"x": np.random.default_rng(0).normal(size=500)}


@pytest.fixture
def monitor(reference: Any) -> Monitor:
    return Monitor(reference, window="6h", clock=lambda: NOW, name="m")


def times_of(form: str, odd: Any) -> list[Any]:
    start = NOW.timestamp() - ROWS
    times = [FORMS[form](start + row) for row in range(ROWS)]
    times[77] = odd
    return times


def accounted(monitor: Monitor) -> tuple[int, dict[str, int]]:
    """Rows that are stored, and what was counted instead."""
    monitor.flush()
    overview = monitor.store.overview("m")
    return overview.rows, dict(overview.counters)


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("form", FORMS)
def test_observed_one_by_one(monitor: Monitor, form: str, odd: str) -> None:
    value, is_time = ODD[odd]
    with monitor:
        for at in times_of(form, value):
            monitor.observe({"x": 0.5}, at=at)
        # Without a time a record happened now.
        lost = 0 if is_time or value is None else 1
        assert accounted(monitor) == (ROWS - lost, {"untimed": 1} if lost else {})


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("form", FORMS)
def test_observed_together(monitor: Monitor, form: str, odd: str) -> None:
    value, is_time = ODD[odd]
    with monitor:
        monitor.observe_many({"x": [0.5] * ROWS}, at=times_of(form, value))
        lost = 0 if is_time else 1
        assert accounted(monitor) == (ROWS - lost, {"untimed": 1} if lost else {})


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("form", FORMS)
def test_of_messages(form: str, odd: str) -> None:
    value, is_time = ODD[odd]
    expected = NOW.timestamp() - ROWS
    for row, at in enumerate(times_of(form, value)):
        if row == 77 and not is_time:
            with pytest.raises(ValueError, match="no time"):
                seconds_given(at)
        elif row != 77:
            assert seconds_given(at) == pytest.approx(expected + row)
