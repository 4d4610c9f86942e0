"""What is damaged or away in one store takes its own lines from pages, and nothing else."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Iterator
from html import unescape
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient

from driftwatch.config.load import load_config
from driftwatch.core.windows.stored import StoredAction
from driftwatch.errors import StoreError
from driftwatch.service.app import create_app
from driftwatch.service.security.tokens import Scope, Token, Tokens, hash_of, new_token
from driftwatch.stores import open_store
from driftwatch.transport.paths import in_path
from tests.service.dashboard.seeding import DAY, NOW
from tests.service.dashboard.served import LATER, app_of, serving_pages

HERE = "/m/credit/incidents/1"


@pytest.fixture
def folder(seeded: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(seeded, tmp_path / "copy"))


@pytest.fixture
def client(folder: Path) -> Iterator[TestClient]:
    app = app_of(folder)
    yield TestClient(app, "http://localhost", follow_redirects=False)
    app.state.monitors.close()


def change(folder: Path, statement: str, *values: object) -> None:
    """Change a store behind the back of whoever has it open."""
    with sqlite3.connect(folder / "credit.db") as db:
        db.execute(statement, values)
    db.close()


def body_of(folder: Path) -> dict[str, Any]:
    with sqlite3.connect(folder / "credit.db") as db:
        (body,) = db.execute("SELECT body FROM incidents WHERE number=1").fetchone()
    db.close()
    found: dict[str, Any] = json.loads(body)
    return found


@pytest.mark.parametrize(
    "damage",
    [
        "{}",
        "",
        "[1]",
        "not JSON",
        {"title": None},
        {"rules": 3},
        {"opened": "x"},
        {"since": 1e300},
        {"happenings": [{"at": "x", "what": "opened", "text": ""}]},
        {"lines": [{"name": 3}]},
    ],
)
def test_a_damaged_incident_is_left_out(
    client: TestClient, folder: Path, damage: str | dict[str, Any]
) -> None:
    whole = body_of(folder)
    body = damage if isinstance(damage, str) else json.dumps(whole | damage)
    change(folder, "UPDATE incidents SET body=? WHERE number=1", body)
    change(
        folder,
        "INSERT INTO incidents VALUES ('credit', 2, ?, ?, 'WARNING', ?)",
        NOW - DAY,
        NOW - DAY / 2,
        json.dumps(whole | {"number": 2, "opened": NOW - DAY, "resolved": NOW - DAY / 2}),
    )

    for path in ("/", "/m/credit", "/m/credit/f/age", "/v1/fleet"):
        assert client.get(path).status_code == 200, path
    listed = client.get("/incidents")
    assert listed.status_code == 200
    assert "1 incident cannot be read: damaged in the store" in listed.text
    assert "<h1>No incident that can be read is open.</h1>" in listed.text
    assert "incident 2</a>" in listed.text
    for path in ("/v1/incidents", "/v1/monitors/credit/incidents"):
        assert [row["number"] for row in client.get(path).json()["rows"]] == [2], path

    page = client.get(HERE)
    assert page.status_code == 404
    assert "incident 1 is damaged in the store and cannot be read" in page.text
    answer = client.get("/v1/monitors/credit/incidents/1")
    assert (answer.status_code, answer.json()["code"]) == (404, "DW019")
    assert client.get("/m/credit/incidents/2").status_code == 200


def test_nothing_is_said_of_damage_where_there_is_none(client: TestClient) -> None:
    assert "damaged" not in client.get("/incidents").text


def test_what_is_said_of_the_monitor_after_the_end_is_not_the_incidents(
    client: TestClient, folder: Path
) -> None:
    whole = body_of(folder)
    end = whole["opened"] + 3_600
    body = json.dumps(whole | {"resolved": end})
    change(folder, "UPDATE incidents SET resolved=?, body=? WHERE number=1", end, body)
    store = open_store(folder / "credit.db")
    for number, at, text in (
        (0, whole["opened"] - 60, "before it"),
        (0, end - 60, "in it"),
        (0, end + DAY, "long after it"),
        (1, end + DAY, "of it"),
    ):
        store.act("credit", StoredAction(number, "note", at, "ann", None, text))
    store.close()

    happened = client.get("/v1/monitors/credit/incidents/1").json()["happened"]
    noted = [each["text"] for each in happened if each["what"] == "note" and each["by"] == "ann"]
    assert noted == ["of it", "in it"]


def test_old_incidents_and_their_messages_are_found(client: TestClient, folder: Path) -> None:
    whole = body_of(folder)
    with sqlite3.connect(folder / "credit.db") as db:
        for number in range(2, 302):
            opened = NOW - DAY + number
            facts = {"number": number, "opened": opened, "resolved": opened + 1}
            db.execute(
                "INSERT INTO incidents VALUES ('credit', ?, ?, ?, 'WARNING', ?)",
                (number, opened, opened + 1, json.dumps(whole | facts)),
            )
        sent = [(1, "first"), *((2, f"k{i}") for i in range(1_001))]
        db.executemany(
            "INSERT INTO sent (monitor, incident, key, sink, kind, created, delivered, attempts) "
            "VALUES ('credit', ?, ?, 'old-sink', 'opened', 1.0, 1.0, 0)",
            sent,
        )
    db.close()

    found = client.get("/v1/monitors/credit/incidents?page_size=1000").json()
    assert [row["number"] for row in found["rows"]] == [*range(301, 0, -1)]
    messages = client.get("/v1/monitors/credit/incidents/1").json()["messages"]
    assert [each["sink"] for each in messages].count("old-sink") == 1


@pytest.mark.parametrize("body", ['{"x": 1}', "not JSON", "[]", '{"schema_version": "x"}'])
def test_pages_do_without_a_damaged_report(client: TestClient, folder: Path, body: str) -> None:
    newest = client.get("/v1/monitors/credit/windows").json()["rows"][0]["pane"]
    change(folder, "UPDATE reports SET body=? WHERE id=(SELECT max(id) FROM reports)", body)

    for path in ("/", "/m/credit", "/m/quiet", "/compare", "/v1/fleet"):
        assert client.get(path).status_code == 200, path
    feature = client.get("/m/credit/f/age")
    assert feature.status_code == 200
    assert "Its report is not kept, or damaged." in feature.text
    assert client.get(f"/m/credit/w/{newest}").status_code == 404


def _away(*_: object, **__: object) -> Any:
    raise StoreError("/srv/secret/credit.db: disk I/O error", code="DW034")


@pytest.fixture
def beside(folder: Path) -> Iterator[TestClient]:
    """Pages whose monitor ``quiet`` has an incident, and whose monitor ``credit`` has no store."""
    body = json.dumps(body_of(folder))
    with sqlite3.connect(folder / "quiet.db") as db:
        values = (1, NOW - DAY, None, "WARNING", body)
        db.execute("INSERT INTO incidents VALUES ('quiet', ?, ?, ?, ?, ?)", values)
    db.close()
    app = app_of(folder)
    (store,) = (watched.store for watched in app.state.monitors if watched.name == "credit")
    for name in dir(store):
        if not name.startswith("_") and name != "close" and callable(getattr(store, name)):
            setattr(store, name, _away)
    yield TestClient(app, "http://localhost", follow_redirects=False)
    app.state.monitors.close()


@pytest.mark.parametrize(
    "path", ["/", "/incidents", "/references", "/replicas", "/m/quiet", "/m/credit/why"]
)
def test_one_store_away_hides_no_other(beside: TestClient, path: str) -> None:
    page = beside.get(path)
    assert page.status_code == 200
    assert "/srv/secret" not in page.text
    assert ">Incidents (1)</a>" in page.text
    said = "he store cannot be used just now; the collector's log says more"
    assert (said in unescape(page.text)) == (path != "/m/quiet")


def test_the_incidents_of_a_store_that_is_away_are_missed(beside: TestClient) -> None:
    page = unescape(beside.get("/incidents").text)
    assert 'Incidents of <a href="/m/credit"><bdi>credit</bdi></a> cannot be read' in page
    assert "/m/quiet/incidents/1" in page


def test_json_leaves_a_store_out_that_is_away(beside: TestClient) -> None:
    of = {
        path: [row.get("monitor", row.get("name")) for row in beside.get(path).json()["rows"]]
        for path in ("/v1/incidents", "/v1/references", "/v1/replicas", "/v1/fleet")
    }
    assert of["/v1/incidents"] == ["quiet"]
    assert sorted(of["/v1/references"]) == ["empty", "quiet", "silent"]
    assert sorted(of["/v1/replicas"]) == sorted(of["/v1/fleet"])
    for path in (*of, "/v1/monitors/credit/why"):
        assert "/srv/secret" not in beside.get(path).text, path
    assert beside.get("/v1/monitors/credit/incidents").status_code == 503


def test_the_log_has_what_readers_are_not_told(
    beside: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    for path in ("/", "/incidents", "/references", "/replicas", "/m/credit/why", "/v1/incidents"):
        caplog.clear()
        beside.get(path)
        told = [record for record in caplog.records if "/srv/secret" in record.getMessage()]
        assert len(told) == 1, path
        facts = getattr(told[0], "driftwatch")  # noqa: B009 - which logging knows nothing of
        assert (facts["event"], facts["code"]) == ("service.trouble", "DW034")


NAMES = ("a/b", "a%2Fb", "100%", "..", "a b", "plain")


@pytest.fixture
def named(tmp_path: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """Where monitors with names of all kinds are served, and the token for each of them."""
    monitors = "".join(f'[monitors."{name}"]\nstore = "a.db"\n' for name in NAMES)
    (tmp_path / "driftwatch.toml").write_text(f"[service]\n{monitors}", "utf-8")
    secrets = {name: new_token() for name in NAMES}
    tokens = Tokens(
        Token(f"t{place}", frozenset({Scope.READ}), hash_of(secrets[name]), frozenset({name}))
        for place, name in enumerate(NAMES)
    )
    app = create_app(load_config(tmp_path / "driftwatch.toml"), tokens=tokens, clock=lambda: LATER)
    with serving_pages(app) as address:
        yield address, secrets
    app.state.monitors.close()


def asked(address: str, path: str, secret: str) -> tuple[int, str]:
    """What a server answers to a path as it stands here: clients of tests decode it once more."""
    connection = HTTPConnection(address.removeprefix("http://"), timeout=30)
    connection.request("GET", path, headers={"Authorization": f"Bearer {secret}"})
    answer = connection.getresponse()
    body = answer.read().decode()
    connection.close()
    return answer.status, body


@pytest.mark.parametrize("name", NAMES)
def test_a_token_for_a_monitor_reads_its_json_whatever_its_name(
    named: tuple[str, dict[str, str]], name: str
) -> None:
    address, secrets = named
    path = f"/v1/monitors/{in_path(name)}/why"
    for other in NAMES:
        status, body = asked(address, path, secrets[other])
        assert status == (200 if other == name else 403), (other, body)
        if other == name:
            assert json.loads(body)["monitor"] == name
    for rest in ("windows", "features", "incidents"):
        assert asked(address, f"/v1/monitors/{in_path(name)}/{rest}", secrets[name])[0] == 200


def test_routes_that_take_names_as_they_are_are_guarded_as_they_are(
    named: tuple[str, dict[str, str]],
) -> None:
    address, secrets = named
    path = f"/v1/monitors/{quote('a%2Fb', safe='')}/reports"
    assert asked(address, path, secrets["a%2Fb"])[0] == 200
    assert asked(address, path, secrets["a/b"])[0] == 403
