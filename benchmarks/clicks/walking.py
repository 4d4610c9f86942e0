"""A path through pages: each step is done by mouse or wheel, checked, and counted."""

from __future__ import annotations

import json
import math
import re
import time
from dataclasses import dataclass, field

from benchmarks.clicks.browser import HEIGHT, WIDTH, Browser

__all__ = ["Click", "Path", "PathError", "Point", "Scroll", "Target", "Walk", "search", "walk"]

SETTLE_SECONDS = 1.0
STILL = 3
"""As often as a page has to be seen unchanged to be settled."""


class PathError(RuntimeError):
    """A step of a path, or the answer at its end, was not there."""


@dataclass(frozen=True, slots=True)
class Target:
    """An element: the one at a place among those of a selector that hold a text.

    Attributes:
        name: As a person would say.
        css: The selector.
        text: A pattern in its text.
        row: A pattern in the text of the row of the table that it is in.
        place: Which of them.
    """

    name: str
    css: str
    text: str = ""
    row: str = ""
    place: int = 0

    @property
    def script(self) -> str:
        """The element, or undefined, in a page."""
        css, text, row = map(json.dumps, (self.css, self.text, self.row))
        return (
            f"[...document.querySelectorAll({css})].filter(e =>"
            f" (!{text} || new RegExp({text}).test((e.innerText || e.textContent).trim())) &&"
            f" (!{row} || new RegExp({row}).test((e.closest('tr')?.innerText ?? '').trim()))"
            f")[{self.place}]"
        )


@dataclass(frozen=True, slots=True)
class Click:
    on: Target


@dataclass(frozen=True, slots=True)
class Scroll:
    """Turn the wheel until an element is at the top of the screen."""

    to: Target


@dataclass(frozen=True, slots=True)
class Point:
    """Move the mouse onto something, so that it says more."""

    at: Target


@dataclass(frozen=True, slots=True)
class Path:
    """From the first page to an answer.

    Attributes:
        steps: What is done, in order.
        answer: Patterns of texts that are then on the screen.
        note: What a reader of the count has to know.
    """

    steps: tuple[Click | Scroll | Point, ...]
    answer: tuple[str, ...]
    note: str = ""


@dataclass(slots=True)
class Walk:
    """What a path took.

    Attributes:
        clicks: How many.
        scrolls: Screens by which pages were scrolled, begun ones counted as whole.
        points: How often something had to be pointed at.
        typed: Characters.
        steps: What was done, in words.
        texts: What answered, as it stood on the screen.
    """

    clicks: int = 0
    scrolls: int = 0
    points: int = 0
    typed: int = 0
    steps: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)


def walk(browser: Browser, first_page: str, path: Path, /) -> Walk:
    """Go a path, from the first page.

    Raises:
        PathError: If an element is not there, a click changes nothing, or the answer is not on
            the screen.
    """
    done = Walk()
    browser.open(first_page)
    _settle(browser)
    for step in path.steps:
        match step:
            case Click(target):
                _click(browser, target)
                done.clicks += 1
                done.steps.append(f"click {target.name}")
            case Scroll(target):
                done.scrolls += _scroll(browser, target)
                done.steps.append(f"scroll to {target.name}")
            case Point(target):
                browser.point(*_on_screen(browser, target, chart=True))
                done.points += 1
                done.steps.append(f"point at {target.name}")
        _settle(browser)
    for pattern in path.answer:
        done.texts.append(_seen(browser, pattern))
    return done


def search(
    browser: Browser, first_page: str, steps: tuple[Click, ...], words: tuple[str, ...], /
) -> list[str]:
    """Which of some words are anywhere on the pages of a path, on the screen or below."""
    browser.open(first_page)
    _settle(browser)
    pages = [_text(browser)]
    for step in steps:
        _click(browser, step.on)
        _settle(browser)
        pages.append(_text(browser))
    return [word for word in words if any(re.search(rf"(?i)\b{word}\b", text) for text in pages)]


def _click(browser: Browser, target: Target) -> None:
    x, y = _on_screen(browser, target)
    before = _state(browser)
    browser.click(x, y)
    end = time.monotonic() + 20
    while _state(browser) == before:
        if time.monotonic() > end:
            raise PathError(f"a click on {target.name} changes nothing")
        time.sleep(0.1)


def _on_screen(browser: Browser, target: Target, *, chart: bool = False) -> tuple[float, float]:
    """Where a mouse meets an element, which is on the screen and not covered.

    Args:
        browser: Where it is.
        target: The element.
        chart: Whether other parts of the same chart may lie above it.
    """
    script = f"""(() => {{
        const e = {target.script};
        if (!e) return null;
        const r = e.getClientRects()[0] ?? e.getBoundingClientRect();
        const x = r.x + r.width / 2, y = r.y + r.height / 2;
        if (r.top < 0 || y > {HEIGHT} || r.left < 0 || x > {WIDTH}) return null;
        if (!e.checkVisibility()) return null;
        const hit = document.elementFromPoint(x, y);
        const chart = '.js-plotly-plot, .MuiChartsSurface-root, svg';
        const met = hit && (e.contains(hit) || hit.contains(e)
            || {json.dumps(chart)} && e.closest(chart)?.contains(hit));
        return met ? [x, y] : null;
    }})()"""
    try:
        x, y = browser.until(script, 20)
    except TimeoutError as error:
        raise PathError(f"{target.name} is not on the screen") from error
    return x, y


def _scroll(browser: Browser, target: Target) -> int:
    """Turn the wheel; how many screens."""
    top = browser.until(f"({target.script})?.getBoundingClientRect().top", 20)
    before = browser.value("scrollY")
    browser.wheel(WIDTH / 2, HEIGHT / 2, top - 20)
    _settle(browser)
    moved = float(browser.value("scrollY") - before)
    if not moved:
        raise PathError(f"the page does not scroll to {target.name}")
    return math.ceil(abs(moved) / HEIGHT)


def _seen(browser: Browser, pattern: str) -> str:
    """The text of the innermost element that fits and is on the screen as a whole."""
    script = f"""(() => {{
        const fits = new RegExp({json.dumps(pattern)});
        const said = e => e.textContent.replace(/\\s+/g, ' ').trim();
        for (const e of document.body.querySelectorAll('*')) {{
            if (!fits.test(said(e)) || [...e.children].some(c => fits.test(said(c)))) continue;
            const r = e.getBoundingClientRect();
            if (r.top < 0 || r.left < 0 || r.bottom > {HEIGHT} || r.right > {WIDTH}) continue;
            if (!r.width || !r.height) continue;
            if (e.checkVisibility({{opacityProperty: true, visibilityProperty: true}}))
                return said(e);
        }}
        return null;
    }})()"""
    try:
        text: str = browser.until(script, 10)
    except TimeoutError as error:
        raise PathError(f"{pattern!r} is not on the screen") from error
    return text


def _settle(browser: Browser) -> None:
    """Wait until a page does not change any more."""
    seen = [""]
    end = time.monotonic() + 30
    while len(seen) <= STILL or len(set(seen[-STILL:])) > 1:
        if time.monotonic() > end:
            raise PathError("the page does not come to rest")
        time.sleep(SETTLE_SECONDS / STILL)
        browser.until("document.readyState === 'complete' && document.body !== null")
        seen.append(_state(browser))


def _state(browser: Browser) -> str:
    """What of a page changes when something is done."""
    state: str = browser.until(
        "location.href + ' ' + document.documentElement.outerHTML.length + document.body.innerText"
    )
    return state


def _text(browser: Browser) -> str:
    text: str = browser.value("document.body.innerText")
    return text
