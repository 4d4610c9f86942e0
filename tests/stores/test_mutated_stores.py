"""Whatever bytes of a store are changed: no death, no raw error, and no sound segment lost."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent


def mutated(folder: Path, seed: int, stores: int, changed: int) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.stores.mutant", str(folder)]
        + [str(number) for number in (seed, stores, changed)],
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
        cwd=HERE.parent.parent,
    )
    assert done.returncode == 0, f"exit {done.returncode}: {done.stderr[-3000:]}"
    found: dict[str, float] = json.loads(done.stdout)
    return found


def check(seen: dict[str, float], stores: int) -> None:
    assert seen.get("intact but lost", 0) == 0
    assert seen.get("twice", 0) == 0
    assert seen.get("new refused", 0) == 0
    assert seen.get("refused for its header", 0) <= stores * 0.05
    assert seen["taken over"] > 0
    assert seen["grown"] < 64


@pytest.mark.parametrize(("changed", "stores"), [(200, 12), (20, 12), (1, 30)])
def test_stores_with_changed_bytes_are_salvaged(tmp_path: Path, changed: int, stores: int) -> None:
    seen = mutated(tmp_path, changed, stores, changed)
    check(seen, stores)
    if changed == 200:
        assert seen["noticed"] == stores
        assert seen["set aside"] > 0


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(20))
def test_two_thousand_stores_with_changed_bytes_are_salvaged(tmp_path: Path, seed: int) -> None:
    check(mutated(tmp_path, seed, 100, [200, 200, 50, 5, 1][seed % 5]), 100)
