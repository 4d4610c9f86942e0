"""``driftwatch --version``: what is asked first when something does not go together."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import datasketches  # noqa: F401 - it must be there for its version to be compared
import numpy as np
import pyarrow as pa

import driftwatch
from driftwatch import Monitor
from driftwatch.core.windows.delivery_codec import delivery_to_bytes
from driftwatch.core.windows.segments import Delivery
from driftwatch.stores.sqlite.store import SQLiteStore

SHOWN = """
import sys
from driftwatch.cli import main
try:
    main()
finally:
    print(*sys.modules, file=sys.stderr)
"""


def test_versions_are_those_of_what_is_there_and_none_is_imported_for_it(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SHOWN, "--version"], capture_output=True, text=True, check=True
    )
    rows = dict(line.rsplit(" ", 1) for line in done.stdout.splitlines() if "(" not in line)
    assert done.stdout.startswith(f"driftwatch {driftwatch.__version__}\n")
    assert f"python {sys.version.split()[0]} (" in done.stdout
    assert rows["numpy"] == np.__version__
    assert rows["pyarrow"] == pa.__version__
    assert rows["sqlite"] == sqlite3.sqlite_version
    assert rows["datasketches"][0].isdigit()
    assert not {"numpy", "pyarrow", "datasketches", "pydantic"} & set(done.stderr.split())

    store = SQLiteStore(tmp_path / "s.db")
    store.close()
    with sqlite3.connect(tmp_path / "s.db") as found:
        assert rows["store format"] == str(found.execute("PRAGMA user_version").fetchone()[0])
    profile = Monitor({"x": [1.0, 2.0] * 50}).reference.profile.to_bytes()
    assert rows["profile format"] == str(int.from_bytes(profile[4:6], "little"))
    delivery = delivery_to_bytes(Delivery("m", "s", "e", 0, sent_at=0.0))
    assert rows["delivery format"] == str(int.from_bytes(delivery[4:6], "little"))
