"""A drift report as JUnit XML: every continuous-integration server can show it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC
from xml.etree import ElementTree as ET

from driftwatch.core.reports.report import DriftReport, FeatureDrift, Status
from driftwatch.logs.lines import markup_lines
from driftwatch.render import outline
from driftwatch.render.model import metric_rows
from driftwatch.render.plain import plain

__all__ = ["to_junit"]


def to_junit(report: DriftReport) -> str:
    """Return the report as JUnit XML.

    A feature or schema change that drifted is a failure; an undecided one, one without data
    and a column that was not tested are skipped, each with a message.
    """
    monitor = plain(report.monitor) or "driftwatch"
    suite = ET.Element("testsuite", name=f"driftwatch: {monitor}")
    properties = ET.SubElement(suite, "properties")
    for label, text in _properties(report):
        ET.SubElement(properties, "property", name=label, value=text)
    for change in outline.changes(report):
        case = _case(suite, f"{monitor}.schema", change.column)
        _settle(case, change.status, outline.change_line(change), str(change))
    for feature in outline.worst_first(report):
        case = _case(suite, f"{monitor}.features", outline.name_of(feature))
        _settle(case, feature.status, outline.sentence_of(feature), _body(feature))
    for row in metric_rows(report.performance) if report.performance is not None else ():
        if row.status is not None:
            sentence = f"{row.name} {row.sentence}"
            case = _case(suite, f"{monitor}.performance", row.name)
            _settle(case, row.status, sentence, sentence)
    if report.performance is not None and not report.performance.labelled[1]:
        case = _case(suite, f"{monitor}.performance", "labels")
        _settle(case, report.performance.status, str(report.performance), "")
    if report.multivariate is not None:
        case = _case(suite, f"{monitor}.dataset", "dependence of columns")
        sentence = outline.dependence_sentence(report.multivariate)
        _settle(case, report.multivariate.status, sentence, sentence)
    for name, reason in outline.skipped(report):
        ET.SubElement(_case(suite, f"{monitor}.columns", name), "skipped", message=reason)
    totals = {
        "tests": str(len(suite.findall("testcase"))),
        "failures": str(len(suite.findall("testcase/failure"))),
        "errors": "0",
        "skipped": str(len(suite.findall("testcase/skipped"))),
    }
    at = report.created_at.astimezone(UTC).replace(tzinfo=None)
    suite.attrib |= {**totals, "timestamp": at.isoformat(timespec="seconds")}
    suites = ET.Element("testsuites", {"name": "driftwatch", **totals})
    suites.append(suite)
    ET.indent(suites)
    # Written here, as ElementTree would name the encoding of this machine.
    document = markup_lines(ET.tostring(suites, encoding="unicode"))
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{document}\n'


def _properties(report: DriftReport) -> Iterator[tuple[str, str]]:
    yield "Status", report.global_status.value
    yield "Verdict", outline.verdict(report)
    yield from outline.facts(report)


def _case(suite: ET.Element, group: str, name: str) -> ET.Element:
    return ET.SubElement(suite, "testcase", classname=group, name=name, time="0")


def _settle(case: ET.Element, status: Status, message: str, body: str) -> None:
    if status.is_drift:
        failure = ET.SubElement(case, "failure", type=status.value, message=message)
        failure.text = body
    elif status is not Status.OK:
        shown = f"{outline.status_text(status)}: {message}" if message else status.value
        ET.SubElement(case, "skipped", message=shown)


def _body(feature: FeatureDrift) -> str:
    lines = [outline.sentence_of(feature), outline.decision(feature), outline.moments(feature)]
    return "\n".join(line for line in lines if line)
