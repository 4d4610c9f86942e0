"""``[monitors.NAME.kafka]``: which topics a worker reads, and what their messages hold."""

from __future__ import annotations

import re
from collections.abc import Callable
from ipaddress import ip_address
from typing import Literal, Self, TypeVar
from urllib.parse import urlsplit

from pydantic import Field, StrictInt, StrictStr, field_validator, model_validator

from driftwatch.config.table import Table
from driftwatch.errors import ConfigError
from driftwatch.ingest.json_paths import JsonPath
from driftwatch.ingest.payloads import MOST_ROWS, Shape
from driftwatch.transport.urls import checked_url

__all__ = ["PASSWORD", "PATHS", "REGISTRY_PASSWORD", "KafkaConfig"]

PASSWORD = "DRIFTWATCH_KAFKA_PASSWORD"  # noqa: S105 - the name of a variable
"""The environment's variable with the password of SASL; it stands in no file."""

REGISTRY_PASSWORD = "DRIFTWATCH_REGISTRY_PASSWORD"  # noqa: S105 - likewise
"""The environment's variable with the password of the schema registry."""

_LABEL = "[A-Za-z0-9_-]{1,63}"
_BROKER = re.compile(
    rf"(?:\[[0-9A-Fa-f:.]+\]|{_LABEL}(?:\.{_LABEL}){{0,126}}\.?)(?::([0-9]{{1,5}}))?"
)
T = TypeVar("T")
R = TypeVar("R")

PATHS = ("features", "prediction", "score", "label", "id", "model_version")
"""Settings that say where something stands in a message; `at` may, too."""


class KafkaConfig(Table):
    """What a worker reads, and how.

    Attributes:
        bootstrap: Addresses of brokers, ``host:port``, with commas between them.
        topics: Topics to read.
        group: Consumer group, whose workers share the partitions; ``driftwatch-`` and the
            monitor's name if not given.
        start: Where to begin a partition that was never read: ``"earliest"``, what the topic
            still has, or ``"latest"``, what comes from now on. The latter is said of partitions
            that were there when reading of the topic began: one that is added later is begun at
            its first message.
        format: What messages are written in. Avro and Protobuf are framed as Confluent's
            serializers do it, and need a registry.
        registry: Address of the schema registry, ``https://host:port``; ``http`` only on this
            machine.
        registry_user: Who logs in there; the password is in ``DRIFTWATCH_REGISTRY_PASSWORD``.
        registry_ca_file: Certificates to trust there, PEM; the system's if not given.
        features: Where the features stand in a message: an object, a list of them, or another shape
            of `payload`. `driftwatch.ingest.json_paths` says how paths are written:
            ``$.inputs``, ``data.rows[*].features``.
        payload: What stands there, of `driftwatch.ingest.payloads.Shape`: ``"auto"`` looks;
            messages of another shape than the one that is named are not used, and counted.
        prediction: Where the prediction stands, as the next four.
        score: The model's score.
        score_class: Which score is meant, where there is one for each class: its place, or the name
            of the class. The positive class of the monitor's, if it has one, otherwise.
        label: The true outcome.
        id: What identifies the record.
        model_version: The model's.
        at: Event time: ``"record"``, the time of Kafka's record; ``"header:NAME"``; or a path.
        message_bytes: Longer messages are not read, and counted.
        message_rows: Messages of more rows are not used, and counted.
        dead_letters: Topic for messages that cannot be read, with the reason in headers.
        security: How to talk to the brokers.
        ca_file: Certificates to trust, PEM; the system's if not given.
        cert_file: The worker's own certificate, PEM.
        key_file: Its key, PEM.
        sasl_mechanism: How to log in.
        username: Who logs in; the password is in ``DRIFTWATCH_KAFKA_PASSWORD``.
        instance: Name of this worker that outlives a restart, so that it gets its partitions
            back without a rebalance.
        session_seconds: A worker that is silent for so long is taken for dead.
        stalled_seconds: A worker of which a partition gets nowhere for so long, with messages to
            read, connects anew; if that does not help, less and less often.
    """

    bootstrap: str
    topics: list[str] = Field(min_length=1)
    group: str | None = None
    start: Literal["earliest", "latest"] = "earliest"
    format: Literal["json", "avro", "protobuf"] = "json"
    registry: str | None = None
    registry_user: str | None = None
    registry_ca_file: str | None = None
    features: str = "$"
    payload: str = "auto"
    prediction: str | None = None
    score: str | None = None
    score_class: StrictInt | StrictStr | None = None
    label: str | None = None
    id: str | None = None
    model_version: str | None = None
    at: str = "record"
    message_bytes: int = Field(default=1 << 20, ge=1)
    message_rows: int = Field(default=MOST_ROWS, ge=1)
    dead_letters: str | None = None
    security: Literal["plaintext", "ssl", "sasl_plaintext", "sasl_ssl"] = "plaintext"
    ca_file: str | None = None
    cert_file: str | None = None
    key_file: str | None = None
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] | None = None
    username: str | None = None
    instance: str | None = None
    session_seconds: float = Field(default=45.0, gt=0)
    stalled_seconds: float = Field(default=60.0, gt=0)

    @field_validator("bootstrap")
    @classmethod
    def _are_brokers(cls, text: str) -> str:
        for part in text.split(","):
            if not _is_a_broker(part.strip()):
                raise ValueError(
                    "bootstrap has addresses of brokers as host:port, with commas between them "
                    "(what was written is not shown)"
                )
        return text

    @field_validator(*PATHS)
    @classmethod
    def _is_a_path(cls, text: str | None) -> str | None:
        if text is not None:
            _path(text)
        return text

    @field_validator("at")
    @classmethod
    def _is_a_time(cls, text: str) -> str:
        if text != "record" and not text.startswith("header:"):
            if not text.startswith("$"):
                raise ValueError(f'at is "record", "header:NAME" or a path from $ on; got {text!r}')
            _path(text)
        return text

    @field_validator("payload")
    @classmethod
    def _is_a_shape(cls, text: str) -> str:
        return _said(Shape.of, text).value

    @field_validator("registry")
    @classmethod
    def _is_a_registry(cls, url: str | None) -> str | None:
        return None if url is None else _registry(url)

    @model_validator(mode="after")
    def _has_its_registry(self) -> Self:
        if self.format != "json" and self.registry is None:
            raise ValueError(f"format {self.format} needs registry, the address of its schemas")
        if self.format == "json" and (self.registry or self.registry_user or self.registry_ca_file):
            raise ValueError("a registry is for format avro or protobuf, and format is json")
        if self.registry_user is not None and (not self.registry_user or ":" in self.registry_user):
            raise ValueError("registry_user must be a name without a colon")
        if self.registry_user is not None and not _is_safe_for_passwords(self.registry or ""):
            raise ValueError("a password goes to a registry at https://, or on this machine, only")
        if self.registry_ca_file is not None and not (self.registry or "").startswith("https:"):
            raise ValueError("registry_ca_file is for a registry at https://")
        return self

    @model_validator(mode="after")
    def _goes_together(self) -> Self:
        _said(Shape.of(self.payload).check_path, JsonPath.of(self.features))
        sasl = self.security.startswith("sasl")
        if sasl != (self.sasl_mechanism is not None) or (sasl and self.username is None):
            raise ValueError("security sasl_... needs sasl_mechanism and username, and they it")
        if self.dead_letters in self.topics:
            raise ValueError("dead_letters must be another topic than those that are read")
        return self


def _is_a_broker(text: str) -> bool:
    """Whether a client can make a host and a port of it."""
    found = _BROKER.fullmatch(text)
    if found is None:
        return _is_an_address(text)
    return found[1] is None or 0 < int(found[1]) < 1 << 16


def _is_an_address(text: str) -> bool:
    try:
        return bool(ip_address(text))
    except ValueError:
        return False


def _path(text: str) -> None:
    _said(JsonPath.of, text)


def _said(check: Callable[[T], R], value: T) -> R:
    """What a function makes of a value, with its errors as those of a field."""
    try:
        return check(value)
    except ConfigError as error:
        raise ValueError(str(error)) from error


def _registry(url: str) -> str:
    """An address to which a password may be sent."""
    login = f"give registry_user, and the password in {REGISTRY_PASSWORD}"
    address = checked_url(url, "registry", instead_of_login=login)
    parts = urlsplit(address)
    if parts.query or parts.fragment:
        raise ValueError("registry must end with its path, without ? and #")
    return address


def _is_safe_for_passwords(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme == "https" or _is_loopback(parts.hostname or "")


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
