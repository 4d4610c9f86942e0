"""Messages -> records, or the kind of thing that is wrong with them."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import partial
from typing import Any, Protocol

import orjson

from driftwatch.core.times import seconds_of
from driftwatch.extraction import Extracted, RecordPaths, is_deep
from driftwatch.integrations.kafka import avro, protobuf
from driftwatch.integrations.kafka.schema_registry import (
    NotFramedError,
    RegistryAwayError,
    Schemas,
    WrongSchemaError,
    asking,
)
from driftwatch.json_paths import JsonPath
from driftwatch.kafka_config import KafkaConfig

__all__ = ["Decoder", "Message", "Poison", "RegistryAwayError"]

_MOST_LEVELS = 32


class Poison(StrEnum):
    """Why a message is not used."""

    TOO_LARGE = "too_large"
    EMPTY = "empty"
    NOT_UTF8 = "not_utf8"
    NOT_JSON = "not_json"
    NOT_FRAMED = "not_framed"
    """It does not begin with the number of a schema."""
    WRONG_SCHEMA = "wrong_schema"
    """The registry has no such schema, or not one of this format that is safe to read."""
    NOT_DECODABLE = "not_decodable"
    """It is not what its schema says."""
    TOO_DEEP = "too_deep"
    NO_FEATURES = "no_features"
    NO_RECORDS = "no_records"
    NOT_A_RECORD = "not_a_record"
    UNKNOWN_COLUMNS_ONLY = "unknown_columns_only"
    NO_TIME = "no_time"
    BAD_TIME = "bad_time"
    FAILED = "failed"
    """An error of ours, or of a value that nobody thought of."""


class Message(Protocol):
    """What of a Kafka record is looked at."""

    @property
    def offset(self) -> int: ...
    @property
    def value(self) -> bytes | None: ...
    @property
    def key(self) -> bytes | None: ...
    @property
    def timestamp(self) -> int:
        """Milliseconds since 1970."""

    @property
    def headers(self) -> Sequence[tuple[str, bytes]]: ...


@dataclass(frozen=True, slots=True)
class Decoder:
    """Reads messages in JSON, Avro or Protobuf.

    Args:
        config: What messages hold.
        columns: Columns of the reference: a record with none of them is not one of ours.
        clock: Seconds of a clock that only goes on: when to ask a registry again.

    Raises:
        MissingDependencyError: If the library for the format is not installed.
        ConfigError: If the registry's password or certificate is missing.
    """

    config: KafkaConfig
    columns: frozenset[str]
    clock: Callable[[], float] = time.monotonic
    _document: Callable[[bytes], Any] = field(init=False)
    _paths: RecordPaths = field(init=False)
    _header: str | None = field(init=False)

    def __post_init__(self) -> None:
        at = self.config.at
        path = None if at == "record" or at.startswith("header:") else at
        names = ("features", "prediction", "score", "label", "id", "model_version")
        texts = {name: getattr(self.config, name) for name in names} | {"at": path}
        paths = {name: JsonPath.of(text) for name, text in texts.items() if text is not None}
        object.__setattr__(self, "_paths", RecordPaths(**paths))
        header = at.removeprefix("header:") if at.startswith("header:") else None
        object.__setattr__(self, "_header", header)
        object.__setattr__(self, "_document", _reader_of(self.config, self.clock))

    def decode(self, message: Message, /) -> list[Extracted] | Poison:
        """The records of a message that has a value; all of them, or what is wrong.

        Their time is in seconds since 1970.

        Raises:
            RegistryAwayError: If nothing can be said of the message before the registry answers.
        """
        try:
            return self._decoded(message, message.value or b"")
        except RegistryAwayError:
            raise
        except Exception:  # noqa: BLE001 - one message must not stop those behind it
            return Poison.FAILED

    def _decoded(self, message: Message, value: bytes) -> list[Extracted] | Poison:
        if len(value) > self.config.message_bytes:
            return Poison.TOO_LARGE
        if not value.strip():
            return Poison.EMPTY
        document = self._document(value)
        if isinstance(document, Poison):
            return document
        try:
            records = self._paths.extract(document)
        except LookupError:
            return Poison.NO_FEATURES
        return self._checked(records, message)

    def _checked(self, records: list[Extracted], message: Message) -> list[Extracted] | Poison:
        if not records:
            return Poison.NO_RECORDS
        for found in records:
            if found.record is None:
                return Poison.NOT_A_RECORD
            if self.columns.isdisjoint(found.record):
                return Poison.UNKNOWN_COLUMNS_ONLY
            at = self._time(found, message)
            if isinstance(at, Poison):
                return at
            found.said["at"] = at
        return records

    def _time(self, found: Extracted, message: Message) -> float | Poison:
        if self.config.at == "record":
            return message.timestamp / 1000
        given: Any = found.said["at"]
        if self._header is not None:
            given = next((v for name, v in message.headers if name == self._header), None)
        if given is None:
            return Poison.NO_TIME
        try:
            return _seconds(given.decode() if isinstance(given, bytes) else given)
        except (ValueError, TypeError, OverflowError):
            return Poison.BAD_TIME


def _reader_of(config: KafkaConfig, clock: Callable[[], float]) -> Callable[[bytes], Any]:
    if config.format == "json":
        return _json
    library = avro if config.format == "avro" else protobuf
    library.require()
    return partial(_framed, asking(config, library.compiled, clock))


def _json(value: bytes) -> Any:
    """The document of a message, or a `Poison`."""
    try:
        document = orjson.loads(value)
    except orjson.JSONDecodeError:
        return _why_not_json(value)
    if value.count(b"{") + value.count(b"[") > _MOST_LEVELS and is_deep(document, _MOST_LEVELS):
        return Poison.TOO_DEEP
    return document


def _framed(schemas: Schemas, value: bytes) -> Any:
    """The document of a message that says which schema it was written with, or a `Poison`."""
    try:
        read, body = schemas.reader(value)
    except NotFramedError:
        return Poison.NOT_FRAMED
    except WrongSchemaError:
        return Poison.WRONG_SCHEMA
    try:
        document = read(body)
    except Exception:  # noqa: BLE001 - of two libraries, on bytes of a stranger
        return Poison.NOT_DECODABLE
    return Poison.TOO_DEEP if is_deep(document, _MOST_LEVELS) else document


def _seconds(given: Any) -> float:
    """Seconds since 1970 of a number (milliseconds, if it is as large as that), a time or text."""
    if type(given) in (float, int) and -1e11 < given < 1e11:  # nearly always
        return float(given)
    if isinstance(given, datetime):
        return seconds_of(given)
    if isinstance(given, str):
        try:
            given = float(given)
        except ValueError:
            return seconds_of(datetime.fromisoformat(given))
    if isinstance(given, bool) or not isinstance(given, int | float):
        raise TypeError("no time")
    if given != given or abs(given) == float("inf"):  # noqa: PLR0124 - NaN
        raise ValueError("no time")
    return given / 1000 if abs(given) > 1e11 else float(given)


def _why_not_json(value: bytes) -> Poison:
    try:
        value.decode("utf-8")
    except UnicodeDecodeError:
        return Poison.NOT_UTF8
    nested = value[: 4 * 1024].count(b"[") + value[: 4 * 1024].count(b"{")
    return Poison.TOO_DEEP if nested > 1_000 else Poison.NOT_JSON
