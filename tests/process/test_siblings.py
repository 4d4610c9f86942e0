"""Several processes that each keep their own memory are told so, once."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from driftwatch.process.siblings import has_siblings

pytest.importorskip("fcntl", reason="files cannot be locked this way here")

CHILD = """
import logging, sys
from driftwatch import Monitor
logging.basicConfig(format="%(message)s")
store = sys.argv[2] if len(sys.argv) > 2 else None
monitor = Monitor({"x": [1.0, 2.0] * 50}, name=sys.argv[1], store=store)
for _ in range(3):
    monitor.observe({"x": 1.0})
print("ready", flush=True)
sys.stdin.read()
"""


def start(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", CHILD, *arguments],
        cwd=folder,
        env={**os.environ, "TMPDIR": str(folder)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def said(process: subprocess.Popen[str]) -> str:
    return process.communicate(timeout=60)[1]


def test_the_second_process_says_so_once(tmp_path: Path) -> None:
    first = start(tmp_path, "a")
    second = start(tmp_path, "a")
    other, shared = start(tmp_path, "b"), start(tmp_path, "a", str(tmp_path / "s.db"))
    assert said(second).count("several processes") == 1
    # A machine that is busy may not have opened the store yet, which is said at the end.
    assert not any("several processes" in said(process) for process in (first, other, shared))
    again = start(tmp_path, "a")  # the others have ended
    assert "several processes" not in said(again)


def test_one_process_is_alone_with_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import tempfile

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert not has_siblings("c")
    assert not has_siblings("c")
    child = os.fork()
    if child == 0:
        os._exit(0 if has_siblings("c") else 1)
    assert os.waitpid(child, 0)[1] == 0
