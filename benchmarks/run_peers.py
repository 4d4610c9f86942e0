"""Times one drift check of two files by DriftWatch and by each peer, as whole processes.

    python -m benchmarks.run_peers --rows 1000000

Each peer gets a fresh virtual environment with the pins in ``peers/requirements`` (made once, in
the cache folder), and DriftWatch one with this checkout in it. Measured is the wall time of

    python -m benchmarks.peers NAME reference.parquet production.parquet

from start to exit, imports included, one process at a time with all cores free to it. The rounds
are interleaved: a slow minute of the machine falls on all peers alike. DriftWatch is also timed as
the command that its users type. A peer that cannot be installed, fails, or is stopped at the
timeout is listed with the reason, without a number.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import machine
from benchmarks.cache import default_cache
from benchmarks.environments import CHECKOUT, Environment, InstallError, child_variables, ensure
from benchmarks.peer_results import BASELINE, Entry, table, to_dict
from benchmarks.peers import NAMES
from benchmarks.processes import measure

RESULTS = Path(__file__).parent / "results" / "peers.json"

# The distribution whose version is the peer's, where it is not named as the peer.
DISTRIBUTIONS = {"pandas_scipy": "scipy", "alibi_detect": "alibi-detect"}

# Their versions matter to the numbers of every peer.
SHARED = ("numpy", "pandas", "pyarrow", "scipy")


def main() -> None:
    options = _options()
    cache: Path = options.cache.resolve()
    files = _files(cache, options.rows)
    entries: list[Entry] = []
    for name in options.only:
        entries += _entries(name, cache, files, install=options.install)
    folder = _harness(cache)
    for number in range(1, options.repeats + 1):
        for entry in entries:
            if entry.error is None:
                _note(f"round {number} of {options.repeats}: {entry.name}")
                _run(entry, folder, options.timeout)
    print(table(entries))
    _store(options, files, entries)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Time a drift check by DriftWatch and its peers.")
    parser.add_argument("--rows", type=int, default=1_000_000, help="rows of each file")
    parser.add_argument("--only", type=_names, default=NAMES, metavar="A,B", help=", ".join(NAMES))
    parser.add_argument("--repeats", type=int, default=3, help="rounds; medians are reported")
    parser.add_argument(
        "--timeout", type=float, default=1800.0, metavar="SECONDS", help="limit of one process"
    )
    parser.add_argument("--cache", type=Path, default=default_cache(), metavar="DIR")
    parser.add_argument(
        "--skip-install", dest="install", action="store_false", help="take what is installed"
    )
    parser.add_argument("--json", type=Path, default=RESULTS, metavar="PATH")
    options = parser.parse_args()
    if options.rows < 1 or options.repeats < 1:
        parser.error("--rows and --repeats must be at least 1")
    return options


def _names(text: str) -> tuple[str, ...]:
    names = tuple(text.split(","))
    if unknown := sorted(set(names) - set(NAMES)):
        raise argparse.ArgumentTypeError(f"no such peer: {', '.join(unknown)}")
    return names


def _files(cache: Path, rows: int) -> tuple[Path, Path]:
    # In a process of its own, for `benchmarks.processes` wants a small parent.
    command = [sys.executable, "-m", "benchmarks.data", "--rows", str(rows), "--cache", str(cache)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, cwd=CHECKOUT)
    reference, production = map(Path, done.stdout.splitlines())
    return reference, production


def _harness(cache: Path) -> Path:
    """Copy the peers' modules out of the checkout.

    Started in the checkout, Python would import its ``driftwatch`` folder, not what is installed.
    """
    folder = cache / "harness"
    here = Path(__file__).parent
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(
        here / "peers", folder / "benchmarks" / "peers", ignore=shutil.ignore_patterns("*.pyc")
    )
    shutil.copy(here / "__init__.py", folder / "benchmarks")
    return folder


def _entries(name: str, cache: Path, files: tuple[Path, Path], *, install: bool) -> list[Entry]:
    _note(f"environment of {name}")
    try:
        environment = ensure(name, cache, install=install)
    except InstallError as error:
        return [Entry(name, error=f"not installed: {error}")]
    python = environment.program("python")
    entries = [_entry(name, name, environment)]
    entries[0].command = (python, "-m", "benchmarks.peers", name, *files)
    entries[0].flagged_by = _flagged_by_module
    if name == BASELINE:
        entries.append(_command(environment, files))
    return entries


def _entry(name: str, peer: str, environment: Environment) -> Entry:
    installed = environment.versions
    return Entry(
        name,
        version=installed[DISTRIBUTIONS.get(peer, peer)],
        packages=len(installed),
        versions={key: installed[key] for key in SHARED if key in installed},
    )


def _command(environment: Environment, files: tuple[Path, Path]) -> Entry:
    entry = _entry("driftwatch check", BASELINE, environment)
    reference, production = files
    program = environment.program("driftwatch")
    entry.command = (program, "check", "--ref", reference, "--prod", production)
    entry.command += ("--no-save", "--format", "json")
    entry.flagged_by = _flagged_by_command
    entry.exit_codes = (0, 1)  # 1 means drift
    return entry


def _flagged_by_module(output: str) -> list[str]:
    # Libraries print, too; the module prints last.
    columns = json.loads(output.splitlines()[-1])["columns"]
    return [name for name, column in columns.items() if column["drift"]]


def _flagged_by_command(output: str) -> list[str]:
    return list(json.loads(output)["drifted_features"])


def _run(entry: Entry, folder: Path, timeout_seconds: float) -> None:
    run = measure(
        entry.command,
        timeout_seconds=timeout_seconds,
        environment=child_variables(),
        folder=folder,
    )
    if run.timed_out:
        entry.error = f"> {timeout_seconds:g} s"
    elif run.exit_code not in entry.exit_codes:
        entry.error = run.last_error
    else:
        try:
            entry.flagged = entry.flagged_by(run.output)
        except (IndexError, KeyError, TypeError, ValueError):
            # A crash can end with an accepted code, but not with an answer.
            entry.error = run.last_error
        entry.runs.append(run)


def _store(options: argparse.Namespace, files: tuple[Path, Path], entries: Sequence[Entry]) -> None:
    command = (
        f"python -m benchmarks.run_peers --rows {options.rows} --repeats {options.repeats}"
        f" --timeout {options.timeout:g} --only {','.join(options.only)}"
    )
    result = {
        "benchmark": "peers",
        "command": command,
        "machine": machine.describe(datetime.now(UTC)),
        "rows": options.rows,
        "columns": 16,
        "file_bytes": {path.stem: path.stat().st_size for path in files},
        "peers": to_dict(entries),
    }
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


def _note(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
