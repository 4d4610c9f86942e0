"""Reports, references and tags in MLflow: a real server over HTTP, a SQLite store, one away."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import trustme

from driftwatch import Monitor
from driftwatch.cli.app import run as command
from driftwatch.core.reports.report import DriftReport
from driftwatch.core.windows.evaluation_record import Result
from driftwatch.errors import ConfigError, ProfileFormatError
from driftwatch.integrations.mlflow import (
    MLflowError,
    MLflowSink,
    load_reference,
    log_reference,
    log_report,
    model_version_of,
    tag_model_version,
)
from driftwatch.integrations.mlflow.connecting import check_health, client_of
from tests.http_serving import serving
from tests.waiting import until

pytest.importorskip("mlflow", reason="mlflow is not installed: pip install -e '.[dev,heavy]'")
pytest.importorskip("sqlalchemy", reason="the whole of mlflow is needed, not mlflow-skinny")
pytestmark = pytest.mark.filterwarnings("ignore")  # mlflow's own, of the libraries it uses


def _data(shift: float = 0.0, rows: int = 3_000) -> dict[str, Any]:
    rng = np.random.default_rng(int(shift * 10) + 1)
    return {"age": rng.normal(40 + shift, 9, rows), "a/b:c é": rng.normal(shift, 1, rows)}


@pytest.fixture(scope="module")
def monitor() -> Monitor:
    return Monitor(_data())


def _free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def _server(folder: Path, port: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port)]
    command += ["--backend-store-uri", f"sqlite:///{folder / 'mlflow.db'}", "--workers", "1"]
    command += ["--artifacts-destination", str(folder / "artifacts")]
    process = subprocess.Popen(
        command,
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        env={**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"},
    )

    def is_there() -> bool:
        assert process.poll() is None, "mlflow has ended"
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    until(is_there, seconds=90)
    return process


def _stop(process: subprocess.Popen[bytes]) -> None:
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@contextmanager
def _used(uri: str) -> Iterator[str]:
    """Make a store the one that MLflow uses."""
    import mlflow

    before = os.environ.get("MLFLOW_TRACKING_URI")
    mlflow.set_tracking_uri(uri)
    try:
        yield uri
    finally:
        mlflow.set_tracking_uri(before)


@pytest.fixture(scope="module")
def sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("mlflow")
    before = os.environ.get("MLFLOW_DISABLE_TELEMETRY")
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
    here = Path.cwd()
    os.chdir(folder)  # artefacts of a local store go beside it
    with _used(f"sqlite:///{folder / 'mlflow.db'}") as uri:
        yield uri
    os.chdir(here)
    if before is None:
        del os.environ["MLFLOW_DISABLE_TELEMETRY"]


@contextmanager
def _serving(folder: Path, port: int) -> Iterator[str]:
    process = _server(folder, port)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        _stop(process)


def _version(client: Any, run: str | None = None) -> str:
    """A new version of a registered model, made of a logged model in a run."""
    run = run or client.create_run("0").info.run_id
    model = client.create_logged_model("0", source_run_id=run)
    client.finalize_logged_model(model.model_id, "READY")
    if not client.search_registered_models("name = 'churn'"):
        client.create_registered_model("churn")
    own = model.model_id
    made = client.create_model_version("churn", f"models:/{own}", run, model_id=own)
    return f"models:/churn/{made.version}"


def _registered(uri: str) -> Any:
    """A client of a server with models:/churn@champion."""
    from mlflow import MlflowClient

    client = MlflowClient(tracking_uri=uri)
    client.set_registered_model_alias("churn", "champion", _version(client).rpartition("/")[2])
    return client


def _runs(client: Any, monitor: str | None = None) -> list[Any]:
    """Runs in our experiment, the oldest first."""
    experiment = client.get_experiment_by_name("driftwatch")
    if experiment is None:
        return []
    found = client.search_runs([experiment.experiment_id], order_by=["attributes.start_time ASC"])
    return [r for r in found if monitor in (None, r.data.tags["driftwatch.monitor"])]


def _result(report: DriftReport, monitor: str) -> Result:
    return Result(report, None, 1, monitor)


def _everything(uri: str, monitor: Monitor) -> None:
    client = _registered(uri)
    report = monitor.check(_data(9.0))
    run = log_report(report, model_version="models:/churn@champion", tracking_uri=uri)
    data = client.get_run(run).data
    ages = report.feature_drift()["age"]
    assert ages.primary is not None
    assert data.metrics[f"drift.{ages.primary.method}.age"] == ages.primary.statistic
    assert data.metrics["drift.status"] == 3.0
    assert data.metrics["drift.features"] == 2.0
    assert sum(name.startswith("drift.ks.a_b_c ") for name in data.metrics) == 1
    assert data.tags["driftwatch.status"] == "CRITICAL"
    version = model_version_of("models:/churn@champion", tracking_uri=uri)
    assert data.tags["driftwatch.model_version"] == f"churn/{version.version}"
    names = {Path(file.path).suffix for file in client.list_artifacts(run, "driftwatch")}
    assert names == {".json", ".html"}
    inputs = {each.dataset.name: each.dataset for each in client.get_run(run).inputs.dataset_inputs}
    assert inputs["driftwatch production"].digest == report.production_data_hash[:36]
    assert log_report(report, run, tracking_uri=uri) == run
    assert len(client.get_metric_history(run, "drift.status")) == 1  # it has replaced itself
    assert len(client.list_artifacts(run, "driftwatch")) == 2

    assert version.model_id is not None
    linked = client.get_logged_model(version.model_id)
    assert {metric.key for metric in linked.metrics} == set(data.metrics)
    client.copy_model_version("models:/churn@champion", "promoted")
    copied = model_version_of("models:/promoted/1", tracking_uri=uri)
    assert copied.model_id == version.model_id

    kept = log_reference(
        monitor, version_uri := f"models:/churn/{version.version}", tracking_uri=uri
    )
    profile = load_reference("models:/churn@champion", tracking_uri=uri)
    same = Monitor(profile).check(_data(9.0))
    assert same.feature_drift()["age"].tests["ks"].statistic == ages.tests["ks"].statistic
    assert same.reference_data_hash == report.reference_data_hash
    tag_model_version(report, version_uri, tracking_uri=uri)
    tags = model_version_of("models:/churn@champion", tracking_uri=uri).tags
    assert tags["driftwatch.status"] == "CRITICAL"
    assert tags["driftwatch.reference_id"] == kept
    assert client.get_logged_model(version.model_id).tags["driftwatch.status"] == "CRITICAL"
    client.delete_logged_model(version.model_id)  # what is left is tagged
    tag_model_version(report, version_uri, tracking_uri=uri)
    with pytest.raises(MLflowError):
        model_version_of("models:/churn@nobody", tracking_uri=uri)


def test_reports_references_and_tags_in_a_local_store(sqlite: str, monitor: Monitor) -> None:
    _everything(sqlite, monitor)


def test_an_active_run_is_used_where_it_is_at_the_same_server(
    sqlite: str, monitor: Monitor, tmp_path: Path
) -> None:
    import mlflow

    with mlflow.start_run() as run:
        assert log_report(monitor.check(_data())) == run.info.run_id
        assert log_report(monitor.check(_data()), tracking_uri=sqlite) == run.info.run_id
        elsewhere = log_report(monitor.check(_data()), tracking_uri=f"sqlite:///{tmp_path}/m.db")
        assert elsewhere != run.info.run_id
        assert mlflow.get_run(run.info.run_id).info.status == "RUNNING"  # it is the caller's


def test_references_of_one_run_do_not_replace_each_other(sqlite: str, monitor: Monitor) -> None:
    client = _registered(sqlite)
    run = client.create_run("0").info.run_id
    first, second = _version(client, run), _version(client, run)
    other = Monitor(_data(5.0))
    log_reference(monitor, first, tracking_uri=sqlite)
    log_reference(other, second, tracking_uri=sqlite)
    for version, owner in ((first, monitor), (second, other)):
        loaded = load_reference(version, tracking_uri=sqlite)
        assert loaded.content_hash == owner.reference.profile.content_hash


def test_references_of_monitors_of_one_version_do_not_replace_each_other(sqlite: str) -> None:
    version = _version(_registered(sqlite))
    kept = {
        name: log_reference(Monitor(_data(shift), name=name), version, tracking_uri=sqlite)
        for name, shift in (("a'b", 1.0), ("ab", 2.0))
    }
    for name, content_id in kept.items():
        loaded = load_reference(version, monitor=name, tracking_uri=sqlite)
        assert loaded.content_hash == content_id
    with pytest.raises(ConfigError, match=r"several monitors.*monitor=NAME"):
        load_reference(version, tracking_uri=sqlite)
    with pytest.raises(ConfigError, match="of the monitor 'nobody'"):
        load_reference(version, monitor="nobody", tracking_uri=sqlite)


def test_a_reference_whose_bytes_are_others_is_refused(sqlite: str, monitor: Monitor) -> None:
    client = _registered(sqlite)
    version = _version(client)
    log_reference(monitor, version, tracking_uri=sqlite)
    place = model_version_of(version, tracking_uri=sqlite).tags["driftwatch.reference"]
    run, path = place.removeprefix("runs:/").split("/", 1)
    folder = client.get_run(run).info.artifact_uri.removeprefix("file://")
    sound = Monitor(_data(7.0)).reference.profile.to_bytes()  # a profile, and not the one kept
    (Path(folder) / path).write_bytes(sound)
    with pytest.raises(ProfileFormatError, match="not the one that was kept"):
        load_reference(version, tracking_uri=sqlite)


@pytest.mark.parametrize(
    "place", ["runs:/{run}/driftwatch/reference.dwp", "runs:/{run}/driftwatch/../../x.dwp", "", "x"]
)
def test_a_place_that_we_do_not_write_is_refused(sqlite: str, place: str) -> None:
    client = _registered(sqlite)
    version = _version(client)
    name, number = version.removeprefix("models:/").split("/")
    client.set_model_version_tag(name, number, "driftwatch.reference", place.format(run="a" * 32))
    with pytest.raises(ConfigError, match=r"driftwatch\.reference.*log_reference"):
        load_reference(version, tracking_uri=sqlite)


def test_a_model_version_without_a_reference_says_what_to_do(sqlite: str) -> None:
    version = _version(_registered(sqlite))
    with pytest.raises(ConfigError, match="log_reference"):
        load_reference(version, tracking_uri=sqlite)


def test_a_stream_has_a_run_of_its_own_that_is_finished_and_prints_nothing(
    sqlite: str, monitor: Monitor, capsys: pytest.CaptureFixture[str]
) -> None:
    report = Monitor(_data(), name="stream").check(_data())
    once = log_report(report, tracking_uri=sqlite)
    client = client_of(sqlite)
    for name in ("stream", "stre'am", "stre`am", 'stre"am', "Stream", "stream\\"):
        for _ in range(2):
            MLflowSink(tracking_uri=sqlite).emit(_result(report, name))
        runs = [r for r in _runs(client, name) if r.info.run_id != once]
        assert len(runs) == 1, name
        assert runs[0].info.status == "FINISHED"
        assert runs[0].data.metrics["stream/drift.status"] == 0.0
    assert client.get_run(once).info.status == "FINISHED"
    assert capsys.readouterr().out == ""


def test_replicas_that_made_two_runs_agree_on_the_oldest(sqlite: str, monitor: Monitor) -> None:
    client, report = client_of(sqlite), monitor.check(_data())
    mine, theirs = MLflowSink(tracking_uri=sqlite), MLflowSink(tracking_uri=sqlite)
    mine.emit(_result(report, "replicas"))
    (late,) = _runs(client, "replicas")
    tags = {key: late.data.tags[key] for key in late.data.tags if "mlflow" not in key}
    early = sorted(  # two of the same millisecond, by a replica whose clock is behind
        client.create_run(late.info.experiment_id, start_time=1_000, tags=tags).info.run_id
        for _ in range(2)
    )
    later = monitor.check(_data(1.0))
    for sink in (mine, theirs):
        sink.emit(_result(later, "replicas"))
    production = [
        len(client.list_artifacts(run, "driftwatch")) for run in (*early, late.info.run_id)
    ]
    assert production == [2, 0, 2]


@pytest.mark.slow
def test_replicas_that_begin_at_once_agree(tmp_path: Path, monitor: Monitor) -> None:
    first, second = monitor.check(_data()), monitor.check(_data(1.0))
    with _serving(tmp_path, port := _free_port()) as uri:
        sinks = [MLflowSink(tracking_uri=f"http://127.0.0.1:{port}") for _ in range(6)]
        at_once = threading.Barrier(len(sinks))

        def begin(sink: MLflowSink) -> None:
            at_once.wait(60)
            sink.emit(_result(first, "replicas"))

        with ThreadPoolExecutor(len(sinks)) as pool:
            list(pool.map(begin, sinks))
        for sink in sinks:
            sink.emit(_result(second, "replicas"))
        client = client_of(uri)
        logged = [
            [file.path for file in client.list_artifacts(run.info.run_id, "driftwatch")]
            for run in _runs(client, "replicas")
        ]
    later = f"{second.created_at:%Y-%m-%dT%H-%M-%S.%f}"
    assert sum(any(later in path for path in paths) for paths in logged) == 1


def test_two_monitors_fit_into_one_run_and_one_version(sqlite: str) -> None:
    client = _registered(sqlite)
    version, run = _version(client), client.create_run("0").info.run_id
    reports = {
        name: Monitor(_data(), name=name).check(_data(shift))
        for name, shift in (("eu", 9.0), ("us", 0.0), ("e/u", 0.0))
    }
    for name, report in reports.items():
        MLflowSink(version, run_id=run, tracking_uri=sqlite).emit(_result(report, name))
    data = client.get_run(run).data
    assert data.metrics["eu/drift.status"] == 3.0
    assert data.metrics["us/drift.status"] == 0.0
    assert sum(name.endswith("/drift.status") for name in data.metrics) == 3
    folders = {each.path for each in client.list_artifacts(run, "driftwatch")}
    assert {"driftwatch/eu", "driftwatch/us"} < folders
    assert len(folders) == 3
    for tags in (data.tags, model_version_of(version, tracking_uri=sqlite).tags):
        assert tags["driftwatch.eu.status"] == "CRITICAL"
        assert tags["driftwatch.us.status"] == "OK"
        assert "driftwatch.status" not in tags


def test_checks_of_one_second_do_not_replace_each_other(sqlite: str) -> None:
    now = [datetime(2026, 1, 1, 0, 0, 0, 1, tzinfo=UTC)]
    monitor = Monitor(_data(), clock=lambda: now[0])
    run = log_report(monitor.check(_data()), tracking_uri=sqlite)
    now[0] += timedelta(microseconds=1)
    log_report(monitor.check(_data(1.0)), run, tracking_uri=sqlite)
    assert len(client_of(sqlite).list_artifacts(run, "driftwatch")) == 4


def test_names_are_as_long_as_mlflow_allows(sqlite: str) -> None:
    feature, named = "f/" * 300, "m" * 200  # the longest that a monitor may have
    report = Monitor({feature: _data()["age"]}, name=named).check({feature: _data(9.0)["age"]})
    run = log_report(report, tracking_uri=sqlite)
    assert sum("/drift.ks." in name for name in client_of(sqlite).get_run(run).data.metrics) == 1


def test_metrics_are_logged_by_this_thread_whatever_mlflow_is_told(
    sqlite: str, monitor: Monitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_ENABLE_ASYNC_LOGGING", "true")
    before = set(threading.enumerate())
    log_report(monitor.check(_data()), tracking_uri=sqlite)
    assert set(threading.enumerate()) == before


def test_an_experiment_that_is_deleted_is_told_of(tmp_path: Path, monitor: Monitor) -> None:
    client = client_of(uri := f"sqlite:///{tmp_path}/m.db")
    client.delete_experiment(client.create_experiment("driftwatch"))
    with pytest.raises(MLflowError, match="mlflow experiments restore --experiment-id"):
        log_report(monitor.check(_data()), tracking_uri=uri)


@pytest.mark.parametrize(
    "wrong", ["churn", "models:/churn", "models:/a@b@c", "models:/churn/x", ""]
)
def test_model_versions_that_are_none_are_refused(wrong: str) -> None:
    with pytest.raises(ConfigError, match="models:/churn@champion"):
        MLflowSink(wrong)


@pytest.mark.parametrize("wrong", ["foo://canary", "http://", "http://[canary", "http://h:canary"])
def test_addresses_that_are_none_are_refused_at_once_and_not_shown(wrong: str) -> None:
    with pytest.raises(ConfigError, match="MLFLOW_TRACKING_URI") as caught:
        MLflowSink(tracking_uri=wrong)
    assert "canary" not in str(caught.value)


def test_a_server_that_is_away_is_told_of_at_once_and_without_its_address(
    monitor: Monitor,
) -> None:
    uri, report = f"http://u:canary@127.0.0.1:{_free_port()}", monitor.check(_data())
    calls: list[Callable[[], object]] = [
        lambda: MLflowSink(tracking_uri=uri).emit(_result(report, "away")),
        lambda: log_report(report, tracking_uri=uri),
        lambda: log_reference(monitor, "models:/churn/1", tracking_uri=uri),
        lambda: load_reference("models:/churn/1", tracking_uri=uri),
        lambda: tag_model_version(report, "models:/churn/1", tracking_uri=uri),
        lambda: model_version_of("models:/churn/1", tracking_uri=uri),
    ]
    for call in calls:
        with pytest.raises(MLflowError, match="away") as caught:
            call()
        assert "canary" not in str(caught.value)


class _Healthy(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


def test_a_server_with_the_certificate_that_mlflow_is_told_of_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ca = trustme.CA()
    ca.cert_pem.write_to_path(tmp_path / "ca.pem")
    with serving(_Healthy, "localhost", ca=ca) as server:
        client = client_of(f"https://localhost:{server.server_port}")
        with pytest.raises(MLflowError, match="away"):
            check_health(client)
        monkeypatch.setenv("MLFLOW_TRACKING_SERVER_CERT_PATH", str(tmp_path / "ca.pem"))
        check_health(client)


class _Counting(BaseHTTPRequestHandler):
    """Hands every request on to a server, and counts it."""

    protocol_version = "HTTP/1.1"

    def _hand_on(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        there = http.client.HTTPConnection("127.0.0.1", self.server.port)  # type: ignore[attr-defined]
        self.server.seen += 1  # type: ignore[attr-defined]
        there.request(self.command, self.path, body, dict(self.headers))
        answer = there.getresponse()
        content = answer.read()
        there.close()
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.headers["Content-Type"])
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PUT = do_PATCH = _hand_on  # noqa: N815 - names of http.server

    def log_message(self, *_: Any) -> None:
        pass


@pytest.mark.slow
def test_requests_are_as_many_as_docstrings_say(tmp_path: Path, monitor: Monitor) -> None:
    port, report = _free_port(), monitor.check(_data(9.0))
    with _serving(tmp_path, port), serving(_Counting) as server:
        server.port, server.seen = port, 0
        uri = f"http://127.0.0.1:{server.server_port}"
        client = _registered(uri)
        plain = client.create_model_version("churn", "s3://bucket/model").version
        alias, foreign = "models:/churn@champion", client.create_run("0").info.run_id
        run = [foreign]
        sink, tagging = MLflowSink(tracking_uri=uri), MLflowSink(alias, tracking_uri=uri)
        calls: list[tuple[int, Callable[[], object]]] = [
            (11, lambda: run.append(log_report(report, tracking_uri=uri))),  # and the experiment
            (10, lambda: log_report(report, tracking_uri=uri)),
            (5, lambda: log_report(report, run[1], tracking_uri=uri)),
            (6, lambda: log_report(report, foreign, tracking_uri=uri)),
            (6, lambda: log_report(report, foreign, alias, tracking_uri=uri)),
            (10, lambda: tag_model_version(report, alias, tracking_uri=uri)),
            (8, lambda: tag_model_version(report, f"models:/churn/{plain}", tracking_uri=uri)),
            (2, lambda: model_version_of(alias, tracking_uri=uri)),
            (8, lambda: log_reference(monitor, alias, tracking_uri=uri)),
            (7, lambda: log_reference(monitor, alias, tracking_uri=uri)),
            (12, lambda: log_reference(monitor, f"models:/churn/{plain}", tracking_uri=uri)),
            (8, lambda: load_reference(alias, tracking_uri=uri)),
            (12, lambda: sink.emit(_result(report, "counted"))),
            (7, lambda: sink.emit(_result(report, "counted"))),
            (16, lambda: tagging.emit(_result(report, "counted"))),
        ]
        for most, call in calls:
            server.seen = 0
            call()
            assert 0 < server.seen <= most


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with two sides of files, and MLflow's store in it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DRIFTWATCH_STATE", str(tmp_path / "state"))
    for name, shift in (("ref", 0.0), ("prod", 9.0)):
        ages = _data(shift)["age"].tolist()
        (tmp_path / f"{name}.csv").write_text("\n".join(["age", *map(repr, ages)]), "utf-8")
    with _used(f"sqlite:///{tmp_path}/m.db"):
        yield tmp_path


def test_the_command_logs_a_check_and_tags_the_version(
    files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    client = _registered(os.environ["MLFLOW_TRACKING_URI"])
    asked = ["check", "--ref", "ref.csv", "--prod", "prod.csv", "--format", "json"]
    asked += ["--mlflow-run", "new", "--mlflow-model", "models:/churn@champion"]
    assert command(asked) == 1
    out, err = capsys.readouterr()
    assert json.loads(out)["global_status"] == "CRITICAL"
    (run,) = _runs(client)
    assert f"logged to the run {run.info.run_id}" in err
    version = model_version_of("models:/churn@champion")
    assert version.tags["driftwatch.status"] == "CRITICAL"
    assert command([*asked, "--quiet"]) == 1
    assert "logged" not in capsys.readouterr().err


def test_the_answer_is_there_where_mlflow_is_not(
    files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["check", "--ref", "ref.csv", "--prod", "prod.csv", "--mlflow-run", "new"]
    with _used(f"http://127.0.0.1:{_free_port()}"):
        assert command([*asked, "--format", "json"]) == 1
    out, err = capsys.readouterr()
    assert json.loads(out)["global_status"] == "CRITICAL"
    assert "driftwatch: MLflow: the tracking server is away" in err


def test_the_command_logs_the_open_window_of_a_monitor(files: Path) -> None:
    client = _registered(os.environ["MLFLOW_TRACKING_URI"])
    (files / "driftwatch.toml").write_text(
        '[monitors.live]\nreference = "ref.csv"\nstore = "live.db"\n'
        'window = "2000 rows"\nslide = "1000 rows"\n'
    )
    assert command(["ingest", "prod.csv", "--monitor", "live", "--quiet"]) == 0
    run = client.create_run("0").info.run_id
    asked = ["check", "--monitor", "live", "--mlflow-run", run]
    assert command([*asked, "--mlflow-model", "models:/churn@champion"]) == 1
    assert client.get_run(run).data.metrics["live/drift.status"] == 3.0
    assert model_version_of("models:/churn@champion").tags["driftwatch.live.status"] == "CRITICAL"


@pytest.mark.parametrize(
    ("options", "uri", "message"),
    [
        (["--mlflow-model", "churn"], "", "models:/churn@champion"),
        (["--mlflow-run", ""], "", "--mlflow-run is empty"),
        (["--mlflow-run", "new"], "foo://canary", "MLFLOW_TRACKING_URI"),
    ],
)
def test_what_is_wrong_with_mlflow_is_said_before_the_work(
    files: Path,
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    uri: str,
    message: str,
) -> None:
    import mlflow

    if uri:
        mlflow.set_tracking_uri(uri)
    for sides in (["--ref", "none.csv", "--prod", "none.csv"], ["--store", "none.db"]):
        assert command(["check", *sides, *options]) == 2
        out, err = capsys.readouterr()
        assert (out, err.count(message)) == ("", 1)
        assert "canary" not in err


def test_that_mlflow_is_not_installed_is_said_before_the_work(files: Path) -> None:
    code = (
        "import sys; sys.modules['mlflow'] = None; from driftwatch.cli.app import run; "
        "sys.exit(run(['check', '--ref', 'none', '--prod', 'none', '--mlflow-run', 'new']))"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], check=False, capture_output=True, text=True
    )
    assert ended.returncode == 2
    assert "MLflow is not installed" in ended.stderr


@pytest.mark.slow
def test_a_real_server_that_goes_away_and_comes_back(tmp_path: Path, monitor: Monitor) -> None:
    from mlflow import MlflowClient

    port = _free_port()
    uri = f"http://127.0.0.1:{port}"
    server = _server(tmp_path, port)
    try:
        _everything(uri, monitor)
        now = [datetime(2026, 1, 1, tzinfo=UTC)]
        sink = MLflowSink("models:/churn@champion", tracking_uri=uri)
        stream = Monitor(
            _data(), name="stream", window="1h", slide="1h", clock=lambda: now[0], sinks=[sink]
        )
        told = 0
        with stream:
            for hour in range(6):
                if hour == 2:
                    _stop(server)
                if hour == 4:
                    server = _server(tmp_path, port)
                now[0] += timedelta(hours=1)
                stream.observe_many(_data(rows=500), at=now[0] - timedelta(minutes=1))
                result = stream.evaluate()
                told += result is not None and result.report is not None
                if hour not in (2, 3):
                    assert stream.evaluator.sinks.finish(30) or hour == 4
            now[0] += timedelta(hours=1)  # whatever pause there was is over
            assert stream.evaluator.sinks.finish(60)
        client = MlflowClient(tracking_uri=uri)
        experiment = client.get_experiment_by_name("driftwatch")
        runs = client.search_runs(
            [experiment.experiment_id], "tags.`driftwatch.monitor` = 'stream'"
        )
        assert len(runs) == 1
        history = client.get_metric_history(runs[0].info.run_id, "stream/drift.status")
        assert len({metric.step for metric in history}) == told >= 5
    finally:
        _stop(server)
