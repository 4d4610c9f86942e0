"""``driftwatch.toml`` -> monitors: every key checked, every error names its key."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from driftwatch.core.privacy import hash_key
from driftwatch.core.windows import WindowSpec
from driftwatch.durations import parse_duration, parse_length
from driftwatch.errors import ConfigError, did_you_mean
from driftwatch.kafka_config import KafkaConfig

if TYPE_CHECKING:
    from driftwatch.core.drift.budget import AlarmBudget
    from driftwatch.monitor import Monitor

__all__ = ["Config", "MonitorConfig", "ServiceConfig", "load_config"]

_DEFAULT = "driftwatch.toml"
_LONGEST = timedelta(days=3660)
_HOST = re.compile(r"\*|(\*\.)?[^*\s]+")


def _readable(read: Callable[[str], object]) -> BeforeValidator:
    """Text that something can read, and that is no time beyond all use."""

    def check(value: object) -> object:
        found = read(str(value))
        if isinstance(found, timedelta) and found > _LONGEST:
            raise ConfigError(f"at most {_LONGEST.days}d can be waited for; got {value!r}")
        return value

    return BeforeValidator(check)


def _lateness(text: str) -> object:
    return timedelta(seconds=WindowSpec.of("1h", lateness=text).lateness)


def _hash(text: str) -> str:
    if not re.fullmatch("[0-9a-f]{64}", text):  # not shown: it may be the token itself
        raise ConfigError("64 hexadecimal digits are needed, as `driftwatch token` prints them")
    return text


def _some(scopes: list[str]) -> list[str]:
    if not scopes:
        raise ConfigError("a token without scopes allows nothing; name ingest, read or admin")
    return scopes


def _host(text: str) -> str:
    if not _HOST.fullmatch(text):
        raise ConfigError(
            f"a host is named like drift.example.com, *.example.com or *; got {text!r}"
        )
    return text


_Duration = Annotated[str, _readable(parse_duration)]
_Length = Annotated[str, _readable(parse_length)]
_Scope = Literal["ingest", "read", "admin"]


class MonitorConfig(BaseModel):
    """One ``[monitors.NAME]``; the keys are the arguments of `Monitor`.

    Attributes:
        reference: Paths of the reference data, or of a profile of it. Without it the
            reference that the store says is in use.
        store: Path of the SQLite file, or address of a collector.
        spool: Folder in which deliveries to a collector wait.
        every: How often to look for something to evaluate.
        time: Name of the column of event times.
        id: Names of columns of identifiers.
        label: Names of columns of labels.
        kafka: What `driftwatch worker` reads.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    reference: str | list[str] | None = None
    store: str | None = None
    spool: str | None = None
    features: list[str] | None = None
    time: str | None = None
    id: list[str] = Field(default_factory=list)
    label: list[str] = Field(default_factory=list)
    prediction: str | None = None
    score: str | None = None
    thresholds: dict[str, float | list[float]] | None = None
    policy: Literal["default", "classic"] = "default"
    false_alarms: str | None = None
    window: _Length = "24h"
    slide: _Length | None = "1h"
    lateness: Annotated[str, _readable(_lateness)] | None = None
    compare: Literal["frozen", "sliding", "seasonal"] = "frozen"
    pane: _Length | None = None
    multivariate: bool | list[str] = False
    flush_every: _Duration = "10s"
    every: _Duration = "1m"
    kafka: KafkaConfig | None = None

    @classmethod
    def model_validate(cls, obj: Any, **how: Any) -> Self:
        """Check the keys of one monitor.

        Raises:
            ConfigError: If a key is unknown or its value wrong.
        """
        try:
            return super().model_validate(obj, **how)
        except ValidationError as error:
            raise ConfigError(_explained(error, cls)) from error

    @model_validator(mode="after")
    def _goes_together(self) -> Self:
        self.rules()
        taken: dict[str, str] = {}
        for name, role in self._named():
            if taken.setdefault(name, role) != role:
                raise ConfigError(f"column {name!r} is named for {taken[name]} and for {role}")
        return self

    def rules(self) -> tuple[WindowSpec, AlarmBudget | None]:
        """How the stream is cut, and the false alarms it may have.

        Raises:
            ConfigError: If the window, the thresholds or the budget cannot be used.
        """
        from driftwatch.core.drift.budget import AlarmBudget
        from driftwatch.core.drift.policy import Policy

        spec = WindowSpec.of(self.window, self.slide, lateness=self.lateness)
        budget = None
        if self.false_alarms is not None:
            budget = AlarmBudget.of(self.false_alarms, every=spec.slide)
        Policy.of(self.thresholds, policy=self.policy, budget=budget)
        return spec, budget

    def roles(self) -> dict[str, str]:
        """Role of every column that has one."""
        return dict(self._named())

    def _named(self) -> list[tuple[str, str]]:
        """Every column that has a role, with it."""
        named: dict[str, list[str | None]] = {
            "time": [self.time],
            "id": [*self.id],
            "label": [*self.label],
            "prediction": [self.prediction],
            "score": [self.score],
        }
        return [(name, role) for role, names in named.items() for name in names if name]

    def store_in(self, folder: Path, /) -> str | None:
        """Where the store is, for a configuration in a folder: a path or an address."""
        if self.store is None or "://" in self.store:
            return self.store
        return str(folder / self.store)

    def monitor(self, name: str, /, *, folder: Path, source: str | None = None) -> Monitor:
        """Build the monitor.

        Args:
            name: Its name.
            folder: What relative paths are relative to.
            source: Name of this process among those that feed it.

        Raises:
            ConfigError: If a value is not usable, or there is no reference.
            DataError: If the reference cannot be read.
            StoreError: If the store cannot be opened.
        """
        from driftwatch.monitor import Monitor
        from driftwatch.stores import open_receiver

        spool = None if self.spool is None else folder / self.spool
        store = open_receiver(self.store_in(folder), spool=spool)
        try:
            return Monitor(
                self._reference(name, store, folder),
                features=self.features,
                thresholds=self.thresholds,
                policy=self.policy,
                false_alarms=self.false_alarms,
                every=self.slide or self.window,
                pane=self.pane,
                multivariate=self.multivariate,
                roles=self.roles(),
                hash_key=hash_key(),
                name=name,
                window=self.window,
                slide=self.slide,
                lateness=self.lateness,
                compare=self.compare,
                store=store,
                source=source,
                flush_every=self.flush_every,
            )
        except BaseException:
            store.close()
            raise

    def _reference(self, name: str, store: Any, folder: Path) -> Any:
        if self.reference is not None:
            paths = [self.reference] if isinstance(self.reference, str) else self.reference
            return [str(folder / path) for path in paths]
        used = store.reference_in_use(name, None)
        body = store.reference(name, used) if used is not None else None
        if body is None:
            raise ConfigError(
                f'monitor {name!r} has no reference: name its data (reference = "train.parquet" '
                "in the configuration, --ref on the command line), or add one to its store "
                "(driftwatch reference add)"
            )
        return body


class TokenConfig(BaseModel):
    """One ``[[service.tokens]]``, as `driftwatch token` prints it.

    Attributes:
        name: In logs.
        scopes: ``ingest``, ``read``, ``admin``.
        sha256: Hash of the token.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    scopes: Annotated[list[_Scope], AfterValidator(_some)]
    sha256: Annotated[str, AfterValidator(_hash)]


class ServiceConfig(BaseModel):
    """``[service]``: the collector.

    Attributes:
        host: Address to listen on.
        port: Port to listen on.
        tokens: What may be done by whom; everything by everybody without any.
        allowed_hosts: Names under which it may be asked for, besides the loopback's.
        requests_per_minute: For each token, or each address where there are no tokens.
        body_bytes: Bytes of a request, at most; 8 MiB if not given.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    host: str = "127.0.0.1"
    port: int = Field(default=8765, ge=0, le=65_535)
    tokens: list[TokenConfig] = Field(default_factory=list)
    allowed_hosts: list[Annotated[str, AfterValidator(_host)]] = Field(default_factory=list)
    requests_per_minute: int = Field(default=6_000, ge=1)
    body_bytes: int | None = Field(default=None, ge=1_024, le=1 << 30)


class Config(BaseModel):
    """A whole file.

    Attributes:
        store: Path of the SQLite file of every monitor that names none.
        monitors: By name.
        service: The collector.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

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
        found = self.monitors[name]
        if found.store is None and self.store is not None:
            found = found.model_copy(update={"store": self.store})
        return name, found


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
        raise ConfigError(f"{file}: {_explained(error, Config)}") from error


def _found() -> Path:
    for name in (_DEFAULT, "pyproject.toml"):
        if Path(name).is_file():
            return Path(name)
    raise ConfigError(f"no {_DEFAULT} in this folder; name one with --config")


def _explained(error: ValidationError, model: type[BaseModel], /) -> str:
    """The first thing that is wrong, by its key."""
    found = error.errors(include_url=False)
    # A key with a slip of the pen is also a key that is missing; the slip is what to show.
    first = next((each for each in found if each["type"] == "extra_forbidden"), found[0])
    key, kind = ".".join(str(part) for part in first["loc"]), first["type"]
    if kind == "extra_forbidden":
        known = [name for name in _owner(model, first["loc"]).model_fields if name != "folder"]
        near = did_you_mean(str(first["loc"][-1]), known)
        return f"unknown key {key}{near}; known: {', '.join(known)}"
    if kind == "missing":
        return f"{key} is missing"
    if kind == "value_error":
        return f"{key}: {first['ctx']['error']}".removeprefix(": ")
    said = f"{key}: {first['msg'].lower()}; got {first['input']!r}"
    return said + _near(first["input"], first.get("ctx", {}).get("expected", ""))


def _owner(model: type[BaseModel], place: Iterable[int | str]) -> type[BaseModel]:
    """The table that a key is in."""
    part, *inside = place
    if "kafka" in (part, *inside[:-1]):
        return KafkaConfig
    if model is not Config:
        return model
    if part == "service" and inside:
        return TokenConfig if "tokens" in inside[:-1] else ServiceConfig
    return MonitorConfig if inside else Config


def _near(given: object, expected: str) -> str:
    return did_you_mean(str(given), re.findall("'([^']+)'", expected))
