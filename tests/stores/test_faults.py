"""Killed, cut short, out of space or with a broken disk at every single write."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.soak.faults import Faults, UnavailableError, build_shim
from driftwatch.core.windows.segments import Outcome
from driftwatch.stores.sqlite.store import SQLiteStore
from tests.stores.deliverer import DELIVERIES, delivery

MODES = {"crash before": 1, "crash after": 2, "short write": 3, "ENOSPC": 4, "EIO": 5}
HERE = Path(__file__).parent


class Deliverer:
    """The process of `deliverer.py`, with the faults loaded."""

    def __init__(self, shim: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.stores.deliverer"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=HERE.parent.parent,
            env=os.environ | {"LD_PRELOAD": str(shim), "COVERAGE_PROCESS_START": ""},
        )

    def run(self, path: Path, steps: int, mode: int) -> tuple[list[int], int | None, int]:
        """Numbers acknowledged, writes seen (None if it died), and the exit code."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{path} {steps} {mode}\n")
        self.process.stdin.flush()
        said, _, code = self.process.stdout.readline().rpartition("code")
        numbers, _, seen = said.partition("seen")
        return [int(n) for n in numbers.split()], int(seen) if seen.strip() else None, int(code)

    def close(self) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        self.process.wait(30)
        self.process.stdout.close()


@pytest.fixture(scope="module")
def deliverer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deliverer]:
    compiler = shutil.which("cc")
    if compiler is None or not sys.platform.startswith("linux"):
        pytest.skip("needs a C compiler on Linux to inject faults between Python and the disk")
    shim = tmp_path_factory.mktemp("shim") / "faults.so"
    subprocess.run(
        [compiler, "-shared", "-fPIC", "-O1", "-o", str(shim), str(HERE / "faults.c"), "-ldl"],
        check=True,
    )
    started = Deliverer(shim)
    yield started
    started.close()


def check(path: Path, acknowledged: list[int]) -> None:
    """Nothing acknowledged is lost, nothing counts twice, and it always starts."""
    store = SQLiteStore(path)
    assert store.damage is None
    stored = store.overview("m").rows // 20
    assert len(acknowledged) <= stored <= len(acknowledged) + 1  # one may have had no answer
    assert acknowledged == list(range(len(acknowledged)))
    assert store.cursor("m", "p") == stored
    for number in range(DELIVERIES):  # the source tries everything again
        outcome = store.deliver(delivery(number), now=9.0)
        assert outcome is (Outcome.DUPLICATE if number < stored else Outcome.STORED)
    facts = store.overview("m")
    assert facts.rows == DELIVERIES * 20
    assert facts.counters == {"untimed": DELIVERIES}
    bodies = store.segments("m", width=3600, first=0, last=99)
    assert len(bodies) == 2 * DELIVERIES
    assert store.quarantine() == []
    store.close()


@pytest.mark.parametrize("every", [4, pytest.param(1, marks=pytest.mark.slow)])
@pytest.mark.parametrize("mode", sorted(MODES))
def test_any_write_may_fail_once(
    tmp_path: Path, deliverer: Deliverer, mode: str, every: int
) -> None:
    _, writes, code = deliverer.run(tmp_path / "whole.db", -1, 0)
    assert code == 0
    assert writes is not None
    assert writes > 20  # the faults are really between us and the disk
    hit = 0
    steps = range(sorted(MODES).index(mode) % every, writes, every)
    for step in steps:
        path = tmp_path / f"s{step}.db"
        acknowledged, seen, code = deliverer.run(path, step, MODES[mode])
        if mode in ("ENOSPC", "EIO"):
            assert code == 0, f"step {step}: one failure was more than the store could bear"
            hit += seen is not None
        else:
            hit += code == -9
        check(path, acknowledged)
        for left in tmp_path.glob(f"s{step}.db*"):
            left.unlink()
    assert hit >= len(steps) - 5  # a run may need a write or two less than the first


OPENS = """
import sys
from driftwatch.errors import StoreError
from driftwatch.stores.sqlite.store import SQLiteStore
try:
    SQLiteStore(sys.argv[1])
except StoreError as error:
    print(error)
"""


@pytest.mark.parametrize("name", ["known.db", "new.db"])
def test_a_disk_that_is_full_when_a_store_is_opened_is_named(tmp_path: Path, name: str) -> None:
    """Of a store that is there already SQLite says that it cannot make its index of the log."""
    try:
        shim = build_shim(tmp_path)
    except UnavailableError as error:
        pytest.skip(str(error))
    disk = tmp_path / "disk"
    disk.mkdir()
    SQLiteStore(disk / "known.db").close()
    faults = Faults(tmp_path / "faults", shim, disk)
    faults.fill_disk(full=True)
    done = subprocess.run(
        [sys.executable, "-c", OPENS, str(disk / name)],
        env={**os.environ, **faults.environment, "COVERAGE_PROCESS_START": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    faults.close()
    assert done.stdout.startswith(f"no space left for {disk / name}"), done.stdout
