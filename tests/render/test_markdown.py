from __future__ import annotations

import re

import pytest

from driftwatch.core.reports.report import DriftReport
from driftwatch.render.markdown import escape_markdown, to_markdown


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("a|b", r"a\|b"),
        (r"a\|b", r"a\\\|b"),
        ("`code`", r"\`code\`"),
        ("<b>&amp;", r"\<b\>\&amp;"),
        ("[x](y)", r"\[x\](y)"),
        ("two\nlines", "two lines"),
        ("@team", "@&#8203;team"),
        ("#12", r"\#&#8203;12"),
        ("GH-12", "GH&#8203;-12"),
        ("https://a.b", "https:&#8203;//a.b"),
        ("www.a.b", "www&#8203;.a.b"),
        ("snake_case*", r"snake\_case\*"),
        ("$x$ ~~y~~", r"\$x\$ \~\~y\~\~"),
    ],
)
def test_text_is_shown_as_it_is(text: str, escaped: str) -> None:
    assert escape_markdown(text) == escaped


def test_every_row_has_as_many_cells_as_the_head(hostile: DriftReport, report: DriftReport) -> None:
    for each in (hostile, report):
        lines = [line for line in to_markdown(each).splitlines() if line.startswith("|")]
        cells = {len(re.findall(r"(?<!\\)\|", line)) for line in lines}

        assert len(lines) == 2 + len(each.features)
        assert cells == {9}


def test_nothing_hostile_is_left(hostile: DriftReport) -> None:
    text = to_markdown(hostile)

    assert "<script" not in text.replace(r"\<", "")
    assert "@team" not in text
    assert "://" not in text
    assert "[x](" not in text.replace(r"\]", "")


def test_the_sections_follow_the_table(report: DriftReport) -> None:
    text = to_markdown(report)

    assert text.startswith("**🔴 CRITICAL**: 2 of 5 features drifted (12,400 production rows")
    assert (
        "| 🔴 CRITICAL | income | numeric | ks | 0.312 \\> 0.1 | \\< 1e-300 | 12 % | The median"
        in text
    )
    gone = "column 'fax' is gone (held text) \\[DW105\\]"
    assert f"**Schema changes**\n\n- 🔴 CRITICAL: {gone}\n" in text
    assert "**Undecided**\n\n- tenure (18,250 production rows needed) \\[DW101\\]\n" in text
    assert "**Not tested**\n\n- invoice\\_no: looks like an id" in text
    assert "- Model version: 2.4.1\n" in text


def test_many_ok_features_are_counted(hundred: DriftReport) -> None:
    assert "\n\nand 94 features OK\n\n" in to_markdown(hundred)
