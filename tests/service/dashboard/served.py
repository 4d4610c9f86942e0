"""The pages of a seeded folder, served on this machine for a browser."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fastapi import FastAPI

from driftwatch.config.load import load_config
from driftwatch.service.app import create_app
from driftwatch.service.security.tokens import Tokens
from driftwatch.service.server import let_requests_end, listening_on, server_of
from tests.service.dashboard.seeding import NOW

__all__ = ["LATER", "app_of", "serving_pages"]

LATER = NOW + 250
"""When everybody looks: four minutes after the last rows came."""


def app_of(folder: Path, /) -> FastAPI:
    """The application over a folder, without tokens, at a moment that does not pass."""
    config = load_config(folder / "driftwatch.toml")
    return create_app(config, tokens=Tokens([]), clock=lambda: LATER)


@contextmanager
def serving_pages(app: FastAPI, /) -> Iterator[str]:
    """Serve an application on a free port of the loopback until the block ends; its address.

    Nothing is evaluated meanwhile: what is stored is what pages show.
    """
    server = server_of(app)
    server.config.lifespan = "off"
    with listening_on("127.0.0.1", 0) as listening:
        thread = threading.Thread(
            target=server.run, kwargs={"sockets": [listening]}, name="serving pages"
        )
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()
            let_requests_end()
