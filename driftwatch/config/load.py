"""``driftwatch.toml``: its monitors and its service, every key checked."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from pydantic import Field

from driftwatch.config.monitors import MonitorConfig
from driftwatch.config.places import StorePlace
from driftwatch.config.service import ServiceConfig
from driftwatch.config.table import Table
from driftwatch.errors import ConfigError, did_you_mean

__all__ = ["Config", "load_config"]


_DEFAULT = "driftwatch.toml"


class Config(Table):
    """A whole file.

    Attributes:
        store: Path of the SQLite file of every monitor that names none.
        monitors: By name.
        service: The collector.
    """

    store: StorePlace | None = None
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
            raise ConfigError(
                f"say which monitor with --monitor; configured: {known}", code="DW005"
            )
        name = name if name is not None else next(iter(self.monitors))
        if name not in self.monitors:
            raise ConfigError(
                f"no monitor {name!r}{did_you_mean(name, self.monitors)}; configured: {known}",
                code="DW005",
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
    data = _read(file)
    if file.name == "pyproject.toml":
        tools = data.get("tool", {})
        data = tools.get("driftwatch", {}) if isinstance(tools, dict) else {}
    if not isinstance(data, dict):
        raise ConfigError(f"{file}: tool.driftwatch must be a table", code="DW004")
    try:
        return Config.model_validate({**data, "folder": file.parent})
    except ConfigError as error:
        problem, code = str(error), error.code
    raise ConfigError(f"{file}: {problem}", code=code)


def _read(file: Path) -> Any:
    """The file's content; what cannot be read is said without it."""
    try:
        return tomllib.loads(file.read_text("utf-8"))
    except OSError as error:
        problem = f"cannot read {file}: {error.strerror or type(error).__name__}"
    except UnicodeDecodeError as error:
        problem = f"{file} is no TOML: byte {error.start} is not UTF-8"
    except RecursionError:
        problem = f"{file} is no TOML: it is nested too deep"
    except tomllib.TOMLDecodeError as error:
        problem = f"{file} is no TOML: {str(error).splitlines()[0]}"
    except ValueError:  # a number of thousands of digits
        problem = f"{file} is no TOML that can be read: a value is too long"
    raise ConfigError(problem, code="DW003")


def _found() -> Path:
    for name in (_DEFAULT, "pyproject.toml"):
        if Path(name).is_file():
            return Path(name)
    raise ConfigError(
        f"no {_DEFAULT} in this folder; name one with --config, or write one with "
        "`driftwatch init`",
        code="DW003",
    )
