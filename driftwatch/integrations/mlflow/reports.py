"""Reports as metrics, tags, artefacts and inputs of a run."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC
from typing import Any

from driftwatch.core.reports.report import DriftReport
from driftwatch.errors import DriftWatchError
from driftwatch.integrations.mlflow.connecting import check_health, client_of, told
from driftwatch.integrations.mlflow.naming import folder_of, metric_prefix, safe_name
from driftwatch.integrations.mlflow.registry import (
    ModelVersion,
    parsed,
    resolved,
    tag_version,
    with_version,
)
from driftwatch.integrations.mlflow.runs import active_run, experiment_of, new_run
from driftwatch.integrations.mlflow.tags import end_of, status_tags
from driftwatch.render.html import to_html

__all__ = ["MLflowDestination", "log_report", "write_report"]

_DIGEST = 36
_MOST_OF_METHOD, _MOST_OF_FEATURE = 30, 120
"""Characters; with what is added no name is longer than the 250 that MLflow allows."""


def log_report(
    report: DriftReport,
    run_id: str | None = None,
    model_version: str | None = None,
    *,
    tracking_uri: str | None = None,
) -> str:
    """Log a report to a run: metrics, JSON and HTML as artefacts, the data as an input.

    Metrics are ``drift.status`` (0: OK to 3: CRITICAL; -1: INSUFFICIENT_DATA), ``drift.features``,
    ``drift.rows``, ``drift.share`` and for each feature ``drift.TEST.FEATURE`` of the test that
    decides; of the model ``model.METRIC``. Those of a monitor with a name begin with it, as in
    ``churn/drift.share``, and its artefacts are in a folder of that name, so that several monitors
    fit into a run. Characters that MLflow does not allow in names become ``_``. Steps are the end
    of the window in seconds since 1970, so that windows line up. A report that is logged to a run
    again replaces itself.

    Args:
        report: The report.
        run_id: The run; if not given, the active run of this process where it is at the same
            server, or else a new one, which is finished.
        model_version: ``models:/NAME@ALIAS`` or ``models:/NAME/VERSION``: metrics are linked to
            its logged model, and a report without a version of its own gets it, as ``NAME/3``.
        tracking_uri: The tracking server.

    Returns:
        Id of the run.

    Raises:
        ConfigError: If the model version is not named like that, or the server's address is none.
        MissingDependencyError: If MLflow is not installed.
        MLflowError: If it cannot be logged now.

    Cost: at most five requests (as MLflow 3.17 makes them), and one for every further thousand
    features; one more with a model version, one more where this process has not written to the run
    before, four more to make the run, and one to make the experiment.
    """
    destination = MLflowDestination(run_id, model_version, tracking_uri=tracking_uri)
    return destination.log(report, tag=False)


class MLflowDestination:
    """Where reports are logged to, checked before there is a report; asks nothing of the server.

    Args:
        run_id: The run; if not given, as for `log_report`.
        model_version: ``models:/NAME@ALIAS`` or ``models:/NAME/VERSION``, to link metrics to.
        tracking_uri: The tracking server.

    Raises:
        ConfigError: If the model version is not named like that, or the server's address is none.
        MissingDependencyError: If MLflow is not installed.
        MLflowError: If a local store cannot be opened.
    """

    def __init__(
        self,
        run_id: str | None = None,
        model_version: str | None = None,
        *,
        tracking_uri: str | None = None,
    ) -> None:
        if model_version is not None:
            parsed(model_version)
        self._run_id = run_id
        self._model_version = model_version
        self._client = client_of(tracking_uri)
        self._asked = False
        self._version: ModelVersion | None = None
        self._problem: DriftWatchError | None = None

    def with_version(self, report: DriftReport, /) -> DriftReport:
        """The report with the model version as it is now, such as ``churn/3``.

        Only where it has none of its own, and the registry can be asked. Never raises: what went
        wrong is raised by `log`, when the report has been shown.
        """
        if self._model_version is None:
            return report
        self._asked, self._problem = True, None
        try:
            check_health(self._client)
            self._version = resolved(self._client, self._model_version)
        except DriftWatchError as error:
            self._version, self._problem = None, error
        return with_version(report, self._version)

    def log(self, report: DriftReport, /, *, tag: bool = True) -> str:
        """Log a report, and tag the model version with its status.

        The version is what `with_version` found, where that was asked.

        Args:
            report: The report.
            tag: Whether the model version, if there is one, is tagged.

        Returns:
            Id of the run.

        Raises:
            MissingDependencyError: If a library is missing that the server's artefacts need.
            MLflowError: If it cannot be logged now.
        """
        client = self._client
        if not self._asked:
            self.with_version(report)
        self._asked = False  # of the next report the alias may mean another version
        if self._problem is not None:
            raise self._problem
        version = self._version
        if self._model_version is None:
            check_health(client)
        with told("the report was not logged"):
            run = self._run_id or active_run(client)
            if run is None:
                run = new_run(client, experiment_of(client), report.monitor, monitor=report.monitor)
            write_report(client, run, report, version)
        if version is not None and tag:
            with told("the model version was not tagged"):
                tag_version(client, version, report)
        return run


def write_report(
    client: Any,
    run: str,
    report: DriftReport,
    version: ModelVersion | None,
    /,
    *,
    production: bool = True,
) -> None:
    """Write a report to a run; raises what MLflow raises.

    Args:
        client: Of the server.
        run: Id of the run.
        report: The report.
        version: Of the model that metrics are linked to, and that the report is of where it has
            no version of its own.
        production: Whether the production data are an input of the run, besides the reference. A
            run of thousands of windows would become slow with each: MLflow reads all inputs of a
            run whenever it is asked for one.
    """
    from mlflow.entities import Metric, RunTag

    report = with_version(report, version)
    stem = f"{folder_of(report.monitor)}/{_stamp(report)}"
    client.log_text(run, report.to_json(indent=True), f"{stem}.json")
    client.log_text(run, to_html(report), f"{stem}.html")
    _log_inputs(client, run, _inputs(report, production=production))
    millis, step = int(report.created_at.timestamp() * 1000), int(end_of(report).timestamp())
    model = None if version is None else version.model_id
    metrics = [Metric(name, value, millis, step, model_id=model) for name, value in _named(report)]
    tags = status_tags(report)
    if version is not None:
        tags["driftwatch.model_version"] = f"{version.name}/{version.version}"
    # MLflow cuts this into requests of a thousand; errors are wanted here, and not in a thread.
    client.log_batch(
        run, metrics, tags=[RunTag(name, value) for name, value in tags.items()], synchronous=True
    )


def _log_inputs(client: Any, run: str, inputs: list[Any]) -> None:
    """Add datasets to a run, which servers refuse while another process adds the same ones."""
    try:
        client.log_inputs(run, datasets=inputs)
    except Exception as error:
        if getattr(error, "error_code", None) != "BAD_REQUEST":
            raise
        client.log_inputs(run, datasets=inputs)  # they are there now, and found


def _named(report: DriftReport) -> Iterator[tuple[str, float]]:
    """Each metric by its name in the run."""
    prefix = metric_prefix(report.monitor)
    for name, value in _metrics(report):
        yield f"{prefix}{name}", value


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
            method = safe_name(result.method, _MOST_OF_METHOD)
            yield f"drift.{method}.{safe_name(feature.name, _MOST_OF_FEATURE)}", result.statistic
    for metric in () if report.performance is None else report.performance.values():
        if metric.production is not None:
            yield f"model.{safe_name(metric.name, _MOST_OF_FEATURE)}", metric.production


def _stamp(report: DriftReport) -> str:
    """End of the window as a file's name; microseconds tell checks of one second apart."""
    return end_of(report).astimezone(UTC).isoformat().replace("+00:00", "Z").replace(":", "-")


def _inputs(report: DriftReport, *, production: bool) -> list[Any]:
    """The sides as datasets of MLflow; their digest is the content hash."""
    from mlflow.entities import Dataset, DatasetInput, InputTag

    sides = {"reference": (report.reference_data_hash, report.rows_reference)}
    if production:
        sides["production"] = (report.production_data_hash, report.rows_current)
    return [
        DatasetInput(
            Dataset(
                name=f"driftwatch {metric_prefix(report.monitor)}{side}",
                digest=digest[:_DIGEST] or "empty",
                source_type="driftwatch",
                source=json.dumps({"monitor": report.monitor, "content_hash": digest}),
                profile=json.dumps({"num_rows": rows}),
            ),
            [InputTag("mlflow.data.context", side)],
        )
        for side, (digest, rows) in sides.items()
    ]
