"""Signing in with a real browser, and what it makes of another site's links, forms and frames."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from driftwatch.service.security.tokens import Scope, hash_of
from tests.chromium import CHROMIUM, Chromium, chromium
from tests.service.conftest import SECRETS, Collector
from tests.waiting import until

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here"),
]


@pytest.fixture
def elsewhere() -> Iterator[Callable[[str], str]]:
    """Another site, which is of one page; its address, given what that is about."""
    page = [b""]

    class Page(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(page[0])

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        running = threading.Thread(target=server.serve_forever)
        running.start()

        def about(collector: str) -> str:
            page[0] = (
                f'<a href="{collector}/?range=7d">link</a><iframe src="{collector}/"></iframe>'
                f'<form method=post action="{collector}/logout"><input name=csrf value=x></form>'
            ).encode()
            return f"http://127.0.0.1:{server.server_port}/"

        yield about
        server.shutdown()
        running.join()


def here(browser: Chromium) -> str:
    address: str = browser.evaluate("document.readyState + ' ' + location.href")
    return address


def test_a_link_from_another_site_works_and_its_forms_and_frames_do_not(
    folder: Path,
    running: Callable[[], AbstractContextManager[Collector]],
    elsewhere: Callable[[str], str],
    tmp_path: Path,
) -> None:
    secret = SECRETS[Scope.READ]
    with (folder / "driftwatch.toml").open("a", encoding="utf-8") as file:
        file.write(
            f'[[service.tokens]]\nname = "ann"\nscopes = ["read"]\nsha256 = "{hash_of(secret)}"\n'
        )
    with running() as collector, chromium(tmp_path / "profile") as browser:
        url = f"http://localhost:{collector.port}"  # another site than that of 127.0.0.1
        other = elsewhere(url)
        browser.open(f"{url}/?range=24h")
        assert browser.evaluate("document.activeElement.id") == "token"
        sign_in(browser, secret)
        until(lambda: has_text(browser, "Sign out"))
        assert here(browser).endswith(f"{url}/?range=24h")
        assert browser.evaluate("document.cookie") == ""

        framing = browser.open(other)
        until(lambda: here(browser) and any("frame-ancestors" in c for c in framing.complaints))
        browser.evaluate("document.querySelector('a').click()")
        until(
            lambda: here(browser) == f"complete {url}/?range=7d" and has_text(browser, "Sign out")
        )

        browser.open(other)
        browser.evaluate("document.querySelector('form').submit()")
        until(lambda: has_text(browser, "DW130"))
        browser.open(url)
        assert has_text(browser, "Sign out")
        browser.evaluate("document.querySelector('form[action=\"/logout\"]').requestSubmit()")
        until(lambda: here(browser) == f"complete {url}/login")

        browser.open(other)  # signed out, its link leads to the sign-in and not round in circles
        browser.evaluate("document.querySelector('a').click()")
        until(lambda: here(browser) == f"complete {url}/?range=7d" and has_text(browser, "Token"))


def sign_in(browser: Chromium, secret: str) -> None:
    browser.evaluate(
        f"document.querySelector('#token').value = {json.dumps(secret)};"
        "document.querySelector('form').requestSubmit()"
    )


def has_text(browser: Chromium, text: str) -> bool:
    return text in str(browser.evaluate("document.body ? document.body.innerText : ''"))
