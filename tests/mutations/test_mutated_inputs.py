"""Whatever is changed in a file of DriftWatch: no death, no hang, no raw error, no heap of memory.

And everything whole in a spool arrives. An input that fails is named by the arguments that make it
again: ``python -m tests.mutations.child KIND FOLDER SEED NUMBER 1``.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.mutations.child import KINDS

CHILD = (sys.executable, "-W", "ignore", "-m", "tests.mutations.child")
ROOT = Path(__file__).parents[2]
EACH = {"reports": 1_250}
"""How many of a kind, if not 2,500."""
AT_ONCE = 1_250
MEBIBYTES = 64


def check(kind: str, folder: Path, first: int, count: int) -> dict[str, int]:
    """Have a process use some inputs; what became of them."""
    done = subprocess.run(
        [*CHILD, kind, str(folder), "0", str(first), str(count)],
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
        cwd=ROOT,
    )
    now = folder / "now"
    which = f"{kind} 0 {now.read_text().strip() if now.exists() else first}"
    assert done.returncode == 0, f"{which}: exit {done.returncode}: {done.stderr[-3_000:]}"
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["raised"] == [], "\n".join(found["raised"])
    seen: dict[str, int] = found["seen"]
    assert seen.keys() <= {"taken", "refused", "known"}
    assert sum(seen.values()) == count
    assert found["grown"] < MEBIBYTES
    return seen


@pytest.mark.parametrize("kind", KINDS)
def test_some_mutated_inputs_are_refused_or_taken(kind: str, tmp_path: Path) -> None:
    seen = check(kind, tmp_path, 0, 40)
    assert seen["refused"] > 0
    assert seen["taken"] > 0


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "first"),
    [(kind, first) for kind in KINDS for first in range(0, EACH.get(kind, 2_500), AT_ONCE)],
)
def test_thousands_of_mutated_inputs_are_refused_or_taken(
    kind: str, first: int, tmp_path: Path
) -> None:
    check(kind, tmp_path, first, AT_ONCE)
