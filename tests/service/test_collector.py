"""The collector: takes what is sound once, refuses the rest in plain words, and answers."""

from __future__ import annotations

import asyncio
import hashlib
import json
import random
import re
import struct
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI, HTTPException
from fastapi.testclient import TestClient

from driftwatch import Reference
from driftwatch.config.load import load_config
from driftwatch.core.profiles.codec import DELIVERY, WIRE_LIMIT, decode, encode
from driftwatch.core.profiles.profile import Profile
from driftwatch.core.reports.report import DriftReport
from driftwatch.core.windows.delivery_codec import delivery_to_bytes
from driftwatch.core.windows.segments import Delivery
from driftwatch.errors import ConfigError, StoreError
from driftwatch.profiling.build import profile_data
from driftwatch.service.api.intake import MOST_ROWS
from driftwatch.service.app import create_app
from driftwatch.service.security import guard
from driftwatch.service.security.bodies import BodyLimit
from driftwatch.service.security.limits import RateLimit, RunningLimit
from driftwatch.service.security.tokens import Scope, Token, Tokens, hash_of, tokens_of_environment
from driftwatch.stores.remote.client import SENT_AT
from driftwatch.stores.sqlite.store import SQLiteStore
from tests.service.conftest import NOW, PANE, SECRETS, URL, bearer, tokens

Make = Callable[..., Delivery]


def send(client: TestClient, data: bytes, **headers: str) -> tuple[int, Any]:
    answer = client.post("/v1/segments", content=data, headers=headers)
    return answer.status_code, answer.json()


def rows(client: TestClient) -> int:
    return int(client.get("/v1/monitors/scores").json()["rows"])


def test_a_delivery_counts_once(client: TestClient, frame: bytes, delivery: Make) -> None:
    about = {"rows": 50, "limit_bytes": WIRE_LIMIT}
    assert send(client, frame) == (200, {"outcome": "stored", **about})
    assert send(client, frame) == (200, {"outcome": "duplicate", **about})
    assert send(client, delivery_to_bytes(delivery(1)))[1]["outcome"] == "stored"
    found = client.get("/v1/monitors/scores").json()
    assert (found["rows"], found["counters"]) == (100, {"untimed": 2})
    assert [source["deliveries"] for source in found["sources"]] == [2]


@pytest.mark.parametrize(
    ("change", "status", "reason"),
    [
        ({"monitor": "others"}, 404, "no monitor 'others'"),
        ({"monitor": "empty"}, 409, "no reference yet"),
        ({"monitor": "x\n"}, 400, "printable"),
        ({"epoch": ""}, 400, "epoch"),
        ({"source": "s" * 201}, 400, "source"),
        ({"sequence": -1}, 400, "sequence"),
        ({"sequence": True}, 400, "sequence"),
        ({"counters": {"No Name": 1}}, 400, "counter"),
        ({"counters": {"late": -1}}, 400, "late"),
        ({"counters": {f"c{i}": 1 for i in range(101)}}, 400, "counters"),
        ({"sent_at": float("nan")}, 400, "sent_at"),
        ({"sent_at": 2.0**53}, 400, "sent at"),
        ({"counters": {"untimed": MOST_ROWS + 1}}, 400, "untimed"),
    ],
)
def test_what_a_delivery_says_is_checked(
    client: TestClient, delivery: Make, change: dict[str, Any], status: int, reason: str
) -> None:
    said = send(client, delivery_to_bytes(replace(delivery(), **change)))
    assert said[0] == status
    assert reason in said[1]["detail"]
    assert rows(client) == 0


@pytest.mark.parametrize(
    ("change", "status", "reason"),
    [
        ({"rows": 51}, 400, "50 rows, not 51"),
        ({"rows": 0}, 400, "0 rows"),
        ({"late": 60}, 400, "late"),
        ({"width": 1800}, 409, "same slide"),
        ({"width": 0}, 400, "width"),
        ({"pane": PANE + 5}, 400, "future"),
        ({"pane": -1}, 400, "nothing older than 730 days"),
        ({"pane": -(2**53)}, 400, "nothing older than 730 days"),
        ({"pane": PANE - 731 * 24}, 400, "nothing older than 730 days"),
        ({"pane": PANE - 729 * 24}, 400, "its earliest row"),
        ({"earliest": PANE * 3600 - 1.0}, 400, "its earliest row"),
        ({"latest": PANE * 3600 + 3601.0}, 400, "its latest row"),
        ({"latest": 2.0**53}, 400, "its latest row"),
        ({"latest": 0.0}, 400, "ends before it begins"),
        ({"latest": None}, 400, "latest"),
        ({"latest": float("inf")}, 400, "latest"),
        ({"body": b"DWP1 and no more"}, 400, "profile"),
        ({"model_version": ""}, 400, "model_version"),
    ],
)
def test_what_a_segment_says_is_checked(
    client: TestClient, delivery: Make, change: dict[str, Any], status: int, reason: str
) -> None:
    made = delivery()
    changed = replace(made, segments=(replace(made.segments[0], **change),))
    said = send(client, delivery_to_bytes(changed))
    assert said[0] == status
    assert reason in said[1]["detail"]
    assert rows(client) == 0


def test_panes_are_taken_as_far_back_as_they_are_kept(client: TestClient, delivery: Make) -> None:
    assert send(client, delivery_to_bytes(delivery(pane=PANE - 729 * 24)))[0] == 200
    assert client.get("/v1/monitors/scores/reports/current").status_code == 200


def test_event_times_may_be_off_by_a_rounding(client: TestClient, delivery: Make) -> None:
    made, start = delivery(), PANE * 3600.0
    moved = replace(made.segments[0], earliest=start - 1e-6, latest=start + 3600)
    assert send(client, delivery_to_bytes(replace(made, segments=(moved,))))[0] == 200


def test_more_rows_than_can_be_added_up_are_refused(client: TestClient, delivery: Make) -> None:
    made = delivery()
    profile = Profile.from_bytes(made.segments[0].body)
    while profile.rows <= MOST_ROWS:
        profile.merge(profile.copy())
    grown = replace(made.segments[0], rows=profile.rows, body=profile.to_bytes())
    status, said = send(client, delivery_to_bytes(replace(made, segments=(grown,))))
    assert (status, "rows at once" in said["detail"]) == (400, True)


def test_a_profile_of_another_kind_is_refused(client: TestClient, delivery: Make) -> None:
    other = profile_data({"x": ["text"] * 50, "c": ["a"] * 50})
    made = delivery()
    changed = replace(made, segments=(replace(made.segments[0], body=other.to_bytes()),))
    status, said = send(client, delivery_to_bytes(changed))
    assert (status, "reference" in said["detail"]) == (409, True)


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"", 400),
        (b"\0" * 100, 400),
        (b'{"monitor": "scores"}', 400),
        (encode({"deep": None}, {}, magic=DELIVERY), 400),
        (encode({}, {str(i): b"" for i in range(10)}, magic=DELIVERY), 400),
    ],
)
def test_bytes_that_are_no_delivery_are_refused(
    client: TestClient, data: bytes, status: int
) -> None:
    assert send(client, data)[0] == status


def test_deep_json_in_a_header_is_refused(client: TestClient) -> None:
    for text in (b"[" * 60_000, b'{"a":' * 10_000, b'{"sequence":' + b"9" * 5_000 + b"}"):
        framed = struct.pack("<4sHHI", DELIVERY, 1, 0, len(text)) + text + struct.pack("<I", 0)
        status, said = send(client, framed + hashlib.sha256(framed).digest())
        assert (status, "JSON" in said["detail"]) == (400, True)


def test_bodies_are_limited(client: TestClient, frame: bytes) -> None:
    assert send(client, b"x" * (WIRE_LIMIT + 1))[0] == 413
    pieces = (b"x" * (1 << 20) for _ in range(9))  # chunked: no Content-Length to believe
    assert client.post("/v1/segments", content=pieces).status_code == 413
    assert send(client, frame, **{"content-encoding": "gzip"})[0] == 415  # nothing is unpacked
    assert send(client, frame)[0] == 200


def test_a_body_that_comes_too_slowly_is_given_up() -> None:
    async def reading(scope: Any, receive: Any, send: Any) -> None:
        while (await receive()).get("more_body"):
            pass

    async def receive() -> dict[str, Any]:
        await asyncio.sleep(0)  # bytes keep coming, one at a time, for ever
        return {"type": "http.request", "body": b"x", "more_body": True}

    async def send(message: Any) -> None:
        raise AssertionError(message)

    limited = BodyLimit(reading, most_bytes=1 << 30, seconds=0.05)
    with pytest.raises(HTTPException) as raised:
        asyncio.run(limited({"type": "http", "headers": []}, receive, send))
    assert raised.value.status_code == 408


def test_a_clock_that_is_off_is_told_so(client: TestClient, frame: bytes) -> None:
    status, said = send(client, frame, **{SENT_AT: str(NOW + 5000)})
    assert (status, "+5,000 s off" in said["detail"]) == (409, True)
    assert send(client, frame, **{SENT_AT: "nan"})[0] == 409
    assert send(client, frame, **{SENT_AT: "noon"})[0] == 422
    assert send(client, frame, **{SENT_AT: str(NOW - 7)})[0] == 200
    source = client.get("/v1/monitors/scores").json()["sources"][0]
    assert source["clock_off_seconds"] == -7


MISSING = object()
HOSTILE: tuple[Any, ...] = (
    MISSING, None, True, -1, 0, 1, 0.5, 2**31, -(2**53), 2**53, 2**63, 10**400, 1e308, -1e308,
    float("nan"), float("inf"), float("-inf"), "", "1", "\n", "x" * 300, [], [1], {}, {"a": 2**53},
)  # fmt: skip
NEAR = (PANE - 1, PANE - 300 * 24, PANE * 3600.0, PANE * 3600.0 + 3600, 50, 49, 3600)


def mutated(header: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """A header with other fields, in it or in its segment, or without them."""
    segment = dict(header["segments"][0])
    changed = header | {"segments": [segment]}
    for name, value in changes.items():
        inside = segment if name in segment else changed
        if value is MISSING:
            del inside[name]
        else:
            inside[name] = value
    return changed


def mutations(header: dict[str, Any]) -> list[dict[str, Any]]:
    """Every field with every hostile value, and some fields together."""
    rng = random.Random(7)  # noqa: S311 - to vary, not to hide
    names = [*header, *header["segments"][0]]
    values = (*HOSTILE, *NEAR)
    alone = [{name: value} for name in names for value in values]
    together = [{name: rng.choice(values) for name in rng.sample(names, 2)} for _ in range(150)]
    times = [
        {"pane": pane, "earliest": pane * 3600.0 + off, "latest": pane * 3600.0 + off}
        for pane in (*(PANE - hours for hours in range(0, 800 * 24, 100 * 24)), 0, -1, -(2**53))
        for off in (0, 3599.5, -3600, 2.0**52)
    ]
    return alone + together + times


def test_mutated_headers_are_refused_or_leave_all_in_order(
    app: FastAPI, client: TestClient, frame: bytes
) -> None:
    header, bodies = decode(frame, magic=DELIVERY)
    evaluator = app.state.monitors.get("scores").monitor.evaluator
    taken = refused = 0
    for number, changes in enumerate(mutations(header)):
        sent = mutated(header | {"sequence": number + 1_000}, changes)
        status, said = send(client, encode(sent, bodies, magic=DELIVERY))
        if status == 200:
            taken += said["outcome"] == "stored"
            assert said["rows"] in (50, 0), changes
            assert client.get("/v1/monitors/scores/reports/current").status_code == 200, changes
            evaluator.step()
        else:
            refused += 1
            assert status in (400, 404, 409), (changes, status)
            assert said["detail"], changes
            assert "checksum" not in said["detail"], changes
    assert taken >= 40
    assert refused > 400
    assert not evaluator.errors
    found = client.get("/v1/monitors/scores").json()
    assert found["rows"] == 50 * taken
    assert NOW - 731 * 86_400 <= found["earliest"] <= found["latest"] <= NOW + 3600


def test_damaged_deliveries_are_refused(client: TestClient, frame: bytes) -> None:
    for place in range(0, len(frame), max(1, len(frame) // 40)):
        damaged = frame[:place] + bytes([frame[place] ^ 1]) + frame[place + 1 :]
        for data in (damaged, frame[:place]):
            status, said = send(client, data)
            assert status == 400
            assert said["detail"]
    assert rows(client) == 0


# -- how much at once


def test_so_many_requests_run_at_once_and_health_is_free() -> None:
    async def running() -> None:
        release, full = asyncio.Event(), asyncio.Event()
        started: list[str] = []
        said: list[Any] = []

        async def app(scope: Any, receive: Any, send: Any) -> None:
            started.append(scope["path"])
            if len(started) == 4:
                full.set()
            await release.wait()

        async def receive() -> dict[str, Any]:
            raise AssertionError("nothing is read")

        async def answer(message: Any) -> None:
            said.append(message)

        async def ask(path: str) -> None:
            scope = {"type": "http", "path": path, "headers": [], "method": "GET"}
            await limited(scope, receive, answer)

        limited = RunningLimit(app, most=2, free=["/healthz"])
        async with asyncio.TaskGroup() as group:
            for path in ("/a", "/b", "/healthz", "/healthz"):
                group.create_task(ask(path))
            await full.wait()
            await ask("/c")
            release.set()
        assert "/c" not in started
        assert (said[0]["status"], (b"retry-after", b"1") in said[0]["headers"]) == (503, True)
        await ask("/d")
        assert started[-1] == "/d"

    asyncio.run(running())


def test_a_busy_collector_says_so_and_is_healthy(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("driftwatch.service.app._MOST_RUNNING", 0)
    with TestClient(create_app(load_config(folder / "driftwatch.toml")), URL) as client:
        busy = client.get("/v1/monitors")
        assert (busy.status_code, busy.headers["retry-after"]) == (503, "1")
        assert [client.get(path).status_code for path in ("/healthz", "/readyz")] == [200, 200]


# -- tokens


def paths(app: FastAPI) -> list[tuple[str, str]]:
    found = []
    for path, methods in app.openapi()["paths"].items():
        found += [(method.upper(), path) for method in methods]
    assert found
    return [*found, ("GET", "/openapi.json")]


def test_every_route_but_health_needs_a_token(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guard, "_UNKNOWN_PER_MINUTE", 10_000)
    app = create_app(load_config(folder / "driftwatch.toml"), tokens=tokens(), clock=lambda: NOW)
    refused = 0
    with TestClient(app, URL) as client:
        for method, path in paths(app):
            filled = re.sub(r"\{reference\}", "ab" * 16, path.replace("{name}", "scores"))
            for headers in ({}, {"Authorization": "Bearer dw_wrong"}, {"Authorization": "Basic x"}):
                answer = client.request(method, filled, headers=headers)
                if path in ("/healthz", "/readyz"):
                    assert answer.status_code == 200
                else:
                    assert answer.status_code == 401, (method, path)
                    assert answer.headers["www-authenticate"] == "Bearer"
                    refused += 1
    assert refused >= 27


@pytest.mark.parametrize(
    ("scope", "method", "path", "status"),
    [
        (Scope.INGEST, "GET", "/v1/monitors", 403),
        (Scope.READ, "POST", "/v1/segments", 403),
        (Scope.READ, "POST", "/v1/monitors/scores/references", 403),
        (Scope.INGEST, "POST", "/v1/segments", 400),
        (Scope.READ, "GET", "/v1/monitors", 200),
        (Scope.ADMIN, "POST", "/v1/segments", 400),
    ],
)
def test_scopes(app: FastAPI, scope: Scope, method: str, path: str, status: int) -> None:
    with TestClient(app, URL) as client:
        assert client.request(method, path, headers=bearer(scope)).status_code == status


def test_guessing_is_slowed_down(app: FastAPI) -> None:
    with TestClient(app, URL) as client:
        said = [client.get("/v1/monitors").status_code for _ in range(70)]
        assert set(said[:60]) == {401}
        assert said[-1] == 429
        assert int(client.get("/v1/monitors").headers["retry-after"]) >= 1
        assert client.get("/v1/monitors", headers=bearer(Scope.READ)).status_code == 200


def test_rates_recover_and_forget() -> None:
    now = [0.0]
    limit = RateLimit(60, clients=3, clock=lambda: now[0])
    assert [limit.wait("a") for _ in range(61)] == [0.0] * 60 + [1.0]
    now[0] = 1.0
    assert limit.wait("a") == 0.0
    for client in "bcd":
        limit.wait(client)
    assert len(limit._left) == 3


def test_tokens_of_the_environment() -> None:
    secret = SECRETS[Scope.READ]
    found = tokens_of_environment({"DRIFTWATCH_TOKENS": f"ingest+read:{secret}"})
    assert Tokens(found).find(f"bearer {secret}") == found[0]
    assert found[0].scopes == {Scope.INGEST, Scope.READ}
    assert secret not in repr(found)
    for wrong in (f"all:{secret}", "ingest:short-secret", secret):
        with pytest.raises(ConfigError) as raised:
            tokens_of_environment({"DRIFTWATCH_TOKENS": wrong})
        assert wrong.partition(":")[2] not in str(raised.value) or ":" not in wrong
    for scopes, digest in ((frozenset({Scope.READ}), "abc"), (frozenset(), hash_of(secret))):
        with pytest.raises(ConfigError):
            Token("bad", scopes, digest)


def test_another_host_name_is_refused(client: TestClient) -> None:
    assert client.get("/healthz", headers={"host": "evil.example"}).status_code == 400
    for host in ("localhost:8765", "127.0.0.1", "[::1]:80"):
        assert client.get("/healthz", headers={"host": host}).status_code == 200


# -- what it knows


def test_a_reference_may_come_later(
    client: TestClient, reference: Reference, delivery: Make
) -> None:
    sent = replace(delivery(), monitor="empty")
    assert send(client, delivery_to_bytes(sent))[0] == 409
    assert client.get("/v1/monitors/empty/reports/current").status_code == 409
    added = client.post("/v1/monitors/empty/references", content=reference.profile.to_bytes())
    assert (added.status_code, added.json()["in_use"]) == (200, False)
    assert client.post("/v1/monitors/empty/references", content=b"none").status_code == 400
    used = client.post(f"/v1/monitors/empty/references/{reference.id}/use")
    assert (used.status_code, used.json()["in_use"]) == (200, True)
    assert client.post(f"/v1/monitors/empty/references/{'0' * 32}/use").status_code == 404
    assert send(client, delivery_to_bytes(sent))[0] == 200
    found = client.get("/v1/monitors/empty/references").json()["references"]
    assert [(row["id"], row["in_use"]) for row in found] == [(reference.id, True)]
    body = client.get(f"/v1/monitors/empty/references/{reference.id}").content
    assert body == reference.profile.to_bytes()
    assert client.get(f"/v1/monitors/empty/references/{'0' * 32}").status_code == 404
    assert client.get("/v1/monitors/empty").json()["rows"] == 50


def test_a_configured_reference_does_not_undo_a_promotion(client: TestClient, folder: Path) -> None:
    other = profile_data({"x": [1.0, 2.0] * 50, "c": ["a", "b"] * 50}, reference=True)
    added = client.post("/v1/monitors/scores/references", content=other.to_bytes()).json()
    used = client.post(f"/v1/monitors/scores/references/{added['id']}/use")
    assert used.status_code == 200
    again = create_app(load_config(folder / "driftwatch.toml"), clock=lambda: NOW)
    with TestClient(again, URL, headers=dict(client.headers)) as restarted:
        monitor = restarted.get("/v1/monitors/scores").json()
        assert monitor["reference"] == added["id"]


def test_reports(client: TestClient, delivery: Make) -> None:
    assert client.get("/v1/monitors/scores/reports/latest").status_code == 404
    for hour in range(5):
        sent = delivery(hour, pane=PANE - 5 + hour, rows=400, shift=3.0)
        assert send(client, delivery_to_bytes(sent))[0] == 200
    current = DriftReport.from_dict(client.get("/v1/monitors/scores/reports/current").json())
    assert (current.rows_current, current.drifted_features) == (2_000, ["x"])


def test_the_evaluator_of_the_service_reports(folder: Path, delivery: Make) -> None:
    app = create_app(load_config(folder / "driftwatch.toml"), clock=lambda: NOW)
    with TestClient(app, URL) as client:
        for hour in range(6):
            sent = delivery(hour, pane=PANE - 5 + hour, rows=400, shift=3.0)
            assert send(client, delivery_to_bytes(sent))[0] == 200
        waiting = threading.Event()
        for _ in range(600):
            answer = client.get("/v1/monitors/scores/reports/latest")
            if answer.status_code == 200:
                break
            waiting.wait(0.05)
        assert DriftReport.from_dict(answer.json()).drifted_features == ["x"]
        listed = client.get("/v1/monitors/scores/reports?limit=5&alarms_only=true").json()
        assert listed["reports"]
        assert client.get("/v1/monitors").json()[1]["name"] == "empty"
        assert client.get("/v1/monitors/nobody").status_code == 404


def test_a_store_that_is_away_is_said(
    client: TestClient, frame: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked(*_: Any, **__: Any) -> None:
        raise StoreError("somewhere/secret.db is locked")

    monkeypatch.setattr(SQLiteStore, "deliver", locked)
    monkeypatch.setattr(SQLiteStore, "newest", locked)
    answer = client.post("/v1/segments", content=frame)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
    assert "secret" not in answer.text
    assert client.get("/readyz").status_code == 503
    assert client.get("/healthz").status_code == 200


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "no monitor is configured"),
        ('[monitors.a]\nreference = "gone.dwp"\nstore = "a.db"\n', "gone.dwp"),
        ("[monitors.a]\n", "has no store"),
        ('[service]\nprot = 1\n[monitors.a]\nstore = "a.db"\n', "did you mean 'port'"),
        ('[[service.tokens]]\nname = "a"\n[monitors.a]\nstore = "a.db"\n', "scopes is missing"),
        ('[monitors.a]\nstore = "a.db"\nfalse_alarms = "few"\n', "monitors.a: .*1 per 30d"),
    ],
)
def test_a_wrong_configuration_is_said(tmp_path: Path, text: str, reason: str) -> None:
    path = tmp_path / "driftwatch.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(ConfigError, match=reason):
        create_app(load_config(path))


def test_the_api_describes_itself(client: TestClient) -> None:
    described = client.get("/openapi.json").json()
    assert described["components"]["securitySchemes"]["HTTPBearer"]["scheme"] == "bearer"
    assert "application/octet-stream" in json.dumps(described["paths"]["/v1/segments"])
