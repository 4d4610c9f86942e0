"""Avro, written with a schema of the registry -> documents.

A few bytes must not stand for much: fastavro follows a schema that contains itself until the
process dies, reads as many empty items as a message claims to have, and takes minutes for a
decimal of a million digits. So schemas with the first two are refused, and decimals are short.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import orjson

from driftwatch.errors import MissingDependencyError
from driftwatch.integrations.kafka.messages.schema_registry import (
    Read,
    Registered,
    RegistryAwayError,
    SchemaRegistry,
    WrongSchemaError,
)

__all__ = ["compiled", "require"]

_MOST_DECIMAL_BYTES = 64
_MOST_REFERENCES = 200
_PRIMITIVES = {"boolean", "int", "long", "float", "double", "bytes", "string"}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_OURS = {
    "decimal": "driftwatch-decimal",
    "date": "driftwatch-date",
    "timestamp-nanos": "driftwatch-nanos",
    "uuid": None,
    "time-millis": None,
    "time-micros": None,
}
"""Logical types that are read in our way; as what they are written in, if None."""


def require() -> None:
    """See that fastavro is there.

    Raises:
        MissingDependencyError: If it is not.
    """
    try:
        import fastavro.read
    except ImportError as error:
        raise MissingDependencyError(
            "messages in Avro need fastavro; pip install 'driftwatch-sketch[avro]'"
        ) from error
    readers: dict[str, Callable[..., Any]] = fastavro.read.LOGICAL_READERS
    readers["bytes-driftwatch-decimal"] = readers["fixed-driftwatch-decimal"] = _decimal
    readers["int-driftwatch-date"] = _date
    readers["long-driftwatch-nanos"] = _nanos


def compiled(registry: SchemaRegistry, number: int, /) -> Read:
    """The reader of a schema.

    Raises:
        RegistryAwayError: If the registry does not answer.
        WrongSchemaError: If it has no such schema, or it is not one of Avro that is safe to read.
    """
    import fastavro

    named: dict[str, Any] = {}
    try:
        schema = _parsed(registry, registry.schema(number), named, set())
        _Sizes(named).least(schema)
    except (RegistryAwayError, WrongSchemaError):
        raise
    except Exception as error:
        raise WrongSchemaError(f"schema {number} cannot be read: {error}") from error

    def read(body: bytes) -> Any:
        stream = io.BytesIO(body)
        value = fastavro.schemaless_reader(stream, schema, None)
        if stream.tell() != len(body):
            raise ValueError("something follows")
        return value

    return read


def _parsed(
    registry: SchemaRegistry, registered: Registered, named: dict[str, Any], seen: set[str]
) -> Any:
    """A schema, after those it builds on."""
    import fastavro

    if registered.type != "AVRO":
        raise WrongSchemaError(f"a schema of type {registered.type}, not AVRO")
    for _, path in registered.references:
        if path not in seen:
            seen.add(path)
            if len(seen) > _MOST_REFERENCES:
                raise WrongSchemaError("too many references")
            _parsed(registry, registry.referenced(path), named, seen)
    return fastavro.parse_schema(_ours(orjson.loads(registered.text)), named)


def _ours(schema: Any) -> Any:
    """A schema with logical types as we read them."""
    if isinstance(schema, list):
        return [_ours(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    made = {name: _ours(value) for name, value in schema.items()}
    logical = schema.get("logicalType")
    if isinstance(logical, str) and logical in _OURS:
        made["logicalType"] = _OURS[logical]
        if made["logicalType"] is None:
            del made["logicalType"]
    return made


class _Sizes:
    """How few bytes a value takes; says no to types that contain themselves or cost nothing."""

    def __init__(self, named: Mapping[str, Any]) -> None:
        self._named = named
        self._known: dict[str, int | None] = {}

    def least(self, schema: Any) -> int:
        if isinstance(schema, list):
            for each in schema:
                self.least(each)
            return 1
        if isinstance(schema, dict):
            return self._of(schema)
        if schema in _PRIMITIVES:
            return 1
        return 0 if schema == "null" else self._of(self._named[schema])

    def _of(self, schema: dict[str, Any]) -> int:
        match schema["type"]:
            case "array":
                if self.least(schema["items"]) == 0:
                    raise WrongSchemaError("an array of items that take no bytes")
                return 1
            case "map":
                self.least(schema["values"])
                return 1
            case "enum":
                return 1
            case "fixed":
                return int(schema["size"])
            case "record" | "error":
                return self._of_record(schema)
            case inner:
                return self.least(inner)

    def _of_record(self, schema: dict[str, Any]) -> int:
        name = schema["name"]
        if name not in self._known:
            self._known[name] = None
            self._known[name] = sum(self.least(field["type"]) for field in schema["fields"])
        size = self._known[name]
        if size is None:
            raise WrongSchemaError(f"type {name} contains itself")
        return size


def _decimal(data: bytes, schema: Any = None, _: Any = None) -> float:
    if len(data) > _MOST_DECIMAL_BYTES:
        raise ValueError("a decimal of too many digits")
    unscaled = int.from_bytes(data, "big", signed=True)
    return float(f"{unscaled}e{-int(schema.get('scale', 0))}")


def _date(data: int, *_: Any) -> datetime:
    day = date.fromordinal(data + _EPOCH.toordinal())
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _nanos(data: int, *_: Any) -> datetime:
    return _EPOCH + timedelta(microseconds=data // 1_000)
