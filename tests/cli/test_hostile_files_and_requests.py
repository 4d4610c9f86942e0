"""What ``ingest``, ``watch`` and ``serve`` say and log of foreign names is no command."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from driftwatch import Monitor
from driftwatch.cli.app import run
from driftwatch.core.profiles.codec import DELIVERY, decode, encode
from driftwatch.core.windows.delivery_codec import delivery_to_bytes
from driftwatch.core.windows.segments import Delivery, Segment
from driftwatch.errors import ProfileFormatError
from driftwatch.transport.client import HttpClient
from tests.cli.test_hostile_output import table
from tests.hostile_names import HOSTILE, commands_in, controls_in
from tests.service.conftest import free_port
from tests.waiting import until

WRITABLE = [name for name in HOSTILE if name.encode("utf-8", "replace").decode() == name]
NAMES = [
    *(name for name in WRITABLE if not {"/", "\0"} & set(name) and 0 < len(name.strip()) < 200),
    "no text \udcff\udc9b2J",
]
"""Those that a file can have."""


def harmless(said: str) -> None:
    assert commands_in(said) == []
    assert controls_in(said) == []
    assert "internal error" not in said


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    pq.write_table(table(0), folder / "ref.parquet")
    pq.write_table(table(3), folder / "prod.parquet")
    for name, how in (("ref", {"roles": {"ts": "time"}}), ("timeless", {"exclude": ["ts"]})):
        made = Monitor(folder / "ref.parquet", **how).reference.profile
        (folder / f"{name}.dwp").write_bytes(made.to_bytes())
    return folder


@pytest.fixture
def folder(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DRIFTWATCH_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("DRIFTWATCH_HASH_KEY", "of the test")
    monkeypatch.chdir(tmp_path)
    for file in data.iterdir():
        (tmp_path / file.name).symlink_to(file)
    (tmp_path / "driftwatch.toml").write_text(
        "[monitors.m]\nreference = 'ref.dwp'\nstore = 'm.db'\ntime = 'ts'\n"
        "window = '6h'\nslide = '1h'\n",
        "utf-8",
    )
    return tmp_path


def test_files_that_are_taken_in(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    pq.write_table(table(3).slice(0, 9), folder / "few.parquet")
    for name in NAMES:
        shutil.copy(folder / "few.parquet", folder / f"{name}.parquet")
        assert run(["ingest", f"./{name}.parquet"]) == 0, name
        (folder / f"{name}.csv").write_text("x,ts\n1,::error::x\n")
        assert run(["ingest", f"./{name}.csv"]) in (0, 2), name
        assert run(["ingest", f"./{name}.nothing"]) == 2, name
        written = capfd.readouterr()
        harmless(written.out + written.err)
    assert run(["ingest", "prod.parquet", "--evaluate"]) in (0, 1)
    written = capfd.readouterr()
    harmless(written.out + written.err)


def test_a_folder_that_is_watched(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    inbox = folder / "::error::in\u202e\x1b[31m"
    inbox.mkdir()
    rows: list[dict[str, Any]] = table(3).slice(0, 400).to_pylist()
    for number, name in enumerate(NAMES):
        some = [*rows[number::200], {name: name, "ts": name}]
        lines = [json.dumps(row, default=str) for row in some] + [f'{{"{name}']
        (inbox / f"{name}.jsonl").write_text("\n".join(lines) + "\n", "utf-8", "replace")
        (inbox / f"{name}.parquet").write_bytes(b"PAR1" + os.fsencode(name))
        (inbox / f"{name}.dwp").write_bytes(b"DWP1" + os.fsencode(name))
    assert run(["watch", str(inbox), "--once", "--fail-on", "critical"]) in (0, 1)
    written = capfd.readouterr()
    assert "rows taken in" in written.err
    harmless(written.out + written.err)
    for name in WRITABLE:
        assert run(["watch", name, "--once", "--every", name]) == 2
        assert run(["watch", "prod.parquet", "--once", "--monitor", name]) == 2
        written = capfd.readouterr()
        harmless(written.out + written.err)


@contextmanager
def serving(folder: Path, form: str, said: list[str]) -> Iterator[int]:
    """``driftwatch serve`` on a port; what it wrote is there when it has ended."""
    port = free_port()
    command = [sys.executable, "-m", "driftwatch", "serve", "--port", str(port)]
    process = subprocess.Popen(
        [*command, "--log-format", form],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    assert process.stdout is not None
    try:
        first = process.stdout.readline()  # says where it listens
        said.append(first.decode())
        rest = threading.Thread(target=lambda: said.append(process.stdout.read().decode()))  # type: ignore[union-attr]
        rest.start()
        until(lambda: HttpClient().send(f"http://127.0.0.1:{port}/readyz").status == 200)
        yield port
        process.terminate()
        rest.join(60)
        assert process.wait(60) in (0, -signal.SIGTERM)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def deliveries(folder: Path) -> list[bytes]:
    """Rows that have drifted, and deliveries that call everything by hostile names."""
    monitor = Monitor(folder / "ref.parquet", roles={"ts": "time"})
    body = monitor.reference.new_profile().to_bytes()
    sent: list[bytes] = []
    plain = Delivery("m", "pod", "e", 0, (Segment(9, 3600, 1, body, reference="r"),), {}, (), 9.0)
    for name in HOSTILE:
        for changed in (
            replace(plain, monitor=name),
            replace(plain, source=name),
            replace(plain, epoch=name),
            replace(plain, counters={name: 1}),
            replace(plain, segments=(replace(plain.segments[0], reference=name),)),
            replace(plain, segments=(replace(plain.segments[0], model_version=name),)),
        ):
            with suppress(ProfileFormatError):
                sent.append(delivery_to_bytes(changed))
        header, sections = decode(delivery_to_bytes(plain), magic=DELIVERY)
        with suppress(UnicodeEncodeError):
            sent.append(encode({**header, name: name}, sections, magic=DELIVERY))
            sent.append(encode(header, {name: b""}, magic=DELIVERY))
    return sent


def raw(port: int, request: bytes) -> None:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=10) as client:
        client.sendall(request)
        client.shutdown(socket.SHUT_WR)
        while client.recv(65_536):
            pass


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_collector(form: str, folder: Path) -> None:
    named = [name for name in WRITABLE if name.isprintable() and 0 < len(name.strip()) <= 200]
    configuration = 'store = "m.db"\n[service]\nrequests_per_minute = 1000000\n'
    for name in ["m", *named]:
        configuration += (
            f"[monitors.{json.dumps(name, ensure_ascii=False)}]\nreference = 'timeless.dwp'\n"
            "window = '6h'\nslide = '1h'\nevery = '1s'\nlateness = '1m'\n"
        )
    (folder / "driftwatch.toml").write_text(configuration, "utf-8")
    bodies = deliveries(folder)
    said: list[str] = []
    with serving(folder, form, said) as port:
        client = HttpClient()
        url = f"http://127.0.0.1:{port}"
        for body in bodies:
            answer = client.send(f"{url}/v1/segments", body)
            assert 400 <= answer.status < 500, (answer, answer.reason, said)
        moved = Monitor(
            folder / "timeless.dwp", name=named[0], store=url,
            spool=folder / "spool", window="6h", slide="1h",
        )  # fmt: skip
        rows, now = pq.read_table(folder / "prod.parquet").drop_columns(["ts"]), time.time()
        for hours in (4, 3, 0):
            moved.observe_many(rows, at=now - 3_600 * hours, model_version=named[1])
        moved.flush()
        moved.close()
        until(lambda: b"CRITICAL" in client.send(f"{url}/v1/monitors").body)
        for name in HOSTILE:
            octets = name.encode("utf-8", "surrogatepass")
            raw(port, b"GET /v1/monitors/" + octets + b" HTTP/1.1\r\nHost: localhost\r\n\r\n")
            raw(port, octets + b" / HTTP/1.1\r\n\r\n")
            raw(port, b"GET / HTTP/1.1\r\nHost: " + octets + b"\r\nX: " + octets + b"\r\n\r\n")
            raw(port, b"POST /v1/segments HTTP/1.1\r\nHost: localhost\r\nContent-Length: 999\r\n"
                      b"Authorization: Bearer " + octets + b"\r\n\r\n" + octets)  # fmt: skip
    harmless("".join(said))
    assert "collector of" in said[0]
    assert "alarm raised" in said[1]
