"""A fresh virtual environment for each peer, made once and kept in the cache folder."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from importlib.metadata import distributions
from pathlib import Path

__all__ = ["CHECKOUT", "Environment", "InstallError", "child_variables", "ensure", "this_one"]

CHECKOUT = Path(__file__).resolve().parents[1]
REQUIREMENTS = Path(__file__).parent / "peers" / "requirements"

# Comes with `python -m venv`, not with the library.
SEEDS = frozenset({"pip", "setuptools"})

# Every switch by which a peer, or what it imports, can be told to send nothing.
QUIET = {
    "DISABLE_DEEPCHECKS_ANONYMOUS_TELEMETRY": "true",
    "DISABLE_LATEST_VERSION_CHECK": "true",
    "DO_NOT_TRACK": "1",
    "EVIDENTLY_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "NML_DISABLE_USAGE_LOGGING": "1",
    "NML_DISABLE_USER_ANALYTICS": "1",
    "WHYLOGS_NO_ANALYTICS": "1",
}

# These would let the runner's own environment into a peer's, or have it compile itself every time.
LEAKS = (
    *("PYTHONDONTWRITEBYTECODE", "PYTHONHOME", "PYTHONPATH", "PYTHONPYCACHEPREFIX"),
    *("PYTHONSAFEPATH", "VIRTUAL_ENV"),
)


class InstallError(RuntimeError):
    """A peer's environment could not be made; the message is pip's last error line."""


@dataclass(frozen=True, slots=True)
class Environment:
    """One virtual environment and what is installed in it."""

    folder: Path
    versions: dict[str, str]

    def program(self, name: str, /) -> Path:
        """Return the path of a command of the environment."""
        return _program(self.folder, name)


def child_variables() -> dict[str, str]:
    """Return the environment variables of a measured process: nobody's telemetry is on."""
    return {name: value for name, value in os.environ.items() if name not in LEAKS} | QUIET


def ensure(name: str, cache: Path, /, *, install: bool = True) -> Environment:
    """Return the environment of a peer, making it if it is not there or its pins changed.

    Args:
        name: A peer's name; ``driftwatch`` is installed from this checkout, anew each time.
        cache: The folder that keeps the environments.
        install: Whether anything may be installed; if not, what is there is taken.

    Raises:
        InstallError: If pip fails, or nothing is there and nothing may be installed.
    """
    folder = cache / "venvs" / name
    if install:
        _install(name, folder)
    if not _program(folder, "python").exists():
        raise InstallError("not installed, and installing was switched off")
    listed = _run([_program(folder, "python"), "-m", "pip", "list", "--format", "json"])
    versions = {entry["name"].lower(): entry["version"] for entry in json.loads(listed)}
    return Environment(folder, {key: versions[key] for key in sorted(versions.keys() - SEEDS)})


def this_one() -> Environment:
    """Return the environment that runs this."""
    versions = {found.name.lower(): found.version for found in distributions()}
    return Environment(Path(sys.prefix), {key: versions[key] for key in sorted(versions)})


def _install(name: str, folder: Path) -> None:
    pins = REQUIREMENTS / f"{name}.txt"
    what = ["-r", str(pins)] if name != "driftwatch" else [str(CHECKOUT)]
    wanted = f"{sys.version}\n{pins.read_text(encoding='utf-8') if pins.exists() else ''}"
    stamp = folder / "installed.txt"
    current = stamp.exists() and stamp.read_text(encoding="utf-8") == wanted
    if current and name != "driftwatch":
        return
    if not current:
        shutil.rmtree(folder, ignore_errors=True)
        _run([sys.executable, "-m", "venv", folder])
    _run([_program(folder, "python"), "-m", "pip", "install", "--quiet", *what])
    # Written last: an interrupted installation is begun again.
    stamp.write_text(wanted, encoding="utf-8")


def _program(folder: Path, name: str) -> Path:
    return folder / "bin" / name


def _run(command: list[str | Path]) -> str:
    done = subprocess.run(
        command, check=False, capture_output=True, text=True, env=child_variables()
    )
    if done.returncode:
        raise InstallError(_reason(done.stderr) or f"exit code {done.returncode}")
    return done.stdout


def _reason(errors: str) -> str:
    """Find the line that says what failed: pip wraps it in banners, traces and advice."""
    lines = [line.strip() for line in errors.splitlines() if line.strip()]
    telling = [line for line in lines if re.match(r"ERROR: |\w*Error: ", line)]
    return (telling or lines or [""])[-1]
