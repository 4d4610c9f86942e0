"""An evaluator that lives longer than the file of its store reports on what is there now."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from driftwatch import Monitor

REFERENCE: dict[str, list[Any]] = {
    "x": [float(n % 97) for n in range(500)],
    "c": ["abc"[n % 3] for n in range(500)],
}
START = datetime(2026, 1, 1, 10, tzinfo=UTC)


@pytest.mark.parametrize("writer_stays", [False, True], ids=["new writer", "same writer"])
def test_windows_have_the_rows_of_the_present_file_and_no_others(
    tmp_path: Path, writer_stays: bool
) -> None:
    made: dict[str, Any] = {
        "name": "m", "window": "6h", "slide": "1h", "store": tmp_path / "s.db",
        "clock": lambda: START,
    }  # fmt: skip
    evaluating, writer = Monitor(REFERENCE, **made), Monitor(REFERENCE, **made)
    for _ in range(5):
        writer.observe_many(REFERENCE)
        assert writer.flush() == 500
    assert evaluating.check().rows_current == 2_500
    for path in tmp_path.glob("s.db*"):
        if path.suffix != ".key":
            path.unlink()
    if not writer_stays:  # the new one knows nothing of the old file, and numbers from 1
        writer.close()
        writer = Monitor(REFERENCE, **made)
    for rows in (30, 60):
        writer.observe_many({"x": [1.0] * 30, "c": ["a"] * 30})
        assert writer.flush() == 30
        assert evaluating.check().rows_current == rows
    writer.close()
    evaluating.close()
