"""References that travel with the versions of a model."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING

from driftwatch.core.profiles.profile import Profile
from driftwatch.core.profiles.reference import Reference
from driftwatch.errors import ConfigError, ProfileFormatError
from driftwatch.integrations.mlflow.connecting import reached, told
from driftwatch.integrations.mlflow.naming import tag_of
from driftwatch.integrations.mlflow.registry import parsed, resolved
from driftwatch.integrations.mlflow.runs import experiment_of, new_run

if TYPE_CHECKING:
    from driftwatch.monitor import Monitor

__all__ = ["load_reference", "log_reference"]

_FOLDER = "driftwatch/references"
_PLACE = re.compile(rf"runs:/([\w\-]+)/({_FOLDER}/[0-9a-f]+-([0-9a-f]{{32}})\.dwp)", re.ASCII)
_TAG = re.compile(r"driftwatch\.(?:(.+)\.)?reference", re.DOTALL)


def log_reference(
    reference: Monitor | Reference | Profile,
    model_version: str,
    *,
    monitor: str | None = None,
    tracking_uri: str | None = None,
) -> str:
    """Keep a reference with a model version, so that it is there wherever the model goes.

    The profile becomes an artefact of the run that made the version (a new run, if none did),
    named by its content id and a hash of its bytes. The tag ``driftwatch.reference`` of the version
    says where it is, ``driftwatch.reference_id`` is its content id; for a monitor with a name they
    are ``driftwatch.NAME.reference`` and ``driftwatch.NAME.reference_id``. A version has one
    reference a monitor: another one takes its place.

    Args:
        reference: The reference, or a monitor that has it.
        model_version: ``models:/NAME@ALIAS`` or ``models:/NAME/VERSION``.
        monitor: Name of the monitor that it is for; if not given, that of the monitor given.
        tracking_uri: The tracking server.

    Returns:
        Content id of the reference.

    Raises:
        ConfigError: If the model version is not named like that, or the server's address is none.
        MissingDependencyError: If MLflow is not installed.
        MLflowError: If it cannot be kept now.

    Cost: at most seven requests (as MLflow 3.17 makes them); one more where this process has not
    written to the run before, four more to make a run, and one to make the experiment.
    """
    parsed(model_version)
    kept, owner = _reference_of(reference)
    owner = owner if monitor is None else monitor
    body = kept.profile.to_bytes()
    name = f"{kept.id}-{_hash(body)}.dwp"
    client = reached(tracking_uri)
    with told("the reference was not kept"), tempfile.TemporaryDirectory() as folder:
        version = resolved(client, model_version)
        run = version.run_id or new_run(
            client, experiment_of(client), version.name, model=version.name
        )
        file = Path(folder) / name
        file.write_bytes(body)
        client.log_artifact(run, str(file), _FOLDER)
        tags = {  # the place comes last, and is enough for whoever reads it in between
            tag_of(owner, "reference_id"): kept.id,
            tag_of(owner, "reference"): f"runs:/{run}/{_FOLDER}/{name}",
        }
        for key, value in tags.items():
            client.set_model_version_tag(version.name, version.version, key, value)
    return kept.id


def load_reference(
    model_version: str,
    *,
    monitor: str | None = None,
    tracking_uri: str | None = None,
    hash_key: bytes | None = None,
) -> Profile:
    """Get the reference that `log_reference` kept with a model version.

    Args:
        model_version: ``models:/NAME@ALIAS`` or ``models:/NAME/VERSION``.
        monitor: Name of the monitor that it is for; needed where several monitors have one.
        tracking_uri: The tracking server.
        hash_key: Key of columns whose values must not be readable: the one that the reference was
            made with, or these columns are not comparable. ``DRIFTWATCH_HASH_KEY`` if None.

    Returns:
        The profile, for ``Monitor(reference_data=...)``.

    Raises:
        ConfigError: If the model version is not named like that, has no reference, or has those of
            several monitors; or if the server's address is none.
        MissingDependencyError: If MLflow is not installed.
        MLflowError: If it cannot be had now.
        ProfileFormatError: If its bytes are not those that were kept.

    Cost: at most eight requests (as MLflow 3.17 makes them).
    """
    from driftwatch.profiling.hash_keys import key_for

    parsed(model_version)
    client = reached(tracking_uri)
    with told("the reference cannot be had"), tempfile.TemporaryDirectory() as folder:
        version = resolved(client, model_version)
        run, path, expected = _place(model_version, version.tags, monitor)
        body = Path(client.download_artifacts(run, path, folder)).read_bytes()
    if _hash(body) != expected:
        raise ProfileFormatError(
            f"the reference of {model_version} is not the one that was kept: its bytes have the "
            f"hash {_hash(body)}, and had {expected}; keep it again by log_reference(...)",
            code="DW073",
        )
    return Profile.from_bytes(body, guard=key_for(hash_key).guard, any_key=True)


def _reference_of(given: Monitor | Reference | Profile) -> tuple[Reference, str]:
    """The reference, and the name of the monitor that has it."""
    if isinstance(given, Profile):
        return Reference(given), "default"
    return (given, "default") if isinstance(given, Reference) else (given.reference, given.name)


def _place(
    model_version: str, tags: Mapping[str, str], monitor: str | None
) -> tuple[str, str, str]:
    """Run, path and hash of the reference that the tags of a version name.

    Raises:
        ConfigError: If they name none, or several.
    """
    found = {match[0]: match[1] for match in map(_TAG.fullmatch, tags) if match is not None}
    if monitor is not None:
        found = {key: name for key, name in found.items() if key == tag_of(monitor, "reference")}
    if not found:
        whose = "" if monitor is None else f" of the monitor {monitor!r}"
        raise ConfigError(
            f"{model_version} has no reference{whose}: keep one with it by log_reference(...)",
            code="DW073",
        )
    if len(found) > 1:
        names = ", ".join(sorted(name or "default" for name in found.values()))
        raise ConfigError(
            f"{model_version} has references of several monitors ({names}): say which is meant by "
            "load_reference(..., monitor=NAME)",
            code="DW073",
        )
    (key,) = found
    place = _PLACE.fullmatch(tags[key])
    if place is None:
        raise ConfigError(
            f"the tag {key} of {model_version} is none that log_reference writes: keep the "
            "reference again by log_reference(...)",
            code="DW073",
        )
    return place[1], place[2], place[3]


def _hash(body: bytes) -> str:
    return blake2b(body, digest_size=16).hexdigest()
