from __future__ import annotations

import re
from collections.abc import Callable
from html.parser import HTMLParser

from driftwatch.core.reports.report import (
    Distribution,
    DriftReport,
    DriftResult,
    FeatureDrift,
    Status,
)
from driftwatch.render.html import to_html

VOID = {"meta", "wbr"}


class Page(HTMLParser):
    """Tags, attributes and text of a page; fails where tags do not balance."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]

    @property
    def text(self) -> str:
        return "".join(self.words)


def test_tags_balance(report: DriftReport, hostile: DriftReport, hundred: DriftReport) -> None:
    for each in (report, hostile, hundred):
        Page(to_html(each))


def test_the_page_needs_nothing_from_outside(report: DriftReport) -> None:
    text = to_html(report)

    assert not re.search(r"https?:|//|url\(|@import|<link|<script|javascript:", text)
    assert Page(text).of("meta")[1] == {
        "http-equiv": "Content-Security-Policy",
        "content": "default-src 'none'; style-src 'unsafe-inline'; img-src data:",
    }


def test_hostile_names_become_text_and_nothing_else(hostile: DriftReport) -> None:
    text = to_html(hostile)
    page = Page(text)
    attributes = [pair for _, attrs in page.tags for pair in attrs.items()]

    assert "<script" not in text.lower()
    assert "<img" not in text.lower()
    assert "<script>alert('x')</script>" in page.text
    assert not [name for name, _ in attributes if name.startswith("on") or name == "src"]
    assert all(re.fullmatch(r"#f\d+", value or "") for name, value in attributes if name == "href")


def test_a_hundred_features_with_charts_and_nine_tests_are_half_a_megabyte_at_most(
    hundred: DriftReport,
) -> None:
    text = to_html(hundred)

    assert len(text.encode()) <= 500_000
    assert len(Page(text).of("svg")) == 100


def test_every_feature_has_a_link_a_section_a_chart_and_its_tests(report: DriftReport) -> None:
    page = Page(to_html(report))
    sections = [attributes["id"] for attributes in page.of("section")]

    assert sections == ["f0", "f1", "f2", "f3", "f4"]
    assert [attributes["href"] for attributes in page.of("a")] == [f"#{s}" for s in sections]
    assert len(page.of("svg")) == sum(f.distribution is not None for f in report.features)
    assert len(page.of("details")) == sum(bool(f.tests) for f in report.features)


def test_features_come_worst_first(report: DriftReport) -> None:
    classes = [attributes["class"] for attributes in Page(to_html(report)).of("section")]

    assert classes == ["C", "W", "U", "O", "I"]


def test_the_head_says_what_was_compared(report: DriftReport) -> None:
    text = Page(to_html(report)).text

    for fact in (
        "2 of 5 features drifted (12,400 production rows against 100,000)",
        "3 schema changes; 1 undecided",
        "100,000 rows, 2026-01-01 00:00:00 UTC to 2026-02-28 23:59:00 UTC",
        "9f2c" * 16,
        "17ab" * 16,
        "2.4.1",
        "40 %; 55 % weighted by importance",
        "p = 1.2e-20",
        "level: 0.05; thresholds: ks 0.05 / 0.1",
        "2026-03-04 05:06:07 UTC",
        "column 'fax' is gone (held text)",
        "invoice_no",
        "looks like an id",
    ):
        assert fact in text


def test_a_feature_says_why_it_has_its_status(report: DriftReport) -> None:
    text = Page(to_html(report)).text

    assert "ks 0.312 > 0.1, p = 3.5e-09 against a drift of at most 0.1, level 0.05" in text
    assert "Missing: reference 0.1 %, production 3.1 %" in text
    assert "importance 12 %" in text
    assert "(18,250 production rows would decide.)" in text


def test_a_test_shows_all_its_numbers(report: DriftReport) -> None:
    row = (
        "<td>ks</td><td>0.3123</td><td>[0.3012, 0.3235]</td><td>[0.2812, 0.3435]</td>"
        "<td>&lt; 1e-300</td><td>1.2e-18</td><td>3.5e-09</td><td>0.05 / 0.1</td><td>0.05</td>"
        f"<td>yes</td><td><b class=C>{Status.CRITICAL}</b></td>"
    )

    assert row in to_html(report)


def test_dark_mode_and_paper_are_provided_for(report: DriftReport) -> None:
    text = to_html(report)

    assert "prefers-color-scheme:dark" in text
    assert "@media print" in text


def test_an_exact_interval_and_an_absent_one_are_said(
    make_feature: Callable[..., FeatureDrift], make_report: Callable[..., DriftReport]
) -> None:
    results = {
        "missing": DriftResult("missing", 0.5, interval=(0.5, 0.5)),
        "psi": DriftResult("psi", None),
    }
    text = to_html(make_report(make_feature("age", Status.OK, tests=results, primary_test=None)))
    absent = "<td>–</td>"

    assert f"<tr><td>missing</td><td>0.5</td><td>exact</td>{absent * 6}<td>no</td>{absent}" in text
    assert f"<tr><td>psi</td>{absent * 8}<td>no</td>{absent}</tr>" in text


def test_dates_are_drawn_as_dates(
    make_feature: Callable[..., FeatureDrift], make_report: Callable[..., DriftReport]
) -> None:
    days = Distribution((0.5, 0.5), (0.5, 0.5), edges=(1.7e9, 1.7001e9, 1.7002e9))
    feature = make_feature("signup", Status.OK, kind="datetime", distribution=days)

    assert "2023-11-14" in to_html(make_report(feature))
