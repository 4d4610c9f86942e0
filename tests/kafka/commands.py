"""The commands of workers in a folder with a configuration; those that go on are processes."""

from __future__ import annotations

import io
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import chdir, contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from unittest import mock

from driftwatch.cli import app
from driftwatch.stores.sqlite.store import SQLiteStore
from tests.waiting import until

__all__ = ["DRIFTWATCH", "rows_in", "run", "started", "worked_until"]

DRIFTWATCH = [sys.executable, "-m", "driftwatch"]


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, in this process; nobody is at its terminal."""
    out, err = io.StringIO(), io.StringIO()
    nobody = mock.patch.object(sys, "stdin", io.StringIO())
    with chdir(folder), redirect_stdout(out), redirect_stderr(err), nobody:
        code = app.run(arguments)
    return subprocess.CompletedProcess(arguments, code, out.getvalue(), err.getvalue())


@contextmanager
def started(
    folder: Path, *arguments: str, command: list[str] | None = None
) -> Iterator[subprocess.Popen[str]]:
    """A worker, which is gone when this is left."""
    whole = [*(command or [*DRIFTWATCH, "worker"]), *arguments]
    worker = subprocess.Popen(whole, cwd=folder, stderr=subprocess.PIPE, text=True)
    try:
        yield worker
    finally:
        worker.kill()
        worker.communicate()


def worked_until(done: Callable[[], bool], folder: Path, *arguments: str) -> str:
    """Let a worker work until something is done, and end it well; what it said."""
    with started(folder, *arguments) as worker:
        until(done)
        worker.send_signal(signal.SIGTERM)
        _, said = worker.communicate(timeout=30)
    assert worker.returncode == 0, said
    return said


def rows_in(folder: Path, monitor: str = "m") -> int:
    """Rows of a monitor in the folder's store; 0 while there is none."""
    if not (folder / "s.db").exists():
        return 0
    store = SQLiteStore(folder / "s.db")
    try:
        return int(store.overview(monitor).rows)
    finally:
        store.close()
