from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from driftwatch.core.reports.report import DriftReport, FeatureDrift, Status
from driftwatch.render.github import escape_data, escape_property, to_github


def test_escaping_is_exact() -> None:
    assert escape_data("50%\r\n%0A a:b,c") == "50%25%0D%0A%250A a:b,c"
    assert escape_property("50%\r\n a:b,c") == "50%25%0D%0A a%3Ab%2Cc"


def test_the_verdict_comes_first_and_then_what_drifted(report: DriftReport) -> None:
    text = """\
::error title=DriftWatch%3A CRITICAL::2 of 5 features drifted \
(12,400 production rows against 100,000); 3 schema changes; 1 undecided
::error title=Schema change::column 'fax' is gone (held text) [DW105]
::warning title=Schema change::column 'zip' held whole numbers, now holds text [DW107]
::error title=Drift in income::The median of income rose from 36,300 to 54,200, by 0.8 IQR. \
[ks 0.312 > 0.1, p = 3.5e-09 against a drift of at most 0.1, level 0.05]
::warning title=Drift in country::The median of country rose from 36,300 to 54,200, by 0.8 IQR. \
[ks 0.312 > 0.05, p = 1.2e-18 against a drift of at most 0.05, level 0.05]
::notice title=Undecided::tenure (18,250 production rows needed) [DW101]
"""

    assert to_github(report) == text


@pytest.mark.parametrize("status", [Status.OK, Status.INSUFFICIENT_DATA, Status.UNDECIDED])
def test_without_drift_there_are_only_notices(
    status: Status,
    make_report: Callable[..., DriftReport],
    make_feature: Callable[..., FeatureDrift],
) -> None:
    lines = to_github(make_report(make_feature("age", status))).splitlines()

    assert all(line.startswith("::notice ") for line in lines)


def test_every_line_is_one_command(hostile: DriftReport) -> None:
    for line in to_github(hostile).splitlines():
        assert re.match(r"::(error|warning|notice) title=[^:,]*::", line)
        assert "::error::" not in line[2:] or line.index("::error::") > line.index("title=")
