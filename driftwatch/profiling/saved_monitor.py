"""A monitor in a profile file: the reference, and beside it how it is to be judged.

The settings are one more section of the file. Whoever reads profiles reads the reference and passes
over the section, versions that do not know it too. Roles, kinds, rules and words for missing values
are facts of the columns, which the profile has anyway.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np

from driftwatch.core.profiles.codec import decode, encode
from driftwatch.core.profiles.profile import Profile
from driftwatch.core.subject import Subject
from driftwatch.errors import (
    MISREAD,
    ConfigError,
    DataError,
    NotReadableError,
    ProfileFormatError,
)
from driftwatch.process.atomic_files import write_atomically
from driftwatch.profiling.files import find_files
from driftwatch.profiling.rows import located

__all__ = [
    "SETTINGS",
    "ModelFacts",
    "SavedMonitor",
    "given_settings",
    "opened_monitor",
    "save_monitor",
]

SECTION = "monitor"
VERSION = 1
SETTINGS = (
    "name",
    "thresholds",
    "policy",
    "false_alarms",
    "every",
    "cost",
    "window",
    "slide",
    "lateness",
    "compare",
    "flush_every",
    "idle_after",
    "keep_reports",
)
"""Arguments of `driftwatch.Monitor` that are kept as they were given; the others are part of the
profile, or belong to the process: functions, stores, keys, whom to tell."""


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """What was known of the model beside the reference; empty where nothing is.

    Attributes:
        model_version: Its version.
        importances: Weights of the features.
        features: Columns that the caller named; None if all are of interest.
        exclude: Columns that the caller left out.
    """

    model_version: str | None = None
    importances: Mapping[str, float] = field(default_factory=dict)
    features: tuple[str, ...] | None = None
    exclude: tuple[str, ...] = ()

    @classmethod
    def of(cls, subject: Subject, /) -> Self:
        """Those of a monitor."""
        return cls(subject.model_version, subject.importances, subject.features, subject.exclude)

    def to_dict(self) -> dict[str, Any]:
        return {
            "model_version": self.model_version,
            "importances": dict(self.importances),
            "features": None if self.features is None else list(self.features),
            "exclude": list(self.exclude),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], /) -> Self:
        version, features = data["model_version"], data["features"]
        weights = {str(name): float(weight) for name, weight in data["importances"].items()}
        if not all(map(math.isfinite, weights.values())):
            raise ValueError("importances must be finite")
        return cls(
            None if version is None else str(version),
            weights,
            None if features is None else tuple(map(str, features)),
            tuple(map(str, data["exclude"])),
        )


@dataclass(frozen=True, slots=True)
class SavedMonitor:
    """What a file says of a monitor.

    Attributes:
        data: The bytes of the profile.
        settings: Arguments of `driftwatch.Monitor`.
        facts: What was known of the model.
    """

    data: bytes
    settings: Mapping[str, Any]
    facts: ModelFacts

    @classmethod
    def read(cls, path: str | Path, /) -> Self:
        """Read a file that `save_monitor` wrote.

        Raises:
            DataError: If it cannot be read, or is a profile without a monitor.
            NotReadableError: If a newer version wrote it.
            ProfileFormatError: If it is damaged.
        """
        files = find_files(located(path))
        if files.format != "profile" or len(files.paths) != 1:
            raise DataError(f"{path}: a saved monitor is one .dwp file", code="DW049")
        ((_, data),) = files.bodies()
        body = decode(data)[1].get(SECTION)
        if body is None:
            raise DataError(
                f"{path} is a profile without a monitor; give it to Monitor(...) as the reference",
                code="DW049",
            )
        return cls(data, *_settings(body))


def opened_monitor(data: Any, /) -> tuple[Any, ModelFacts]:
    """The reference data, and what is known of the model; nothing unless it is a saved monitor."""
    if isinstance(data, SavedMonitor):
        return data.data, data.facts
    return data, ModelFacts()


def given_settings(arguments: Mapping[str, Any], /) -> dict[str, Any]:
    """The arguments of a monitor that are kept in a file, of all that it was given."""
    return {name: arguments[name] for name in SETTINGS if arguments.get(name) is not None}


def save_monitor(
    path: str | Path, profile: Profile, settings: Mapping[str, Any], facts: ModelFacts, /
) -> None:
    """Write a reference as a profile file, and in it how it is judged.

    Raises:
        ConfigError: If the file would not be found again as a profile.
        DataError: If it cannot be written.
    """
    path = Path(path)
    if path.suffix.lower() != ".dwp":
        raise ConfigError(f"{path}: a profile file ends in .dwp", code="DW014")
    table = {"version": VERSION, "settings": dict(settings), "facts": facts.to_dict()}
    body = json.dumps(table, default=_plain).encode()
    header, sections = decode(profile.to_bytes())
    write_atomically(path, encode(header, {**sections, SECTION: body}))


def _settings(body: bytes) -> tuple[dict[str, Any], ModelFacts]:
    try:
        table = json.loads(body)
        version, settings = table["version"], table["settings"]
        if type(version) is not int or not isinstance(settings, dict):
            raise ValueError("no table of settings")
        unknown = [name for name in settings if name not in SETTINGS]
        if version > VERSION or unknown:
            what = f" ({unknown[0][:40]})" if unknown else ""
            raise NotReadableError.newer(
                f"the monitor was saved by a newer version{what}: upgrade driftwatch to load it; "
                "its reference can be read as a profile"
            )
        return settings, ModelFacts.from_dict(table["facts"])
    except MISREAD as error:
        if isinstance(error, ProfileFormatError):
            raise
        raise ProfileFormatError(f"settings of the saved monitor refused: {error}") from error


def _plain(value: object) -> Any:
    """Numbers of NumPy, and tables of other kinds, as JSON has them."""
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    if isinstance(value, Mapping):
        return dict(value)
    return str(value)
