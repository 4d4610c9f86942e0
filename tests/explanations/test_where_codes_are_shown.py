"""Codes in logs, answers of the collector, findings of doctor and reports."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from fastapi.testclient import TestClient

from driftwatch import Monitor
from driftwatch.cli.app import run
from driftwatch.core.reports.report import DriftReport, Status
from driftwatch.errors import StoreError
from driftwatch.explanations.catalogue import codes
from driftwatch.logs import JsonFormatter, event, json_schema, say
from driftwatch.process.quiet_log import QuietLog
from driftwatch.render import render
from driftwatch.service.app import create_app
from driftwatch.stores import open_store
from driftwatch.transport.statuses import code_of_status

LOG = logging.getLogger("driftwatch")
RNG = np.random.default_rng(5)
TRAIN = {"age": RNG.normal(41, 11, 20_000), "plan": RNG.choice(["free", "pro"], 20_000)}


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """What a handler of the host that writes JSON gets."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter())
    LOG.addHandler(handler)
    yield stream
    LOG.removeHandler(handler)


def last(stream: io.StringIO) -> dict[str, object]:
    line: dict[str, object] = json.loads(stream.getvalue().splitlines()[-1])
    return line


def test_a_warning_has_the_code_of_what_is_nearest(
    lines: io.StringIO, caplog: pytest.LogCaptureFixture
) -> None:
    full = StoreError("no space left", code="DW037")
    LOG.warning("driftwatch: %s", "away", extra=event("store.trouble"))
    assert (last(lines)["code"], last(lines)["message"]) == ("DW031", "driftwatch: away")
    LOG.warning("driftwatch: %s", full, extra=event("store.trouble"))
    assert last(lines)["code"] == "DW037"
    LOG.warning("driftwatch: %s", full, extra=event("store.trouble", code="DW035"))
    assert last(lines)["code"] == "DW035"
    try:
        raise full
    except StoreError:
        LOG.exception("driftwatch: it failed")
    assert last(lines)["code"] == "DW037"
    QuietLog().log("kind", "driftwatch: %s", full, name="delivery.trouble")
    assert last(lines)["code"] == "DW037"
    ends = [record.getMessage()[-8:] for record in caplog.records]
    assert ends == [" [DW031]", " [DW037]", " [DW035]", " [DW037]", " [DW037]"]


def test_what_is_no_warning_has_no_code_in_its_line(
    lines: io.StringIO, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "driftwatch"):
        LOG.info("driftwatch: hello")
        LOG.info("driftwatch: age", extra=event("feature.drift", monitor="a", feature="age"))
    assert [record.getMessage() for record in caplog.records] == [
        "driftwatch: hello",
        "driftwatch: age",
    ]
    assert last(lines)["code"] == "DW104"
    assert "code" not in json.loads(lines.getvalue().splitlines()[0])


def test_a_record_that_is_handled_twice_has_its_code_once(caplog: pytest.LogCaptureFixture) -> None:
    """As where a process takes the records of others."""
    LOG.warning("driftwatch: away", extra=event("store.trouble"))
    (record,) = caplog.records
    LOG.handle(record)
    assert [each.getMessage() for each in caplog.records] == ["driftwatch: away [DW031]"] * 2


def test_the_schema_of_the_log_knows_the_code() -> None:
    assert json_schema()["properties"]["code"]["pattern"] == r"^DW\d{3}$"


def test_what_the_command_says_has_its_code_in_both_forms(
    lines: io.StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    say("driftwatch: no", logging.ERROR, code="DW011")
    assert capsys.readouterr().err == "driftwatch: no [DW011]\n"
    root = logging.getLogger()
    handler = logging.StreamHandler(io.StringIO())
    handler.setFormatter(JsonFormatter())
    root.addHandler(handler)
    try:
        say("driftwatch: no", logging.ERROR, code="DW011")
    finally:
        root.removeHandler(handler)
    assert (last(lines)["message"], last(lines)["code"]) == ("driftwatch: no", "DW011")


def test_a_salvaged_store_says_so_with_its_code(tmp_path: Path, lines: io.StringIO) -> None:
    path = tmp_path / "driftwatch.db"
    with Monitor(TRAIN, name="churn", store=path, hash_key=b"k" * 32) as monitor:
        monitor.observe({"age": 41.0, "plan": "pro"})
    damaged = bytearray(path.read_bytes())
    damaged[100:4_000] = bytes(3_900)
    path.write_bytes(damaged)
    open_store(path).close()
    told = [json.loads(line) for line in lines.getvalue().splitlines()]
    assert [line["code"] for line in told if "was damaged" in line["message"]] == ["DW032"]


def test_every_answer_of_the_collector_that_is_no_success_has_a_code(tmp_path: Path) -> None:
    from driftwatch.config.load import load_config
    from driftwatch.service.security.tokens import Scope, Token, Tokens, hash_of, new_token

    (tmp_path / "driftwatch.toml").write_text('store = "a.db"\n[monitors.churn]\n', "utf-8")
    secret = new_token()
    reader = Token("reader", frozenset({Scope.READ}), hash_of(secret))
    app = create_app(load_config(tmp_path / "driftwatch.toml"), tokens=Tokens([reader]))
    login = {"Authorization": f"Bearer {secret}"}
    asked = {
        ("GET", "/v1/monitors", ""): "DW052",
        ("POST", "/v1/segments", secret): "DW053",
        ("GET", "/v1/monitors/none", secret): "DW050",
        ("GET", "/v1/none", secret): "DW050",
        ("DELETE", "/v1/monitors", secret): "DW050",
        ("GET", "/v1/monitors/churn/references/nothex", secret): "DW050",
    }
    with TestClient(app, base_url="http://localhost") as client:
        for (method, path, token), code in asked.items():
            answer = client.request(method, path, headers=login if token else {})
            assert answer.status_code >= 400
            assert answer.json()["code"] == code, (method, path, answer.text)
        encoded = client.post(
            "/v1/segments", headers={**login, "Content-Encoding": "gzip"}, content=b"x"
        )
        assert encoded.json()["code"] == "DW058"


def test_every_status_has_a_code_that_is_explained() -> None:
    for status in (0, *range(400, 600)):
        assert code_of_status(status) in codes()
        assert code_of_status(status, of_delivery=True) in codes()


def test_what_doctor_finds_has_its_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    open_store("driftwatch.db").close()
    assert run(["doctor", "--store", "driftwatch.db", "--monitor", "churn"]) == 1
    told = {line[9:25].strip(): line for line in capsys.readouterr().out.splitlines()}
    assert told["reference"].endswith("`driftwatch reference add` [DW048]")
    assert told["data"].endswith(" [DW117]")
    assert not told["configuration"].endswith("]")
    assert run(["doctor", "--store", "driftwatch.db", "--monitor", "churn", "--json"]) == 1
    for finding in json.loads(capsys.readouterr().out):
        assert (finding["code"] in codes()) is finding["problem"]


def remarked() -> DriftReport:
    """A window with most of what a report remarks."""
    now = datetime(2026, 1, 2, tzinfo=UTC)
    with Monitor(TRAIN, name="churn", window="6h", slide="1h", clock=lambda: now) as monitor:
        rows = {"age": RNG.normal(41, 11, 60), "new": [1] * 60}
        monitor.observe_many(rows, at=now - timedelta(minutes=5))
        monitor.observe_many(rows, at=now + timedelta(days=300))
        return monitor.check()


def test_remarks_of_a_report_have_codes_in_every_form() -> None:
    report = remarked()
    found = [remark.code for remark in report.remarks]
    assert set(found) == {"DW110", "DW105", "DW106", "DW101"}
    assert report.to_dict()["remarks"] == [remark.to_dict() for remark in report.remarks]
    again = DriftReport.from_dict(report.to_dict())
    assert again.remarks == report.remarks
    headline, *others = report.summary().splitlines()
    assert headline.endswith(" [DW110]")
    assert any("'plan' is gone" in line and line.endswith("[DW105]") for line in others)
    assert any(line.endswith("undecided: age [DW101]") for line in others)
    for form in ("text", "json", "markdown", "html", "junit", "github"):
        shown = render(report, form)
        for code in ("DW110", "DW105"):
            assert code in shown, form


def test_a_report_without_remarks_has_no_code() -> None:
    report = Monitor(TRAIN).check(TRAIN)
    assert report.remarks == ()
    for form in ("text", "markdown", "html", "junit", "github"):
        assert "[DW" not in render(report, form).replace("\\[", "[")


def test_nothing_to_compare_says_so_with_its_code() -> None:
    report = Monitor({"age": [1.0, 2.0, 3.0]}).check({"age": np.array([], dtype=float)})
    assert report.summary().splitlines()[0].endswith(" [DW100]")
    assert report.remarks[0].code == "DW100"
    partly = replace(Monitor(TRAIN).check(TRAIN), global_status=Status.UNDECIDED)
    assert [remark.code for remark in partly.remarks] == ["DW100"]
