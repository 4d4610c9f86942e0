"""Names of model versions are a client's: whatever they are, no row is lost and nothing grows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from driftwatch import Monitor
from driftwatch.core.windows.delivery_codec import delivery_from_bytes
from driftwatch.errors import ConfigError

REFERENCE: dict[str, list[Any]] = {
    "x": [float(n % 97) for n in range(500)],
    "c": ["abc"[n % 3] for n in range(500)],
}
RECORD: dict[str, Any] = {"x": 1.0, "c": "a"}
ODD = ["", " ", "a\n", "v" * 201, "v" * 300, "a\u202eb", "a\x00b", "\ud800", "\x1b[31m", 7]


@pytest.mark.parametrize("version", ODD, ids=ascii)
def test_a_version_that_a_client_names_spoils_no_delivery(version: Any, tmp_path: Path) -> None:
    """A collector refuses a whole delivery for one text that it cannot read."""
    monitor = Monitor(REFERENCE, name="m", store="http://127.0.0.1:9", spool=tmp_path)
    monitor.observe(RECORD)
    monitor.observe(RECORD, model_version=version)
    monitor.flush(within=0.01)
    monitor.close()
    (path,) = tmp_path.rglob("*.dws")
    assert delivery_from_bytes(path.read_bytes()).rows == 2


@pytest.mark.parametrize("argument", ["name", "source"])
def test_names_that_no_collector_takes_are_refused_at_once(argument: str) -> None:
    named: dict[str, Any] = {argument: "n" * 201}
    with pytest.raises(ConfigError, match=f"{argument} must be a text of 1 to 200 printable"):
        Monitor(REFERENCE, **named)
