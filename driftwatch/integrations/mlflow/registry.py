"""Versions of registered models: what an alias means, and what is written on them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from driftwatch.core.reports.report import DriftReport
from driftwatch.errors import ConfigError, shown
from driftwatch.integrations.mlflow.connecting import reached, told
from driftwatch.integrations.mlflow.tags import status_tags

__all__ = [
    "ModelVersion",
    "model_version_of",
    "parsed",
    "resolved",
    "tag_model_version",
    "tag_version",
    "with_version",
]

_LOGGED = re.compile(r"models:/([^/@]+)")
_MOST_COPIES = 4
_DELETED = {"RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"}
"""What MLflow says of a logged model that is gone, and of one that is in its bin."""
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
    ``driftwatch.drifted``, ``driftwatch.window_end``; of a monitor with a name
    ``driftwatch.NAME.status`` and so on, so that no monitor writes over what another says.

    Args:
        report: The report.
        model_version: ``models:/NAME@ALIAS`` or ``models:/NAME/VERSION``.
        tracking_uri: The tracking server.

    Raises:
        ConfigError: If the model version is not named like that, or the server's address is none.
        MissingDependencyError: If MLflow is not installed.
        MLflowError: If it cannot be done now.

    Cost: at most eight requests (MLflow 3.17 makes two of each tag); two more with a logged model.
    """
    parsed(model_version)
    client = reached(tracking_uri)
    with told("the model version was not tagged"):
        tag_version(client, resolved(client, model_version), report)


def tag_version(client: Any, version: ModelVersion, report: DriftReport, /) -> None:
    """Write the drift status on a version and its logged model; raises what MLflow raises."""
    tags = status_tags(report)
    for name, value in tags.items():
        client.set_model_version_tag(version.name, version.version, name, value)
    if version.model_id is None:
        return
    try:
        client.set_logged_model_tags(version.model_id, tags)
    except Exception as error:
        if getattr(error, "error_code", None) not in _DELETED:
            raise  # there is nothing to tag where it is deleted


def model_version_of(model_version: str, *, tracking_uri: str | None = None) -> ModelVersion:
    """Ask the registry what an alias means now.

    Args:
        model_version: ``models:/NAME@ALIAS`` or ``models:/NAME/VERSION``.
        tracking_uri: The tracking server.

    Raises:
        ConfigError: If it is not named like that, or the server's address is none.
        MissingDependencyError: If MLflow is not installed.
        MLflowError: If it cannot be found now.

    Cost: two requests.
    """
    parsed(model_version)
    client = reached(tracking_uri)
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
            f"{model_version!r}",
            code="DW073",
        )
    name, version, alias = found.groups()
    return name, version, alias


def resolved(client: Any, model_version: str, /) -> ModelVersion:
    """What the registry has under that name now.

    Raises:
        MissingDependencyError: If a library is missing that the registry needs.
        MLflowError: If it has none, or cannot be asked; it names what was asked for.
    """
    name, version, alias = parsed(model_version)
    with told(f"the model version {shown(model_version)} cannot be found"):
        if alias is not None:
            got = client.get_model_version_by_alias(name, alias)
        else:
            got = client.get_model_version(name, version)
        model = _logged_model(client, got)
    return ModelVersion(
        str(got.name), str(got.version), got.run_id or None, model, dict(got.tags or {})
    )


def with_version(report: DriftReport, version: ModelVersion | None, /) -> DriftReport:
    """A report with the version of the model, such as ``churn/3``, where it has none of its own."""
    if version is None or report.model_version is not None:
        return report
    return replace(report, model_version=f"{version.name}/{version.version}")


def _logged_model(client: Any, version: Any) -> str | None:
    """Id of the logged model of a version, which servers tell by its source, of a copy too."""
    for _ in range(_MOST_COPIES):
        source = str(version.source or "")
        found = _LOGGED.fullmatch(source)
        own = getattr(version, "model_id", None) or (None if found is None else found[1])
        if own:
            return str(own)
        copied = _URI.fullmatch(source)
        if copied is None or copied[2] is None:
            return None
        try:
            version = client.get_model_version(copied[1], copied[2])
        except Exception as error:
            if getattr(error, "error_code", None) not in _DELETED:
                raise
            return None  # what it is a copy of is deleted
    return None
