"""The jars of a real Kafka broker, fetched once and kept outside of the tree."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

POM = Path(__file__).with_name("pom.xml")
OLDEST_JAVA = 17


class UnavailableError(Exception):
    """What a real broker needs is not on this machine."""


def find_java() -> str:
    """The Java that runs the broker."""
    java = shutil.which("java")
    if java is None:
        raise UnavailableError("needs java, which is not installed")
    said = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr
    version = re.search(r'version "(\d+)', said)
    if version is None or int(version[1]) < OLDEST_JAVA:
        raise UnavailableError(f"needs Java {OLDEST_JAVA} or later, not {said.splitlines()[:1]}")
    return java


def find_jars() -> Path:
    """The folder with the jars of `pom.xml`, which Maven fills where it is missing."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "driftwatch-tests"
    folder = cache / f"kafka-{hashlib.sha256(POM.read_bytes()).hexdigest()[:16]}"
    if folder.is_dir():
        return folder
    maven = shutil.which("mvn")
    if maven is None:
        raise UnavailableError("needs mvn to fetch Kafka's jars, which is not installed")
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache, prefix="fetching-") as temporary:
        _copy_jars(maven, Path(temporary) / "jars")
        try:  # by one step: what was interrupted never looks complete
            (Path(temporary) / "jars").rename(folder)
        except OSError:
            if not folder.is_dir():  # nor did another process come first
                raise
    return folder


def _copy_jars(maven: str, folder: Path) -> None:
    goal = [f"-DoutputDirectory={folder}", "-DincludeScope=runtime", "dependency:copy-dependencies"]
    command = [maven, "--quiet", "--batch-mode", "--file", str(POM), *goal]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    except subprocess.TimeoutExpired as error:
        raise UnavailableError("Maven did not fetch Kafka's jars within four minutes") from error
    if done.returncode or not any(folder.glob("kafka_*.jar")):
        raise UnavailableError(
            f"Maven cannot fetch Kafka's jars:\n{(done.stdout + done.stderr)[-2000:]}"
        )
