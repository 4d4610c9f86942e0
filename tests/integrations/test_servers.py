"""Behind the servers that people use: an orderly end loses nothing, a kill at most an interval."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from driftwatch.stores.sqlite.store import SQLiteStore

pytestmark = pytest.mark.slow

ASGI, WSGI = "tests.integrations.served:asgi", "tests.integrations.served:wsgi"
SERVERS = {
    "uvicorn": ["uvicorn", ASGI, "--port={port}", "--log-level=warning"],
    "uvicorn-2": ["uvicorn", ASGI, "--port={port}", "--log-level=warning", "--workers=2"],
    "gunicorn-sync": ["gunicorn", WSGI, "-b127.0.0.1:{port}", "-w2"],
    "gunicorn-gthread": ["gunicorn", WSGI, "-b127.0.0.1:{port}", "-w2", "-kgthread", "--threads=4"],
    "gunicorn-preload": ["gunicorn", WSGI, "-b127.0.0.1:{port}", "-w2", "--preload"],
    "gunicorn-preload-gthread": [
        "gunicorn", WSGI, "-b127.0.0.1:{port}", "-w2", "--preload", "-kgthread", "--threads=4",
    ],
    "gunicorn-uvicorn": [
        "gunicorn", ASGI, "-b127.0.0.1:{port}", "-w2", "-kuvicorn_worker.UvicornWorker",
    ],
    "gunicorn-uvicorn-preload": [
        "gunicorn", ASGI, "-b127.0.0.1:{port}", "-w2", "--preload",
        "-kuvicorn_worker.UvicornWorker",
    ],
    "hypercorn": ["hypercorn", ASGI, "-b127.0.0.1:{port}", "-w2"],
    "granian": ["granian", ASGI, "--interface=asgi", "--port={port}", "--workers=2"],
}  # fmt: skip


SAYS = {"granian": ("Started worker-1", "Started worker-2")}
"""What a server's log must say before it may be stopped: granian 2.8 never ends if it is told to
while a worker is still starting, whatever it serves."""


class Served:
    """A server with its workers, in a session of its own."""

    def __init__(self, command: list[str], folder: Path, says: tuple[str, ...]) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.store = folder / "served.db"
        self.url = f"http://127.0.0.1:{port}"
        program, *options = command
        found = Path(sys.executable).with_name(program)
        if not found.exists():
            pytest.skip(f"{program} is not installed")
        with (folder / "server.log").open("wb") as log:
            self.process = subprocess.Popen(
                [str(found), *(option.format(port=port) for option in options)],
                env={**os.environ, "SERVED_STORE": str(self.store)},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._log = folder / "server.log"
        self._waiting = threading.Event()
        self._wait(self._answers)
        self._wait(lambda: all(line in self._log.read_text() for line in says))

    def _wait(self, until: object, seconds: float = 60.0) -> None:
        assert callable(until)
        for _ in range(int(seconds / 0.05)):
            if until():
                return
            assert self.process.poll() is None, self._log.read_text()
            self._waiting.wait(0.05)
        pytest.fail(f"waited for {seconds:g} s\n{self._log.read_text()}")

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(self.url + "/up"):  # noqa: S310 - our own
                return True
        except OSError:
            return False

    def predict(self, count: int) -> None:
        for value in range(count):
            request = urllib.request.Request(  # noqa: S310 - our own
                self.url + "/predict",
                json.dumps({"inputs": {"x": float(value % 50)}}).encode(),
                {"content-type": "application/json"},
            )
            with urllib.request.urlopen(request) as answer:  # noqa: S310
                assert json.loads(answer.read()) == {"yhat": value % 50 / 100}

    def rows(self) -> int:
        store = SQLiteStore(self.store)
        try:
            return int(store.overview("default").rows)
        finally:
            store.close()

    def wait_for_rows(self, count: int) -> None:
        self._wait(lambda: self.store.exists() and self.rows() == count)

    def end(self, number: signal.Signals) -> None:
        if number is signal.SIGKILL:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, number)
        else:
            self.process.send_signal(number)
        self.process.wait(60)


@contextmanager
def served(name: str, folder: Path) -> Iterator[Served]:
    server = Served(SERVERS[name], folder, SAYS.get(name, ()))
    try:
        yield server
    finally:
        server.end(signal.SIGKILL)


@pytest.mark.parametrize("name", SERVERS)
def test_an_orderly_end_loses_nothing(name: str, tmp_path: Path) -> None:
    with served(name, tmp_path) as server:
        server.predict(60)
        server.end(signal.SIGTERM)
        assert server.rows() == 60, (tmp_path / "server.log").read_text()


@pytest.mark.parametrize("name", SERVERS)
def test_a_kill_loses_at_most_what_came_since_the_last_flush(name: str, tmp_path: Path) -> None:
    with served(name, tmp_path) as server:
        server.predict(40)
        server.wait_for_rows(40)  # which nobody asked for: every worker stores by itself
        server.predict(10)
        server.end(signal.SIGKILL)
        assert 40 <= server.rows() <= 50
