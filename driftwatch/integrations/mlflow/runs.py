"""Which run it is: one that is active, a new one, or the one of a monitor's stream.

Runs that are made here are finished at once, and what is logged later is added to them: MLflow
takes it, and no run says for ever that it is running.
"""

from __future__ import annotations

from typing import Any

from driftwatch.integrations.mlflow.connecting import MLflowError
from driftwatch.integrations.mlflow.naming import key_of
from driftwatch.integrations.mlflow.tags import shortened

__all__ = ["active_run", "experiment_of", "new_run", "run_of"]

_EXPERIMENT = "driftwatch"
_KEY = "driftwatch.stream"
"""Tag of the run of a monitor's stream, and of no other."""
_MOST_OF_NAME = 200


def active_run(client: Any, /) -> str | None:
    """Id of the run that the caller has begun at the server of the client; None without one."""
    import mlflow

    run = mlflow.active_run()
    here, there = (str(uri).rstrip("/") for uri in (client.tracking_uri, mlflow.get_tracking_uri()))
    return str(run.info.run_id) if run is not None and here == there else None


def experiment_of(client: Any, /) -> str:
    """Id of our experiment, which is made if it is not there; one request if it is.

    Raises:
        MLflowError: If somebody has deleted it.
    """
    found = client.get_experiment_by_name(_EXPERIMENT)
    if found is None:
        try:
            return str(client.create_experiment(_EXPERIMENT))
        except Exception as error:
            if getattr(error, "error_code", None) != "RESOURCE_ALREADY_EXISTS":
                raise
            found = client.get_experiment_by_name(_EXPERIMENT)  # another process was quicker
    if found.lifecycle_stage != "active":
        raise MLflowError(
            f"the experiment {_EXPERIMENT!r} is deleted: restore it (mlflow experiments restore "
            f"--experiment-id {found.experiment_id}), or name a run"
        )
    return str(found.experiment_id)


def new_run(client: Any, experiment: str, name: str, /, **tags: str) -> str:
    """Id of a new run, which is finished; three requests (setting its end would print its address).

    Args:
        client: Of the server.
        experiment: Id of the experiment.
        name: What it is about.
        **tags: Beginning with ``driftwatch.``, which is not given.
    """
    named = {f"driftwatch.{key}": shortened(value) for key, value in tags.items()}
    title = shortened(f"driftwatch {name}")[:_MOST_OF_NAME]
    run = str(client.create_run(experiment, tags=named, run_name=title).info.run_id)
    client.update_run(run, status="FINISHED")
    return run


def run_of(client: Any, experiment: str, monitor: str, /) -> str:
    """Id of the run of a monitor's stream: the oldest, or a new one.

    Processes that make one at the same time agree on it when they ask again, so that it is asked
    for each report; what another made remains, with at most the first report in it. One request if
    there is a run, and five if there is none.
    """
    found = _oldest(client, experiment, monitor)
    if found is not None:
        return found
    made = new_run(client, experiment, monitor, monitor=monitor, stream=key_of(monitor))
    return _oldest(client, experiment, monitor) or made


def _oldest(client: Any, experiment: str, monitor: str) -> str | None:
    runs = client.search_runs(
        [experiment],
        f"tags.`{_KEY}` = '{key_of(monitor)}'",
        max_results=1,
        order_by=["attributes.start_time ASC", "attributes.run_id ASC"],
    )
    return str(runs[0].info.run_id) if runs else None
