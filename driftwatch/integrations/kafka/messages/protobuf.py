"""Protobuf, written with a schema of the registry -> documents.

The registry is asked for file descriptors (``?format=serialized``), for Python's protobuf cannot
compile the text of a ``.proto``. Confluent's registry has them since 5.5, Redpanda's since 25.2.

Names are those of the ``.proto``. Fields that have no presence stand in a document even where
they hold their default, which is not written: a feature of 0 is 0, and not absent. Numbers are
numbers of every width; enums are their names, bytes stay bytes.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from driftwatch.errors import MissingDependencyError
from driftwatch.integrations.kafka.messages.schema_registry import (
    Read,
    Registered,
    RegistryAwayError,
    SchemaRegistry,
    WrongSchemaError,
)

if TYPE_CHECKING:
    from google.protobuf.descriptor import Descriptor, FieldDescriptor, FileDescriptor
    from google.protobuf.descriptor_pool import DescriptorPool

__all__ = ["compiled", "require"]

_MOST_VALUES = 1_000_000
"""In one message: two bytes may stand for an object with all of its defaults."""

_MOST_INDICES = 32
_MOST_REFERENCES = 200
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def require() -> None:
    """See that protobuf is there.

    Raises:
        MissingDependencyError: If it is not.
    """
    try:
        import google.protobuf.message_factory  # noqa: F401
    except ImportError as error:
        raise MissingDependencyError(
            "messages in Protobuf need protobuf; pip install 'driftwatch-sketch[protobuf]'"
        ) from error


def compiled(registry: SchemaRegistry, number: int, /) -> Read:
    """The reader of a schema.

    Raises:
        RegistryAwayError: If the registry does not answer.
        WrongSchemaError: If it has no such schema, or it is not one of Protobuf.
    """
    from google.protobuf.message_factory import GetMessageClass

    try:
        registered = registry.schema(number, serialized=True)
        file = _Files(registry).load(f"driftwatch-{number}.proto", registered)
    except (RegistryAwayError, WrongSchemaError):
        raise
    except Exception as error:
        raise WrongSchemaError(f"schema {number} cannot be read: {error}") from error
    shapes = _Shapes()
    classes: dict[tuple[int, ...], Any] = {}

    def read(body: bytes) -> Any:
        indices, start = _indices(body)
        if indices not in classes:
            classes[indices] = GetMessageClass(_message_type(file, indices))
        message = classes[indices]()
        message.ParseFromString(body[start:])
        return _Walk(shapes).document(message)

    return read


class _Files:
    """Loads files into a pool of their own, so that schemas may use the same names."""

    def __init__(self, registry: SchemaRegistry) -> None:
        from google.protobuf.descriptor_pool import DescriptorPool

        self._registry = registry
        self._pool: DescriptorPool = DescriptorPool()
        self._loaded: set[str] = set()

    def load(self, name: str, registered: Registered) -> FileDescriptor:
        from google.protobuf.descriptor_pb2 import FileDescriptorProto

        if registered.type != "PROTOBUF":
            raise WrongSchemaError(f"a schema of type {registered.type}, not PROTOBUF")
        self._loaded.add(name)
        if len(self._loaded) > _MOST_REFERENCES:
            raise WrongSchemaError("too many references")
        # The text of a .proto is no base64: the registry does not know ?format=serialized.
        file = FileDescriptorProto.FromString(base64.b64decode(registered.text, validate=True))
        file.name = name  # importers know it by the name they gave, whatever it calls itself
        for referenced, path in registered.references:
            if referenced not in self._loaded:
                self.load(referenced, self._registry.referenced(path, serialized=True))
        for needed in file.dependency:
            if needed not in self._loaded:
                self._loaded.add(needed)
                self._pool.AddSerializedFile(_shipped(needed))
        self._pool.AddSerializedFile(file.SerializeToString())
        return self._pool.FindFileByName(name)


def _shipped(name: str) -> bytes:
    """A file of protobuf itself; an empty one, if the registry says nothing of it either.

    That is enough for a file that only has options; a type that it lacks is found missing.
    """
    from google.protobuf import (  # noqa: F401 - each adds its file to the pool
        any_pb2,
        descriptor_pool,
        duration_pb2,
        empty_pb2,
        field_mask_pb2,
        struct_pb2,
        timestamp_pb2,
        wrappers_pb2,
    )
    from google.protobuf.descriptor_pb2 import FileDescriptorProto

    try:
        return descriptor_pool.Default().FindFileByName(name).serialized_pb
    except KeyError:
        return FileDescriptorProto(name=name).SerializeToString()


def _indices(body: bytes) -> tuple[tuple[int, ...], int]:
    """Which message of a file it is, and where it begins."""
    count, at = _zigzag(body, 0)
    if count == 0:
        return (0,), at
    if not 0 < count <= _MOST_INDICES:
        raise ValueError("no list of indices")
    indices = []
    for _ in range(count):
        index, at = _zigzag(body, at)
        indices.append(index)
    return tuple(indices), at


def _zigzag(body: bytes, at: int) -> tuple[int, int]:
    number = 0
    for shift in range(0, 35, 7):
        byte = body[at]
        at += 1
        number |= (byte & 127) << shift
        if byte < 128:
            return (number >> 1) ^ -(number & 1), at
    raise ValueError("no number")


def _message_type(file: FileDescriptor, indices: tuple[int, ...]) -> Descriptor:
    types: list[Descriptor] = list(file.message_types_by_name.values())
    for place, index in enumerate(indices):
        if not 0 <= index < len(types):
            raise ValueError("no such message")
        message = types[index]
        if place < len(indices) - 1:  # entries of maps are messages without a declaration
            types = [each for each in message.nested_types if not each.GetOptions().map_entry]
    return message


@dataclass(frozen=True, slots=True)
class _Field:
    """What of a field is asked for each time: descriptors are slow to answer."""

    name: str
    is_map: bool
    is_list: bool
    has_presence: bool
    names: dict[int, str] | None
    """Of an enum."""
    is_message: bool

    @classmethod
    def of(cls, field: FieldDescriptor) -> _Field:
        inner, enum = field.message_type, field.enum_type
        is_map = False
        if inner is not None and inner.GetOptions().map_entry:
            is_map = True
            held = inner.fields_by_name["value"]
            inner, enum = held.message_type, held.enum_type
        names = None if enum is None else {each.number: each.name for each in enum.values}
        return cls(
            field.name,
            is_map,
            field.is_repeated and not is_map,
            field.has_presence,
            names,
            inner is not None,
        )


class _Shapes(dict[str, tuple[_Field, ...]]):
    """Fields by the name of a message's type."""

    def of(self, kind: Descriptor) -> tuple[_Field, ...]:
        name = kind.full_name
        if name not in self:
            self[name] = tuple(_Field.of(field) for field in kind.fields)
        return self[name]


class _Walk:
    """Turns one message into a document."""

    def __init__(self, shapes: _Shapes) -> None:
        self._shapes = shapes
        self._left = _MOST_VALUES

    def document(self, message: Any) -> Any:
        kind = message.DESCRIPTOR
        known = _KNOWN.get(kind.full_name)
        if known is not None:
            return known(message)
        return dict(self._fields(message, self._shapes.of(kind)))

    def _fields(self, message: Any, fields: tuple[_Field, ...]) -> Iterator[tuple[str, Any]]:
        for field in fields:
            if field.has_presence and not message.HasField(field.name):
                continue
            self._count(1)
            value = getattr(message, field.name)
            one = self._one(field)
            if field.is_map:
                self._count(len(value))
                yield field.name, {str(key): one(value[key]) for key in value}
            elif field.is_list:
                self._count(len(value))
                yield field.name, [one(each) for each in value]
            else:
                yield field.name, one(value)

    def _one(self, field: _Field) -> Callable[[Any], Any]:
        if field.is_message:
            return self.document
        if field.names is not None:
            return partial(_named, field.names)
        return _same

    def _count(self, values: int) -> None:
        self._left -= values
        if self._left < 0:
            raise ValueError("too many values")


def _named(names: dict[int, str], number: int) -> str | int:
    return names.get(number, number)


def _same(value: Any) -> Any:
    return value


def _timestamp(message: Any) -> datetime:
    return _EPOCH + timedelta(seconds=message.seconds, microseconds=message.nanos // 1_000)


def _duration(message: Any) -> float:
    return float(message.seconds) + float(message.nanos) / 1e9


def _wrapped(message: Any) -> Any:
    return message.value


def _json(message: Any) -> Any:
    from google.protobuf.json_format import MessageToDict

    return MessageToDict(message)


_WRAPPERS = ("Double", "Float", "Int64", "UInt64", "Int32", "UInt32", "Bool", "String", "Bytes")
_KNOWN: dict[str, Callable[[Any], Any]] = {
    "google.protobuf.Timestamp": _timestamp,
    "google.protobuf.Duration": _duration,
    **{f"google.protobuf.{name}": _json for name in ("Struct", "Value", "ListValue")},
    **{f"google.protobuf.{name}Value": _wrapped for name in _WRAPPERS},
}
