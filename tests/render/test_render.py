from __future__ import annotations

import html
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import orjson
import pytest

from driftwatch.core.reports.report import DriftReport, FeatureDrift, Status
from driftwatch.errors import ConfigError, DataError
from driftwatch.render import FORMATS, format_of, render
from tests.mutations.samples import monitor, some_rows


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_ends_with_one_newline(form: str, report: DriftReport) -> None:
    text = render(report, form)

    assert text.endswith("\n")
    assert not text.endswith("\n\n")


@pytest.mark.parametrize("form", FORMATS)
def test_a_report_without_features_renders(
    form: str, make_report: Callable[..., DriftReport]
) -> None:
    empty = make_report(policy={}, model_version=None)

    assert "no feature to test" in render(empty, form) or form == "json"


@pytest.mark.parametrize("form", FORMATS)
def test_a_feature_without_numbers_renders(
    form: str,
    make_report: Callable[..., DriftReport],
    make_feature: Callable[..., FeatureDrift],
) -> None:
    bare = make_feature(
        "bare",
        Status.INSUFFICIENT_DATA,
        tests={},
        primary_test=None,
        distribution=None,
        importance=None,
        missing_reference=None,
        missing_current=None,
        explanation="",
    )

    assert "INSUFFICIENT" in render(make_report(bare), form)


@pytest.mark.parametrize("form", [form for form in FORMATS if form != "json"])
def test_no_control_or_direction_character_survives(form: str, hostile: DriftReport) -> None:
    text = render(hostile, form)

    assert not set(text) & {chr(code) for code in (*range(10), *range(11, 32), *range(127, 160))}
    assert not set(text) & set("\u202e\u2066\u200b\ufeff\ud800\ufffe\u2028")
    assert "[31m" not in text
    assert "]0;title" not in text
    text.encode("utf-8")


@pytest.mark.parametrize("form", [form for form in FORMATS if form != "json"])
def test_long_names_are_cut(form: str, hostile: DriftReport) -> None:
    text = render(hostile, form)

    assert "long" * 101 not in text
    assert "…" in text
    assert len(text) < 150_000


@pytest.mark.parametrize("form", ["text", "markdown", "html", "github"])
def test_worst_comes_first(form: str, report: DriftReport) -> None:
    text = html.unescape(render(report, form))
    names = ["income", "country", "tenure"]

    assert sorted(names, key=text.index) == names
    assert text.index("'fax' is gone") < text.index("'zip' held whole numbers")


def test_json_is_the_report(report: DriftReport) -> None:
    assert DriftReport.from_dict(orjson.loads(render(report, "json"))) == report


def test_an_unknown_format_is_an_error_that_names_the_nearest() -> None:
    report = DriftReport.__new__(DriftReport)

    with pytest.raises(ConfigError, match="did you mean 'markdown'"):
        render(report, "markdwon")


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("a/b.html", "html"),
        ("b.HTM", "html"),
        ("b.md", "markdown"),
        ("b.tar.json", "json"),
        ("junit.xml", "junit"),
        ("b.txt", "text"),
    ],
)
def test_a_suffix_names_a_format(path: str, form: str) -> None:
    assert format_of(path) == form


@pytest.mark.parametrize("path", ["report", "report.htlm", ".html"])
def test_an_unknown_suffix_is_an_error_that_lists_the_known(path: str) -> None:
    with pytest.raises(ConfigError, match=r"suffixes: \.html"):
        format_of(path)


def test_importing_the_room_loads_no_renderer() -> None:
    code = "import sys, driftwatch.render; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()

    assert not {"rich", "xml.etree.ElementTree", "driftwatch.render.html", "numpy"} & set(loaded)


@pytest.mark.parametrize(
    ("part", "fact", "value"),
    [
        ("tests", "statistic", "0.5"), ("tests", "p_value", [0.5]), ("tests", "interval", [1.0]),
        ("tests", "interval", [None, 1.0]), ("tests", "rows_needed", 10**30),
        ("tests", "level", True), ("moments", "mean", {}), ("distribution", "reference", [0.5]),
        ("distribution", "production", [-1.0]), ("distribution", "edges", [2.0, 1.0, 0.0]),
    ],
)  # fmt: skip
def test_a_report_with_a_value_that_is_none_is_refused(part: str, fact: str, value: Any) -> None:
    """Before: it was read, and a renderer failed on it."""
    data = orjson.loads(monitor().check(some_rows(200, 7)).to_json())
    feature = data["per_feature_metrics"]["x"]
    within = {
        "tests": next(iter(feature["tests"].values())),
        "moments": feature["moments"]["reference"],
        "distribution": feature["distribution"],
    }[part]
    DriftReport.from_dict(data)
    within[fact] = value
    with pytest.raises(DataError, match="not a drift report"):
        DriftReport.from_dict(data)
