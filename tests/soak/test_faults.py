"""The faults of the soak really stand between a process and its system."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.soak.faults import Faults, UnavailableError, build_shim

WORKS = """
import sqlite3, sys, time
for line in sys.stdin:
    said = [str(time.time())]
    for path in line.split():
        try:
            with open(path, "ab", buffering=0) as file:
                file.write(b"1")
            said.append("0")
        except OSError as error:
            said.append(str(error.errno))
    try:
        with sqlite3.connect(line.split()[0] + ".db") as db:
            db.execute("CREATE TABLE IF NOT EXISTS t (x)")
            db.execute("INSERT INTO t VALUES (zeroblob(100000))")
        said.append("0")
    except sqlite3.Error as error:
        said.append(str(error.sqlite_errorcode & 255))
    db.close()
    print(*said, flush=True)
"""


@pytest.fixture
def faults(tmp_path: Path) -> Iterator[Faults]:
    (tmp_path / "disk").mkdir()
    try:
        shim = build_shim(tmp_path)
    except UnavailableError as error:
        pytest.skip(str(error))
    made = Faults(tmp_path / "faults", shim, tmp_path / "disk")
    yield made
    made.close()


def test_clock_and_disk_change_while_a_process_runs(tmp_path: Path, faults: Faults) -> None:
    paths = f"{tmp_path / 'disk' / 'a'} {tmp_path / 'b'}\n"
    with subprocess.Popen(
        [sys.executable, "-c", WORKS],
        env={**os.environ, **faults.environment, "COVERAGE_PROCESS_START": ""},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None

        def said() -> tuple[float, list[int]]:
            assert process.stdin is not None
            assert process.stdout is not None
            before = time.time()
            process.stdin.write(paths)
            process.stdin.flush()
            at, *codes = process.stdout.readline().split()
            return float(at) - before, list(map(int, codes))

        off, codes = said()
        assert 0 <= off < 600
        assert codes == [0, 0, 0]
        faults.step_clock(-86_400.5)
        faults.fill_disk(full=True)
        off, codes = said()
        assert -86_400.5 <= off < -85_800
        assert codes == [errno.ENOSPC, 0, 13]  # the other disk is not full; SQLITE_FULL
        faults.lift()
        off, codes = said()
        assert 0 <= off < 600
        assert codes == [0, 0, 0]
        process.stdin.close()
