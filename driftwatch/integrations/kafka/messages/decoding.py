"""Messages -> records, or the kind of thing that is wrong with them."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Any, NamedTuple, Protocol

import numpy as np
import orjson
from numpy.typing import NDArray

from driftwatch.config.kafka import PATHS, KafkaConfig
from driftwatch.core.data.instants import LARGEST_SECONDS, instant_of
from driftwatch.core.data.json_text import NotJSONError, json_value
from driftwatch.core.data.schema import Schema
from driftwatch.ingest.answers import ScoreClass
from driftwatch.ingest.json_paths import JsonPath
from driftwatch.ingest.payloads import OtherPayloadError, Payload, Shape, UnknownColumnsError
from driftwatch.ingest.record_paths import Extracted, Found, RecordPaths, is_deep
from driftwatch.ingest.tensors import SCALARS
from driftwatch.integrations.kafka.messages import avro, protobuf
from driftwatch.integrations.kafka.messages.schema_registry import (
    NotFramedError,
    RegistryAwayError,
    Schemas,
    WrongSchemaError,
    asking,
)

__all__ = [
    "Block",
    "Decoder",
    "Message",
    "Poison",
    "RegistryAwayError",
    "Rejected",
    "header_of",
    "is_too_deep",
    "seconds_given",
]

_MOST_LEVELS = 32
_MANY_RECORDS = 4_096


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
    """Lists and objects in each other without end, where something is looked at."""
    NO_FEATURES = "no_features"
    OTHER_PAYLOAD = "other_payload"
    """The features are not of the shape that `payload` names."""
    TOO_MANY_ROWS = "too_many_rows"
    NO_RECORDS = "no_records"
    NOT_A_RECORD = "not_a_record"
    UNKNOWN_COLUMNS_ONLY = "unknown_columns_only"
    NO_TIME = "no_time"
    BAD_TIME = "bad_time"
    FAILED = "failed"
    """An unexpected error while decoding."""


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


class Rejected(NamedTuple):
    """A message that is not used, and why.

    Attributes:
        message: The message.
        kind: What is wrong with it.
        number: Which of the messages with a value that were read together it is, from 1.
    """

    message: Message
    kind: Poison
    number: int


@dataclass(frozen=True, slots=True)
class Block:
    """What was in some messages that were read together.

    Attributes:
        records: Values by column.
        times: Event time of each record, seconds since 1970.
        by_role: Values passed with each record: prediction, score, label, id, version.
        read: Messages that were read: fewer if `away`, or if these hold many records already.
        null: How many had no value.
        rejected: Those that are not used.
        away: Why the next message cannot be read yet.
        unmatched: Records whose predictions, or other values, are not used because a message had
            another number of them than of rows; by reason.
    """

    records: Sequence[Mapping[str, Any]]
    times: NDArray[np.float64]
    by_role: Mapping[str, Sequence[Any]]
    read: int
    null: int
    rejected: Sequence[Rejected]
    away: RegistryAwayError | None
    unmatched: Mapping[str, int]

    @property
    def pieces(self) -> Iterable[Sequence[Mapping[str, Any]]]:
        """The records, all at once; none if there are none."""
        return (self.records,) if self.records else ()


class Decoder:
    """Reads messages in JSON, Avro or Protobuf.

    Args:
        config: What messages hold.
        columns: Columns of the reference: a record with none of them is not one of ours.
        clock: Seconds of a clock that only goes on: when to ask a registry again.
        classes: Of the model, if they are known.

    Attributes:
        config: What messages hold, as passed in.
        paths: Where things stand in a document.
        header: Name of the header in which the event time stands, if it does.

    Raises:
        MissingDependencyError: If the library for the format is not installed.
        ConfigError: If the registry's password or certificate is missing, or the model has no
            class such as `score_class` names.
    """

    def __init__(
        self,
        config: KafkaConfig,
        schema: Schema,
        clock: Callable[[], float] = time.monotonic,
        /,
        *,
        classes: Sequence[str] = (),
    ) -> None:
        self.config = config
        at = config.at
        self.header = at.removeprefix("header:") if at.startswith("header:") else None
        texts: dict[str, str | None] = {word: getattr(config, word) for word in PATHS}
        texts["at"] = None if at == "record" or self.header is not None else at
        paths = {word: JsonPath.of(text) for word, text in texts.items() if text is not None}
        self.paths = RecordPaths(
            **paths,
            payload=Payload.of(schema, Shape.of(config.payload), most=config.message_rows),
            score_class=(
                None if config.score_class is None else ScoreClass.of(config.score_class, classes)
            ),
        )
        self._columns = frozenset(schema.names)
        self._document = _reader_of(config, clock)

    def documents(self, values: Sequence[bytes], /) -> Iterator[Any]:
        """The documents of messages, each read when it is asked for.

        What is odd about one may be told by an error of any kind, or by something else in the
        place of the document; `decode` tells what it is.
        """
        return map(orjson.loads if self.config.format == "json" else self._document, values)

    def decode_all(self, messages: Sequence[Message], /) -> Block:
        """What is in some messages, one by one; of the first ones, if these hold many records."""
        decoded: list[Extracted] = []
        unmatched: Counter[str] = Counter()
        rejected: list[Rejected] = []
        read, null, away = 0, 0, None
        for message in messages:
            if message.value is None:
                null += 1
            else:
                try:
                    found = self.decode(message)
                except RegistryAwayError as error:
                    away = error
                    break
                if isinstance(found, Poison):
                    rejected.append(Rejected(message, found, read - null + 1))
                else:
                    decoded += found.records
                    unmatched.update(dict.fromkeys(found.unmatched, len(found.records)))
            read += 1
            if len(decoded) >= _MANY_RECORDS:
                break
        words = decoded[0].by_role if decoded else ()
        by_role = {word: [each.by_role[word] for each in decoded] for word in words}
        times = np.array(by_role.pop("at", ()), dtype=np.float64)
        records = [each.record or {} for each in decoded]
        return Block(records, times, by_role, read, null, rejected, away, unmatched)

    def decode(self, message: Message, /) -> Found | Poison:
        """The records of a message that has a value; all of them, or what is wrong.

        Their time is in seconds since 1970.

        Raises:
            RegistryAwayError: If the message cannot be read before the registry answers.
        """
        try:
            return self._decoded(message, message.value or b"")
        except RegistryAwayError:
            raise
        except Exception:  # noqa: BLE001 - one message must not stop those behind it
            return Poison.FAILED

    def _decoded(self, message: Message, value: bytes) -> Found | Poison:
        if len(value) > self.config.message_bytes:
            return Poison.TOO_LARGE
        if not value.strip():
            return Poison.EMPTY
        document = self._document(value)
        if isinstance(document, Poison):
            return document
        try:
            found = self.paths.extract(document)
        except UnknownColumnsError:
            return Poison.UNKNOWN_COLUMNS_ONLY
        except OtherPayloadError:
            return Poison.OTHER_PAYLOAD
        except LookupError:
            return Poison.NO_FEATURES
        return self._checked(found, message)

    def _checked(self, found: Found, message: Message) -> Found | Poison:
        if found.surplus:
            return Poison.TOO_MANY_ROWS
        if not found.records:
            return Poison.NO_RECORDS
        for record in found.records:
            if record.record is None:
                return Poison.NOT_A_RECORD
            if is_too_deep(record.record) or is_too_deep(record.by_role):
                return Poison.TOO_DEEP
            if self._columns.isdisjoint(record.record):
                return Poison.UNKNOWN_COLUMNS_ONLY
            at = self._time(record, message)
            if isinstance(at, Poison):
                return at
            record.by_role["at"] = at
        return found

    def _time(self, extracted: Extracted, message: Message) -> float | Poison:
        if self.config.at == "record":
            return message.timestamp / 1000
        value: Any = extracted.by_role["at"]
        if self.header is not None:
            value = header_of(message, self.header)
        if value is None:
            return Poison.NO_TIME
        try:
            return seconds_given(value)
        except ValueError:
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
        return json_value(value)
    except NotJSONError:
        return _why_not_json(value)


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


def is_too_deep(values: Mapping[str, Any], /) -> bool:
    """Whether values, of a record or beside it, hold lists and objects without end.

    What is looked at nowhere in a document may be as deep as it likes.
    """
    if SCALARS.issuperset(map(type, values.values())):  # nearly always
        return False
    return is_deep(values, _MOST_LEVELS)


def header_of(message: Message, name: str) -> bytes | None:
    """The value of a message's first header of that name."""
    return next((value for key, value in message.headers if key == name), None)


def seconds_given(value: Any) -> float:
    """Seconds since 1970 of a time as `driftwatch.core.data.instants.instant_of` reads it.

    Raises:
        ValueError: If it is none.
    """
    if type(value) in (float, int) and -LARGEST_SECONDS < value < LARGEST_SECONDS:
        return float(value)  # nearly always
    seconds = instant_of(value)
    if seconds != seconds:  # noqa: PLR0124 - NaN
        raise ValueError("no time")
    return seconds


def _why_not_json(value: bytes) -> Poison:
    try:
        value.decode("utf-8")
    except UnicodeDecodeError:
        return Poison.NOT_UTF8
    nested = value[: 4 * 1024].count(b"[") + value[: 4 * 1024].count(b"{")
    return Poison.TOO_DEEP if nested > 1_000 else Poison.NOT_JSON
