"""``driftwatch demo`` as it is run, with its servers and without their libraries."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

WITHOUT_SERVICE = (
    "import sys; sys.modules['fastapi'] = None; from driftwatch.cli import main; main()"
)


class Home:
    """A user's home and folder for temporary files, in which everything can be seen."""

    def __init__(self, folder: Path) -> None:
        self.home, self.temporary = folder / "home", folder / "tmp"
        self.home.mkdir()
        self.temporary.mkdir()
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("XDG_", "DRIFTWATCH_"))
        }
        # What a proxy would get: nothing must be asked of it.
        proxies = {"http_proxy": "http://127.0.0.1:9", "HTTP_PROXY": "http://127.0.0.1:9"}
        self.environment = {
            **kept,
            **proxies,
            "HOME": str(self.home),
            "TMPDIR": str(self.temporary),
            "PYTHONUNBUFFERED": "1",
        }

    def left(self) -> list[Path]:
        return [*self.home.rglob("*"), *self.temporary.rglob("*")]

    @contextmanager
    def demo(self, *options: str, code: str | None = None) -> Iterator[subprocess.Popen[str]]:
        start = ["-m", "driftwatch"] if code is None else ["-c", code]
        process = subprocess.Popen(
            [sys.executable, *start, "demo", *options],
            env=self.environment,
            cwd=self.home,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            yield process
        finally:
            process.kill()
            process.communicate()


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def lines_until(process: subprocess.Popen[str], word: str) -> list[str]:
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if word in line:
            return lines
    pytest.fail(f"ended without {word!r}: {lines}")


def ports_in(lines: list[str]) -> list[int]:
    words = " ".join(lines).split()
    ports = [urlsplit(word).port for word in words if word.startswith("http://127.0.0.1:")]
    return [port for port in ports if port is not None]


def is_refused(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=60).close()
    except ConnectionRefusedError:
        return True
    return False


@pytest.mark.slow
@pytest.mark.parametrize("code", [None, WITHOUT_SERVICE], ids=["collector", "plain install"])
def test_what_was_injected_is_named_and_nothing_is_left(home: Home, code: str | None) -> None:
    with home.demo("--headless", code=code) as process:
        said, errors = process.communicate(timeout=240)
    assert (process.returncode, errors) == (0, ""), said + errors
    found = said[said.index("What was injected") :]
    for name in ("age", "channel", "ROC AUC"):
        assert f"    {name}: CRITICAL at " in found
    assert "of the 48 reports called anything else CRITICAL" in found
    assert found.count("24,000 rows were sent, 24,000 are stored") == 2
    assert ("There is no collector" in said) is (code is not None)
    assert home.left() == []
    assert all(is_refused(port) for port in ports_in(said.splitlines()))


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
@pytest.mark.parametrize(
    ("number", "word"), [(signal.SIGTERM, "INJECTED"), (signal.SIGINT, "fitted on")]
)
def test_a_signal_ends_it_at_any_time_and_nothing_is_left(
    home: Home, number: signal.Signals, word: str
) -> None:
    with home.demo("--headless") as process:
        lines = lines_until(process, word)
        assert home.left()
        process.send_signal(number)
        _, errors = process.communicate(timeout=120)
    assert process.returncode == 128 + number
    assert errors.startswith(f"driftwatch: ended by {number.name}")
    assert home.left() == []
    assert all(is_refused(port) for port in ports_in(lines))


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_without_headless_it_stays_until_it_is_ended(home: Home, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    with home.demo("--keep", str(kept)) as process:
        lines = lines_until(process, "Ctrl-C ends")
        ports = ports_in(lines)
        assert len(set(ports)) == 2
        assert not any(is_refused(port) for port in ports)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=120)
    assert (process.returncode, errors) == (0, "")
    assert home.left() == []
    assert all(is_refused(port) for port in ports)
    assert {"driftwatch.toml", "driftwatch.db", "loans.html"} <= {p.name for p in kept.iterdir()}
    config = ["--config", str(kept / "driftwatch.toml"), "--monitor", "loans-outcomes"]
    shown = subprocess.run(
        [sys.executable, "-m", "driftwatch", "report", *config, "--format", "json"],
        env=home.environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert '"monitor": "loans-outcomes"' in shown.stdout, shown.stderr


def test_a_folder_with_something_in_it_is_not_used(home: Home, tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("precious")
    with home.demo("--keep", str(tmp_path)) as process:
        said, errors = process.communicate(timeout=60)
    assert (process.returncode, said) == (2, "")
    assert "not empty" in errors
    assert (tmp_path / "mine").read_text() == "precious"


def test_monitoring_that_is_switched_off_is_said(home: Home) -> None:
    home.environment["DRIFTWATCH_DISABLED"] = "1"
    with home.demo("--headless") as process:
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "DRIFTWATCH_DISABLED" in errors
    assert home.left() == []
