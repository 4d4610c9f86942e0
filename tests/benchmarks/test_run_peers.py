"""The benchmark of the peers: what it runs, and the scripts themselves in a small size."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks.cache import default_cache
from benchmarks.environments import REQUIREMENTS
from benchmarks.peer_list import BASELINE, LINES, SCRIPTS, chosen
from benchmarks.peer_results import Entry, ratio
from benchmarks.peer_targets import LEAST, MOST, NEITHER, judge
from benchmarks.processes import Measurement


def test_every_script_has_pins_and_targets_name_lines() -> None:
    names = {line.name for line in LINES}
    assert NEITHER | MOST.keys() | LEAST.keys() <= names
    assert {line.environment for line in LINES} <= {"driftwatch"} | {
        path.stem for path in REQUIREMENTS.glob("*.txt")
    }
    for name in {line.environment for line in SCRIPTS}:
        pins = (REQUIREMENTS / f"{name}.txt").read_text("utf-8").splitlines()
        assert all("==" in pin for pin in pins), name


def test_every_run_has_the_command_that_ratios_are_over() -> None:
    assert [line.name for line in chosen("polars_50,whylogs")] == [
        BASELINE,
        "whylogs",
        "polars_50",
    ]
    assert chosen("all") == LINES
    with pytest.raises(ValueError, match=r"no such peer: 'polar_50'; there are all, libraries"):
        chosen("polar_50")


def entry(name: str, *seconds: float, error: str | None = None) -> Entry:
    runs = [
        Measurement(each, 2 * each, 310_000_000, 0, timed_out=False, output="", errors="")
        for each in seconds
    ]
    return Entry(name, runs=runs, error=error)


def test_a_ratio_is_the_median_of_those_of_the_rounds() -> None:
    # The machine was three times slower in the last round, for both.
    entries = [entry(BASELINE, 1.0, 1.2, 3.0), entry("polars_50", 0.8, 0.9, 2.4)]
    assert ratio(entries[1], entries) == pytest.approx(0.8)
    assert ratio(entry("other", 1.0, 1.0, 1.0, error="it failed"), entries) is None
    assert ratio(entries[1], entries[1:]) is None


def test_a_target_is_met_or_missed() -> None:
    entries = [
        entry(BASELINE, 1.1),
        entry("polars_50", 1.0),
        entry("duckdb_1000", 1.9),
        entry("evidently", 6.0),
        entry("polars_10", 0.1),
    ]
    assert [str(each) for each in judge(entries, 10_000_000)] == [
        "peak MB: 310.00, at most 300: missed",
        "wall over polars_50: 1.10, at most 1.2: met",
        "wall of duckdb_1000 over it: 1.73, at least 2: missed",
        "wall of evidently over it: 5.45, at least 5: met",
    ]
    assert list(judge(entries, 20_000)) == []


def test_a_process_that_was_killed_says_by_what() -> None:
    killed = Measurement(1.0, 1.0, 1, -11, timed_out=False, output="", errors="a line\n")
    assert killed.last_error == "ended by SIGSEGV"


def run_quick(tmp_path: Path, *options: str) -> dict[str, dict[str, Any]]:
    results = tmp_path / "peers.json"
    command = [sys.executable, "-m", "benchmarks.run_peers", "--quick", f"--json={results}"]
    done = subprocess.run([*command, *options], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return {each["name"]: each for each in json.loads(results.read_text("utf-8"))["peers"]}


@pytest.mark.slow
@pytest.mark.parametrize("file_format", ["parquet", "csv", "jsonl"])
def test_scripts_compute_what_they_say(tmp_path: Path, file_format: str) -> None:
    pytest.importorskip("polars")
    names = ("driftwatch check", "pyarrow_read", "polars_10", "polars_50", "polars_1000")
    options = ("--here", "--format", file_format, "--only", ",".join(names))
    found = run_quick(tmp_path, *options, f"--cache={tmp_path}")
    assert {name: found[name]["error"] for name in names} == dict.fromkeys(names)
    # Finer bins are nearer to the statistic of all rows.
    errors = [found[f"polars_{bins}"]["ks_error"] for bins in (10, 50, 1000)]
    assert 0.01 > errors[0] > errors[1] > errors[2] > 0


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_every_peer_whose_environment_is_there(tmp_path: Path) -> None:
    """Environments are made by the benchmark alone: a test reaches no package index."""
    made = default_cache() / "venvs"
    names = [line.name for line in SCRIPTS if (made / line.environment).exists()]
    if not names or not (made / "driftwatch").exists():
        pytest.skip("the benchmark has made no environments yet")
    cache = tmp_path / "cache"
    cache.mkdir()
    (cache / "venvs").symlink_to(made)
    found = run_quick(tmp_path, "--skip-install", f"--cache={cache}", "--only", ",".join(names))
    assert {name: found[name]["error"] for name in names} == dict.fromkeys(names)
    shutil.rmtree(cache / "data")
