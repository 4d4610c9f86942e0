"""What `doctor` does for a store of many segments: counted, not timed."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from driftwatch import Monitor
from driftwatch.cli.app import run
from driftwatch.core.profiles import readable
from driftwatch.stores.sqlite.store import SQLiteStore
from tests.counting import count_calls

PANES = 40


@pytest.fixture
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Calls of one `doctor` over a store of 40 segments."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    data = {"x": rng.normal(size=400), "plan": rng.choice(["a", "b"], 400)}
    with Monitor(data, name="m", window="6h", store="s.db") as monitor:
        for pane in range(PANES):
            monitor.observe_many(data, at=1_767_225_600 + 3600 * pane)
            monitor.flush()
    found: Counter[str] = Counter()
    count_calls(monkeypatch, found, readable, "decode")
    count_calls(monkeypatch, found, readable, "read_table")
    count_calls(monkeypatch, found, SQLiteStore, "overview")
    run(["doctor", "--store", "s.db", "--monitor", "m"])
    return found


def test_every_segment_is_looked_at_and_a_table_of_columns_read_once(
    calls: Counter[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert calls["decode"] >= PANES
    assert calls["read_table"] <= 3


def test_segments_are_counted_once(calls: Counter[str]) -> None:
    assert calls["overview"] == 1
