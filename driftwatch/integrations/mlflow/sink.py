"""A sink that logs every report."""

from __future__ import annotations

from driftwatch.core.windows.evaluation_record import Result
from driftwatch.integrations.mlflow.connecting import check_health, client_of, told
from driftwatch.integrations.mlflow.registry import parsed, resolved, tag_version
from driftwatch.integrations.mlflow.reports import write_report
from driftwatch.integrations.mlflow.runs import experiment_of, run_of

__all__ = ["MLflowSink"]


class MLflowSink:
    """Logs every report of a stream to MLflow; implements `driftwatch.protocols.Sink`.

    All reports of a monitor go to one run, which is found again after a restart; replicas that make
    one at the same time agree on the oldest from their next report on. The run is finished from the
    beginning, and what is logged later is added to it; its inputs are the references alone, since
    a run of thousands of inputs becomes slow. While the server is away results wait in the store,
    and one line of the log says so.

    Args:
        model_version: ``models:/NAME@ALIAS`` to link metrics to, and to tag with the status; the
            alias is looked up for every report, and one without a version of its own gets it.
        run_id: The run; if not given, that of the monitor in the experiment ``driftwatch``.
        tracking_uri: The tracking server.
        name: What the store, logs and `driftwatch doctor` call it.

    Raises:
        ConfigError: If the model version is not named like that, or the server's address is none.
        MissingDependencyError: If MLflow is not installed.
        MLflowError: If a local store cannot be opened.
    """

    def __init__(
        self,
        model_version: str | None = None,
        *,
        run_id: str | None = None,
        tracking_uri: str | None = None,
        name: str = "mlflow",
    ) -> None:
        self.name = name
        if model_version is not None:
            parsed(model_version)
        self._model_version = model_version
        self._run_id = run_id
        self._client = client_of(tracking_uri)

    def __repr__(self) -> str:
        return f"MLflowSink({self._model_version!r})"

    def emit(self, result: Result, /) -> None:
        """Log a report.

        Raises:
            MissingDependencyError: If a library is missing that the server's artefacts need.
            MLflowError: If that cannot be done now.

        Cost: at most seven requests (as MLflow 3.17 makes them), and one for every further
        thousand features; with a model version seven more, and nine with a logged model. The
        first report of a process to a run needs one more, and four more to make the run, and one
        to make the experiment.
        """
        if result.report is None:
            return
        client = self._client
        check_health(client)
        with told("the run cannot be found"):
            run = self._run_id or run_of(client, experiment_of(client), result.monitor)
        with told("the report was not logged"):
            version = None if self._model_version is None else resolved(client, self._model_version)
            write_report(client, run, result.report, version, production=False)
        if version is not None:
            with told("the model version was not tagged"):
                tag_version(client, version, result.report)
