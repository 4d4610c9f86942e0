"""``driftwatch dashboard``: the pages of a store file, read only, on this machine."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

pytest.importorskip("fastapi")

GOLDEN = Path(__file__).resolve().parents[1] / "golden"


@pytest.fixture(params=["tables-7.db", "tables-9.db"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A store of before there were summaries of windows, and one of after."""
    path = tmp_path / "some.db"
    shutil.copy(GOLDEN / request.param, path)
    return path


@contextmanager
def served(*arguments: str, cwd: Path) -> Iterator[str]:
    """The command as a process, until the end of the block; gives the address that it prints."""
    process = subprocess.Popen(
        [sys.executable, "-m", "driftwatch", "dashboard", "--no-open", *arguments],
        cwd=cwd,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "DRIFTWATCH_HASH_KEY": "a key that is long enough for anybody"},
    )
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip()
    finally:
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=60)
        assert "Traceback" not in told, told


def text_at(address: str) -> str:
    answer = httpx.get(address, timeout=60)
    assert answer.status_code == 200, answer.text
    return answer.text


def test_pages_of_any_store_and_nothing_in_it_changes(store: Path) -> None:
    before = hashlib.sha256(store.read_bytes()).hexdigest()
    with served(str(store), cwd=store.parent) as address:
        assert address.startswith("http://127.0.0.1:")
        fleet = text_at(address)
        assert "<bdi>scores</bdi>" in fleet
        assert "read only" in fleet
        # What the newest report says is on the page, also where no summary of it was stored.
        rows = json.loads(text_at(f"{address}v1/monitors/scores/windows"))["rows"]
        assert [row["rows"] for row in rows] == [150]
        assert rows[0]["status"] in text_at(f"{address}m/scores?to=2026-02-01")
        form = httpx.post(f"{address}m/scores/incidents/1/ack", data={"csrf": "x"}, timeout=60)
        assert form.status_code == 403
        elsewhere = httpx.get(address, headers={"Host": "evil.example"}, timeout=60)
        assert elsewhere.status_code == 400
    assert hashlib.sha256(store.read_bytes()).hexdigest() == before
    assert sorted(path.name for path in store.parent.iterdir()) == ["some.db"]


def test_the_stores_of_a_configuration(tmp_path: Path) -> None:
    shutil.copy(GOLDEN / "tables-9.db", tmp_path / "some.db")
    (tmp_path / "driftwatch.toml").write_text(
        '[monitors.scores]\nstore = "some.db"\nwindow = "6h"\nslide = "1h"\n'
        '[monitors.elsewhere]\nstore = "https://drift.example"\n',
        "utf-8",
    )
    with served(cwd=tmp_path) as address:
        assert "window 6h every 1h" in text_at(f"{address}m/scores?to=2026-02-01")
        assert "elsewhere" not in text_at(address)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["nothing.db"], "there is no store nothing.db"),
        (["notes.txt"], "notes.txt"),
        ([], "driftwatch.toml"),
    ],
)
def test_what_cannot_be_shown_is_told(tmp_path: Path, arguments: list[str], told: str) -> None:
    (tmp_path / "notes.txt").write_text("no store", "utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "driftwatch", "dashboard", "--no-open", *arguments],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert told in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) == 1
