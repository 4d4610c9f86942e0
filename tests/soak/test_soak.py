"""A minute of everything at once: the account closes to the row, and nothing hangs."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.soak.schedule import ENDS, HOSTS, schedule
from tests.kafka.jars import UnavailableError, find_jars, find_java


def test_what_happens_depends_on_the_seed_alone() -> None:
    assert schedule(600.0, seed=3) == schedule(600.0, seed=3)
    assert schedule(600.0, seed=3) != schedule(600.0, seed=4)


@pytest.mark.parametrize("seed", range(5))
def test_everything_happens_to_everybody(seed: int) -> None:
    happened = {(each.what, each.who) for each in schedule(600.0, seed=seed)}
    assert happened >= {(what, who) for what in (*ENDS, "step") for who in HOSTS}
    assert happened >= {
        (what, who) for what in ("remove", "restore") for who in ("stream", "collector")
    }
    assert happened >= {("full", who) for who in ("web", "collector", "kafka-1", "kafka-2")}
    assert ("fork", "web") in happened


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_minute_of_everything_at_once(tmp_path: Path) -> None:
    if shutil.which("cc") is None or not sys.platform.startswith("linux"):
        pytest.skip("needs a C compiler on Linux")
    try:
        find_java(), find_jars()
    except UnavailableError as error:
        pytest.skip(f"no real Kafka broker: {error}")
    results = tmp_path / "soak.json"
    done = subprocess.run(
        [
            *(sys.executable, "-m", "benchmarks.soak", "--minutes=1", f"--results={results}"),
            f"--keep={tmp_path / 'soak'}",
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(results.read_text("utf-8"))
    assert found["wrong"] == found["hangs"] == []
    for account in found["accounts"].values():
        assert account["difference"] == 0
        assert account["in windows"] > 0
    what = {each.split()[0] for each in found["happened"]}
    assert what >= {"kill", "term", "fork", "full", "step", "remove", "restore"}
