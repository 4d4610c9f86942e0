from __future__ import annotations

from xml.etree import ElementTree as ET

from driftwatch.core.reports.report import DriftReport
from driftwatch.render.junit import to_junit


def suite_of(report: DriftReport) -> ET.Element:
    suite = ET.fromstring(to_junit(report).encode()).find("testsuite")  # noqa: S314 - our own
    assert suite is not None
    return suite


def case(suite: ET.Element, name: str) -> ET.Element:
    (found,) = [c for c in suite.iterfind("testcase") if c.get("name") == name]
    return found


def test_drift_is_a_failure_with_the_reason(report: DriftReport) -> None:
    failure = case(suite_of(report), "income").find("failure")

    assert failure is not None
    assert failure.get("type") == "CRITICAL"
    assert str(failure.get("message")).startswith("The median of income rose")
    assert "ks 0.312 > 0.1" in str(failure.text)


def test_ok_passes(report: DriftReport) -> None:
    suite = suite_of(report)

    assert list(case(suite, "age")) == []
    assert list(case(suite, "note")) == []


def test_what_could_not_be_judged_is_skipped_with_a_message(report: DriftReport) -> None:
    suite = suite_of(report)
    messages = {}
    for name in ("tenure", "gone", "invoice_no"):
        skipped = case(suite, name).find("skipped")
        assert skipped is not None
        messages[name] = skipped.get("message", "")

    assert messages["tenure"].startswith("UNDECIDED: ")
    assert "18,250 production rows" in messages["tenure"]
    assert messages["gone"].startswith("INSUFFICIENT DATA: ")
    assert messages["invoice_no"].startswith("looks like an id")


def test_schema_changes_are_cases(report: DriftReport) -> None:
    failure = case(suite_of(report), "fax").find("failure")

    assert failure is not None
    assert failure.get("message") == "column 'fax' is gone (held text) [DW105]"


def test_the_totals_add_up(report: DriftReport) -> None:
    suite = suite_of(report)

    assert suite.attrib == {
        "name": "driftwatch: credit risk",
        "tests": "9",
        "failures": "4",
        "errors": "0",
        "skipped": "3",
        "timestamp": "2026-03-04T05:06:07",
    }


def test_hostile_names_leave_well_formed_xml(hostile: DriftReport) -> None:
    suite = suite_of(hostile)

    assert len(suite.findall("testcase")) == 5 * len(hostile.features)
