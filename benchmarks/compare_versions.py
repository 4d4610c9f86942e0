"""What a change costs: the same benchmarks by two versions of this repository, in turns.

    python -m benchmarks.compare_versions --before HEAD~1
    python -m benchmarks.compare_versions --before v0.1.0 --rounds 9 --only check,observe

Both versions are unpacked from git into a temporary folder, and each runs its own benchmarks:
`bench_check`, the parts of `bench_stream` about `observe`, and those of `bench_service` that count
CPU time, all smaller than when run alone; records with a score and a label are observed by the
same program in both. Every round is a process of its own, and who goes first takes turns. A ratio
is the median of the later version over that of the earlier one, turned round for rates, so that
above one is always worse; beside it stands the same of the best rounds, which other processes of
the machine disturb least. Where both are above 1.05 it says "worse". All figures but wall time and
peak memory are CPU time, or counts a second of it.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.cache import default_cache
from benchmarks.machine import describe
from benchmarks.processes import measure

CHECKOUT = Path(__file__).resolve().parents[1]
WORSE = 1.05
SIDES = ("before", "after")
_NO_BYTE_CODE = "PYTHONDONTWRITEBYTECODE"

CHECK = """
import sys
from pathlib import Path
from benchmarks import bench_check
sys.argv = ["bench_check", "--rows", "1000000", "--repeats", "3", "--cache", cache]
bench_check.main()
stored = Path(bench_check.__file__).parent / "results" / "check-1000000.json"
found = json.loads(stored.read_text())["runs"]["driftwatch check"]
"""
OBSERVE = """
from benchmarks.streaming import rates
rates._whylogs = lambda: None
found = rates.{part}
"""
OUTCOMES = """
import random, statistics, time
import numpy as np
from driftwatch import Monitor
rng, names = np.random.default_rng(0), [f"x{{i}}" for i in range(10)]
data = {{name: rng.normal(size=20_000) for name in names}}
data["score"] = rng.uniform(size=20_000)
data["label"] = (rng.uniform(size=20_000) < data["score"]).astype(int)
random.seed(0)
records = [{{name: random.gauss(0, 1) for name in names}} for _ in range(20_000)]
passed = [{{"score": random.random(), "label": random.randrange(2)}} for _ in records]
monitor, rates = Monitor(data, label="label", roles={{"score": "score"}}), []
for turn in range(4):
    given = [record | said for record, said in zip(records, passed)] if {inside} else records
    start = time.process_time()
    for record, said in zip(given, passed):
        monitor.observe(record, **({{}} if {inside} else said))
    monitor.flush()
    if turn:
        rates.append(len(records) / (time.process_time() - start))
monitor.close()
found = {{"records_per_second": statistics.median(rates)}}
"""
SERVICE = """
from benchmarks.serving import merging, requests
found = {part}
"""


@dataclass(frozen=True, slots=True)
class Part:
    """A benchmark that leaves a dict called ``found``, and what counts in it.

    Attributes:
        program: What a process runs.
        costs: Names of figures of which less is better.
        rates: Names of figures of which more is better.
    """

    program: str
    costs: tuple[str, ...] = ()
    rates: tuple[str, ...] = ()


PARTS = {
    "check": Part(CHECK, costs=("wall_seconds", "cpu_seconds", "peak_mb")),
    "observe 10 floats": Part(
        OBSERVE.format(part="observe_numbers(2)"), rates=("records_per_second",)
    ),
    "observe 8 floats and 2 texts": Part(
        OBSERVE.format(part="observe_mixed(2)"), rates=("records_per_second",)
    ),
    "observe score and label in records": Part(
        OUTCOMES.format(inside=True), rates=("records_per_second",)
    ),
    "observe score and label beside records": Part(
        OUTCOMES.format(inside=False), rates=("records_per_second",)
    ),
    "observe_many": Part(
        OBSERVE.format(part="observe_many(3)"), rates=("rows_per_second", "batch_rows_per_second")
    ),
    "request": Part(
        SERVICE.format(part="requests.cpu_a_request(10)"), costs=("added_us", "added_on_path_us")
    ),
    "event loop": Part(
        SERVICE.format(part="requests.event_loop(2, 2.0)"), costs=("turn_p99_cpu_ms",)
    ),
    "merge replicas": Part(
        SERVICE.format(part="merging.replicas(300, 3)"), costs=("from_bytes_s", "decoded_s")
    ),
}


def unpack(revision: str, folder: Path) -> None:
    """Put the files of a commit into a folder."""
    folder.mkdir()
    archive = folder.with_suffix(".tar")
    subprocess.run(
        ["git", "archive", "--output", archive, revision],
        cwd=CHECKOUT,
        check=True,
    )
    with tarfile.open(archive) as packed:
        packed.extractall(folder, filter="data")


def run(part: Part, folder: Path, cache: Path) -> dict[str, float]:
    """Run a part by one version.

    Raises:
        RuntimeError: If it fails, or another version would be measured.
    """
    program = (
        f"import json, driftwatch\ncache = {str(cache)!r}\n{part.program}\n"
        "print(json.dumps([driftwatch.__file__, found]))"
    )
    # What is installed has its byte code; the first round of a version writes it.
    environment = {name: of for name, of in os.environ.items() if name != _NO_BYTE_CODE}
    done = measure(
        [sys.executable, "-c", program],
        timeout_seconds=600,
        environment=environment | {"PYTHONPATH": str(folder)},
        folder=folder,
    )
    if done.exit_code:
        raise RuntimeError(f"{folder.name}: {done.last_error}")
    package, found = json.loads(done.output.splitlines()[-1])
    if not Path(package).resolve().is_relative_to(folder.resolve()):
        raise RuntimeError(f"{folder.name}: {package} was measured")
    return {name: found[name] for name in (*part.costs, *part.rates)}


def compared(part: Part, rounds: dict[str, list[dict[str, float]]]) -> dict[str, Any]:
    """Medians of both sides, and their ratios, of which above one is worse."""
    table = {}
    for name in (*part.costs, *part.rates):
        before, after = ([found[name] for found in rounds[side]] for side in SIDES)
        medians = statistics.median(before), statistics.median(after)
        best = (min(before), min(after)) if name in part.costs else (max(before), max(after))
        turned = -1 if name in part.rates else 1
        table[name] = {
            **dict(zip(SIDES, medians, strict=True)),
            "ratio": (medians[1] / medians[0]) ** turned,
            "ratio_of_best": (best[1] / best[0]) ** turned,
        }
    return table


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--before", default="HEAD~1", metavar="COMMIT")
    parser.add_argument("--after", default="HEAD", metavar="COMMIT")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default=",".join(PARTS), help="parts, separated by commas")
    parser.add_argument("--cache", type=Path, default=default_cache(), metavar="DIR")
    parser.add_argument("--store", type=Path, metavar="FILE", help="write the results as JSON, too")
    options = parser.parse_args()
    wanted = tuple(options.only.split(","))
    parts = {name: part for name, part in PARTS.items() if name.startswith(wanted)}
    results: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="driftwatch-versions-") as temporary:
        folders = {side: Path(temporary) / side for side in SIDES}
        for side, folder in folders.items():
            unpack(getattr(options, side), folder)
        for name, part in parts.items():
            rounds: dict[str, list[dict[str, float]]] = {side: [] for side in SIDES}
            for number in range(options.rounds):
                for side in SIDES if number % 2 else reversed(SIDES):
                    rounds[side].append(run(part, folders[side], options.cache.resolve()))
            results[name] = compared(part, rounds)
            for figure, row in results[name].items():
                mark = "  worse" if min(row["ratio"], row["ratio_of_best"]) > WORSE else ""
                print(
                    f"{name + ': ' + figure:50} {row['before']:12.4g} -> {row['after']:12.4g}"
                    f"  ratio {row['ratio']:.3f}, of best {row['ratio_of_best']:.3f}{mark}",
                    flush=True,
                )
    if options.store is not None:
        about = {"before": options.before, "after": options.after, "rounds": options.rounds}
        stored = {"machine": describe(datetime.now(UTC)), **about, "parts": results}
        options.store.write_text(json.dumps(stored, indent=2) + "\n")


if __name__ == "__main__":
    main()
