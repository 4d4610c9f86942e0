"""A sink that logs every report."""

from __future__ import annotations

from driftwatch.core.windows.evaluation_record import Result
from driftwatch.integrations.mlflow.connecting import MLflowError, check_health, client_of, told
from driftwatch.integrations.mlflow.registry import parsed, tag_model_version
from driftwatch.integrations.mlflow.reports import log_report
from driftwatch.integrations.mlflow.runs import run_of

__all__ = ["MLflowSink"]


class MLflowSink:
    """Logs every report of a stream to MLflow; implements `driftwatch.protocols.Sink`.

    All reports of a monitor go to one run, which is found again after a restart. While the server
    is away results wait in the store, and one line of the log says so.

    Args:
        model_version: ``models:/NAME@ALIAS`` to link metrics to, and to tag with the status; the
            alias is looked up for every report.
        run_id: The run; if not given, that of the monitor in the experiment ``driftwatch``.
        tracking_uri: The tracking server.
        name: What the store, logs and `driftwatch doctor` call it.

    Raises:
        ConfigError: If the model version is not named like that.
        MissingDependencyError: If MLflow is not installed.
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
        self._runs: dict[str, str] = {}
        self._client = client_of(tracking_uri)
        self._tracking_uri = tracking_uri

    def __repr__(self) -> str:
        return f"MLflowSink({self._model_version!r})"

    def emit(self, result: Result, /) -> None:
        """Log a report.

        Raises:
            MLflowError: If that cannot be done now.
        """
        if result.report is None:
            return
        check_health(self._client)
        run = self._run_id or self._runs.get(result.monitor)
        if run is None:
            with told("the run cannot be found"):
                run = run_of(self._client, result.monitor)
            self._runs[result.monitor] = run
        try:
            log_report(result.report, run, self._model_version, tracking_uri=self._tracking_uri)
        except MLflowError:
            self._runs.pop(result.monitor, None)  # perhaps somebody has deleted it
            raise
        if self._model_version is not None:
            tag_model_version(result.report, self._model_version, tracking_uri=self._tracking_uri)
