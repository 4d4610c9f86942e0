"""What a worker and ``produce`` say and log of foreign names is no command."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from driftwatch.cli.app import run
from driftwatch.stores.sqlite.store import SQLiteStore
from tests.hostile_names import HOSTILE, commands_in, controls_in
from tests.kafka import clients
from tests.kafka.mock_cluster import MockCluster
from tests.kafka.working import START
from tests.waiting import until

WRITABLE = [name for name in HOSTILE if name.encode("utf-8", "replace").decode() == name]
COLUMNS = [name for name in WRITABLE if 0 < len(name.strip()) < 1_000]
"""Of messages, of which the mock keeps five megabytes."""
MONITOR = "::error::m ##[group]y"
ROWS = 1_200


def rows(shift: float) -> pa.Table:
    rng = np.random.default_rng(int(shift))
    weights = np.arange(1, len(COLUMNS) + 1, dtype=float) ** (1 + shift)
    named = {name: pa.array(rng.normal(shift, 1, ROWS)) for name in COLUMNS}
    said = rng.choice(COLUMNS, ROWS, p=weights / weights.sum()).tolist()
    return pa.table(named | {"::error::plan": pa.array(said)})


def configured(folder: Path, bootstrap: str, topic: str, **kafka: Any) -> None:
    settings = {
        "bootstrap": bootstrap,
        "topics": [topic],
        "features": "$.inputs",
        "at": "$.ts",
        "model_version": "$.version",
        "session_seconds": 2.0,
        "dead_letters": f"{topic}-dead",
    } | kafka
    name = json.dumps(MONITOR)
    lines = [f"{key} = {json.dumps(value)}" for key, value in settings.items()]
    text = (
        f'store = "s.db"\n[monitors.{name}]\nreference = "ref.parquet"\nflush_every = "1s"\n'
        f'window = "6h"\nslide = "1h"\nevery = "1s"\nlateness = "1m"\n[monitors.{name}.kafka]\n'
        + "\n".join(lines)
    )
    (folder / "driftwatch.toml").write_text(text, "utf-8")


def harmless(said: str) -> None:
    assert commands_in(said) == []
    assert controls_in(said) == []
    assert "internal error" not in said


def messages() -> list[bytes | tuple[bytes | None, bytes | None, Any, int | None]]:
    """Rows of six hours that have drifted, of hostile versions, and messages that are none."""
    sent: list[Any] = []
    for number, row in enumerate(rows(3).to_pylist()):
        version = WRITABLE[number // 400]
        body = {"ts": START + number * 20, "inputs": row, "version": version}
        sent.append(json.dumps(body).encode())
    for name in HOSTILE:
        raw = name.encode("utf-8", "surrogatepass")
        sent += [raw, (raw, b'{"inputs": ' + raw, [("::error::x", raw)], None)]
        sent.append(json.dumps({"ts": name, "inputs": {name: name}, "version": name}).encode())
        sent.append(json.dumps({"ts": START, "inputs": name}).encode())
    return sent


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_worker(form: str, tmp_path: Path, cluster: MockCluster, topic: str) -> None:
    pq.write_table(rows(0), tmp_path / "ref.parquet")
    for name in (topic, f"{topic}-dead"):
        cluster.create_topic(name, 1)
    configured(tmp_path, cluster.bootstrap, topic, group="##[group]g \u202e")
    sent = messages()
    # The mock gives a batch at a time, ten a second.
    clients.produce(cluster.bootstrap, topic, sent, linger_ms=300, max_batch_size=1 << 20)
    command = [sys.executable, "-m", "driftwatch", "worker", "--log-format", form]
    worker = subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    try:
        until(lambda: done(tmp_path, topic, len(sent)) or worker.poll() is not None)
        worker.send_signal(signal.SIGTERM)
        said = worker.communicate(timeout=60)[0].decode()
    finally:
        worker.kill()
        worker.wait()
    assert worker.returncode == 0, said
    assert "stopped" in said
    assert f"{len(sent)} messages read" in said.replace(",", "")
    assert "incident 1 opened" in said
    harmless(said)
    if form == "json":
        assert all(isinstance(json.loads(line), dict) for line in said.splitlines())


def done(folder: Path, topic: str, count: int) -> bool:
    """Whether all messages were read, and an incident was opened."""
    if not (folder / "s.db").exists():
        return False
    store = SQLiteStore(folder / "s.db")
    try:
        read = store.cursor(MONITOR, f"kafka {topic}/0") == count
        return read and bool(store.incidents(MONITOR, limit=1))
    finally:
        store.close()


@pytest.mark.parametrize(
    "command",
    [
        ["worker", "--check"],
        ["worker", "--reset", "earliest", "--yes"],
        ["worker", "--monitor", "{}"],
        ["worker", "--reset", "{}", "--yes"],
        ["worker", "--log-format", "{}"],
        ["worker", "--config", "{}"],
        ["doctor"],
    ],
    ids=" ".join,
)
def test_a_worker_that_cannot_start(
    command: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Names of topics, groups, addresses and users that are none, and arguments likewise."""
    monkeypatch.chdir(tmp_path)
    pq.write_table(rows(0).select(["::::"]), tmp_path / "ref.parquet")
    for name in WRITABLE:
        configured(tmp_path, name, name, group=name, dead_letters=name, features=name)
        code = run([word.replace("{}", name) for word in command])
        written = capfd.readouterr()
        assert code in (0, 1, 2), (name, written)
        harmless(written.out + written.err)


def test_produce(tmp_path: Path, cluster: MockCluster, topic: str) -> None:
    cluster.create_topic(topic, 1)
    file = tmp_path / "##[group]of\u202e\x1b[31m.parquet"
    pq.write_table(rows(0), file)
    where = ("--bootstrap", cluster.bootstrap, "--topic", topic)
    for more in ([], ["--key", "::error::plan"], ["--key", "\x1b[31mred\x1b[0m"]):
        done = subprocess.run(
            [sys.executable, "-m", "driftwatch", "produce", str(file), *where, *more],
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert f"{ROWS:,} messages sent" in done.stderr.decode()
        harmless(done.stdout.decode() + done.stderr.decode())


@pytest.mark.parametrize(
    "arguments",
    [
        ["{}", "--bootstrap", "127.0.0.1:1", "--topic", "t"],
        ["few.csv", "--bootstrap", "{}", "--topic", "t"],
        ["few.csv", "--bootstrap", "127.0.0.1:1", "--topic", "{}"],
        ["few.csv", "--bootstrap", "127.0.0.1:1", "--topic", "t", "--rate", "{}"],
        ["few.csv", "--monitor", "{}"],
    ],
    ids=" ".join,
)
def test_produce_that_cannot(
    arguments: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "few.csv").write_text("x,y\n1,a\n2,b\n")
    (tmp_path / "ref.parquet").symlink_to("few.csv")
    configured(tmp_path, "127.0.0.1:1", "t")
    for name in WRITABLE:
        code = run(["produce", *(word.replace("{}", name) for word in arguments)])
        written = capfd.readouterr()
        assert code == 2, (name, written)
        harmless(written.out + written.err)
