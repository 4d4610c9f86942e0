"""Reports as metrics, artefacts and inputs of a run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from hashlib import blake2b
from typing import Any

from driftwatch.core.reports.report import DriftReport
from driftwatch.integrations.mlflow.connecting import client_of, told
from driftwatch.integrations.mlflow.registry import resolved
from driftwatch.integrations.mlflow.runs import FOLDER, active_run, new_run
from driftwatch.integrations.mlflow.tags import end_of, status_tags
from driftwatch.render.html import to_html

__all__ = ["log_report"]

_MOST_METRICS = 1_000
_DIGEST = 36


def log_report(
    report: DriftReport,
    run_id: str | None = None,
    model_version: str | None = None,
    *,
    tracking_uri: str | None = None,
) -> str:
    """Log a report to a run: metrics, JSON and HTML as artefacts, the data as an input.

    Metrics are ``drift.share``, ``drift.features``, ``drift.status`` (0: OK to 3: CRITICAL) and
    for each feature ``drift.TEST.FEATURE`` of the test that decides; of the model ``model.METRIC``.
    Their step is the end of the window in minutes since 1970, so that windows line up; characters
    that MLflow does not allow in names become ``_``. Logging a report twice changes nothing but
    that each value stands there twice.

    Args:
        report: The report.
        run_id: The run; if not given, the active run, or else a new one.
        model_version: ``models:/NAME@ALIAS`` or ``models:/NAME/VERSION``: metrics are linked to
            its logged model.
        tracking_uri: The tracking server.

    Returns:
        Id of the run.

    Raises:
        ConfigError: If the model version is not named like that.
        MissingDependencyError: If MLflow is not installed.
        MLflowError: If it cannot be logged now.

    Cost: five requests and one for every thousand features.
    """
    client = client_of(tracking_uri)
    with told("the report was not logged"):
        version = None if model_version is None else resolved(client, model_version)
        run = run_id or active_run() or new_run(client, report.monitor)
        _log_metrics(client, run, report, None if version is None else version.model_id)
        stem = f"{FOLDER}/{_stamp(report)}"
        client.log_text(run, report.to_json(indent=True), f"{stem}.json")
        client.log_text(run, to_html(report), f"{stem}.html")
        client.log_inputs(run, datasets=_inputs(report))
        for name, value in status_tags(report).items():
            client.set_tag(run, name, value)
        if version is not None:
            client.set_tag(run, "driftwatch.model_version", f"{version.name}/{version.version}")
    return run


def _log_metrics(client: Any, run: str, report: DriftReport, model_id: str | None) -> None:
    from mlflow.entities import Metric

    millis = int(end_of(report).timestamp() * 1000)
    step = millis // 60_000
    metrics = [
        Metric(name, value, millis, step, model_id=model_id) for name, value in _metrics(report)
    ]
    for first in range(0, len(metrics), _MOST_METRICS):
        client.log_batch(run, metrics=metrics[first : first + _MOST_METRICS])


def _metrics(report: DriftReport) -> Iterator[tuple[str, float]]:
    ranks = {"INSUFFICIENT_DATA": -1, "OK": 0, "UNDECIDED": 1, "WARNING": 2, "CRITICAL": 3}
    yield "drift.status", float(ranks[report.global_status.value])
    yield "drift.features", float(len(report.drifted_features))
    yield "drift.rows", float(report.rows_current)
    if report.dataset.share_drifted is not None:
        yield "drift.share", report.dataset.share_drifted
    for feature in report.features:
        result = feature.primary
        if result is not None and result.statistic is not None:
            yield f"drift.{result.method}.{_name(feature.name)}", result.statistic
    for metric in () if report.performance is None else report.performance.values():
        if metric.production is not None:
            yield f"model.{_name(metric.name)}", metric.production


def _name(name: str) -> str:
    """A name as MLflow allows it, still one of its own where characters had to go."""
    shown = re.sub(r"[^\w\-. ]", "_", name, flags=re.ASCII)[:150].strip(". ")
    if shown == name:
        return name
    return f"{shown}_{blake2b(name.encode('utf-8', 'replace'), digest_size=4).hexdigest()}"


def _stamp(report: DriftReport) -> str:
    return f"{end_of(report):%Y-%m-%dT%H-%M-%SZ}"


def _inputs(report: DriftReport) -> list[Any]:
    """Both sides as datasets of MLflow; their digest is the content hash."""
    import json

    from mlflow.entities import Dataset, DatasetInput, InputTag

    sides = {
        "reference": (report.reference_data_hash, report.rows_reference),
        "production": (report.production_data_hash, report.rows_current),
    }
    return [
        DatasetInput(
            Dataset(
                name=f"driftwatch {side}",
                digest=digest[:_DIGEST] or "empty",
                source_type="driftwatch",
                source=json.dumps({"monitor": report.monitor, "content_hash": digest}),
                profile=json.dumps({"num_rows": rows}),
            ),
            [InputTag("mlflow.data.context", side)],
        )
        for side, (digest, rows) in sides.items()
    ]
