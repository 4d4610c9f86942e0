"""Prepares, checks and times the commands of the peers."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks import peer_answers
from benchmarks.environments import (
    CHECKOUT,
    Environment,
    InstallError,
    child_variables,
    ensure,
    this_one,
)
from benchmarks.peer_list import Line
from benchmarks.peer_results import Answer, Entry
from benchmarks.processes import Measurement, measure

__all__ = ["Files", "Runner"]

Files = tuple[Path, Path]

# Their versions matter to the numbers of every peer.
SHARED = ("numpy", "pandas", "polars", "pyarrow", "scipy")


class Runner:
    """Runs the lines of the table in their environments.

    Args:
        cache: The folder that holds environments, and a copy of the peers' modules.
        timeout_seconds: After this long a process is stopped.
        install: Whether anything may be installed.
        here: Whether to take what the present environment has, and to make none.
    """

    def __init__(
        self, cache: Path, timeout_seconds: float, *, install: bool, here: bool = False
    ) -> None:
        self._cache = cache
        self._timeout_seconds = timeout_seconds
        self._install = install
        self._here = here
        self._folder = CHECKOUT if here else _harness(cache)
        self._variables = child_variables()
        if here:  # not an installation of another checkout; and this one stays as it is
            self._variables |= {"PYTHONPATH": str(CHECKOUT), "PYTHONDONTWRITEBYTECODE": "1"}

    def prepare(self, lines: Sequence[Line], files: Files, /) -> list[Entry]:
        """Make the environments that are not there, and an entry of each line."""
        environments = {name: self._environment(name) for name in _environments(lines)}
        return [_entry(line, environments[line.environment], files) for line in lines]

    def _environment(self, name: str) -> Environment | InstallError:
        if self._here:
            return this_one()
        _note(f"environment of {name}")
        try:
            return ensure(name, self._cache, install=self._install)
        except InstallError as error:
            return error

    def check(self, entries: Sequence[Entry], files: Files, /) -> None:
        """Compare statistics with exact ones; an entry of which one is wrong will not count.

        Args:
            entries: The lines; those that are not to be checked are left alone.
            files: The rows as parquet, whatever the peers read.
        """
        answers: dict[str, Answer] = {}
        for entry in entries:
            if entry.checked and entry.error is None:
                _note(f"checking {entry.name}")
                _, answer = self._run(entry, entry.asking)
                if answer is not None:
                    answers[entry.name] = answer
        found = _truth(answers, files)
        for entry in entries:
            if entry.name in found:
                entry.ks_error = found[entry.name]["ks_error"]
                if faults := found[entry.name]["faults"]:
                    entry.error = f"wrong: {'; '.join(faults)}"

    def time(self, entry: Entry, when: str, /) -> None:
        """Run an entry that has not failed, and keep what it took."""
        if entry.error is not None:
            return
        _note(f"{when}: {entry.name}")
        run, answer = self._run(entry)
        entry.runs.append(run)
        if answer is not None:
            entry.flagged = peer_answers.flagged(answer)

    def _run(self, entry: Entry, more: Sequence[str] = ()) -> tuple[Measurement, Answer | None]:
        run = measure(
            (*entry.command, *more),
            timeout_seconds=self._timeout_seconds,
            environment=self._variables,
            folder=self._folder,
        )
        if run.timed_out:
            entry.error = f"> {self._timeout_seconds:g} s"
        elif run.exit_code not in entry.exit_codes:
            entry.error = run.last_error
        else:
            try:
                return run, entry.answer_of(run.output)
            except (KeyError, TypeError, ValueError):
                # A crash can end with an accepted code, but not with an answer.
                entry.error = run.last_error
        return run, None


def _environments(lines: Sequence[Line]) -> list[str]:
    return list(dict.fromkeys(line.environment for line in lines))


def _entry(line: Line, environment: Environment | InstallError, files: Files) -> Entry:
    if isinstance(environment, InstallError):
        return Entry(line.name, error=f"not installed: {environment}")
    installed = environment.versions
    if line.distribution not in installed:
        return Entry(line.name, error=f"not installed: {line.distribution}")
    entry = Entry(
        line.name,
        version=installed[line.distribution],
        packages=len(installed),
        versions={key: installed[key] for key in SHARED if key in installed},
        asking=line.asking,
        checked=line.checked,
    )
    if line.module is None:
        reference, production = files
        entry.command = (environment.program("driftwatch"), "check", "--no-save")
        entry.command += ("--ref", reference, "--prod", production, "--format", "json")
        entry.answer_of = peer_answers.of_report
        entry.exit_codes = (0, 1)  # 1 means drift
    else:
        python = environment.program("python")
        entry.command = (python, "-m", line.module, *line.before, *files, *line.after)
        entry.answer_of = peer_answers.of_module
    return entry


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


def _truth(answers: Mapping[str, Answer], files: Files) -> dict[str, dict[str, Any]]:
    # In a process of its own, for `benchmarks.processes` wants a small parent.
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.peer_truth", *files],
        input=json.dumps(answers),
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        cwd=CHECKOUT,
    )
    found: dict[str, dict[str, Any]] = json.loads(done.stdout)
    return found


def _note(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
