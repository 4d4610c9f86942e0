"""Whoever sends a record cannot make the host work for it: work is counted, not timed."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pytest

from driftwatch import Monitor
from driftwatch.config.kafka import KafkaConfig
from driftwatch.core.data.batch import array_of
from driftwatch.core.data.nested import MOST_PARTS
from driftwatch.core.data.schema import Column, Kind, Schema
from driftwatch.core.data.values import LONGEST_VALUE, Categories, typed_values
from driftwatch.core.sketches.fingerprint import hash_texts
from driftwatch.ingest.json_paths import JsonPath
from driftwatch.ingest.record_paths import RecordPaths
from driftwatch.integrations.capture import Capture, CaptureLimits
from driftwatch.integrations.kafka.messages.decoding import Decoder

LONG = 100_000
USUAL = {"amount": 1.5, "city": "Rome", "when": "2026-01-05", "code": "00017", "open": True}
COLUMNS = {
    "amount": [float(n % 97) for n in range(400)],
    "city": ["Rome", "Oslo", "Lima", "Bonn"] * 100,
    "when": [f"2026-01-{1 + n % 28:02}" for n in range(400)],
    "code": [f"{n % 90:05}" for n in range(400)],
    "open": [True, False] * 200,
}
MOST_CALLS = 20_000
"""Of functions, for a record and the delivery that it is in; an ordinary record takes a third."""


def nested(levels: int, outer: Callable[[Any], Any]) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = outer(value)
    return value


def everywhere(value: Any) -> dict[str, Any]:
    return dict.fromkeys(USUAL, value)


HOSTILE: dict[str, dict[str, Any]] = {
    "long texts": everywhere("x" * LONG),
    "long texts of different lengths": {
        name: "y" * (LONG + place) for place, name in enumerate(USUAL)
    },
    "a text of many pieces": everywhere("a@b." * (LONG // 4)),
    "a long word of digits": everywhere("1" * LONG),
    "a large exponent": everywhere("1e" + "9" * LONG),
    "many blanks before a word": everywhere(" " * LONG + "x"),
    "many zeros": everywhere("0" * LONG + "."),
    "escape sequences": everywhere("\x1b[" * (LONG // 2)),
    "control sequences that never end": everywhere("\x90" * LONG),
    "half a character": everywhere("\ud800" * LONG),
    "a number of 4,000 digits": everywhere(int("9" * 4_000)),
    "a list in a list": everywhere(nested(900, lambda inner: [inner])),
    "a record in a record": everywhere(nested(900, lambda inner: {"a": inner})),
    "a long list": everywhere(list(range(LONG))),
    "many lists": everywhere([[0]] * LONG),
    "a record of many names": USUAL | {"city": {f"k{n}": n for n in range(LONG // 10)}},
    "a long name": USUAL | {"n" * LONG: 1},
    "a name that is half a character": USUAL | {"\ud800": 1},
}


def values_in(value: Any) -> int:
    """Values in a record, however deep; a text is one, however long."""
    count, front = 0, [value]
    while front:
        inner = front.pop()
        count += 1
        if isinstance(inner, dict):
            front += inner.values()
        elif isinstance(inner, list):
            front += inner
    return count


def work_of(act: Callable[[], object]) -> int:
    """Functions that are called, of Python and of C, in this thread and in those it starts."""
    calls = 0

    def count(_frame: object, event: str, _what: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    threading.setprofile(count)
    sys.setprofile(count)
    try:
        act()
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
    return calls


@pytest.fixture
def monitor() -> Any:
    with Monitor(COLUMNS, flush_every="1h") as made:
        made.observe(USUAL)
        made.flush()
        yield made


def observed(monitor: Monitor, record: dict[str, Any]) -> None:
    monitor.observe(record)
    monitor.flush()


def captured(monitor: Monitor, record: dict[str, Any]) -> None:
    """As the middlewares capture it."""
    taken = Capture(
        monitor.observe, lambda _: monitor.flush(), RecordPaths(JsonPath.of("$")), CaptureLimits()
    )
    taken.offer(json.dumps(record).encode(), None)
    assert taken.flush(20)
    taken.close(20)
    assert taken.observed + taken.dropped.total() == 1
    assert taken.observed or record is not USUAL


@dataclass
class Sent:
    value: bytes | None
    offset: int = 0
    key: bytes | None = None
    timestamp: int = 0
    headers: tuple[tuple[str, bytes], ...] = ()


def read_from_kafka(monitor: Monitor, record: dict[str, Any]) -> None:
    config = KafkaConfig.model_validate({"bootstrap": "b:1", "topics": ["t"]})
    schema = Schema(tuple(Column(name, Kind.CATEGORICAL) for name in USUAL))
    decoder = Decoder(config, schema, lambda: 0.0)
    block = decoder.decode_all([Sent(json.dumps(record).encode())])
    for found in block.records:
        monitor.observe(found)
    monitor.flush()


@pytest.mark.parametrize("kind", HOSTILE)
@pytest.mark.parametrize("take", [observed, captured, read_from_kafka])
def test_a_record_costs_a_bounded_number_of_calls(
    kind: str, take: Callable[[Monitor, dict[str, Any]], None], monitor: Monitor
) -> None:
    take(monitor, USUAL)  # what is imported once
    most = MOST_CALLS + 4 * values_in(HOSTILE[kind])
    assert work_of(lambda: take(monitor, HOSTILE[kind])) < most


@pytest.mark.parametrize(
    ("kind", "make"),
    [
        ("categories", lambda n: USUAL | {"city": f"city {n}"}),
        ("long categories", lambda n: USUAL | {"city": f"{n}" * 2_000}),
        ("columns", lambda n: USUAL | {f"new {n}": n}),
        ("records", lambda n: USUAL | {"city": {f"{n} {part}": 1 for part in range(100)}}),
    ],
)
def test_new_things_in_every_record_cost_no_more_than_records(
    kind: str, make: Callable[[int], dict[str, Any]], monitor: Monitor
) -> None:
    records = [make(n) for n in range(500)]

    def all_of_them() -> None:
        for record in records:
            monitor.observe(record)
        monitor.flush()

    assert work_of(all_of_them) < MOST_CALLS + 150 * len(records), kind


def test_versions_are_told_apart_in_one_look_at_each_record(monitor: Monitor) -> None:
    """Each is compared with its own kind only: as a key, not with all others."""

    class Version(str):
        __slots__ = ()
        compared = 0

        def __eq__(self, other: object) -> bool:
            Version.compared += 1
            return str.__eq__(self, other)

        def __hash__(self) -> int:
            return str.__hash__(self)

    for n in range(200):
        monitor.observe(USUAL, model_version=Version(f"v{n}"))
    monitor.flush()
    assert Version.compared < 2_000


@pytest.mark.parametrize("outer", ["[value]", "{'a': value}", "(value,)"])
def test_what_is_nested_without_end_does_not_end_the_process(outer: str) -> None:
    code = (
        "import numpy as np\n"
        "from driftwatch.core.data.batch import array_of\n"
        f"value = 1\nfor _ in range(100_000): value = {outer}\n"
        "print(array_of([value], 'c').type.num_fields)\n"
        "column = np.empty(1, object)\ncolumn[0] = value\n"
        "print(array_of(column, 'c').type.num_fields)\n"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout.split() == (["0", "0"] if outer[0] == "{" else ["1", "1"])


def test_lists_are_read_as_far_as_scores_go() -> None:
    scores = [[0.25, 0.75], [0.5, 0.5]]
    assert array_of(scores, "scores").to_pylist() == scores
    assert array_of([[[0.5]]], "scores").to_pylist() == [[[0.5]]]
    assert array_of([[0] * (MOST_PARTS + 1)], "scores").to_pylist() == [[]]
    assert array_of([{"a": 1}, {"b": 2}, None], "c").to_pylist() == [{}, {}, None]


def test_a_text_may_be_so_long_and_no_longer_in_every_container() -> None:
    texts = ["x" * LONGEST_VALUE, "x" * (LONGEST_VALUE + 1), "x" * (2 * LONGEST_VALUE), None, "y"]
    plain = pa.array(texts)
    of_bytes = pa.array([None if text is None else text.encode() for text in texts])
    for array in (plain, plain.cast(pa.large_string()), plain.dictionary_encode(), of_bytes):
        found = typed_values(array, Column("c", Kind.CATEGORICAL))
        assert isinstance(found, Categories)
        assert sorted(map(len, found.texts.to_pylist())) == [1, LONGEST_VALUE]
        assert (found.missing.null, found.missing.invalid) == (1, 2)


def test_the_hash_of_a_long_text_is_its_own() -> None:
    long = ["a" * 1_024, "a" * 1_025, "a" * 5_000, "a" * 4_999 + "b", "b" + "a" * 4_999]
    texts = pa.array(["", "a", *long, "b"], pa.large_string())
    hashes = hash_texts(texts)
    assert len(set(hashes.tolist())) == len(texts)
    for place in range(len(texts)):
        assert hash_texts(texts.slice(place, 1))[0] == hashes[place]
    seeded = hash_texts(texts, seed=7)
    assert not set(seeded.tolist()) & set(hashes.tolist())
