"""A delivery that the collector does not take now, or refused: kept, named, sent again."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from driftwatch import Monitor
from driftwatch.cli.app import run
from driftwatch.core.profiles import codec
from driftwatch.core.windows.counters import settled, unused_rows
from driftwatch.core.windows.delivery_codec import delivery_from_bytes, delivery_to_bytes
from driftwatch.core.windows.segments import Delivery
from driftwatch.service.security.tokens import new_token
from driftwatch.stores import open_store
from driftwatch.stores.remote import RemoteStore
from driftwatch.stores.remote.kept_back import kept_back
from tests.service.conftest import NOW, Collector
from tests.service.test_remote import Scripted, scripted

__all__ = ["scripted"]

Make = Callable[..., Delivery]
CONFIG = """
store = "collector.db"
[monitors.people]
reference = "train.json"
window = "6h"
slide = "1h"
"""


def people(rows: int = 400) -> dict[str, list[Any]]:
    return {
        "email": [f"u{n % 40}@example.org" for n in range(rows)],
        "x": [float(n % 97) for n in range(rows)],
    }


def test_a_newer_delivery_may_come_again(
    client: TestClient, delivery: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(codec, "FORMAT", 2)
    newer = delivery_to_bytes(delivery())
    monkeypatch.setattr(codec, "FORMAT", 1)
    headers = {"content-type": "application/octet-stream"}
    answer = client.post("/v1/segments", content=newer, headers=headers)
    assert answer.status_code == 409
    assert "upgrade driftwatch" in answer.json()["detail"]
    damaged = newer[:-1] + bytes([newer[-1] ^ 1])
    assert client.post("/v1/segments", content=damaged, headers=headers).status_code == 400


@pytest.fixture
def collector(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    """A collector with a folder and a key of its own, and the present folder for a replica."""
    there, here = tmp_path / "there", tmp_path / "here"
    for folder in (there, here):
        folder.mkdir()
        table = people()
        lines = [dict(zip(table, row, strict=True)) for row in zip(*table.values(), strict=True)]
        (folder / "train.json").write_text("\n".join(map(json.dumps, lines)))
    (there / "driftwatch.toml").write_text(CONFIG)
    monkeypatch.chdir(here)
    monkeypatch.setenv("DRIFTWATCH_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("DRIFTWATCH_HASH_KEY", "right")
    made = Collector(there)
    (here / "driftwatch.toml").write_text(
        CONFIG.replace("collector.db", made.url) + 'spool = "spool"\n'
    )
    try:
        yield made
    finally:
        made.end(kill=True)


def said_by(capsys: pytest.CaptureFixture[str], code: int, *arguments: str) -> str:
    """What a command says; it must end with a code."""
    capsys.readouterr()
    assert run(arguments) == code
    found = capsys.readouterr()
    return found.out + found.err


def test_a_collector_that_restarts_with_another_key_loses_no_row(
    collector: Collector, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    collector.start()
    pod = Monitor("train.json", name="people", window="6h", store=collector.url, spool="spool")
    pod.observe_many(people())
    assert pod.flush(within=30.0) == 400
    collector.end()
    monkeypatch.setenv("DRIFTWATCH_HASH_KEY", "wrong")  # without any it would not start
    collector.start()
    monkeypatch.setenv("DRIFTWATCH_HASH_KEY", "right")
    pod.observe_many(people(300))
    assert pod.flush() == 0  # not acknowledged
    (held,) = kept_back(Path("spool"))
    assert (held.state, held.rows, held.monitor) == ("held", 300, "people")
    assert "another key" in held.why
    assert pod.counters["held_up_by_the_collector"] == 300
    assert pod.check().not_used["held_up_by_the_collector"] == 300
    doctor = said_by(capsys, 1, "doctor")
    assert "PROBLEM  held             1 deliveries of 300 rows" in doctor
    assert "another key" in doctor
    assert "held" in said_by(capsys, 1, "quarantine", "list")
    assert "another key" in said_by(capsys, 1, "quarantine", "resend", "--all")
    there = ["doctor", "--config", str(collector.folder / "driftwatch.toml")]
    said = said_by(capsys, 1, *there)
    assert "PROBLEM  turned away      1 deliveries of 300 rows wait at" in said
    assert "another key" in said
    collector.end()
    collector.start()  # and right again
    said = said_by(capsys, 0, "quarantine", "resend", "--all")
    assert "300 rows arrived" in said or not said  # the pod itself may have been quicker
    assert kept_back(Path("spool")) == []
    assert "turned away" not in said_by(capsys, 0, *there)
    assert pod.check().rows_current == 700
    said_by(capsys, 0, "doctor")
    pod.close()
    collector.end()
    store = open_store(collector.folder / "collector.db", reads_only=True)
    assert (store.overview("people").rows, store.quarantine()) == (700, [])
    store.close()


def test_flush_does_not_count_what_was_turned_down(
    scripted: Scripted, tmp_path: Path, delivery: Make
) -> None:
    store = RemoteStore(scripted.url, spool=tmp_path)
    store.sender._closed.set()  # nobody sends but this test
    for status, taken in ((200, 50), (400, 0), (503, 50), (409, 0)):
        turned_down = store.begin_flush()
        scripted.script = [(status, {"Retry-After": "600"})] * 3
        sequence = status
        store.deliver(replace(delivery(sequence), sent_at=NOW), now=NOW)
        store.flush(0.2)
        assert 50 - turned_down() == taken, status
        for path in tmp_path.rglob("*.dws"):
            path.unlink()


def test_what_was_refused_is_listed_given_back_and_its_account_closes(
    scripted: Scripted, tmp_path: Path, delivery: Make, capsys: pytest.CaptureFixture[str]
) -> None:
    store = RemoteStore(scripted.url, spool=tmp_path)
    store.sender._closed.set()  # nobody sends but this test
    scripted.script = [(400, {})]
    scripted.said = b'{"detail":"pane 5 lies too far back"}'
    store.deliver(delivery(0), now=NOW)
    assert store.flush(60.0)
    scripted.said = b'{"outcome":"stored","rows":50}'
    store.deliver(delivery(1), now=NOW)
    assert store.flush(60.0)
    told = delivery_from_bytes(scripted.bodies[-1]).counters
    assert told["refused_by_the_collector"] == 50
    spool = ["--spool", str(tmp_path)]
    assert run(["quarantine", "list", "--json", *spool]) == 1
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["state"], row["rows"], row["monitor"]) == ("refused", 50, "scores")
    assert row["why"] == "400: pane 5 lies too far back"
    assert run(["quarantine", "export", "--all", "--output", str(tmp_path / "out"), *spool]) == 0
    (exported,) = (tmp_path / "out").glob("*.dws")
    assert delivery_from_bytes(exported.read_bytes()).sequence == 0
    exported.unlink()
    # Refused once more, it is not counted twice.
    scripted.script, scripted.said = [(400, {})], b'{"detail":"still"}'
    resend = ["quarantine", "resend", row["id"], "--collector", scripted.url, *spool]
    assert run(resend) == 1
    assert "400: still" in capsys.readouterr().err
    scripted.said = b'{"outcome":"stored","rows":50}'
    assert run(resend) == 0
    assert "50 rows arrived" in capsys.readouterr().out
    arrived = delivery_from_bytes(scripted.bodies[-1])
    assert (arrived.sequence, arrived.rows) == (0, 50)
    counters = {name: told[name] + arrived.counters.get(name, 0) for name in told}
    counters["sent_again_after_refusal"] = arrived.counters["sent_again_after_refusal"]
    assert settled(counters) == {"untimed": 2}
    assert unused_rows(counters) == {"untimed": 2}
    assert run(["quarantine", "list", *spool]) == 0


def test_a_refused_delivery_waits_again_or_is_dropped(
    scripted: Scripted, tmp_path: Path, delivery: Make
) -> None:
    store = RemoteStore(scripted.url, spool=tmp_path)
    store.sender._closed.set()  # nobody sends but this test
    for sequence in range(2):
        scripted.script = [(400, {})]
        store.deliver(replace(delivery(sequence), sent_at=NOW + sequence), now=NOW)
        assert store.flush(60.0)
    first, second = kept_back(tmp_path)
    spool = ["--spool", str(tmp_path)]
    assert run(["quarantine", "restore", first.name, *spool]) == 0
    assert store.spool.names() == [first.name]
    assert run(["quarantine", "drop", second.name, *spool]) == 0
    assert [entry.state for entry in kept_back(tmp_path)] == ["waiting"]
    assert not list(tmp_path.rglob("*.why"))
    other = ["--collector", "http://127.0.0.1:9"]
    assert run(["quarantine", "resend", "--all", *other, *spool]) == 1  # not that collector's
    assert store.spool.names() == [first.name]


def test_doctor_says_that_the_token_is_wrong_and_that_nobody_sends(
    collector: Collector, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without a token that is known, deliveries are neither held nor refused: they wait."""
    known = new_token()
    monkeypatch.setenv("DRIFTWATCH_TOKENS", f"ingest@people:{known}")
    collector.start()
    monkeypatch.delenv("DRIFTWATCH_TOKEN", raising=False)
    assert "wants a token, and there is none in DRIFTWATCH_TOKEN" in said_by(capsys, 1, "doctor")
    monkeypatch.setenv("DRIFTWATCH_TOKEN", new_token())
    pod = Monitor("train.json", name="people", window="6h", store=collector.url, spool="spool")
    pod.observe_many(people())
    pod.flush(within=0.1)
    pod.close()
    said = said_by(capsys, 1, "doctor")
    assert "PROBLEM  token            the collector does not know the token" in said
    assert "1 deliveries wait" in said
    monkeypatch.setenv("DRIFTWATCH_TOKEN", known)
    assert "PROBLEM" not in said_by(capsys, 0, "doctor")  # it may not read, which is no problem
    (waiting,) = Path("spool").rglob("*.dws")
    old = int(waiting.name.partition("-")[0]) - 3_600
    waiting.rename(waiting.with_name(f"{old:012d}-{waiting.name.partition('-')[2]}"))
    said = said_by(capsys, 1, "doctor")
    assert "the first made 60 minutes ago; does a process send them?" in said
    assert "400 rows arrived" in said_by(capsys, 0, "quarantine", "resend", "--all")
    said_by(capsys, 0, "doctor")
