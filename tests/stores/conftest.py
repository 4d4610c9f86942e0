from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from driftwatch.protocols import Store
from driftwatch.stores import open_store

STORES = ["memory", "file"]
"""Ways to open a store: add yours here."""


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    made = open_store(None if request.param == "memory" else tmp_path / "s.db")
    yield made
    made.close()
