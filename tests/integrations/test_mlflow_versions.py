"""Which version of a registered model a report is of."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from driftwatch import Monitor
from driftwatch.cli.app import run as command
from driftwatch.core.windows.evaluation_record import Result
from driftwatch.integrations.mlflow import (
    MLflowError,
    MLflowSink,
    load_reference,
    log_report,
    model_version_of,
)

pytest.importorskip("mlflow", reason="mlflow is not installed: pip install -e '.[dev,heavy]'")
pytest.importorskip("sqlalchemy", reason="the whole of mlflow is needed, not mlflow-skinny")
pytestmark = pytest.mark.filterwarnings("ignore")  # mlflow's own, of the libraries it uses

CHAMPION = "models:/churn@champion"


@pytest.fixture
def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A store of MLflow in an empty folder, with a second version that is the champion."""
    import mlflow
    from mlflow import MlflowClient

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DRIFTWATCH_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
    before = os.environ.get("MLFLOW_TRACKING_URI")
    mlflow.set_tracking_uri(f"sqlite:///{tmp_path}/m.db")
    client = MlflowClient()
    client.create_registered_model("churn")
    for _ in range(2):
        version = client.create_model_version("churn", "s3://bucket/model").version
    client.set_registered_model_alias("churn", "champion", version)
    yield client
    mlflow.set_tracking_uri(before)


def sides() -> tuple[dict[str, Any], dict[str, Any]]:
    rng = np.random.default_rng(0)
    return {"age": rng.normal(40, 9, 2_000)}, {"age": rng.normal(60, 9, 2_000)}


def files() -> list[str]:
    for name, side in zip(("ref", "prod"), sides(), strict=True):
        Path(f"{name}.csv").write_text("\n".join(["age", *map(repr, side["age"].tolist())]))
    return ["check", "--ref", "ref.csv", "--prod", "prod.csv", "--format", "json"]


def logged(client: Any, run: str, folder: Path) -> dict[str, Any]:
    """The newest report of a run, as it was logged."""
    (artefacts,) = [each for each in client.list_artifacts(run) if each.is_dir]
    inside = client.list_artifacts(run, artefacts.path)
    inside = [each for one in inside for each in (client.list_artifacts(run, one.path) or [one])]
    (path,) = [each.path for each in inside if each.path.endswith(".json")]
    found = json.loads(Path(client.download_artifacts(run, path, str(folder))).read_text())
    assert isinstance(found, dict)
    return found


def test_a_check_says_which_version_the_alias_is(
    client: Any, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    run = client.create_run("0").info.run_id
    assert command([*files(), "--mlflow-run", run, "--mlflow-model", CHAMPION]) == 1
    assert json.loads(capsys.readouterr().out)["model_version"] == "churn/2"
    assert logged(client, run, tmp_path)["model_version"] == "churn/2"
    assert command(["report", "--format", "json"]) == 1
    assert json.loads(capsys.readouterr().out)["model_version"] == "churn/2"


def test_the_open_window_says_it_too(client: Any, capsys: pytest.CaptureFixture[str]) -> None:
    files()
    Path("driftwatch.toml").write_text(
        '[monitors.live]\nreference = "ref.csv"\nstore = "live.db"\n'
        'window = "2000 rows"\nslide = "1000 rows"\n'
    )
    assert command(["ingest", "prod.csv", "--monitor", "live", "--quiet"]) == 0
    capsys.readouterr()
    asked = ["check", "--monitor", "live", "--format", "json", "--mlflow-model", CHAMPION]
    assert command(asked) == 1
    assert json.loads(capsys.readouterr().out)["model_version"] == "churn/2"


def test_a_registry_that_is_away_or_has_no_such_alias_hides_no_answer(
    client: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    import mlflow

    asked = [*files(), "--mlflow-model"]
    assert command([*asked, "models:/churn@nobody"]) == 1
    out, err = capsys.readouterr()
    assert json.loads(out)["model_version"] is None
    assert err.count("MLflow:") == 1
    assert "the model version 'models:/churn@nobody' cannot be found" in err
    mlflow.set_tracking_uri("http://127.0.0.1:9")
    assert command([*asked, CHAMPION]) == 1
    out, err = capsys.readouterr()
    assert json.loads(out)["global_status"] == "CRITICAL"
    assert err.count("MLflow: the tracking server is away") == 1


def test_a_sink_logs_the_version_where_the_report_has_none(client: Any, tmp_path: Path) -> None:
    reference, production = sides()
    report = Monitor(reference, name="m").check(production)
    assert report.model_version is None
    for own, expected in ((None, "churn/2"), ("v8", "v8")):
        run = client.create_run("0").info.run_id
        sink = MLflowSink(CHAMPION, run_id=run)
        sink.emit(Result(replace(report, model_version=own), None, 1, "m"))
        assert logged(client, run, tmp_path)["model_version"] == expected
        run = log_report(replace(report, model_version=own), run, CHAMPION)
        assert client.get_run(run).data.tags["driftwatch.model_version"] == "churn/2"


def test_what_is_not_there_is_named_by_whatever_asks_for_it(client: Any) -> None:
    reference, production = sides()
    report = Monitor(reference).check(production)
    missing = "models:/churn@nobody"
    for ask in (
        lambda: model_version_of(missing),
        lambda: load_reference(missing),
        lambda: log_report(report, None, missing),
        lambda: MLflowSink(missing).emit(Result(report, None, 1, "m")),
    ):
        with pytest.raises(MLflowError, match=f"the model version '{missing}' cannot be found"):
            ask()
