"""Reports, references and tags in MLflow: a real server over HTTP, a SQLite store, one away."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from driftwatch import Monitor
from driftwatch.errors import ConfigError
from driftwatch.integrations.mlflow import (
    MLflowError,
    MLflowSink,
    load_reference,
    log_reference,
    log_report,
    model_version_of,
    tag_model_version,
)
from tests.waiting import until

pytest.importorskip("mlflow", reason="mlflow is not installed: pip install -e '.[dev,heavy]'")
pytest.importorskip("sqlalchemy", reason="the whole of mlflow is needed, not mlflow-skinny")
pytestmark = pytest.mark.filterwarnings("ignore")  # mlflow's own, of the libraries it uses


def _data(shift: float = 0.0, rows: int = 3_000) -> dict[str, Any]:
    rng = np.random.default_rng(int(shift * 10) + 1)
    return {"age": rng.normal(40 + shift, 9, rows), "a/b:c é": rng.normal(shift, 1, rows)}


@pytest.fixture(scope="module")
def monitor() -> Monitor:
    return Monitor(_data(), name="churn's")


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


@pytest.fixture(scope="module")
def sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("mlflow")
    before = os.environ.get("MLFLOW_DISABLE_TELEMETRY")
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
    here = Path.cwd()
    os.chdir(folder)  # artefacts of a local store go beside it
    yield f"sqlite:///{folder / 'mlflow.db'}"
    os.chdir(here)
    if before is None:
        del os.environ["MLFLOW_DISABLE_TELEMETRY"]


def _registered(uri: str) -> Any:
    """A registered model with an alias, made by a run, as MLflow's users have it."""
    from mlflow import MlflowClient

    client = MlflowClient(tracking_uri=uri)
    run = client.create_run("0")
    try:
        client.create_registered_model("churn")
    except Exception:  # noqa: BLE001 - it is there
        return client
    client.create_model_version("churn", f"runs:/{run.info.run_id}/model", run.info.run_id)
    client.set_registered_model_alias("churn", "champion", "1")
    return client


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
    assert data.tags["driftwatch.model_version"] == "churn/1"
    names = {Path(file.path).suffix for file in client.list_artifacts(run, "driftwatch")}
    assert names == {".json", ".html"}
    inputs = {each.dataset.name: each.dataset for each in client.get_run(run).inputs.dataset_inputs}
    assert inputs["driftwatch production"].digest == report.production_data_hash[:36]
    again = log_report(report, run, tracking_uri=uri)
    assert again == run

    kept = log_reference(monitor, "models:/churn/1", tracking_uri=uri)
    profile = load_reference("models:/churn@champion", tracking_uri=uri)
    same = Monitor(profile, name="churn's").check(_data(9.0))
    assert same.feature_drift()["age"].tests["ks"].statistic == ages.tests["ks"].statistic
    assert same.reference_data_hash == report.reference_data_hash
    tag_model_version(report, "models:/churn@champion", tracking_uri=uri)
    version = model_version_of("models:/churn@champion", tracking_uri=uri)
    assert version.tags["driftwatch.status"] == "CRITICAL"
    assert version.tags["driftwatch.reference_id"] == kept
    with pytest.raises(MLflowError):
        model_version_of("models:/churn@nobody", tracking_uri=uri)


def test_reports_references_and_tags_in_a_local_store(sqlite: str, monitor: Monitor) -> None:
    _everything(sqlite, monitor)


def test_an_active_run_is_used(sqlite: str, monitor: Monitor) -> None:
    import mlflow

    mlflow.set_tracking_uri(sqlite)
    with mlflow.start_run() as run:
        assert log_report(monitor.check(_data())) == run.info.run_id


def test_a_model_version_without_a_reference_says_what_to_do(sqlite: str) -> None:
    client = _registered(sqlite)
    run = client.create_run("0")
    made = client.create_model_version("churn", f"runs:/{run.info.run_id}/m", run.info.run_id)
    with pytest.raises(ConfigError, match="log_reference"):
        load_reference(f"models:/churn/{made.version}", tracking_uri=sqlite)


@pytest.mark.parametrize(
    "wrong", ["churn", "models:/churn", "models:/a@b@c", "models:/churn/x", ""]
)
def test_model_versions_that_are_none_are_refused(wrong: str) -> None:
    with pytest.raises(ConfigError, match="models:/churn@champion"):
        MLflowSink(wrong)


def test_a_server_that_is_away_is_told_of_at_once_and_without_its_address(
    monitor: Monitor,
) -> None:
    from driftwatch.core.windows.evaluation_record import Result

    sink = MLflowSink(tracking_uri=f"http://u:canary@127.0.0.1:{_free_port()}")
    with pytest.raises(MLflowError, match="away") as caught:
        sink.emit(Result(monitor.check(_data()), None, 1))
    assert "canary" not in str(caught.value)


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
        history = client.get_metric_history(runs[0].info.run_id, "drift.status")
        assert len({metric.step for metric in history}) == told >= 5
    finally:
        _stop(server)
