from __future__ import annotations

import re
from time import process_time

import pytest

from driftwatch.core.reports.report import Distribution, DriftReport, Status
from driftwatch.errors import ConfigError
from driftwatch.render.notebook import feature_html, notebook_html
from tests.hostile_names import HOSTILE, controls_in, tags_in
from tests.render.conftest import feature, numeric, report_of
from tests.render.test_hostile_names import report_with
from tests.render.test_html import Page, drifting


def test_tags_balance(report: DriftReport, hostile: DriftReport, hundred: DriftReport) -> None:
    for each in (report, hostile, hundred):
        Page(notebook_html(each))
        for told in each.features:
            Page(feature_html(each, told.name))


def test_a_report_has_its_verdict_a_line_a_feature_and_folded_charts(report: DriftReport) -> None:
    html = notebook_html(report)
    page = Page(html)

    assert "income and country drifted" in page.text
    assert html.count("<tr><td><b") == 5
    assert "ks 0.312 / 0.1" in page.text
    assert "1 undecided" in page.text
    assert "WARNING: column 'zip'" in page.text
    assert "not tested: invoice_no" in page.text
    assert [("open" in details) for details in page.of("details")] == [False]
    assert "Charts of 4 features" in page.text  # one has no values


def test_one_feature_shows_what_moved_its_chart_and_its_tests(report: DriftReport) -> None:
    html = feature_html(report, "income")
    page = Page(html)

    assert "The median of income rose from 36,300 to 54,200" in page.text
    assert "missing 0.1 % → 3.1 %" in page.text
    assert 'aria-label="Histogram of reference and production' in html
    assert html.count("<tr><th>") == 1 + len(report.feature_drift()["income"].tests)
    assert "Shares by category" in feature_html(report, "country")
    assert "<svg" not in feature_html(report, "gone")


def test_a_name_that_is_not_there_is_told_with_the_nearest(report: DriftReport) -> None:
    with pytest.raises(ConfigError, match=r"no feature 'incom' in this report.*income"):
        feature_html(report, "incom")


def test_a_hundred_features_are_200_kilobytes_and_two_seconds_at_most(
    hundred: DriftReport,
) -> None:
    tails = Distribution(
        numeric().reference, numeric().current, edges=numeric().edges, beyond=((0.01, 0.02),) * 2
    )
    long = [feature(f"long_{i}", Status.CRITICAL, distribution=tails) for i in range(100)]
    for report in (hundred, report_of(*long), drifting(100), drifting(300)):
        start = process_time()
        html = notebook_html(report)

        assert process_time() - start <= 2
        assert len(html.encode()) <= 200_000
    assert "200 more features" in Page(html).text
    assert re.search(r"Charts of the first \d+ features", Page(html).text)


def test_texts_take_the_colour_of_the_theme_and_shapes_bring_their_own(
    report: DriftReport,
) -> None:
    html = notebook_html(report)
    shapes = re.findall(r"<path[^>]*>", html)

    assert shapes
    assert all("fill=" in shape for shape in shapes)
    assert not re.search(r"prefers-color-scheme|[^-]color:#[0-9a-f]{3,6}[^\"]*\}", html)
    assert all('fill="currentColor"' in group for group in re.findall(r"<g [^>]*>", html))


def test_styles_are_for_the_output_alone(report: DriftReport) -> None:
    style = re.findall(r"<style>(.*?)</style>", notebook_html(report), flags=re.DOTALL)
    rules = [rule.strip() for sheet in style for rule in sheet.split("}") if rule.strip()]

    assert rules
    assert all(selector.startswith(".dw") for rule in rules for selector in [rule])


def test_hostile_names_are_text() -> None:
    ordinary = tags_in(notebook_html(report_with(["age", "plan", "city", "open_now"])))
    together = notebook_html(report_with(HOSTILE))
    one = {tag for name in HOSTILE for tag in tags_in(feature_html(report_with([name]), name))}

    assert tags_in(together) <= ordinary
    assert controls_in(together) == []
    assert one <= tags_in(feature_html(report_with(["age"]), "age"))


def test_a_report_without_features_says_so() -> None:
    assert "Nothing could be compared" in notebook_html(report_of())
    assert "<details>" not in notebook_html(report_of(feature("a", Status.OK, distribution=None)))
