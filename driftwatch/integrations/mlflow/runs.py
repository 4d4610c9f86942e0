"""Which run it is: one that is named, one that is active, or one of our own."""

from __future__ import annotations

from typing import Any

from driftwatch.integrations.mlflow.tags import MOST_TAG

__all__ = ["FOLDER", "active_run", "new_run", "run_of"]

FOLDER = "driftwatch"
"""Of our artefacts in a run."""
_EXPERIMENT = "driftwatch"


def active_run() -> str | None:
    """Id of the run that the caller has begun; None if there is none."""
    import mlflow

    run = mlflow.active_run()
    return None if run is None else str(run.info.run_id)


def _experiment(client: Any) -> str:
    found = client.get_experiment_by_name(_EXPERIMENT)
    return str(found.experiment_id if found is not None else client.create_experiment(_EXPERIMENT))


def new_run(client: Any, monitor: str, /) -> str:
    """Id of a new run of a monitor in our experiment."""
    tags = {"driftwatch.monitor": monitor[:MOST_TAG]}
    run = client.create_run(_experiment(client), tags=tags, run_name=f"driftwatch {monitor}"[:200])
    return str(run.info.run_id)


def run_of(client: Any, monitor: str) -> str:
    """The run of a monitor in our experiment: the oldest, so that processes agree; or a new one."""
    experiment = _experiment(client)
    quoted = monitor[:MOST_TAG].replace("'", "")
    runs = client.search_runs(
        [experiment],
        f"tags.`driftwatch.monitor` = '{quoted}'",
        max_results=1,
        order_by=["attributes.start_time ASC"],
    )
    return str(runs[0].info.run_id) if runs else new_run(client, monitor.replace("'", ""))
