"""A command that goes on until it is told to end leaves nothing that others must wait for."""

from __future__ import annotations

import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from driftwatch.stores.sqlite.store import SQLiteStore
from tests.waiting import until

GOING_ON = {
    "evaluate": ["evaluate", "--every", "1s"],
    "watch": ["watch", "empty", "--every", "1s"],
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "empty").mkdir()
    (tmp_path / "train.jsonl").write_text('{"x": 1.5}\n{"x": 2.5}\n' * 500, "utf-8")
    (tmp_path / "driftwatch.toml").write_text(
        'store = "d.db"\n[monitors.m]\nreference = "train.jsonl"\n'
        'window = "100 rows"\nslide = "100 rows"\n',
        "utf-8",
    )
    return tmp_path


def leases(path: Path) -> int:
    if not path.exists():
        return 0
    with contextlib.closing(sqlite3.connect(path)) as db, contextlib.suppress(sqlite3.Error):
        return int(db.execute("SELECT count(*) FROM leases").fetchone()[0])
    return 0


@pytest.mark.skipif(sys.platform == "win32", reason="needs signals")
@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP", "SIGINT"])
@pytest.mark.parametrize("command", GOING_ON)
def test_the_next_one_may_evaluate_at_once(folder: Path, command: str, name: str) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "driftwatch", *GOING_ON[command]],
        cwd=folder,
        env={**os.environ, "DRIFTWATCH_STATE": str(folder / "state")},
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        try:
            until(lambda: leases(folder / "d.db"))
            running.send_signal(getattr(signal, name))
            said = running.communicate(timeout=60)[1]
        finally:
            running.kill()
    assert running.returncode == 0, said
    assert "Traceback" not in said
    store = SQLiteStore(folder / "d.db")
    assert store.lease("m", "the next one", now=time.time(), seconds=60.0) is not None
    store.close()
