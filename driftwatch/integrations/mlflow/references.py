"""References that travel with the versions of a model."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from driftwatch.core.profiles.profile import Profile
from driftwatch.core.profiles.reference import Reference
from driftwatch.errors import ConfigError
from driftwatch.integrations.mlflow.connecting import client_of, told
from driftwatch.integrations.mlflow.registry import resolved
from driftwatch.integrations.mlflow.runs import FOLDER, new_run

if TYPE_CHECKING:
    from driftwatch.monitor import Monitor

__all__ = ["load_reference", "log_reference"]

_REFERENCE = "reference.dwp"


def log_reference(
    reference: Monitor | Reference | Profile,
    model_version: str,
    *,
    tracking_uri: str | None = None,
) -> str:
    """Keep a reference with a model version, so that it is there wherever the model goes.

    The profile becomes an artefact of the run that made the version (a new run, if none did), and
    tags of the version say where it is, and its content id.

    Args:
        reference: The reference, or a monitor that has it.
        model_version: ``models:/NAME@ALIAS`` or ``models:/NAME/VERSION``.
        tracking_uri: The tracking server.

    Returns:
        Content id of the reference.

    Raises:
        ConfigError: If the model version is not named like that.
        MissingDependencyError: If MLflow is not installed.
        MLflowError: If it cannot be kept now.
    """
    kept = _reference_of(reference)
    client = client_of(tracking_uri)
    with told("the reference was not kept"), tempfile.TemporaryDirectory() as folder:
        version = resolved(client, model_version)
        run = version.run_id or new_run(client, version.name)
        file = Path(folder) / _REFERENCE
        file.write_bytes(kept.profile.to_bytes())
        client.log_artifact(run, str(file), FOLDER)
        tags = {
            "driftwatch.reference": f"runs:/{run}/{FOLDER}/{_REFERENCE}",
            "driftwatch.reference_id": kept.id,
        }
        for name, value in tags.items():
            client.set_model_version_tag(version.name, version.version, name, value)
    return kept.id


def load_reference(
    model_version: str, *, tracking_uri: str | None = None, hash_key: bytes | None = None
) -> Profile:
    """Get the reference that `log_reference` kept with a model version.

    Args:
        model_version: ``models:/NAME@ALIAS`` or ``models:/NAME/VERSION``.
        tracking_uri: The tracking server.
        hash_key: Key for the tokens of columns whose values must not be readable.

    Returns:
        The profile, for ``Monitor(reference_data=...)``.

    Raises:
        ConfigError: If the model version is not named like that, or has no reference.
        MissingDependencyError: If MLflow is not installed.
        MLflowError: If it cannot be had now.
        ProfileFormatError: If it is damaged.
    """
    from driftwatch.core.data.privacy import ValueGuard

    client = client_of(tracking_uri)
    with told("the reference cannot be had"), tempfile.TemporaryDirectory() as folder:
        version = resolved(client, model_version)
        place = version.tags.get("driftwatch.reference", "")
        found = re.fullmatch(r"runs:/([0-9a-f]+)/(.+)", place)
        if found is None:
            raise ConfigError(
                f"{model_version} has no reference: keep one with it by log_reference(...)"
            )
        run, path = found.groups()
        body = Path(client.download_artifacts(run, path, folder)).read_bytes()
    guard = ValueGuard() if hash_key is None else ValueGuard(hash_key)
    return Profile.from_bytes(body, guard=guard)


def _reference_of(given: Monitor | Reference | Profile) -> Reference:
    if isinstance(given, Profile):
        return Reference(given)
    return given if isinstance(given, Reference) else given.reference
