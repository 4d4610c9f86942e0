"""Versions of registered models: what an alias means, and what is written on them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from driftwatch.core.reports.report import DriftReport
from driftwatch.errors import ConfigError
from driftwatch.integrations.mlflow.connecting import client_of, told
from driftwatch.integrations.mlflow.tags import status_tags

__all__ = ["ModelVersion", "model_version_of", "parsed", "resolved", "tag_model_version"]

_URI = re.compile(r"models:/([^/@]+)(?:/(\d+)|@([^/@]+))")


@dataclass(frozen=True, slots=True)
class ModelVersion:
    """A version of a registered model.

    Attributes:
        name: Of the model.
        version: Its number, as text.
        run_id: The run that made it; None if it has none.
        model_id: The logged model that it is; None if it has none.
        tags: Its tags.
    """

    name: str
    version: str
    run_id: str | None
    model_id: str | None
    tags: Mapping[str, str]


def tag_model_version(
    report: DriftReport, model_version: str, *, tracking_uri: str | None = None
) -> None:
    """Write the drift status on a model version, and on its logged model.

    MLflow's webhooks for ``model_version_tag.set`` fire then. Tags are ``driftwatch.status``,
    ``driftwatch.drifted``, ``driftwatch.window_end``.

    Args:
        report: The report.
        model_version: ``models:/NAME@ALIAS`` or ``models:/NAME/VERSION``.
        tracking_uri: The tracking server.

    Raises:
        ConfigError: If the model version is not named like that.
        MissingDependencyError: If MLflow is not installed.
        MLflowError: If it cannot be done now.
    """
    client = client_of(tracking_uri)
    with told("the model version was not tagged"):
        version = resolved(client, model_version)
        tags = status_tags(report)
        for name, value in tags.items():
            client.set_model_version_tag(version.name, version.version, name, value)
        if version.model_id is not None:
            client.set_logged_model_tags(version.model_id, tags)


def model_version_of(model_version: str, *, tracking_uri: str | None = None) -> ModelVersion:
    """Ask the registry what an alias means now.

    Args:
        model_version: ``models:/NAME@ALIAS`` or ``models:/NAME/VERSION``.
        tracking_uri: The tracking server.

    Raises:
        ConfigError: If it is not named like that.
        MissingDependencyError: If MLflow is not installed.
        MLflowError: If it cannot be found now.
    """
    client = client_of(tracking_uri)
    with told("the model version cannot be found"):
        return resolved(client, model_version)


def parsed(model_version: str, /) -> tuple[str, str | None, str | None]:
    """Name, version and alias of ``models:/NAME@ALIAS`` or ``models:/NAME/VERSION``.

    Raises:
        ConfigError: If it is neither.
    """
    found = _URI.fullmatch(str(model_version))
    if found is None:
        raise ConfigError(
            "a model version is named like models:/churn@champion or models:/churn/3; got "
            f"{model_version!r}"
        )
    name, version, alias = found.groups()
    return name, version, alias


def resolved(client: Any, model_version: str, /) -> ModelVersion:
    """What the registry has under that name now; raises what MLflow raises."""
    name, version, alias = parsed(model_version)
    if alias is not None:
        got = client.get_model_version_by_alias(name, alias)
    else:
        got = client.get_model_version(name, version)
    run, model = got.run_id or None, getattr(got, "model_id", None) or None
    return ModelVersion(str(got.name), str(got.version), run, model, dict(got.tags))
