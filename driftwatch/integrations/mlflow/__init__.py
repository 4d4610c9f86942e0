"""MLflow: reports as runs, references that travel with model versions, status as tags.

Needs MLflow 3 (``pip install 'driftwatch-sketch[mlflow]'``); the tracking server is that of
``MLFLOW_TRACKING_URI``, or of ``mlflow.set_tracking_uri``, unless one is named.
"""

from __future__ import annotations

from driftwatch.integrations.mlflow.connecting import MLflowError
from driftwatch.integrations.mlflow.references import load_reference, log_reference
from driftwatch.integrations.mlflow.registry import (
    ModelVersion,
    model_version_of,
    tag_model_version,
)
from driftwatch.integrations.mlflow.reports import MLflowDestination, log_report
from driftwatch.integrations.mlflow.sink import MLflowSink

__all__ = [
    "MLflowDestination",
    "MLflowError",
    "MLflowSink",
    "ModelVersion",
    "load_reference",
    "log_reference",
    "log_report",
    "model_version_of",
    "tag_model_version",
]
