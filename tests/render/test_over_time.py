"""Features x time as text, HTML and pictures: every status in its place, nothing hostile in it."""

from __future__ import annotations

import importlib
import math
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import pytest

from driftwatch.core.reports.history import FeatureHistory
from driftwatch.core.reports.over_time import OverTime, Stretch
from driftwatch.core.reports.report import Status
from driftwatch.errors import UnknownColumnError
from driftwatch.render.drawing.feature_strips import feature_table, strip_lines
from driftwatch.render.drawing.marks import strip
from driftwatch.render.over_time import over_time_html, over_time_notebook, over_time_text
from tests.hostile_names import HOSTILE, commands_in, controls_in, tags_in
from tests.render.conftest import categorical, feature, report_of

DAY = datetime(2026, 1, 1, tzinfo=UTC)
SIGNS = {"C": Status.CRITICAL, "W": Status.WARNING, "U": Status.UNDECIDED, "O": Status.OK}


def over_time(**rows: str) -> OverTime:
    """Reports whose features have the statuses that the letters say; a blank: not tested."""
    stretches, made = [], cache(feature)  # the same of a name and a status, which is frozen
    for place in range(len(next(iter(rows.values())))):
        features = [
            made(name, SIGNS[letters[place]])
            for name, letters in rows.items()
            if letters[place] != " "
        ]
        start = DAY + timedelta(days=place)
        stretches.append(
            Stretch(f"{start:%Y-%m-%d}", report_of(*features), start, start + timedelta(days=1))
        )
    return OverTime("churn", "every 24h of ts", tuple(stretches))


def widths(svg: str) -> dict[str, int]:
    """How many columns each colour has in a strip."""
    found: dict[str, int] = {}
    for color, path in re.findall(r'<path fill="([^"]*)"[^>]* d="([^"]*)"', svg):
        found[color] = found.get(color, 0) + sum(map(int, re.findall(r"h(\d+)", path)))
    return found


def test_a_line_a_feature_with_a_sign_a_stretch() -> None:
    text = over_time_text(over_time(calm="OOOOO", moved="OOWCC", late="  UOO"))
    lines = {line.split()[0]: line for line in text.splitlines() if line.strip()}
    assert "··▒██" in lines["moved"]
    assert lines["moved"].endswith("since 2026-01-03")
    assert "·····" in lines["calm"]
    assert "since" not in lines["calm"]
    assert "  ?··" in lines["late"]
    assert text.index("moved") < text.index("late") < text.index("calm")
    assert "2026-01-01 … 2026-01-05" in text


def test_the_headline_says_with_which_stretch_the_present_drift_began() -> None:
    def said(letters: str) -> tuple[str, object]:
        result = over_time(x=letters)
        assert over_time_text(result).splitlines()[0] in over_time_html(result)
        return over_time_text(result).splitlines()[0].partition(" rows)")[2], (
            result.to_dict()["since"]
        )

    start = "2026-01-03T00:00:00Z"
    assert said("CUO") == ("", None)
    assert said("COW") == (
        "; since 2026-01-03",
        {"label": "2026-01-03", "start": start, "stretches": 1},
    )
    assert said("OOWWC") == (
        "; since 2026-01-03 without a break",
        {"label": "2026-01-03", "start": start, "stretches": 3},
    )


def test_many_stretches_and_features_are_drawn_by_the_worst() -> None:
    letters = ["O"] * 500
    letters[77] = "C"
    rows = {f"f{n}": "".join(letters) if n == 39 else "O" * 500 for n in range(40)}
    history = over_time(**rows).history
    lines = strip_lines(history, width=80)
    assert lines[2].startswith("f39")
    assert lines[2].count("█") == 1
    assert lines[-1] == "and 10 more features"
    assert max(map(len, lines)) <= 80 + 20  # a name is cut, what is said behind may break
    table = feature_table(history)
    assert table.count("<tr") == 40 + 2
    assert len(table) < 40 * 1000


def test_a_strip_has_each_status_in_its_place() -> None:
    statuses = [Status.OK, Status.OK, None, Status.CRITICAL, Status.WARNING, Status.UNDECIDED]
    svg = strip(statuses, label="a & b", painted=True)
    assert widths(svg) == {"#2f8f57": 2, "#d6453c": 1, "#a87400": 1, "#4683c9": 1, "none": 1}
    assert 'aria-label="a &amp; b in 5 windows: 2 OK, ' in svg  # one is a gap
    assert 'd="M3 18v-18h1v18z"' in svg


def test_a_long_strip_has_240_columns_and_loses_no_alarm() -> None:
    statuses: list[Status | None] = [Status.OK] * 10_000
    statuses[5_001] = Status.CRITICAL
    drawn = widths(strip(statuses, painted=True))
    assert drawn == {"#2f8f57": 239, "#d6453c": 1}


def test_what_is_cut_by_values_has_no_since() -> None:
    result = over_time(x="OCOC")
    by_value = OverTime("m", "by plan", result.stretches, is_ordered=False)
    text = over_time_text(by_value)
    assert "since" not in text
    assert "in 2026-01-02, 2026-01-0" in text
    assert "drifts in" in over_time_html(by_value)
    assert "drifts since" in over_time_html(result)


def test_hostile_names_and_labels_stay_text() -> None:
    plain = over_time(x="OC", y="CC")
    expected = tags_in(over_time_html(plain)), tags_in(over_time_notebook(plain))
    for name in HOSTILE:
        stretches = tuple(
            Stretch(name, report_of(feature(name, Status.CRITICAL), feature("y", Status.OK)))
            for _ in range(2)
        )
        result = OverTime(name, name, stretches, {name: 3})
        page, cell, text = over_time_html(result), over_time_notebook(result), str(result)
        assert tags_in(page) <= expected[0]
        assert tags_in(cell) <= expected[1]
        for form in (page, cell, text, repr(result)):
            assert controls_in(form) == []
            assert commands_in(form) == []


def test_a_page_needs_nothing_else_and_is_small(tmp_path: Path) -> None:
    rows = {f"f{n}": "OOUWC" * 24 for n in range(100)}
    result = over_time(**rows)
    path = tmp_path / "over_time.html"
    result.save_html(path)
    page = path.read_text("utf-8")
    assert "<script" not in page
    assert "http" not in page.replace("http-equiv", "")
    assert "<h1>Drift in " in page
    assert "strip: a cell a window" in page
    assert len(page) < 500_000
    assert len(over_time_notebook(result)) < 500_000


def test_nothing_is_drawn_of_nothing() -> None:
    assert strip_lines(FeatureHistory()) == []
    assert feature_table(FeatureHistory()) == "<p>No window.</p>"


@pytest.fixture
def pictures() -> Iterator[None]:
    """matplotlib without a window; its figures are closed behind a test."""
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    yield
    importlib.import_module("matplotlib.pyplot").close("all")


@pytest.mark.usefixtures("pictures")
def test_features_and_time() -> None:
    ax = over_time(calm="OOOOO", moved="OOWCC").plot()
    assert [label.get_text() for label in ax.get_yticklabels()] == ["moved", "calm"]
    heights = {patches.get_label(): len(patches) for patches in ax.containers}
    assert heights == {"CRITICAL": 2, "WARNING": 1, "OK": 7}
    ax.figure.canvas.draw()


@pytest.mark.usefixtures("pictures")
def test_a_statistic_over_time() -> None:
    result = over_time(x="OWC", y="O C")
    ax = result.plot("y")
    line = ax.lines[0]
    assert line.get_xdata().tolist() == [0, 1, 2]
    first, gap, last = line.get_ydata().tolist()
    assert [first, last] == [result[place]["y"].tests["ks"].statistic for place in (0, 2)]
    assert math.isnan(gap)
    assert ax.get_ylabel() == "ks"
    with pytest.raises(UnknownColumnError, match="tested features"):
        result.plot("z")


@pytest.mark.usefixtures("pictures")
def test_a_report_and_its_features() -> None:
    features = [feature(f"f${n}^x", Status.CRITICAL) for n in range(40)]
    report = report_of(*features, feature("calm", Status.OK))
    ax = report.plot()
    assert len(ax.get_yticklabels()) == 30
    assert "and 11 more features" in ax.get_title()
    ax.figure.canvas.draw()  # a name is no formula
    same = report.plot("calm", ax=ax)
    assert same is ax
    for name in ("f$0^x", "calm"):
        report.plot(name).figure.canvas.draw()


@pytest.mark.usefixtures("pictures")
def test_shares_of_categories_are_in_percent() -> None:
    plan = feature("plan", Status.OK, kind="categorical", distribution=categorical(4))
    ax = report_of(plan).plot("plan")
    ax.figure.canvas.draw()

    labels = [label.get_text() for label in ax.get_xticklabels()]
    assert labels
    assert all(label.endswith(" %") for label in labels)
