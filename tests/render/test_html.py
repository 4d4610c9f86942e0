from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from time import process_time

from driftwatch.core.reports.report import (
    Distribution,
    DriftReport,
    DriftResult,
    FeatureDrift,
    Status,
)
from driftwatch.render.html import to_html
from tests.render.conftest import categorical, feature, numeric, report_of

VOID = {"meta", "wbr", "input"}


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

    def of_class(self, tag: str, name: str) -> list[dict[str, str | None]]:
        return [a for a in self.of(tag) if name in (a.get("class") or "").split()]

    @property
    def text(self) -> str:
        return "".join(self.words)


def drifting(many: int) -> DriftReport:
    """Every feature is CRITICAL, half of them have categories: the largest page there is."""
    return report_of(
        *(
            feature(
                f"feature_{i:02d}_of_the_customer",
                Status.CRITICAL,
                kind="categorical" if i % 2 else "numeric",
                distribution=categorical() if i % 2 else numeric(),
            )
            for i in range(many)
        )
    )


def test_tags_balance(report: DriftReport, hostile: DriftReport, hundred: DriftReport) -> None:
    for each in (report, hostile, hundred):
        Page(to_html(each))


def test_the_page_needs_nothing_from_outside(report: DriftReport) -> None:
    text = to_html(report)

    assert not re.search(r"https?:|//[a-z]|url\(|@import|<link|<script|javascript:", text)
    assert Page(text).of("meta")[1] == {
        "http-equiv": "Content-Security-Policy",
        "content": "default-src 'none'; style-src 'unsafe-inline'; img-src data:",
    }


def test_hostile_names_become_text_and_nothing_else(hostile: DriftReport) -> None:
    text = to_html(hostile)
    page = Page(text)
    attributes = [pair for _, attrs in page.tags for pair in attrs.items()]
    links = [value or "" for name, value in attributes if name == "href"]

    assert "<script" not in text.lower()
    assert "<img" not in text.lower()
    assert "<script>alert('x')</script>" in page.text
    assert not [name for name, _ in attributes if name.startswith("on") or name == "src"]
    assert all(re.fullmatch(r"#(f\d+|schema|performance)", link) for link in links)


def test_a_hundred_features_are_half_a_megabyte_and_two_seconds_at_most(
    hundred: DriftReport,
) -> None:
    for report in (hundred, drifting(100)):
        start = process_time()
        text = to_html(report)

        assert process_time() - start <= 2
        assert len(text.encode()) <= 500_000


def test_every_feature_has_a_line_a_link_and_a_card(report: DriftReport) -> None:
    page = Page(to_html(report))
    cards = [attributes["id"] for attributes in page.of_class("div", "fc")]
    links = [attributes["href"] for attributes in page.of("a")]

    assert cards == ["f0", "f1", "f2", "f3", "f4"]
    assert [link for link in links if links.count(link) and link in {f"#{c}" for c in cards}][
        -5:
    ] == [f"#{card}" for card in cards]
    assert len(page.of_class("tr", "row")) == 5


def test_features_come_worst_first_and_only_those_that_drifted_are_open(
    report: DriftReport,
) -> None:
    cards = Page(to_html(report)).of_class("details", "row")
    letters = [re.findall(r"row (\w)", card["class"] or "")[0] for card in cards]

    assert letters == ["C", "W", "U", "O", "I"]
    assert ["open" in card for card in cards] == [True, True, False, False, False]


def test_beyond_fifty_features_that_drifted_cards_are_short_and_folded() -> None:
    cards = Page(to_html(drifting(60))).of_class("details", "row")

    assert sum("open" in card for card in cards) == 50


def test_the_top_says_what_moved_and_what_to_do(report: DriftReport) -> None:
    page = Page(to_html(report))

    assert len(page.of("h1")) == 1
    assert "income and country drifted, and there are 2 schema changes." in page.text
    assert "Mend the columns before reading anything else: column 'fax' is gone" in page.text
    assert {"href": "#schema"} in page.of("a")
    assert "2 of 5" in page.text


def test_the_numbers_of_features_at_the_top_are_of_the_same_features() -> None:
    page = to_html(
        report_of(
            feature("age", Status.CRITICAL),
            feature("plan", Status.OK),
            feature("residual of y", Status.CRITICAL, role="error"),
        )
    )
    facts = page.partition("<dl class=facts>")[2].partition("</dl>")[0]

    assert "<dd>1 of 2 <small>1 critical</small></dd>" in facts


def test_the_end_says_how_it_was_decided(report: DriftReport) -> None:
    text = to_html(report)
    page = Page(text)

    assert text.index("How it was decided") > text.index("id=f4")
    for fact in (
        "100,000 rows, 2026-01-01 00:00:00 UTC to 2026-02-28 23:59:00 UTC",
        "9f2c" * 16,
        "17ab" * 16,
        "2.4.1",
        "40 %; 55 % weighted by importance",
        "p = 1.2e-20",
        "level: 0.05; thresholds: ks 0.05 / 0.1",
        "2026-03-04 05:06:07 UTC",
        "invoice_no",
        "looks like an id",
    ):
        assert fact in page.text


def test_a_feature_says_why_it_has_its_status(report: DriftReport) -> None:
    text = Page(to_html(report)).text

    assert "ks 0.312 > 0.1, p = 3.5e-09 against a drift of at most 0.1, level 0.05" in text
    assert "missing 0.1 % → 3.1 %" in text
    assert "importance 12 %" in text
    assert "(18,250 production rows would decide.)" in text


def test_the_overview_has_statistic_and_threshold_and_what_moved(report: DriftReport) -> None:
    rows = re.findall(r"<tr class=\"row.*?</tr>", to_html(report), flags=re.DOTALL)

    assert "ks 0.312 <span class=soft>/ 0.1</span>" in rows[0]
    assert "ks 0.312 <span class=soft>/ 0.05</span>" in rows[1]
    assert "<svg class=bul" in rows[0]
    assert "rose from 36,300 to 54,200" in rows[0]
    assert "rose from" not in rows[3]  # nothing moved in what is OK


def test_a_test_that_decides_shows_all_its_numbers_and_others_less(report: DriftReport) -> None:
    text = to_html(report)

    assert (
        "<tr><th scope=row>ks</th><td>0.312</td><td>[0.301, 0.323]</td><td>[0.281, 0.343]</td>"
        "<td>&lt; 1e-300</td><td>0.05 / 0.1</td><td>3.5e-09</td>"
        f'<td><b class="st C">◆ {Status.CRITICAL}</b></td></tr>'
    ) in text
    assert "<tr><th scope=row>psi</th><td>0.312</td>" in text
    assert "<td class=soft>shown only</td>" in text


def test_an_exact_interval_and_an_absent_one_are_said() -> None:
    results = {
        "missing": DriftResult("missing", 0.5, interval=(0.5, 0.5)),
        "psi": DriftResult("psi", None),
    }
    told = feature("age", Status.CRITICAL, tests=results, primary_test=None)
    text = to_html(report_of(told))

    assert f"<th scope=row>missing</th><td>0.500</td><td>exact</td>{'<td>–</td>' * 3}" in text
    assert f"<th scope=row>psi</th>{'<td>–</td>' * 5}" in text


def test_numbers_that_drifted_have_a_cumulative_view_and_quantiles() -> None:
    known = replace(numeric(), quantiles=((-2.0, -1.6, -0.7, 0.0, 0.7, 1.6, 2.0), (0.5,) * 7))
    text = to_html(report_of(feature("age", Status.WARNING, distribution=known)))
    fine = to_html(report_of(feature("age", Status.OK, distribution=known)))

    assert [title in text for title in (">Histogram<", ">Cumulative<", ">Quantiles<")] == [True] * 3
    assert "<th scope=row>median</th><td class=n>0</td><td class=n>0.5</td>" in text
    assert ">Cumulative<" not in fine
    assert "Tests: ks 0.312 / 0.05, psi 0.312" in fine


def test_statuses_and_kinds_can_be_filtered_without_a_script(report: DriftReport) -> None:
    text = to_html(report)
    page = Page(text)
    radios = [(a["name"], "checked" in a) for a in page.of("input") if a["name"] in ("fs", "fk")]

    assert radios == [("fs", True), *[("fs", False)] * 5, ("fk", True), *[("fk", False)] * 2]
    assert "body:has(.sW:checked) .row:not(.W){display:none}" in text
    assert "body:has(.tc:checked) .row:not(.kc){display:none}" in text
    # One feature is WARNING and categorical; none is CRITICAL and categorical.
    assert "body:has(.sC:checked):has(.tc:checked) .none{display:block}" in text
    assert "body:has(.sW:checked):has(.tc:checked)" not in text


def test_many_features_have_a_list_of_names_from_a_to_z(
    hundred: DriftReport, report: DriftReport
) -> None:
    names = re.search(r"<ul class=az>(.*?)</ul>", to_html(hundred))
    assert names is not None
    listed = re.findall(r"feature_<wbr>(\d+)", names[1])

    assert listed == sorted(listed)
    assert len(listed) == 100
    assert "<ul class=az>" not in to_html(report)


def test_dark_mode_and_paper_are_provided_for(report: DriftReport) -> None:
    text = to_html(report)

    assert "prefers-color-scheme:dark" in text
    assert "@media print" in text


def test_dates_are_drawn_as_dates(
    make_feature: Callable[..., FeatureDrift], make_report: Callable[..., DriftReport]
) -> None:
    days = Distribution((0.5, 0.5), (0.5, 0.5), edges=(1.7e9, 1.7001e9, 1.7002e9))
    told = make_feature("signup", Status.OK, kind="datetime", distribution=days)

    assert "2023-11-14" in to_html(make_report(told))


def test_a_report_without_features_is_a_page() -> None:
    page = Page(to_html(report_of(rows_current=0)))

    assert "Nothing could be compared" in page.text
    assert "Find out why no row came" in page.text
