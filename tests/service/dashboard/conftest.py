"""Folders that are filled once, and the pages over them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from driftwatch.config.load import Config
from driftwatch.service.app import create_app
from driftwatch.service.security.tokens import Tokens
from tests.service.dashboard.hostile_seeding import seed_hostile
from tests.service.dashboard.seeding import seed
from tests.service.dashboard.served import LATER, app_of


@pytest.fixture(scope="session")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that nobody changes: copy it to change something."""
    folder = tmp_path_factory.mktemp("seeded")
    seed(folder)
    return folder


@pytest.fixture(scope="session")
def pages_app(seeded: Path) -> Iterator[FastAPI]:
    app = app_of(seeded)
    yield app
    app.state.monitors.close()


@pytest.fixture(scope="session")
def pages(pages_app: FastAPI) -> TestClient:
    """Asks for pages; nothing is evaluated meanwhile, as the application is never started."""
    return TestClient(pages_app, "http://localhost", follow_redirects=False)


@pytest.fixture(scope="session")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Config:
    return seed_hostile(tmp_path_factory.mktemp("hostile"))


@pytest.fixture(scope="session")
def hostile_app(hostile: Config) -> Iterator[FastAPI]:
    app = create_app(hostile, tokens=Tokens([]), clock=lambda: LATER)
    yield app
    app.state.monitors.close()
