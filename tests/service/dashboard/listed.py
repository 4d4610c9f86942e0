"""The pages of the seeded folder by name, and everything that they lead to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from urllib.parse import parse_qsl, urljoin, urlsplit

from fastapi.testclient import TestClient

__all__ = ["PAGES", "Page", "crawl"]

PAGES = {
    "fleet": "/",
    "fleet, filtered to nothing": "/?q=zzz&status=warning",
    "fleet, not understood": "/?range=1y&status=bad&page=-1&at=then&sort=size&refresh=1&x=y",
    "monitor": "/m/credit",
    "monitor that is quiet": "/m/quiet?range=7d",
    "monitor that is silent": "/m/silent",
    "monitor at a past window": "/m/credit?at=2026-11-22T00:00:00Z",
    "monitor, filtered": "/m/credit?status=critical&kind=numeric&sort=-name",
    "monitor, filtered to nothing": "/m/credit?q=zzz&status=warning",
    "monitor, not understood": "/m/credit?from=now&to=0&status=x&page=9e9",
    "monitor, no window": "/m/credit?from=2026-01-01T00:00Z&to=2026-01-03T00:00Z",
    "monitor without data": "/m/empty",
    "feature numeric": "/m/credit/f/debt_ratio",
    "feature categorical": "/m/credit/f/country",
    "feature boolean": "/m/credit/f/returning",
    "feature of an error": "/m/credit/f/log%20loss%20of%20score",
    "feature at a past window": "/m/credit/f/age?at=2026-11-15T00:00:00Z",
    "feature, no window": "/m/credit/f/age?from=2026-01-01T00:00Z&to=2026-01-03T00:00Z",
    "report": "/m/credit/w/83141",
    "incidents": "/incidents",
    "incidents, filtered to nothing": "/incidents?q=zzz",
    "incident": "/m/credit/incidents/1",
    "why, well": "/m/credit/why",
    "why, silent": "/m/silent/why",
    "why, empty": "/m/empty/why",
    "references": "/references",
    "preview": "/references/credit/preview?days=7",
    "preview without rows": "/references/empty/preview?days=x",
    "replicas": "/replicas",
    "compare": "/compare?m=credit",
    "compare without windows": "/compare?m=empty&a=1&b=x",
    "no such feature": "/m/credit/f/agee",
    "no such monitor": "/m/kredit",
}
"""Addresses by name: every page, with filters that leave nothing, and with what is no value."""

_MOST_OF_A_SHAPE = 2
_FEW = 2
"""Keys of a query from which on features and monitors are not told apart."""


class Page(HTMLParser):
    """What is on a page.

    Attributes:
        links: Addresses of its links, as they stand there.
        heads: Texts of its ``h1``.
        title: Its title.
    """

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.heads: list[str] = []
        self.title = ""
        self._inside = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        address = dict(attrs).get("href")
        if tag == "a" and address is not None:
            self.links.append(address)
        if tag == "h1" or (tag == "title" and not self.title):
            self._inside = tag
            if tag == "h1":
                self.heads.append("")

    def handle_endtag(self, tag: str) -> None:
        if tag == self._inside:
            self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside == "h1":
            self.heads[-1] += data
        elif self._inside == "title":
            self.title += data


def crawl(client: TestClient, start: str = "/") -> Iterator[tuple[str, str, int, str]]:
    """Follow every link from a page: addresses of the same shape only twice.

    Yields:
        An address, the one that led to it, the status of the answer, and its text.
    """
    base = "http://localhost"
    waiting, known, shapes = [(start, "")], {start}, dict[object, int]()
    while waiting:
        address, before = waiting.pop(0)
        answer = client.get(address)
        yield address, before, answer.status_code, answer.text
        if "html" not in answer.headers["content-type"]:
            continue
        for link in Page(answer.text).links:
            found = urlsplit(urljoin(base + address, link))
            assert found.netloc == "localhost", f"{address} leads elsewhere: {link}"
            there = f"{found.path}?{found.query}" if found.query else found.path
            if there in known:
                continue
            known.add(there)
            shape = _shape(found.path, found.query)
            shapes[shape] = shapes.get(shape, 0) + 1
            if shapes[shape] <= _MOST_OF_A_SHAPE:
                waiting.append((there, address))


def _shape(path: str, query: str) -> object:
    """A path without its numbers and monitors, and the keys of a query."""
    keys = tuple(sorted(key for key, _ in parse_qsl(query)))
    shape = re.sub(r"\d+", "0", path)
    if len(keys) >= _FEW:
        shape = re.sub(r"/(m|monitors|f|features)/[^/]+", r"/\1/x", shape)
    return shape, keys
