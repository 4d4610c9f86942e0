"""Times one drift check of two files by DriftWatch and by each peer, as whole processes.

    python -m benchmarks.run_peers                                      # 2 x 1,000,000 x 16
    python -m benchmarks.run_peers --rows 10000000 --columns 6
    python -m benchmarks.run_peers --only scripts --format csv --repeats 7
    python -m benchmarks.run_peers --quick                              # nothing is stored

Each peer gets a fresh virtual environment with the pins in ``peers/requirements`` (made once, in
the cache folder), and DriftWatch one with this checkout in it. Measured is the wall time of

    driftwatch check --ref reference.parquet --prod production.parquet
    python -m benchmarks.peers NAME reference.parquet production.parquet
    python -m benchmarks.peers.scripts.NAME reference.parquet production.parquet

from start to exit, imports included, one process at a time with all cores free to it. The rounds
are interleaved, every other one backwards: a slow minute of the machine falls on all peers alike.
A ratio is the median of those of the rounds. A peer that cannot be installed, fails, or is stopped
at the timeout is listed with the reason, without a number.

Before the first round, what peers say about bins and over all values is compared with exact
statistics of the same files (`benchmarks.peer_truth`): what is wrong is not timed either.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import machine
from benchmarks.cache import default_cache
from benchmarks.environments import CHECKOUT
from benchmarks.peer_list import chosen
from benchmarks.peer_results import Entry, table, to_dict
from benchmarks.peer_running import Files, Runner
from benchmarks.peer_targets import judge

RESULTS = Path(__file__).parent / "results"
QUICK_ROWS = 20_000
MILLION = 1_000_000


def main() -> None:
    options = _options()
    cache: Path = options.cache.resolve()
    parquet = _files(cache, options, "parquet")
    files = parquet if options.format == "parquet" else _files(cache, options, options.format)
    load = os.getloadavg()[0]
    runner = Runner(cache, options.timeout, install=options.install, here=options.here)
    entries = runner.prepare(options.lines, files)
    runner.check(entries, parquet)
    for number in range(1, options.repeats + 1):
        for entry in entries if number % 2 else reversed(entries):
            runner.time(entry, f"round {number} of {options.repeats}")
    print(table(entries))
    if options.format == "parquet":
        for judged in judge(entries, options.rows):
            print(judged)
    if options.json is not None:
        _store(options, files, entries, load)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=MILLION, help="rows of each file")
    parser.add_argument("--columns", type=int, choices=(6, 16), default=16)
    parser.add_argument("--format", choices=("parquet", "csv", "jsonl"), default="parquet")
    parser.add_argument(
        "--only", default="all", metavar="A,B", help="peers, or libraries, scripts, all"
    )
    parser.add_argument("--repeats", type=int, default=3, help="rounds; medians are reported")
    parser.add_argument(
        "--quick", action="store_true", help=f"one round of {QUICK_ROWS:,} rows; stores nothing"
    )
    parser.add_argument(
        "--timeout", type=float, default=1800.0, metavar="SECONDS", help="limit of one process"
    )
    parser.add_argument("--cache", type=Path, default=default_cache(), metavar="DIR")
    parser.add_argument(
        "--skip-install", dest="install", action="store_false", help="take what is installed"
    )
    parser.add_argument(
        "--here", action="store_true", help="take what the present environment has, make none"
    )
    parser.add_argument(
        "--json",
        type=Path,
        metavar="PATH",
        help="where results go; for all peers, or a whole set of them, a file in results/",
    )
    options = parser.parse_args()
    if options.quick:
        options.rows, options.repeats = QUICK_ROWS, 1
    if options.rows < 1 or options.repeats < 1:
        parser.error("--rows and --repeats must be at least 1")
    try:
        options.lines = chosen(options.only)
    except ValueError as error:
        parser.error(str(error))
    if options.json is None and not (options.quick or options.here):
        options.json = _stored_in(options)
    return options


def _stored_in(options: argparse.Namespace) -> Path | None:
    """The file of a whole set of peers; parts of one do not overwrite it."""
    if options.only not in ("all", "libraries", "scripts"):
        return None
    size = f"{options.rows}x{options.columns}"
    parts = ["" if size == f"{MILLION}x16" else size, options.format, options.only]
    named = [part for part in parts if part not in ("", "parquet", "all")]
    return RESULTS / f"{'-'.join(['peers', *named])}.json"


def _files(cache: Path, options: argparse.Namespace, file_format: str) -> Files:
    # In a process of its own, for `benchmarks.processes` wants a small parent.
    command = [sys.executable, "-m", "benchmarks.data", "--rows", str(options.rows)]
    command += ["--columns", str(options.columns), "--format", file_format, "--cache", str(cache)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, cwd=CHECKOUT)
    reference, production = map(Path, done.stdout.splitlines())
    return reference, production


def _store(
    options: argparse.Namespace, files: Files, entries: Sequence[Entry], load: float
) -> None:
    command = (
        f"python -m benchmarks.run_peers --rows {options.rows} --columns {options.columns}"
        f" --format {options.format} --repeats {options.repeats} --timeout {options.timeout:g}"
        f" --only {options.only}"
    )
    result = {
        "benchmark": "peers",
        "command": command,
        "machine": machine.describe(datetime.now(UTC)),
        "load_before": round(load, 2),
        "rows": options.rows,
        "columns": options.columns,
        "format": options.format,
        "file_bytes": {path.stem: path.stat().st_size for path in files},
        "peers": to_dict(entries),
    }
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
