"""``driftwatch.toml``: its monitors and its service, every key checked."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
)

from driftwatch.config.explain import explained
from driftwatch.config.monitors import MonitorConfig
from driftwatch.config.service import ServiceConfig
from driftwatch.errors import ConfigError, did_you_mean

__all__ = ["Config", "load_config"]


_DEFAULT = "driftwatch.toml"


class Config(BaseModel):
    """A whole file.

    Attributes:
        store: Path of the SQLite file of every monitor that names none.
        monitors: By name.
        service: The collector.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    store: str | None = None
    monitors: dict[str, MonitorConfig] = Field(default_factory=dict)
    service: ServiceConfig = Field(default_factory=ServiceConfig)
    folder: Path = Field(default=Path(), exclude=True)

    def one(self, name: str | None, /) -> tuple[str, MonitorConfig]:
        """The monitor of a name, or the only one.

        Raises:
            ConfigError: If there is none, or several and no name was given.
        """
        known = ", ".join(self.monitors) or "none"
        if name is None and len(self.monitors) != 1:
            raise ConfigError(f"say which monitor with --monitor; configured: {known}")
        name = name if name is not None else next(iter(self.monitors))
        if name not in self.monitors:
            raise ConfigError(
                f"no monitor {name!r}{did_you_mean(name, self.monitors)}; configured: {known}"
            )
        settings = self.monitors[name]
        if settings.store is None and self.store is not None:
            settings = settings.model_copy(update={"store": self.store})
        return name, settings


def load_config(path: str | Path | None = None, /) -> Config:
    """Read ``driftwatch.toml``, or ``[tool.driftwatch]`` of a ``pyproject.toml``.

    Args:
        path: The file; ``driftwatch.toml`` or ``pyproject.toml`` of the current folder if not
            given.

    Raises:
        ConfigError: If there is none, it is no TOML, or a key is unknown or its value wrong.
    """
    file = Path(path) if path is not None else _found()
    try:
        data: Any = tomllib.loads(file.read_text("utf-8"))
    except OSError as error:
        raise ConfigError(f"cannot read {file}: {error.strerror or error}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ConfigError(f"{file} is no TOML: {error}") from error
    if file.name == "pyproject.toml":
        tools = data.get("tool", {})
        data = tools.get("driftwatch", {}) if isinstance(tools, dict) else {}
    if not isinstance(data, dict):
        raise ConfigError(f"{file}: tool.driftwatch must be a table; got {data!r}")
    try:
        return Config.model_validate({**data, "folder": file.parent})
    except ValidationError as error:
        raise ConfigError(f"{file}: {explained(error, Config)}") from error


def _found() -> Path:
    for name in (_DEFAULT, "pyproject.toml"):
        if Path(name).is_file():
            return Path(name)
    raise ConfigError(f"no {_DEFAULT} in this folder; name one with --config")
