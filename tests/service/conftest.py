"""A collector in this process, and one of its own, with a small monitor to feed."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import numpy as np
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from driftwatch import Reference
from driftwatch.config.load import load_config
from driftwatch.core.data.batch import batches_of
from driftwatch.core.windows.delivery_codec import delivery_to_bytes
from driftwatch.core.windows.segments import Delivery, Segment
from driftwatch.profiling.build import profile_data
from driftwatch.service.app import create_app
from driftwatch.service.security.tokens import Scope, Token, Tokens, hash_of, new_token

NOW = 1_767_225_600.0 + 10 * 3600  # 1 January 2026, ten o'clock
URL = "http://localhost"
PANE = int(NOW // 3600)
SECRETS = {scope: new_token() for scope in Scope}


@pytest.fixture(scope="session")
def reference() -> Reference:
    rng = np.random.default_rng(3)
    data = {"x": rng.normal(size=5_000), "c": rng.choice(["a", "b", "c"], 5_000)}
    return Reference(profile_data(data, reference=True))


@pytest.fixture
def folder(tmp_path: Path, reference: Reference) -> Path:
    (tmp_path / "reference.dwp").write_bytes(reference.profile.to_bytes())
    (tmp_path / "driftwatch.toml").write_text(
        'store = "collector.db"\n'
        "[service]\nrequests_per_minute = 1000000\n"
        '[monitors.scores]\nreference = "reference.dwp"\nwindow = "6h"\n'
        'slide = "1h"\nevery = "1s"\n'
        "[monitors.empty]\n",
        "utf-8",
    )
    return tmp_path


def tokens() -> Tokens:
    return Tokens(Token(s.value, frozenset({s}), hash_of(SECRETS[s])) for s in Scope)


def bearer(scope: Scope) -> dict[str, str]:
    return {"Authorization": f"Bearer {SECRETS[scope]}"}


@pytest.fixture
def app(folder: Path) -> FastAPI:
    return create_app(load_config(folder / "driftwatch.toml"), tokens=tokens(), clock=lambda: NOW)


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    with TestClient(app, URL, raise_server_exceptions=False, headers=bearer(Scope.ADMIN)) as found:
        yield found


@pytest.fixture
def segment(reference: Reference) -> Callable[..., Segment]:
    rng = np.random.default_rng(5)

    def make(rows: int = 50, *, pane: int = PANE, shift: float = 0.0) -> Segment:
        profile = reference.new_profile()
        data = {"x": rng.normal(shift, 1, rows), "c": rng.choice(["a", "b", "c"], rows)}
        for batch in batches_of(data):
            profile.update(batch)
        when = pane * 3600.0
        return Segment(
            pane, 3600, rows, profile.to_bytes(), 0, when, when + 3599, reference.id, None
        )

    return make


@pytest.fixture
def delivery(segment: Callable[..., Segment]) -> Callable[..., Delivery]:
    def make(sequence: int = 0, **how: object) -> Delivery:
        found = segment(**how)
        return Delivery("scores", "pod-1", "e1", sequence, (found,), {"untimed": 1}, (), NOW)

    return make


@pytest.fixture
def frame(delivery: Callable[..., Delivery]) -> bytes:
    return delivery_to_bytes(delivery())


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


class Collector:
    """``driftwatch serve`` as a process that can be killed and started again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "driftwatch", "serve", "--port", str(self.port)],
            cwd=self.folder,
            env=os.environ,
            stderr=subprocess.PIPE,
        )
        waiting = threading.Event()
        while True:
            assert self.process.poll() is None, self.process.stderr and self.process.stderr.read()
            try:
                with urllib.request.urlopen(self.url + "/readyz"):  # noqa: S310 - our own
                    return
            except OSError:
                waiting.wait(0.05)

    def end(self, *, kill: bool = False) -> None:
        if self.process is not None:
            (self.process.kill if kill else self.process.terminate)()
            self.process.wait()
            if self.process.stderr is not None:
                self.process.stderr.close()
            self.process = None


@pytest.fixture
def running(folder: Path) -> Callable[[], AbstractContextManager[Collector]]:
    @contextmanager
    def run() -> Iterator[Collector]:
        collector = Collector(folder)
        try:
            collector.start()
            yield collector
        finally:
            collector.end(kill=True)

    return run
