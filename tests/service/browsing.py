"""Browsers at a collector with some more pages, which are guarded as those of its dashboard are."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from fastapi import Depends, FastAPI, Request
from fastapi.testclient import TestClient
from starlette.responses import PlainTextResponse, Response

from driftwatch.config.load import load_config
from driftwatch.errors import StoreError
from driftwatch.service.app import create_app
from driftwatch.service.dashboard.frame import Frame
from driftwatch.service.dashboard.shelf import shelf_of_collector
from driftwatch.service.security.audit import audit
from driftwatch.service.security.page_guard import PageGuard
from driftwatch.service.security.tokens import Scope, Token, Tokens, hash_of, new_token
from tests.service.conftest import NOW, URL

HOURS = 3600.0
SECRETS = {name: new_token() for name in ("ann", "bob", "pods", "others")}
"""Ann may do everything, Bob read; pods deliver; others may do everything with one monitor."""
COOKIE, COOKIE_OF_TLS = "driftwatch", "__Host-driftwatch"


def tokens_now() -> list[Token]:
    scopes = {"ann": Scope.ADMIN, "bob": Scope.READ, "pods": Scope.INGEST, "others": Scope.ADMIN}
    return [
        Token(
            name,
            frozenset({scopes[name]}),
            hash_of(secret),
            frozenset({"empty"}) if name == "others" else None,
        )
        for name, secret in SECRETS.items()
    ]


@dataclass
class Collector:
    """A collector, its clock, its tokens, and what forms have changed."""

    app: FastAPI
    tokens: Tokens
    now: float = NOW
    changed: list[tuple[str, Mapping[str, str]]] = field(default_factory=list)

    def browser(self, url: str = URL, *, name: str = "") -> TestClient:
        """A new browser, which has signed in with a token if one is named."""
        found = TestClient(self.app, url, raise_server_exceptions=False, follow_redirects=False)
        if name:
            assert sign_in(found, name).status_code == 303
        return found


@contextmanager
def made(folder: Path, tokens: Tokens) -> Iterator[Collector]:
    """A collector with some more pages, as those of its dashboard are."""
    collector = Collector(FastAPI(), tokens)
    config = load_config(folder / "driftwatch.toml")
    collector.app = app = create_app(config, tokens=tokens, clock=lambda: collector.now)
    guard: PageGuard = app.state.page_guard
    shelf = shelf_of_collector(app.state.monitors, lambda: collector.now)

    @app.get("/tried/{monitor}", dependencies=[Depends(guard.reader)])
    def shown(request: Request, monitor: str) -> Response:
        found = Frame.of(request, shelf).monitor(monitor)
        return PlainTextResponse(f"{found.name} {request.state.visitor.csrf}")

    @app.api_route(
        "/tried/{monitor}/change",
        include_in_schema=False,
        methods=["GET", "POST", "PUT"],
        dependencies=[Depends(guard.changer)],
    )
    def change(request: Request, monitor: str) -> Response:
        audit(request, what="changed", monitor=monitor, incident=3)
        collector.changed.append((monitor, request.state.form))
        return PlainTextResponse("changed")

    @app.get("/broken", dependencies=[Depends(guard.reader)])
    def broken() -> Response:
        raise ZeroDivisionError

    @app.get("/away", dependencies=[Depends(guard.reader)])
    def away() -> Response:
        raise StoreError("the disk is gone")

    try:
        yield collector
    finally:
        app.state.monitors.close()


@pytest.fixture
def collector(folder: Path) -> Iterator[Collector]:
    with made(folder, Tokens(tokens_now())) as found:
        yield found


@pytest.fixture
def openly(folder: Path) -> Iterator[Collector]:
    """A collector without any token."""
    with made(folder, Tokens()) as found:
        yield found


@pytest.fixture
def ann(collector: Collector) -> TestClient:
    return collector.browser(name="ann")


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    for client in ("httpx", "httpx2"):  # the browser's, so to speak
        caplog.set_level(logging.WARNING, client)
    caplog.set_level(logging.DEBUG)
    return caplog


def sign_in(browser: TestClient, name: str, /, **fields: str) -> Any:
    return browser.post("/login", data={"token": SECRETS[name], **fields})


def csrf_of(browser: TestClient, monitor: str = "empty") -> str:
    answer = browser.get(f"/tried/{monitor}")
    assert answer.status_code == 200
    return answer.text.rpartition(" ")[2]


def change(
    browser: TestClient, /, *, monitor: str = "empty", csrf: str | None = None, **headers: str
) -> int:
    """Send a form as a page does; what came of it."""
    form = {"csrf": csrf_of(browser) if csrf is None else csrf, "note": "ü & 1"}
    return int(browser.post(f"/tried/{monitor}/change", data=form, headers=headers).status_code)


def is_sign_in(answer: Any) -> bool:
    return answer.status_code == 401 and "type=password" in answer.text


def facts_of(log: pytest.LogCaptureFixture, name: str) -> list[dict[str, object]]:
    found = (getattr(record, "driftwatch", {}) for record in log.records)
    return [facts for facts in found if facts.get("event") == name]
