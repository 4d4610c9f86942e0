from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from rich.cells import cell_len

from driftwatch.core.reports.report import DriftReport, FeatureDrift, Status
from driftwatch.render.text import to_text


def test_the_verdict_comes_first(report: DriftReport) -> None:
    assert to_text(report, color=False, width=120).startswith(
        "CRITICAL  2 of 5 features drifted (12,400 production rows against 100,000); "
    )


def test_a_row_has_status_feature_test_statistic_p_value_and_importance(
    report: DriftReport,
) -> None:
    text = to_text(report, color=False, width=100)

    assert re.search(r"\nCRITICAL +income \(numeric\) +ks +0\.312 > 0\.1 +< 1e-300 +12 %\n", text)
    assert re.search(r"\nOK +age \(numeric\) +ks +0\.312 > 0\.05 +0\.43 +12 %\n", text)
    assert "The median of income rose from 36,300 to 54,200" in text


def test_importance_is_left_out_where_nobody_knows_it(
    make_report: Callable[..., DriftReport], make_feature: Callable[..., FeatureDrift]
) -> None:
    report = make_report(make_feature("age", Status.OK, importance=None))

    assert "weight" not in to_text(report, color=False, width=100)


def test_changes_undecided_and_skipped_columns_follow(report: DriftReport) -> None:
    tail = to_text(report, color=False, width=100).partition("Schema changes\n")[2]

    assert tail == (
        "  CRITICAL  column 'fax' is gone (held text) [DW105]\n"
        "  WARNING  column 'zip' held whole numbers, now holds text [DW107]\n"
        "  OK  column 'note' is new (holds text) [DW106]\n"
        "\nUndecided\n  tenure (18,250 production rows needed) [DW101]\n"
        "\nNot tested\n  invoice_no: looks like an id: 99.8% of values are distinct\n"
    )


def test_many_ok_features_are_counted_and_the_others_listed(hundred: DriftReport) -> None:
    text = to_text(hundred, color=False, width=100)

    assert "and 94 features OK" in text
    assert "feature_05_of_the_customer" in text
    assert "feature_06_of_the_customer" not in text


def test_only_ok_features_are_counted_without_a_table(
    make_report: Callable[..., DriftReport], make_feature: Callable[..., FeatureDrift]
) -> None:
    report = make_report(*(make_feature(f"f{i}", Status.OK) for i in range(40)))

    assert "\n40 features OK\n" in to_text(report, color=False, width=100)


@pytest.mark.parametrize("width", [40, 60, 80, 120, 200])
def test_lines_fit_the_width(width: int, report: DriftReport, hostile: DriftReport) -> None:
    # A line that would begin with a command is a blank longer, which a narrow one has no room for.
    for each in (report, hostile) if width >= 60 else (report,):
        lines = to_text(each, color=False, width=width).splitlines()

        assert [line for line in lines if cell_len(line) > width] == []


@pytest.mark.parametrize("environment", [{}, {"FORCE_COLOR": "1"}, {"NO_COLOR": "1"}])
def test_only_the_argument_decides_on_colour(
    environment: dict[str, str], report: DriftReport, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    assert "\x1b" not in to_text(report, color=False, width=80)
    assert "\x1b[1;31mCRITICAL" in to_text(report, color=True, width=80)


def test_names_are_never_read_as_markup(hostile: DriftReport) -> None:
    text = to_text(hostile, color=True, width=200)

    assert "[bold red]markup[/] :smile:" in text
    assert "\x1b[31mred" not in text
