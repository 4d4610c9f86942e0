"""Tokens for one monitor, some or all of them: on every route, and without a name being told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from driftwatch import Reference
from driftwatch.cli.app import run
from driftwatch.config.load import load_config
from driftwatch.core.windows.delivery_codec import delivery_to_bytes
from driftwatch.core.windows.segments import Delivery
from driftwatch.errors import ConfigError
from driftwatch.service.app import create_app, service_tokens
from driftwatch.service.security.tokens import (
    Scope,
    Token,
    Tokens,
    hash_of,
    new_token,
    tokens_of_environment,
)
from tests.service.conftest import NOW, URL

Make = Callable[..., Delivery]
SECRETS = {name: new_token() for name in ("one", "some", "all")}
MONITORS = {"one": frozenset({"scores"}), "some": frozenset({"scores", "empty"}), "all": None}


@pytest.fixture
def client(folder: Path) -> Iterator[TestClient]:
    tokens = Tokens(
        Token(name, frozenset({Scope.ADMIN}), hash_of(SECRETS[name]), MONITORS[name])
        for name in SECRETS
    )
    config = folder / "driftwatch.toml"
    config.write_text(config.read_text("utf-8") + "[monitors.secret]\n", "utf-8")
    app = create_app(load_config(config), tokens=tokens, clock=lambda: NOW)
    with TestClient(app, URL, raise_server_exceptions=False) as found:
        yield found


def by(name: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {SECRETS[name]}"}


def test_a_token_delivers_for_its_monitors_alone(client: TestClient, delivery: Make) -> None:
    def status(token: str, monitor: str) -> int:
        body = delivery_to_bytes(replace(delivery(), monitor=monitor))
        return client.post("/v1/segments", content=body, headers=by(token)).status_code

    assert [status("one", name) for name in ("scores", "empty", "secret")] == [200, 403, 403]
    assert [status("some", name) for name in ("scores", "empty", "secret")] == [200, 409, 403]
    assert [status("all", name) for name in ("scores", "empty", "secret")] == [200, 409, 409]


def test_every_route_of_a_monitor_is_closed_to_a_token_of_others(
    client: TestClient, reference: Reference
) -> None:
    closed = 0
    for method, path in [
        (method.upper(), path)
        for path, methods in client.app.openapi()["paths"].items()  # type: ignore[attr-defined]
        for method in methods
        if "{name}" in path
    ]:
        answers = []
        for name in ("secret", "no-such-monitor"):
            there = path.replace("{name}", name).replace("{reference}", reference.id)
            answer = client.request(method, there, headers=by("some"), content=b"x")
            answers.append((answer.status_code, answer.json()))
        assert answers[0] == answers[1]  # nobody hears which monitors there are
        assert answers[0][0] == 403
        closed += 1
        own = path.replace("{name}", "scores").replace("{reference}", reference.id)
        assert client.request(method, own, headers=by("one"), content=b"x").status_code != 403
    assert closed >= 7


def test_a_list_has_the_monitors_of_the_token(client: TestClient) -> None:
    def names(token: str) -> list[str]:
        return [found["name"] for found in client.get("/v1/monitors", headers=by(token)).json()]

    assert names("one") == ["scores"]
    assert names("some") == ["scores", "empty"]
    assert names("all") == ["scores", "empty", "secret"]


def test_health_and_the_description_name_no_monitor(client: TestClient) -> None:
    for path in ("/healthz", "/readyz", "/openapi.json", "/elsewhere"):
        text = client.get(path, headers=by("one")).text
        assert [name for name in ("secret", "scores") if f'"{name}"' in text] == []
    assert client.get("/healthz").json() == {"status": "ok", "limit_bytes": 8 << 20}


def test_monitors_of_tokens_are_read_from_file_and_environment(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["token", "--scope", "ingest", "--monitor", "scores", "--monitor", 'a+"b']
    assert run([*command, "--name", "päds"]) == 0
    out, err = capsys.readouterr()
    secret = out.strip()
    lines = [line for line in err.splitlines() if not line.startswith("#")]
    config = folder / "driftwatch.toml"
    config.write_text(
        config.read_text("utf-8") + "[monitors.'a+\"b']\n" + "\n".join(lines) + "\n", "utf-8"
    )
    entry = err.rpartition("DRIFTWATCH_TOKENS=")[2].strip().replace("TOKEN", secret)
    (named,) = tokens_of_environment({"DRIFTWATCH_TOKENS": entry})
    found = service_tokens(load_config(config).service).find(f"Bearer {secret}")
    assert found is not None
    assert found.name == "päds"
    assert found.monitors == named.monitors == frozenset({"scores", 'a+"b'})
    monkeypatch.setenv("DRIFTWATCH_TOKENS", f"read@scores:{secret},read:{new_token()}")
    of_environment = tokens_of_environment()
    assert [token.monitors for token in of_environment] == [frozenset({"scores"}), None]


@pytest.mark.parametrize("entry", ["ingest@:", "ingest@+:"])
def test_a_token_for_no_monitor_is_refused(entry: str) -> None:
    with pytest.raises(ConfigError, match="no monitor"):
        tokens_of_environment({"DRIFTWATCH_TOKENS": entry + new_token()})


def test_a_monitor_that_is_misspelt_in_a_token_is_said(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DRIFTWATCH_TOKENS", f"ingest@score:{new_token()}")
    with pytest.raises(ConfigError, match="did you mean 'scores'"):
        create_app(load_config(folder / "driftwatch.toml"))
    config = folder / "driftwatch.toml"
    table = f'[[service.tokens]]\nname="a"\nscopes=["read"]\nsha256="{hash_of("x")}"\nmonitors=[]\n'
    config.write_text(config.read_text("utf-8") + table, "utf-8")
    with pytest.raises(ConfigError, match=r"tokens\.0\.monitors"):
        load_config(config)
