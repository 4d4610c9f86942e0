from __future__ import annotations

import base64
import decimal
import io
import json
import socket
import sys
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import fastavro
import pytest
from google.protobuf import timestamp_pb2
from google.protobuf.descriptor_pb2 import FieldDescriptorProto as F
from google.protobuf.descriptor_pb2 import FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from driftwatch import Column, Kind, Schema
from driftwatch.config.kafka import REGISTRY_PASSWORD, KafkaConfig
from driftwatch.errors import ConfigError, MissingDependencyError
from driftwatch.ingest.record_paths import Extracted, Found
from driftwatch.integrations.kafka.messages import schema_registry
from driftwatch.integrations.kafka.messages.decoding import Decoder, Poison, RegistryAwayError
from tests.kafka.certificates import Certificates
from tests.kafka.registry import Registry

AT = datetime(2026, 1, 1, 12, tzinfo=UTC)
INPUTS = {
    "type": "record",
    "name": "Inputs",
    "fields": [
        {"name": "x", "type": "double"},
        {"name": "plan", "type": ["null", "string"]},
        {
            "name": "price",
            "type": {"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2},
        },
        {"name": "day", "type": {"type": "int", "logicalType": "date"}},
    ],
}
EVENT: dict[str, Any] = {
    "type": "record",
    "name": "Event",
    "namespace": "shop",
    "fields": [
        {"name": "ts", "type": {"type": "long", "logicalType": "timestamp-millis"}},
        {"name": "inputs", "type": INPUTS},
        {"name": "yhat", "type": "double"},
        {"name": "tags", "type": {"type": "array", "items": "string"}},
    ],
}
ROW = {
    "ts": AT,
    "inputs": {
        "x": 1.5,
        "plan": "pro",
        "price": decimal.Decimal("-12.34"),
        "day": date(2026, 1, 2),
    },
    "yhat": 0.25,
    "tags": ["a", "b"],
}


@dataclass
class Sent:
    value: bytes | None
    offset: int = 0
    key: bytes | None = None
    timestamp: int = 0
    headers: Sequence[tuple[str, bytes]] = ()


@dataclass
class Clock:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def registry() -> Iterator[Registry]:
    with Registry() as running:
        yield running


def schema_of(*names: str) -> Schema:
    return Schema(tuple(Column(name, Kind.NUMERIC) for name in names))


def decoder(registry: Registry, form: str, clock: Clock | None = None, **more: Any) -> Decoder:
    given = {"features": "$.inputs", "prediction": "$.yhat", "at": "$.ts"} | more
    config = KafkaConfig.model_validate(
        {"bootstrap": "b:1", "topics": ["t"], "format": form, "registry": registry.url} | given
    )
    return Decoder(config, schema_of("x", "plan"), clock or Clock())


def framed(number: int, body: bytes) -> bytes:
    return b"\0" + number.to_bytes(4, "big") + body


def avro(schema: Any, row: Any) -> bytes:
    stream = io.BytesIO()
    fastavro.schemaless_writer(stream, fastavro.parse_schema(schema), row)
    return stream.getvalue()


def long(number: int) -> bytes:
    return avro("long", number)


def only(found: Found | Poison) -> Extracted:
    assert not isinstance(found, Poison), found
    (record,) = found.records
    return record


def test_a_record_of_avro_is_read_with_the_schema_it_was_written_with(registry: Registry) -> None:
    registry.put(7, json.dumps(EVENT))
    found = only(decoder(registry, "avro").decode(Sent(framed(7, avro(EVENT, ROW)))))
    assert found.record == {
        "x": 1.5,
        "plan": "pro",
        "price": -12.34,
        "day": datetime(2026, 1, 2, tzinfo=UTC),
    }
    assert (found.by_role["prediction"], found.by_role["at"]) == (0.25, AT.timestamp())


def test_a_schema_of_avro_may_build_on_others(registry: Registry) -> None:
    fields: list[Any] = list(EVENT["fields"])
    fields[1] = {"name": "inputs", "type": "shop.Inputs"}
    event = EVENT | {"fields": fields}
    registry.put(1, json.dumps({**INPUTS, "namespace": "shop"}), subject="inputs")
    registry.put(2, json.dumps(event), references={"shop.Inputs": "inputs"})
    found = only(decoder(registry, "avro").decode(Sent(framed(2, avro(EVENT, ROW)))))
    assert found.record is not None
    assert found.record["x"] == 1.5


def proto_file() -> FileDescriptorProto:
    """`shop/event.proto`, whose second message, Event, holds a third, and features elsewhere."""
    file = FileDescriptorProto(
        name="whatever.proto",
        package="shop",
        syntax="proto3",
        dependency=["shop/inputs.proto", "google/protobuf/timestamp.proto", "confluent/meta.proto"],
    )
    file.message_type.add(name="Other")
    event = file.message_type.add(name="Event")
    event.field.add(
        name="ts", number=1, type=F.TYPE_MESSAGE, type_name=".google.protobuf.Timestamp", label=1
    )
    event.field.add(name="inputs", number=2, type=F.TYPE_MESSAGE, type_name=".shop.Inputs", label=1)
    event.field.add(name="yhat", number=3, type=F.TYPE_DOUBLE, label=1)
    event.field.add(
        name="more", number=4, type=F.TYPE_MESSAGE, type_name=".shop.Event.MoreEntry", label=3
    )
    entry = event.nested_type.add(name="MoreEntry")
    entry.options.map_entry = True
    entry.field.add(name="key", number=1, type=F.TYPE_STRING, label=1)
    entry.field.add(name="value", number=2, type=F.TYPE_MESSAGE, type_name=".shop.Event", label=1)
    inner = event.nested_type.add(name="Inner")
    inner.field.add(name="inputs", number=2, type=F.TYPE_MESSAGE, type_name=".shop.Inputs", label=3)
    inner.field.add(name="ts", number=1, type=F.TYPE_INT64, label=1)
    return file


def inputs_file() -> FileDescriptorProto:
    file = FileDescriptorProto(name="shop/inputs.proto", package="shop", syntax="proto3")
    plan = file.enum_type.add(name="Plan")
    plan.value.add(name="FREE", number=0)
    plan.value.add(name="PRO", number=1)
    inputs = file.message_type.add(name="Inputs")
    inputs.field.add(name="x", number=1, type=F.TYPE_INT64, label=1)
    inputs.field.add(name="plan", number=2, type=F.TYPE_ENUM, type_name=".shop.Plan", label=1)
    inputs.field.add(
        name="score", number=3, type=F.TYPE_DOUBLE, label=1, proto3_optional=True, oneof_index=0
    )
    inputs.oneof_decl.add(name="_score")
    return file


def serialized(file: FileDescriptorProto) -> str:
    return base64.b64encode(file.SerializeToString()).decode()


def classes() -> tuple[Any, Any]:
    pool = DescriptorPool()
    pool.AddSerializedFile(timestamp_pb2.DESCRIPTOR.serialized_pb)
    pool.Add(inputs_file())
    file = proto_file()
    del file.dependency[2]
    pool.Add(file)
    names = ("shop.Event", "shop.Event.Inner")
    event, inner = (GetMessageClass(pool.FindMessageTypeByName(name)) for name in names)
    return event, inner


def put_protobuf(registry: Registry) -> None:
    registry.put(
        1,
        'syntax = "proto3";',
        kind="PROTOBUF",
        serialized=serialized(inputs_file()),
        subject="inputs",
    )
    registry.put(
        2,
        'syntax = "proto3";',
        kind="PROTOBUF",
        serialized=serialized(proto_file()),
        references={"shop/inputs.proto": "inputs"},
    )


def test_a_message_of_protobuf_is_read_with_numbers_as_numbers(registry: Registry) -> None:
    put_protobuf(registry)
    event, _ = classes()
    message = event(yhat=0.25, inputs={"x": 1 << 60, "plan": 1, "score": 0.0})
    message.ts.FromDatetime(AT)
    body = b"\x02\x02" + message.SerializeToString()
    found = only(decoder(registry, "protobuf").decode(Sent(framed(2, body))))
    assert found.record == {"x": 1 << 60, "plan": "PRO", "score": 0.0}
    assert (found.by_role["prediction"], found.by_role["at"]) == (0.25, AT.timestamp())


def test_a_default_that_protobuf_does_not_write_is_a_value(registry: Registry) -> None:
    put_protobuf(registry)
    event, _ = classes()
    message = event(inputs={})
    message.ts.FromDatetime(AT)
    body = b"\x02\x02" + message.SerializeToString()
    found = only(decoder(registry, "protobuf").decode(Sent(framed(2, body))))
    assert found.record == {"x": 0, "plan": "FREE"}
    assert found.by_role["prediction"] == 0.0


def test_a_message_inside_another_is_found_by_its_indices_whatever_maps_there_are(
    registry: Registry,
) -> None:
    put_protobuf(registry)
    _, inner = classes()
    body = b"\x04\x02\x00" + inner(ts=1_000, inputs=[{"x": 1}, {"x": 2}]).SerializeToString()
    found = decoder(registry, "protobuf", prediction=None).decode(Sent(framed(2, body)))
    assert not isinstance(found, Poison)
    assert [each.record["x"] for each in found.records if each.record is not None] == [1, 2]


def test_one_byte_stands_for_the_first_message(registry: Registry) -> None:
    registry.put(1, "", kind="PROTOBUF", serialized=serialized(inputs_file()))
    found = only(
        decoder(registry, "protobuf", features="$", at="record", prediction=None).decode(
            Sent(framed(1, b"\x00\x08\x07"))
        )
    )
    assert found.record == {"x": 7, "plan": "FREE"}


def deep(levels: int) -> bytes:
    event, _ = classes()
    message = event()
    for _ in range(levels):
        message = event(more={"m": message})
    return b"\x02\x02" + bytes(message.SerializeToString())


LINKED = {
    "type": "record",
    "name": "Node",
    "fields": [{"name": "next", "type": ["null", "Node"]}],
}
NESTED: Any = "long"
for _ in range(40):
    NESTED = {"type": "array", "items": NESTED}
SCHEMAS: dict[int, Any] = {
    7: EVENT,
    8: LINKED,
    9: {"type": "array", "items": "null"},
    10: {"type": "array", "items": {"type": "record", "name": "Nothing", "fields": []}},
    11: {"type": "no such thing"},
    12: NESTED,
    13: {"type": "array", "items": "long"},
    14: {"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2},
}


def put_avro(registry: Registry) -> None:
    for number, schema in SCHEMAS.items():
        registry.put(number, json.dumps(schema))
    registry.put(20, "{}", kind="JSON")
    registry.put(21, "{")


@pytest.mark.parametrize(
    ("kind", "value"),
    {
        "a value of JSON": (Poison.NOT_FRAMED, b'{"inputs": 1}'),
        "four bytes": (Poison.NOT_FRAMED, b"\0\0\0\0"),
        "nothing": (Poison.EMPTY, b""),
        "too long": (Poison.TOO_LARGE, framed(7, b"x" * 3_000_000)),
        "an unknown schema": (Poison.WRONG_SCHEMA, framed(99, b"")),
        "a schema of JSON": (Poison.WRONG_SCHEMA, framed(20, b"")),
        "a schema that is broken": (Poison.WRONG_SCHEMA, framed(21, b"")),
        "a schema of nothing": (Poison.WRONG_SCHEMA, framed(11, b"")),
        "a list without end": (Poison.WRONG_SCHEMA, framed(8, b"\x02" * 1_000_000)),
        "a billion nulls": (Poison.WRONG_SCHEMA, framed(9, long(1 << 30) + b"\0")),
        "a billion empty records": (Poison.WRONG_SCHEMA, framed(10, long(1 << 30) + b"\0")),
        "a billion numbers": (Poison.NOT_DECODABLE, framed(13, long(1 << 31) + b"ab")),
        "a huge text": (
            Poison.NOT_DECODABLE,
            framed(7, long(0) + b"\0" * 8 + b"\2" + long(1 << 40)),
        ),
        "a huge decimal": (
            Poison.NOT_DECODABLE,
            framed(14, long(1_000_000) + b"\x7f" * 1_000_000),
        ),
        "lists in lists": (Poison.TOO_DEEP, framed(12, b"\2" * 41 + b"\0" * 40)),
        "no body": (Poison.NOT_DECODABLE, framed(7, b"")),
        "more than the body": (Poison.NOT_DECODABLE, framed(7, avro(EVENT, ROW) + b"\0")),
    }.values(),
    ids=lambda value: value.value if isinstance(value, Poison) else "",
)
def test_a_bad_message_of_avro_is_of_a_kind_of_poison(
    registry: Registry, kind: Poison, value: bytes
) -> None:
    put_avro(registry)
    assert decoder(registry, "avro", message_bytes=2_000_000).decode(Sent(value)) is kind


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (Poison.NOT_FRAMED, b"\x08\x07abcdef"),
        (Poison.WRONG_SCHEMA, framed(3, b"\0")),  # of Avro
        (Poison.WRONG_SCHEMA, framed(4, b"\0")),  # text, for the registry is too old
        (Poison.WRONG_SCHEMA, framed(5, b"\0")),  # needs what is not there
        (Poison.NOT_DECODABLE, framed(2, b"")),
        (Poison.NOT_DECODABLE, framed(2, b"\xff" * 12)),
        (Poison.NOT_DECODABLE, framed(2, b"\x02\x7e")),  # there is no such message
        (Poison.NOT_DECODABLE, framed(2, b"\x02\x01")),
        (Poison.NOT_DECODABLE, framed(2, b"\x02\x02\x12\x7f")),
        (Poison.NOT_DECODABLE, framed(2, b"\x04\x02\x00" + b"\x12\x00" * 600_000)),  # all defaults
        (Poison.TOO_DEEP, framed(2, deep(30))),
        (Poison.NOT_DECODABLE, framed(2, deep(90))),
    ],
)
def test_a_bad_message_of_protobuf_is_of_a_kind_of_poison(
    registry: Registry, kind: Poison, value: bytes
) -> None:
    put_protobuf(registry)
    registry.put(3, json.dumps(EVENT))
    registry.put(4, 'syntax = "proto3";', kind="PROTOBUF")
    registry.put(5, "", kind="PROTOBUF", serialized=serialized(proto_file()))
    assert decoder(registry, "protobuf", message_bytes=2_000_000).decode(Sent(value)) is kind


@pytest.mark.parametrize("form", ["avro", "protobuf"])
def test_no_bytes_raise_anything(registry: Registry, form: str) -> None:
    (put_avro if form == "avro" else put_protobuf)(registry)
    numbers = list(SCHEMAS) if form == "avro" else [1, 2]
    made = decoder(registry, form)

    @settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
    @given(
        st.sampled_from(numbers), st.sampled_from([b"", b"\0", b"\2\2"]), st.binary(max_size=200)
    )
    def check(number: int, start: bytes, body: bytes) -> None:
        found = made.decode(Sent(framed(number, start + body)))
        assert found is not Poison.FAILED

    check()


@pytest.mark.parametrize("form", ["avro", "protobuf"])
def test_a_good_message_with_one_wrong_byte_raises_nothing(registry: Registry, form: str) -> None:
    (put_avro if form == "avro" else put_protobuf)(registry)
    event, _ = classes()
    good = (
        framed(7, avro(EVENT, ROW))
        if form == "avro"
        else framed(2, b"\2\2" + event(yhat=1.0, inputs={"x": 9}).SerializeToString())
    )
    made = decoder(registry, form)
    for place in range(5, len(good)):
        for byte in range(256):
            found = made.decode(Sent(good[:place] + bytes([byte]) + good[place + 1 :]))
            assert found is not Poison.FAILED


def test_a_schema_is_asked_for_once(registry: Registry) -> None:
    put_avro(registry)
    clock = Clock()
    made = decoder(registry, "avro", clock)
    for _ in range(3):
        only(made.decode(Sent(framed(7, avro(EVENT, ROW)))))
        clock.now += 1e6
    registry.away = True
    only(made.decode(Sent(framed(7, avro(EVENT, ROW)))))
    assert registry.asked == ["/schemas/ids/7"]


def test_what_is_kept_of_a_registry_is_bounded(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schema_registry, "_MOST_SCHEMAS", 2)
    made = decoder(registry, "avro", features="$", at="record", prediction=None)
    schema = {"type": "record", "name": "R", "fields": [{"name": "x", "type": "long"}]}
    for number in (1, 2, 3, 3, 2, 1):
        registry.put(number, json.dumps(schema))
        only(made.decode(Sent(framed(number, long(1)))))
    assert [path[-1] for path in registry.asked] == ["1", "2", "3", "1"]


def test_an_unknown_schema_is_asked_for_again_half_a_minute_later(registry: Registry) -> None:
    clock = Clock()
    made = decoder(registry, "avro", clock)
    message = Sent(framed(7, avro(EVENT, ROW)))
    for _ in range(3):
        assert made.decode(message) is Poison.WRONG_SCHEMA
    assert len(registry.asked) == 1
    put_avro(registry)
    assert made.decode(message) is Poison.WRONG_SCHEMA
    clock.now = 31.0
    only(made.decode(message))


def test_a_registry_that_is_away_condemns_no_message_and_is_left_alone_for_half_a_minute(
    registry: Registry,
) -> None:
    put_avro(registry)
    registry.away = True
    clock = Clock()
    made = decoder(registry, "avro", clock)
    message = Sent(framed(7, avro(EVENT, ROW)))
    for number in (7, 7, 8):
        with pytest.raises(RegistryAwayError, match="503"):
            made.decode(Sent(framed(number, b"")))
    assert len(registry.asked) == 1
    registry.away = False
    with pytest.raises(RegistryAwayError):
        made.decode(message)
    clock.now = 31.0
    only(made.decode(message))


@pytest.mark.parametrize(
    "answer",
    [
        (404, b"<html>no such page</html>"),
        (404, b'{"error": "no such route"}'),
        (200, b"<html>please log in</html>"),
        (200, b'{"hello": 1}'),
        (200, b"[]"),
        (302, b""),
        (401, b'{"error_code": 40101}'),
        (500, b'{"error_code": 50001}'),
    ],
)
def test_what_is_not_the_answer_of_a_registry_condemns_no_message(
    registry: Registry, answer: tuple[int, bytes]
) -> None:
    registry.raw = answer
    with pytest.raises(RegistryAwayError):
        decoder(registry, "avro").decode(Sent(framed(7, b"")))
    assert len(registry.asked) == 1


def test_a_registry_that_refuses_connections_is_away() -> None:
    with Registry() as gone:
        made = decoder(gone, "avro")
    with pytest.raises(RegistryAwayError, match="Connection refused"):
        made.decode(Sent(framed(7, b"")))


@pytest.mark.parametrize("start", [b"", b"HTTP/1.1 200 OK\r\nContent-Type: x\r\n\r\n"])
def test_a_registry_whose_answer_trickles_is_away_when_its_time_is_over(
    monkeypatch: pytest.MonkeyPatch, start: bytes
) -> None:
    monkeypatch.setattr(schema_registry, "_SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as server:
        done = threading.Event()

        def trickle() -> None:
            connection, _ = server.accept()
            with connection:
                try:
                    connection.sendall(start or b"HTTP/1.1 200 OK\r\nX: ")
                    while not done.wait(0.05):
                        connection.sendall(b"{")
                except OSError:
                    pass

        thread = threading.Thread(target=trickle)
        thread.start()
        config = KafkaConfig(
            bootstrap="b:1",
            topics=["t"],
            format="avro",
            registry=f"http://127.0.0.1:{server.getsockname()[1]}",
        )
        try:
            with pytest.raises(RegistryAwayError):
                Decoder(config, schema_of("x")).decode(Sent(framed(7, b"")))
        finally:
            done.set()
            thread.join()


def test_the_registry_is_told_who_asks_and_nobody_else_is(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(REGISTRY_PASSWORD, "s3cret\n")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    put_avro(registry)
    made = decoder(registry, "avro", registry_user="ann")
    only(made.decode(Sent(framed(7, avro(EVENT, ROW)))))
    assert registry.logins == ["Basic " + base64.b64encode(b"ann:s3cret").decode()]
    registry.away = True
    with pytest.raises(RegistryAwayError) as raised:
        made.decode(Sent(framed(8, b"private")))
    assert "s3cret" not in str(raised.value)
    assert "private" not in str(raised.value)
    assert "s3cret" not in repr(made)


def test_a_login_without_a_password_is_said_at_once(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(REGISTRY_PASSWORD, raising=False)
    with pytest.raises(ConfigError, match=REGISTRY_PASSWORD):
        decoder(registry, "avro", registry_user="ann")


def test_a_registry_behind_tls_is_believed_if_its_authority_is_trusted(tmp_path: Path) -> None:
    certificates = Certificates(tmp_path)
    message = Sent(framed(7, avro(EVENT, ROW)))
    with Registry(certificate=certificates.broker) as registry:
        put_avro(registry)
        trusting = decoder(registry, "avro", registry_ca_file=str(certificates.authority))
        only(trusting.decode(message))
        with pytest.raises(RegistryAwayError, match="SSL"):
            decoder(registry, "avro").decode(message)


def test_a_missing_certificate_is_said_at_once() -> None:
    config = KafkaConfig(
        bootstrap="b:1",
        topics=["t"],
        format="avro",
        registry="https://registry:8081",
        registry_ca_file="/no/such/file.pem",
    )
    with pytest.raises(ConfigError, match="registry_ca_file"):
        Decoder(config, Schema(()))


@pytest.mark.parametrize(
    ("form", "module"),
    [("avro", "fastavro.read"), ("protobuf", "google.protobuf.message_factory")],
)
def test_a_missing_library_is_said_at_once_with_its_extra(
    registry: Registry, monkeypatch: pytest.MonkeyPatch, form: str, module: str
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingDependencyError, match=rf"driftwatch-sketch\[{form}\]"):
        decoder(registry, form)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"format": "avro"}, "needs registry"),
        ({"registry": "https://r"}, "format is json"),
        ({"format": "avro", "registry": "ftp://registry"}, "must begin with http"),
        ({"format": "avro", "registry": "https://"}, "no address like"),
        ({"format": "avro", "registry": "https://r:99999"}, "no address like"),
        ({"format": "avro", "registry": "https://r/a b"}, "no address like"),
        ({"format": "avro", "registry": "https://r/?a=1"}, "without"),
        ({"format": "avro", "registry": "https://ann:s3cret@r"}, "registry_user"),
        ({"format": "avro", "registry": "ann:s3cret@r:8081"}, "no address like"),
        ({"format": "avro", "registry": "https://r/?key=s3cret"}, "without"),
        ({"format": "avro", "registry": "https://r", "registry_user": "a:b"}, "colon"),
        ({"format": "avro", "registry": "http://r", "registry_user": "ann"}, "password"),
        (
            {"format": "avro", "registry": "http://localhost", "registry_ca_file": "ca.pem"},
            "https",
        ),
    ],
)
def test_settings_of_a_registry_that_do_not_go_together_are_refused(
    wrong: dict[str, Any], said: str
) -> None:
    with pytest.raises(ValueError, match=said) as raised:
        KafkaConfig.model_validate({"bootstrap": "b:1", "topics": ["t"]} | wrong)
    assert "s3cret" not in str(raised.value)


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost:8081",
        "http://[::1]:8081/",
        "http://schema-registry:8081",
        "https://r.example/apis/ccompat/v7",
    ],
)
def test_a_registry_may_be_here_or_behind_tls(url: str) -> None:
    config = {"bootstrap": "b:1", "topics": ["t"], "format": "protobuf", "registry": url}
    assert KafkaConfig.model_validate(config).registry == url
