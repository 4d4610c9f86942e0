"""Pages of monitors, features, sources, versions and notes whose names were chosen to hurt."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from urllib.parse import urljoin

import httpx
import pytest
from fastapi import FastAPI

from driftwatch.render.page.markup import breakable
from driftwatch.render.plain import plain
from driftwatch.transport.paths import in_path
from tests.chromium import CHROMIUM, Chromium, chromium
from tests.hostile_names import controls_in
from tests.render.test_in_chromium import OVERFLOW
from tests.service.dashboard.hostile_seeding import ALL_FEATURES, NAMES, can_be_fed
from tests.service.dashboard.listed import Page
from tests.service.dashboard.served import serving_pages

pytestmark = pytest.mark.slow

FED = [name for name in NAMES if can_be_fed(name)]
WHOLE = f"/m/{in_path(ALL_FEATURES)}"
FEW = tuple(f"/m/{in_path(name)}" for name in FED[:3])
PAGES = (
    *("/", "/incidents", "/references", "/replicas", f"/compare?m={in_path(ALL_FEATURES)}"),
    *(WHOLE, f"{WHOLE}?page=2", f"{WHOLE}/why", f"{WHOLE}/incidents/1"),
    *(f"/references{WHOLE[2:]}/preview?days=7", "/m/no%20such", f"{WHOLE}/f/no%20such"),
    *FEW,
    *(f"{one}/incidents/1" for one in FEW),
)


@pytest.fixture(scope="module")
def address(hostile_app: FastAPI) -> Iterator[str]:
    with serving_pages(hostile_app) as url:
        yield url


@pytest.fixture(scope="module")
def client(address: str) -> Iterator[httpx.Client]:
    """Over HTTP: the client of Starlette's tests decodes paths twice."""
    with httpx.Client(base_url=address) as found:
        yield found


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    if CHROMIUM is None:
        pytest.skip("there is no Chromium here")
    with chromium(tmp_path_factory.mktemp("chromium")) as found:
        yield found


def features_of(client: httpx.Client, path: str) -> list[str]:
    """Addresses of all features that the table of a monitor leads to, page by page."""
    found: dict[str, None] = {}
    waiting, seen = [path], set[str]()
    while waiting:
        here = waiting.pop()
        seen.add(here)
        links = [urljoin(here, link) for link in Page(client.get(here).text).links]
        found |= dict.fromkeys(
            link for link in links if link.startswith(f"{path}/f/") and "?" not in link
        )
        pages = {link.partition("#")[0] for link in links if link.startswith(f"{path}?page=")}
        waiting += sorted(pages - seen)
        seen |= pages
    return list(found)


def test_every_monitor_is_reached_from_the_page_above(client: httpx.Client) -> None:
    links = Page(client.get("/").text).links
    paths = {link for link in links if link.startswith("/m/") and link.count("/") == 2}
    expected = {f"/m/{in_path(name)}": name for name in (*NAMES, ALL_FEATURES)}

    assert paths == set(expected)
    for path, name in expected.items():
        answer = client.get(path)
        crumb = re.search("<span aria-current=page>(.*?)</span>", answer.text)
        assert answer.status_code == 200, path
        assert crumb is not None
        assert unescape(crumb[1]) == unescape(breakable(plain(name) or "(no name)"))


def test_every_feature_is_reached_from_the_page_above(client: httpx.Client) -> None:
    paths = features_of(client, WHOLE)

    assert {path.rpartition("/")[2] for path in paths} == {in_path(name) for name in NAMES}
    for path in paths:
        answer = client.get(path)
        assert answer.status_code == 200, path
        assert controls_in(answer.text.replace("\n", "")) == [], path


@pytest.mark.parametrize("kind", ["why", "incidents/1"])
def test_pages_of_every_monitor_are_there(client: httpx.Client, kind: str) -> None:
    for name in FED:
        answer = client.get(f"/m/{in_path(name)}/{kind}")

        assert answer.status_code == 200, name
        assert controls_in(answer.text.replace("\n", "")) == [], name


def check(browser: Chromium, url: str, *, complaints: tuple[str, ...] = ()) -> None:
    """Open a page on a phone: nothing of it runs, asks, or sticks out."""
    visit = browser.open(url, width=390)

    assert [c for c in visit.complaints if not c.startswith(complaints or ("-",))] == [], url
    assert visit.dialogs == [], url
    assert all("/static/" in request for request in visit.requests), url
    assert browser.evaluate("document.title") != "run", url
    assert browser.evaluate("document.title").endswith("DriftWatch"), url
    assert browser.evaluate("document.scripts.length") == 1, url
    assert browser.evaluate("document.querySelectorAll('iframe,img,base,object').length") == 0
    assert browser.evaluate(OVERFLOW) <= 0, url


@pytest.mark.parametrize("page", PAGES)
def test_nothing_of_a_name_runs(browser: Chromium, address: str, page: str) -> None:
    missing = ("Failed to load resource",) if "no%20such" in page else ()
    check(browser, address + page, complaints=missing)


def test_nothing_runs_on_the_page_of_any_feature(
    browser: Chromium, address: str, client: httpx.Client
) -> None:
    paths = features_of(client, WHOLE)
    for path in paths:
        check(browser, address + path)
    assert len(paths) == len(NAMES)


def test_nothing_runs_on_the_page_of_any_monitor(browser: Chromium, address: str) -> None:
    for name in NAMES:
        check(browser, f"{address}/m/{in_path(name)}")


def test_nothing_runs_in_a_whole_report(
    browser: Chromium, address: str, client: httpx.Client
) -> None:
    links = Page(client.get(WHOLE).text).links
    check(browser, address + next(link for link in links if "/w/" in link))


def test_a_violation_would_be_seen(browser: Chromium, address: str) -> None:
    visit = browser.open(f"{address}/", width=390)
    browser.evaluate(
        "new Promise(done => { addEventListener('securitypolicyviolation', () => done(1));"
        "const s = document.createElement('script'); s.textContent = 'document.title=1';"
        "document.body.append(s); })"
    )
    browser.evaluate("0")

    assert len(visit.complaints) == 1
    assert "Content Security Policy" in visit.complaints[0]
