"""Values of persons and secrets are in nothing that DriftWatch writes, says or sends.

They go in wherever data and settings do: files, records, bodies of requests, deliveries, addresses
and the environment, sound and broken. All that was written, said and logged is looked through, and
the hashes in it are attacked with a dictionary that has every value.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from itertools import cycle
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from fastapi import FastAPI, Request
from fastapi.testclient import TestClient

from driftwatch import Monitor
from driftwatch.config.load import load_config
from driftwatch.core.windows.segments import CursorMove, Delivery, Segment
from driftwatch.errors import ConfigError, DataError, DriftWatchError
from driftwatch.integrations.fastapi import DriftMiddleware
from driftwatch.render import FORMATS, render
from driftwatch.stores.sqlite.store import SQLiteStore
from tests.privacy.canaries import PEOPLE, SECRETS, leaks_in_files
from tests.privacy.conftest import Heard, giving_away, persons
from tests.profiling.test_hash_keys import dictionary

START = 1_767_225_600.0
CANDIDATES = [value for values in PEOPLE.values() for value in values]
CONFIGURATION = """
store = "drift.db"
[monitors.m]
reference = "../inputs/train.parquet"
time = "ts"
window = "6h"
slide = "1h"
"""
ALERTS = """
[monitors.m.alerts.slack]
webhook_url_from = "env:DRIFTWATCH_SLACK_WEBHOOK_URL"
[monitors.m.alerts.mail]
host = "127.0.0.1"
port = 1
sender = "drift@example.com"
recipients = ["team@example.com"]
username = "drift"
"""


@pytest.fixture
def inputs(home: Path) -> Path:
    """Files of rows, of which some cannot be read; they are no part of what is written."""
    folder = home.parent / "inputs"
    folder.mkdir()
    pq.write_table(persons(1_440), folder / "train.parquet")
    moved = persons(1_440, seed=1, shift=2.0, few=2)
    pq.write_table(moved, folder / "moved.parquet")
    pyarrow.csv.write_csv(moved, folder / "moved.csv")
    rows = [json.dumps(row, default=str) for row in moved.to_pylist()]
    (folder / "moved.jsonl").write_text("\n".join(rows), "utf-8")
    person = PEOPLE["email"][0]
    (folder / "ragged.csv").write_text(f"x,email\n1,{person}\n2,{person},{person}\n" * 9, "utf-8")
    (folder / "quote.csv").write_text(f'x,email\n1,"{person}\n2,{person}\n', "utf-8")
    (folder / "latin.csv").write_bytes(f"x,first_name\n1,{PEOPLE['email'][3]}\n".encode("latin-1"))
    (folder / "broken.jsonl").write_text(f'{rows[0]}\n{{"email": "{person}", \n' * 9, "utf-8")
    (folder / "list.json").write_text(json.dumps([person, [person]]), "utf-8")
    (folder / "cut.parquet").write_bytes((folder / "train.parquet").read_bytes()[:-90])
    (folder / "not.dwp").write_bytes(b"DWP1" + person.encode() * 40)
    (home / "driftwatch.toml").write_text(CONFIGURATION)
    (home / "alerts.toml").write_text(CONFIGURATION + ALERTS)
    return folder


def look_through(home: Path, heard: Heard) -> None:
    """Nothing of it is there, nor anything that a dictionary makes of it."""
    assert giving_away(heard.text) == []
    assert leaks_in_files(home) == {}
    written = heard.text.encode("utf-8", "replace") + b"".join(
        path.read_bytes() for path in home.rglob("*") if path.is_file()
    )
    found = dictionary(CANDIDATES)
    assert {text for text, made in found.items() if any(form in written for form in made)} == set()


def test_commands_on_files(home: Path, inputs: Path, heard: Heard) -> None:
    train = str(inputs / "train.parquet")
    for form, moved in zip(FORMATS, cycle(("moved.parquet", "moved.csv", "moved.jsonl"))):
        sides = ("--ref", train, "--prod", str(inputs / moved))
        assert heard.command("check", *sides, "--format", form, "--output", "report.html") == 1
    for command in (
        ("profile", train, "-o", "train.dwp", "--time", "ts", "--pane", "1h", "--multivariate"),
        ("profile", str(inputs / "moved.csv"), "-o", "moved.dwp"),
        ("merge", "moved.dwp", "moved.dwp", "-o", "all.dwp"),
        ("check", "--ref", "train.dwp", "--prod", "moved.dwp"),
        ("config", "check"),
        ("ingest", str(inputs / "moved.parquet"), "--evaluate", "--format", "html"),
        ("evaluate", "--format", "json"),
        ("report", "--monitor", "m", "--last", "3"),
        ("report", "--format", "html"),
        ("watch", str(inputs / "moved.jsonl"), "--once"),
        ("doctor",),
        ("doctor", "--json"),
        ("reference", "list"),
        ("reference", "add", train),
        ("alert", "list", "--json"),
        ("alert", "test", "--config", "alerts.toml"),
        ("doctor", "--config", "alerts.toml"),
        ("config", "check", "--config", "alerts.toml"),
        ("quarantine", "list", "--json"),
        ("replay", str(inputs / "moved.parquet"), "--ref", train, "--time", "ts", "--window", "6h"),
    ):
        assert heard.command(*command) in (0, 1), command
    written = {path.name for path in home.rglob("*")}
    assert written >= {"train.dwp", "all.dwp", "drift.db", "report.html", "last-report.json"}
    look_through(home, heard)


@pytest.mark.parametrize(
    "command",
    [
        *(["check", "--ref", name, "--prod", name] for name in (
            "ragged.csv", "quote.csv", "latin.csv", "broken.jsonl", "list.json", "cut.parquet",
            "not.dwp",
        )),
        *(["profile", name, "-o", "x.dwp", "--decimal", ","] for name in ("ragged.csv",)),
        ["check", "--ref", "train.parquet", "--prod", "moved.csv", "--time", "email"],
        ["check", "--ref", "moved.csv", "--prod", "moved.csv", "--kind", "email=numeric"],
        ["check", "--ref", "moved.csv", "--prod", "moved.csv", "--kind", "note=datetime"],
        ["check", "--ref", "moved.csv", "--prod", "moved.jsonl", "--kind", "customer=boolean"],
        ["check", "--ref", "moved.csv", "--prod", "moved.csv", "--weight", "email"],
        ["check", "--ref", "moved.csv", "--prod", "moved.csv", "--score", "x", "--label", "card"],
        ["check", "--ref", "moved.csv", "--prod", "moved.csv", "--id", "email"],
        ["profile", "moved.csv", "-o", "x.dwp", "--time", "address", "--pane", "1h"],
        ["replay", "moved.csv", "--ref", "train.parquet", "--time", "first_name"],
        ["ingest", "broken.jsonl", "ragged.csv"],
        ["ingest", "moved.csv", "--time", "email"],
        ["watch", "broken.jsonl", "ragged.csv", "list.json", "--once"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_files_that_cannot_be_read_as_asked(
    command: list[str], home: Path, inputs: Path, heard: Heard
) -> None:
    paths = {path.name for path in inputs.iterdir()}
    heard.command(*[str(inputs / word) if word in paths else word for word in command])
    look_through(home, heard)


def records() -> list[Any]:
    """One good row of persons, and what somebody may give in the place of one."""
    row = persons(1).to_pylist()[0]
    person = row["email"]
    return [
        row,
        {**row, "x": person},
        {**row, "ts": person},
        {**row, "email": [person, {"is": person}]},
        {**row, "x": {"is": person}},
        {**row, "first_name": person.encode()},
        {**row, "x": 10**400, "note": person * 5_000},
        [person],
        person,
        {"x": row["card"], "plan": [row["iban"]]},
    ]


def tried(heard: Heard, act: Callable[[], object]) -> None:
    """Do something that may be refused; the error is heard."""
    try:
        act()
    except (DriftWatchError, TypeError) as error:
        heard.error(error)


def test_rows_as_they_happen(home: Path, inputs: Path, heard: Heard) -> None:
    with Monitor(
        inputs / "train.parquet",
        store=home / "drift.db",
        name="m",
        window="6h",
        roles={"ts": "time"},
    ) as monitor:
        for given in records():
            tried(heard, partial(monitor.observe, given, at=START + 60))
            tried(heard, partial(monitor.observe, given, at=given))
            tried(heard, partial(monitor.observe_many, [given] * 9, at=START + 90))
        tried(heard, lambda: monitor.observe_many(persons(1_440, few=3), at=START + 100))
        tried(heard, lambda: monitor.observe({}, at=PEOPLE["email"][0]))  # type: ignore[arg-type]
        monitor.flush()
        heard.error(Exception(f"{monitor!r} {monitor.counters} {monitor.reference!r}"))
        monitor.evaluate()
        report = monitor.check()
        heard.error(Exception(" ".join(render(report, form) for form in FORMATS)))
    look_through(home, heard)


def test_requests_and_answers(home: Path, inputs: Path, heard: Heard) -> None:
    monitor = Monitor(inputs / "train.parquet", store=home / "drift.db", name="m")
    app = FastAPI()
    app.add_middleware(DriftMiddleware, monitor=monitor, features="$.inputs", prediction="$.says")

    @app.post("/predict/{name}")
    async def predict(request: Request) -> Any:
        body = await request.body()
        with suppress(ValueError):
            return {"says": json.loads(body)["inputs"]}
        return {"says": body.decode("utf-8", "replace")}

    bodies = [json.dumps({"inputs": each}, default=str).encode() for each in records()]
    bodies += [body[: len(body) // 2] for body in bodies] + [b"\xff" + bodies[0]]
    with TestClient(app, raise_server_exceptions=False) as client:
        for body in bodies:
            for kind in ("application/json", "text/plain", "application/x-ndjson"):
                client.post(
                    f"/predict/{PEOPLE['email'][0]}?token={SECRETS['token']}",
                    content=body,
                    headers={"Content-Type": kind, "Authorization": f"Bearer {SECRETS['token']}"},
                )
    monitor.flush()
    heard.error(Exception(str(monitor.counters)))
    monitor.close()
    assert heard.command("doctor", "--store", "drift.db") in (0, 1)
    look_through(home, heard)


def test_deliveries_that_wait_or_were_set_aside(home: Path, inputs: Path, heard: Heard) -> None:
    """The collector is away; and a store with a damaged segment."""
    monitor = Monitor(inputs / "train.parquet", store="http://127.0.0.1:9", spool=home / "spool")
    monitor.observe_many(persons(500, few=4), at=START)
    monitor.flush()
    monitor.close()
    waiting = list((home / "spool").rglob("*.dws"))
    assert len(waiting) == 1
    for command in ("list", "list --json", "export --all -o out", "resend --all --collector URL"):
        words = command.replace("URL", "http://127.0.0.1:9").split()
        heard.command("quarantine", words[0], "--spool", str(waiting[0].parent), *words[1:])
    with Monitor(inputs / "train.parquet", store=home / "drift.db", name="m") as local:
        local.observe_many(persons(500, few=4), at=START)
        local.flush()
    store = SQLiteStore(home / "drift.db")
    damaged = Segment(int(START // 3600) + 1, 3600, 9, b"DWP1 damaged", reference="r")
    store.deliver(Delivery("m", "s", "e", 0, (damaged,), {}, (CursorMove("c", 0, 1),)), now=START)
    store.close()
    for command in ("evaluate", "doctor", "quarantine list", "quarantine export --all -o out"):
        heard.command(*command.split())
    heard.command("quarantine", "restore", "--all")
    look_through(home, heard)


ADDRESS = (
    f"https://user:{SECRETS['password in an address']}@127.0.0.1:1/rows.csv"
    f"?sig={SECRETS['signature in an address']}"
)
WRONG = (
    f'store = "{ADDRESS}"',
    f'reference = "{ADDRESS}"',
    f"lateness = '{SECRETS['token']}'",
    f"hash_key = '{SECRETS['hash key']}'",
    f"kafka = {{ bootstrap = '{ADDRESS}', topics = ['t'] }}",
    f"kafka = {{ bootstrap = 'h:1', topics = ['t'], sasl_password = '{SECRETS['token']}' }}",
    f"kafka = {{ bootstrap = 'h:1', topics = ['t'], format = 'avro', registry = '{ADDRESS}' }}",
    f"alerts = {{ slack = {{ webhook_url_from = '{ADDRESS}' }} }}",
    f"alerts = {{ webhook = {{ url = '{ADDRESS}', secret = '{SECRETS['token']}' }} }}",
    f"alerts = {{ mail = {{ password = '{SECRETS['password of mails']}' }} }}",
    f"alerts = {{ labels = {{ team = ['{SECRETS['token']}'] }} }}",
    f"alerts = {{ url = '{ADDRESS}' }}",
    f"spool = '{ADDRESS}'",
    f"store = '{SECRETS['token']}",
)  # fmt: skip


@pytest.mark.parametrize("line", WRONG, ids=range(len(WRONG)))
def test_secrets_in_a_configuration(line: str, home: Path, inputs: Path, heard: Heard) -> None:
    text = f"[monitors.m]\n{line}\n"
    if "reference" not in line:
        text += "reference = '../inputs/train.parquet'\n"
    path = home.parent / "driftwatch.toml"
    path.write_text(text.replace("../inputs", str(inputs)))
    tried(heard, lambda: load_config(path))
    for command in ("config check", "doctor", "evaluate", "worker --check", "ingest nothing.csv"):
        heard.command(*command.split(), "--config", str(path))
    look_through(home, heard)


def test_secrets_in_arguments(home: Path, inputs: Path, heard: Heard) -> None:
    train = str(inputs / "train.parquet")
    for act in (
        lambda: Monitor(train, store=ADDRESS).evaluate(),
        lambda: Monitor(ADDRESS),
        lambda: Monitor(train, hash_key=(SECRETS["hash key"] * 9).encode()),
        lambda: Monitor(train, hash_key=SECRETS["hash key"]),  # type: ignore[arg-type]
        lambda: Monitor(train, hash_key=SECRETS["hash key"].encode()).check(np.zeros(3)),
    ):
        with pytest.raises((ConfigError, DataError, TypeError, AttributeError)) as caught:
            act()
        heard.error(caught.value)
    for command in (
        ("check", "--ref", ADDRESS, "--prod", train),
        ("check", "--ref", train, "--prod", ADDRESS),
        ("ingest", ADDRESS, "--ref", train, "--store", "drift.db"),
        ("watch", ADDRESS, "--ref", train, "--once"),
        ("doctor", "--store", ADDRESS),
        ("quarantine", "resend", "--all", "--spool", ".", "--collector", ADDRESS),
    ):
        assert heard.command(*command) != 0, command
    with warnings.catch_warnings(record=True) as caught_warnings:
        heard.command("doctor")
    heard.error(Exception(str([str(each.message) for each in caught_warnings])))
    look_through(home, heard)


def test_the_look_through_finds_what_a_key_that_everybody_knows_gives_away(
    home: Path, inputs: Path, heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DRIFTWATCH_HASH_KEY", "driftwatch")
    heard.command("profile", str(inputs / "train.parquet"), "-o", "train.dwp")
    with pytest.raises(AssertionError, match="Extra items"):
        look_through(home, heard)
