"""Whatever names and categories say, no form of a report is a command, a control or markup."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree as ET

import pytest

from driftwatch.core.reports.report import Distribution, DriftReport, Period, SchemaChange, Status
from driftwatch.core.reports.timeline import ChangePoint, MetricValues, Moment, Timeline
from driftwatch.logs.lines import json_lines, plain, shown_line, shown_lines
from driftwatch.render import FORMATS, render
from driftwatch.render.drawing.timeline import timeline_html, timeline_text
from driftwatch.render.text import to_text
from tests.hostile_names import HOSTILE, commands_in, controls_in, tags_in
from tests.render.conftest import feature, report_of

START = datetime(2026, 1, 1, tzinfo=UTC)
STATUSES = (Status.CRITICAL, Status.WARNING, Status.UNDECIDED, Status.OK)


def report_with(names: Iterable[str]) -> DriftReport:
    names = list(names)
    bars = Distribution(tuple(0.5 for _ in names), tuple(0.25 for _ in names), labels=tuple(names))
    return report_of(
        *(
            feature(
                name,
                STATUSES[place % 4],
                explanation=f"{name} rose from {name} to 3",
                kind=name,
                distribution=bars,
            )
            for place, name in enumerate(names)
        ),
        monitor=names[0],
        skipped={f"{name} not": name for name in names},
        schema_changes=tuple(
            SchemaChange(name, change, name, name, Status.WARNING)
            for name in names
            for change in ("missing_column", "new_column", "type_changed")
        ),
        reference_data_hash=names[0],
        model_version=names[0],
        policy={name: name for name in names},
    )


ONE_BY_ONE = {name: report_with([name]) for name in HOSTILE}
TOGETHER = report_with(HOSTILE)


def ours(form: str, text: str) -> str:
    """The text without the commands that are meant, of which each has a line."""
    if form != "github":
        return text
    kinds = ("::error title=", "::warning title=", "::notice title=")
    lines = text.splitlines()
    assert all(line.startswith(kinds) for line in lines)
    return "\n".join(line.removeprefix("::") for line in lines)


@pytest.mark.parametrize("form", FORMATS)
def test_no_form_is_a_command_or_a_control(form: str) -> None:
    for report in (*ONE_BY_ONE.values(), TOGETHER):
        text = ours(form, render(report, form))
        assert commands_in(text) == []
        assert controls_in(text) == []


@pytest.mark.parametrize("width", [20, 33, 60, 100, 300])
def test_no_width_or_colour_makes_a_command_of_a_line(width: int) -> None:
    for report in ONE_BY_ONE.values():
        plain_text = to_text(report, color=False, width=width)
        assert commands_in(plain_text) == []
        assert controls_in(plain_text) == []
        coloured = to_text(report, color=True, width=width)
        without = "".join(part.partition("m")[2] for part in f"m{coloured}".split("\x1b["))
        assert commands_in(without) == []
        assert controls_in(without) == []


def test_json_is_the_same_report() -> None:
    for name, report in ONE_BY_ONE.items():
        data = json.loads(render(report, "json"))
        assert data == json.loads(json.dumps(report.to_dict()))
        assert data["monitor"] == name
        assert DriftReport.from_dict(data) == report


def test_html_has_the_elements_of_an_ordinary_report() -> None:
    ordinary = tags_in(render(report_with(["age", "plan", "city", "open_now"]), "html"))
    assert tags_in(render(TOGETHER, "html")) <= ordinary
    notebook = tags_in(report_with(["age"])._repr_html_())
    assert tags_in(TOGETHER._repr_html_()) <= notebook
    assert controls_in(TOGETHER._repr_html_()) == []


def test_junit_is_xml_with_the_names_in_it() -> None:
    for name, report in ONE_BY_ONE.items():
        suites = ET.fromstring(render(report, "junit"))  # noqa: S314 - made here
        names = [case.get("name") for case in suites.iter("testcase")]
        assert (plain(name) or "(no name)") in names


def test_html_shows_the_names_that_runners_would_obey() -> None:
    report = report_with(["##[group]x", "::error::y"])
    page = render(report, "html")
    assert "&#35;#[group]x" in page
    assert "::error::y" in page  # in the middle of a line, where it is none


@pytest.mark.parametrize("make", [timeline_text, timeline_html])
def test_a_timeline_is_neither(make: Callable[[Timeline], str]) -> None:
    for name in HOSTILE:
        moments = tuple(
            Moment(
                number,
                Period(START, START + timedelta(hours=number)),
                100,
                Status.CRITICAL,
                "raised" if number == 1 else None,
                (name,),
                (name,),
                metrics={name: MetricValues(0.9, 0.5, (0.4, 0.6), Status.CRITICAL)},
            )
            for number in range(1, 4)
        )
        changes = (ChangePoint(name, 2, 1, ongoing=False, spread=1),)
        text = make(Timeline(name, name, 6, moments, changes, alerts=name, counters={name: 3}))
        assert commands_in(text) == []
        assert controls_in(text) == []


@pytest.mark.parametrize("name", HOSTILE)
def test_lines_are_lines_and_their_json_is_exact(name: str) -> None:
    line = shown_line(f"no column {name}")
    assert "\n" not in line
    for text in (line, shown_line(name), shown_lines(name), shown_lines(f" {name}\n{name}")):
        assert commands_in(text) == controls_in(text) == []
    written = json_lines(json.dumps({name: [name]}, ensure_ascii=False))
    assert commands_in(written) == controls_in(written) == []
    assert json.loads(written) == {name: [name]}


@pytest.mark.parametrize("text", ["an ordinary name", "a  b\n  c\n", "x::y #1 # [x] std::map"])
def test_what_harms_nobody_stays_as_it_is(text: str) -> None:
    assert shown_lines(text) == text
