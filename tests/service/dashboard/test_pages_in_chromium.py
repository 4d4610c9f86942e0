"""The dashboard as a browser shows it: nothing complains, overflows or is out of reach."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from tests.chromium import CHROMIUM, Chromium, chromium
from tests.render.test_in_chromium import OVERFLOW, RULES, axe
from tests.service.dashboard.listed import PAGES, crawl
from tests.service.dashboard.served import serving_pages

pytestmark = pytest.mark.slow
in_a_browser = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here")

__all__ = ["axe"]

WIDTHS = (390, 1280, 2560)
ABSENT = ("no such feature", "no such monitor")
MISSING = "Failed to load resource: the server responded with a status of 404 (Not Found)"
FOCUSABLE = "a[href],button,input:not([type=hidden]),select,textarea,summary,[tabindex]"
ON_SCREEN = "e.checkVisibility() && e.tabIndex >= 0"


@pytest.fixture(scope="module")
def address(pages_app: FastAPI) -> Iterator[str]:
    with serving_pages(pages_app) as url:
        yield url


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    with chromium(tmp_path_factory.mktemp("chromium")) as found:
        yield found


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where pictures of all pages go; kept where DRIFTWATCH_SCREENSHOTS names a folder."""
    named = os.environ.get("DRIFTWATCH_SCREENSHOTS")
    folder = Path(named) if named else tmp_path_factory.mktemp("pictures")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@in_a_browser
@pytest.mark.parametrize("name", PAGES)
def test_nothing_complains_overflows_or_is_asked_for_elsewhere(
    browser: Chromium, address: str, pictures: Path, name: str
) -> None:
    expected = [MISSING] if name in ABSENT else []
    for width in WIDTHS:
        for dark in (False, True):
            for scripts in (False, True):
                visit = browser.open(address + PAGES[name], width=width, dark=dark, scripts=scripts)
                assets = {re.sub(r"-\w+\.", ".", url) for url in visit.requests}

                assert visit.complaints == expected
                assert visit.dialogs == []
                assert {f"{address}/static/style.css"} <= assets
                assert assets <= {f"{address}/static/style.css", f"{address}/static/script.js"}
                assert browser.evaluate(OVERFLOW) <= 0
                assert browser.evaluate("document.title").endswith(" · DriftWatch")
                assert browser.evaluate("document.querySelectorAll('h1').length") == 1
            shade = "dark" if dark else "light"
            browser.screenshot(pictures / f"{_file(name)}-{width}-{shade}.png")
    assert len(list(pictures.glob(f"{_file(name)}-[0-9]*.png"))) == len(WIDTHS) * 2


def _file(name: str) -> str:
    return re.sub(r"\W+", "-", name)


@in_a_browser
@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_no_fault(browser: Chromium, address: str, axe: str, name: str) -> None:
    for width in (390, 1280):
        for dark in (False, True):
            browser.open(address + PAGES[name], width=width, dark=dark)
            browser.evaluate(f"{axe}; 0")
            found = browser.evaluate(
                f"axe.run(document, {{runOnly: {json.dumps(RULES)}}}).then(r => [r.passes.length, "
                "r.violations.map(v => [v.id, v.impact, v.nodes.map(n => n.html.slice(0, 200))])])"
            )

            assert found[0] > 5
            assert found[1] == []


@in_a_browser
@pytest.mark.parametrize(("width", "least"), [(1280, 24), (390, 36)])
@pytest.mark.parametrize("name", PAGES)
def test_what_is_pressed_is_large_enough(
    browser: Chromium, address: str, name: str, width: int, least: int
) -> None:
    browser.open(address + PAGES[name], width=width)
    small = browser.evaluate(
        "[...document.querySelectorAll('button:not(.plain),select,input:not([type=hidden]),"
        ".pill,.range a,.tabs label,summary')]"
        ".filter(e => e.getClientRects().length && !e.matches('.tg'))"
        f".filter(e => e.getBoundingClientRect().height < {least}).map(e => e.outerHTML)"
    )

    assert small == []


def press(browser: Chromium, key: str, code: int, *, text: str = "") -> None:
    """Press a key as a person does."""
    send: Any = browser.call
    for kind in ("keyDown", "keyUp"):
        send(
            "Input.dispatchKeyEvent",
            type=kind,
            key=key,
            windowsVirtualKeyCode=code,
            **({"text": text} if text and kind == "keyDown" else {}),
        )


@in_a_browser
@pytest.mark.parametrize("page", ["fleet", "monitor", "incidents"])
def test_a_slash_goes_to_the_search(browser: Chromium, address: str, page: str) -> None:
    browser.open(address + PAGES[page])
    press(browser, "/", 191, text="/")
    assert browser.evaluate("document.activeElement.type") == "search"

    press(browser, "/", 191, text="/")
    assert browser.evaluate("document.activeElement.value") == "/"


@in_a_browser
def test_the_first_stop_of_the_keyboard_leads_to_the_content(
    browser: Chromium, address: str
) -> None:
    browser.open(address + PAGES["monitor"])
    press(browser, "Tab", 9)
    assert browser.evaluate("document.activeElement.textContent") == "Skip to content"
    assert browser.evaluate("document.activeElement.getBoundingClientRect().left") >= 0

    press(browser, "Enter", 13, text="\r")
    assert browser.evaluate("location.hash") == "#m"
    press(browser, "Tab", 9)
    assert browser.evaluate("document.querySelector('main').contains(document.activeElement)")


@in_a_browser
@pytest.mark.parametrize("page", ["monitor", "feature numeric", "incident", "compare"])
def test_every_control_is_a_stop_of_the_keyboard(
    browser: Chromium, address: str, page: str
) -> None:
    browser.open(address + PAGES[page])
    expected = browser.evaluate(
        f"(() => {{ const all = [...document.querySelectorAll('{FOCUSABLE}')]"
        f".filter(e => {ON_SCREEN});"
        "const radios = new Map(all.filter(e => e.type === 'radio').map(e => [e.name, e]));"
        "return all.filter(e => e.type !== 'radio').length + radios.size; })()"
    )
    stops, still = 0, 0
    browser.evaluate("globalThis.seen = new Set(); 0")
    while still < 3 and stops <= expected:
        press(browser, "Tab", 9)
        grown = browser.evaluate(
            "(() => { const e = document.activeElement, many = seen.size;"
            "if (e !== document.body) seen.add(e); return seen.size > many; })()"
        )
        stops, still = stops + grown, 0 if grown else still + 1

    assert expected > 15
    assert stops == expected


@in_a_browser
def test_tabs_of_a_distribution_follow_the_arrows(browser: Chromium, address: str) -> None:
    browser.open(address + PAGES["feature numeric"], scripts=True)
    shown = "[1, 2, 3].map(n => !!document.querySelector(`.v${n}`).getClientRects().length)"
    assert browser.evaluate(shown) == [True, False, False]

    browser.evaluate("document.querySelector('.tabs input').focus()")
    press(browser, "ArrowRight", 39)
    assert browser.evaluate(shown) == [False, True, False]
    press(browser, "ArrowRight", 39)
    assert browser.evaluate(shown) == [False, False, True]


@in_a_browser
@pytest.mark.parametrize("page", ["monitor", "feature numeric"])
@pytest.mark.parametrize("share", [0.0, 0.5, 0.999])
def test_the_pointer_on_a_chart_tells_the_numbers_of_its_table(
    browser: Chromium, address: str, page: str, share: float
) -> None:
    browser.open(address + PAGES[page])
    told = browser.evaluate(
        f"""(() => {{
        const chart = document.querySelector(".hov"), plot = chart.querySelector(".plot");
        const box = plot.getBoundingClientRect();
        const x = box.left + {share} * box.width, y = box.top + 10;
        plot.dispatchEvent(new PointerEvent("pointermove", {{clientX: x, clientY: y}}));
        const rows = [...chart.querySelectorAll("details tbody tr")];
        const cells = rows.map(row => [...row.cells].map(cell => cell.textContent.trim()));
        const told = chart.querySelector("output").textContent.split("·").map(t => t.trim());
        plot.dispatchEvent(new PointerEvent("pointerleave"));
        return [told, cells, chart.querySelector("output").textContent];
        }})()"""
    )
    place = round(share * (len(told[1]) - 1))

    assert told[0] in told[1][max(0, place - 1) : place + 2]
    assert told[2] == ""


@in_a_browser
@pytest.mark.parametrize("width", [390, 1280])
def test_every_category_is_shown(browser: Chromium, address: str, width: int) -> None:
    browser.open(address + PAGES["feature categorical"], width=width)
    shown = browser.evaluate(
        "[...document.querySelectorAll('.bars tbody tr')].filter(e => e.checkVisibility())"
        ".map(e => e.cells[0].textContent.trim())"
    )

    assert shown == ["DE", "FR", "IT", "ES"]


@in_a_browser
def test_without_scripts_the_numbers_are_there(browser: Chromium, address: str) -> None:
    browser.open(address + PAGES["monitor"], scripts=False)

    assert browser.evaluate("document.querySelectorAll('output').length") == 0
    assert browser.evaluate("document.querySelectorAll('.hov tbody tr').length") >= 80


def test_no_link_leads_nowhere(pages: TestClient) -> None:
    visited = list(crawl(pages))
    broken = [(page, before) for page, before, status, _ in visited if status != 200]

    assert broken == []
    paths = {re.sub(r"/\d+", "/0", page.partition("?")[0]) for page, *_ in visited}
    assert paths >= {
        *("/", "/incidents", "/references", "/replicas", "/compare", "/v1/fleet"),
        *("/m/credit", "/m/empty", "/m/silent/why", "/m/credit/f/country", "/m/credit/w/0"),
        *("/m/credit/incidents/0", "/references/credit/preview", "/v1/monitors/credit/windows"),
    }
    assert len(visited) > 300
