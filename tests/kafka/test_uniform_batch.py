"""Messages read together are counted as messages read one by one, whatever is between them."""

from __future__ import annotations

import json
import time
from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driftwatch.core.subject import Subject
from driftwatch.evaluation.reference_in_use import ReferenceInUse
from driftwatch.ingest.column_buffer import ColumnBuffer
from driftwatch.integrations.kafka.messages.decoding import Decoder, Poison
from driftwatch.integrations.kafka.messages.uniform_batch import Alike
from driftwatch.integrations.kafka.partitions import feed as feeds
from driftwatch.integrations.kafka.partitions.feed import PartitionFeed, Target
from driftwatch.stores.sqlite.memory import MemoryStore
from tests.kafka import working
from tests.kafka.test_feed import Sent

WATCHED = working.monitor(None, window="1h", slide="1h", lateness="5m")
SCHEMA = WATCHED.reference.schema

numbers = st.integers(0, 10_000)
values = st.one_of(
    numbers.map(lambda n: json.dumps(working.message(n)).encode()),
    numbers.map(lambda n: json.dumps(working.message(n)).encode()),
    numbers.map(lambda n: json.dumps(working.message(n)).encode()),
    numbers.map(lambda n: json.dumps(working.message(n) | {"version": n % 2}).encode()),
    numbers.map(lambda n: json.dumps(working.message(n) | {"ts": 1000 * working.START}).encode()),
    st.just(json.dumps({"ts": working.START, "inputs": {"x": None, "plan": "a"}}).encode()),
    st.just(json.dumps({"ts": working.START, "inputs": {"x": 3}}).encode()),
    st.just(json.dumps({"ts": working.START, "inputs": {"x": 3, "new": 1}}).encode()),
    st.just(json.dumps({"ts": "2026-01-01T00:00:00Z", "inputs": [{"x": 1}, {"x": 2}]}).encode()),
    st.just(json.dumps({"ts": working.START, "inputs": {"z": 1}}).encode()),
    st.just(json.dumps({"ts": "soon", "inputs": {"x": 1}}).encode()),
    st.just(json.dumps({"inputs": {"x": 1}}).encode()),
    st.just(
        json.dumps({"ts": 1, "inputs": {"x": 1, "z": json.loads("[" * 40 + "]" * 40)}}).encode()
    ),
    st.just(json.dumps({"ts": 1, "label": [1], "inputs": {"x": 1.5, "z": [2]}}).encode()),
    st.sampled_from([None, b"", b" ", b"5", b"[]", b"\xff", b"{", b"x" * 2_000]),
)


@st.composite
def topics(draw: st.DrawFn) -> list[Sent]:
    """Messages of a partition, long runs of them alike, and holes between."""
    sent: list[Sent] = []
    offset = 0
    for value in draw(st.lists(values, min_size=1, max_size=12)):
        for _ in range(draw(st.sampled_from([1, 1, 2, 40]))):
            offset += draw(st.sampled_from([0, 0, 0, 3]))
            sent.append(Sent(offset, value))
            offset += 1
    return sent


def taken(sent: list[Sent], *, pieces: list[int]) -> tuple[Any, ...]:
    """What is counted of messages."""
    store = MemoryStore()
    config = working.config("h:1", "t", model_version="$.version", message_bytes=1_024)
    target = Target(
        store, ReferenceInUse(Subject(WATCHED.reference, "m"), store), WATCHED.spec, "m", time.time
    )
    outcomes: Counter[str] = Counter()
    found = PartitionFeed(target, "t/0", Decoder(config, SCHEMA), outcomes)
    start = turn = 0
    while start < len(sent):
        end = start + pieces[turn % len(pieces)]
        assert found.take(sent[start:end])
        start, turn = end, turn + 1
    assert found.taken == len(sent)
    found.drain()
    columns: dict[Any, Any] = {}
    for version, profile in found._accumulator.unstored(-(1 << 40), 1 << 40):
        columns |= {
            (version, name): (column.rows, column.missing, column.fingerprint)
            for name, column in profile.columns.items()
        }
    counted = found._tally.counts()
    store.close()
    rejected = [(each.message.offset, each.kind) for each in found.rejected]
    return found.next, counted, dict(outcomes), rejected, columns


@settings(max_examples=150, deadline=None)
@given(topics(), st.lists(st.integers(1, 90), min_size=1, max_size=4))
def test_read_together_or_one_by_one_the_same_is_counted(
    sent: list[Sent], pieces: list[int]
) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(feeds, "_TOGETHER", 16)
        patched.setattr(feeds, "_BLOCKS_APART", 2)
        together = taken(sent, pieces=pieces)
        patched.setattr(ColumnBuffer, "append", lambda self, found: False)
        assert together == taken(sent, pieces=[len(sent)])


def test_messages_of_one_kind_are_never_read_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """The law above would hold of a feed that never reads any together."""

    def one_by_one(self: Decoder, messages: Any) -> None:
        raise AssertionError("read one by one")

    monkeypatch.setattr(Decoder, "decode_all", one_by_one)
    sent = [Sent(n, working.encoded(n)) for n in range(3_000)]
    assert taken(sent, pieces=[1_000])[1] == {"kafka_ok": 3_000}


@pytest.mark.parametrize("at", ["record", "header:at"])
def test_the_time_may_be_the_records_or_in_a_header(at: str) -> None:
    decoder = Decoder(working.config("h:1", "t", at=at), SCHEMA)
    sent = [Sent(n, working.encoded(n), None, 1_000 * n, [("at", b"%d" % n)]) for n in range(40)]
    found = Alike(decoder, sent)
    assert [len(piece) for piece in found.pieces] == [16, 16, 8]
    assert found.times.tolist() == [float(n) for n in range(40)]
    assert found.times.tolist() == decoder.decode_all(sent).times.tolist()


@pytest.mark.parametrize("levels", [31, 32, 33, 900])
def test_what_is_looked_at_must_not_be_too_deep(levels: int) -> None:
    deep = "[" * levels + "]" * levels
    value = json.dumps(working.message(1) | {"inputs": {"x": 1.5, "z": 0}}).encode()
    sent = [Sent(0, value.replace(b'"z": 0', f'"z": {deep}'.encode()))]
    decoder = Decoder(working.config("h:1", "t"), SCHEMA)
    is_too_deep = levels >= 32
    assert [each.kind for each in decoder.decode_all(sent).rejected] == [
        Poison.TOO_DEEP
    ] * is_too_deep
    try:
        list(Alike(decoder, sent).pieces)
    except ValueError:
        assert is_too_deep
    else:
        assert not is_too_deep


def test_what_is_not_looked_at_may_be_deep() -> None:
    deep = "[" * 900 + "]" * 900
    value = json.dumps(working.message(1)).encode()[:-1] + f', "z": {deep}'.encode() + b"}"
    decoder = Decoder(working.config("h:1", "t"), SCHEMA)
    assert not decoder.decode_all([Sent(0, value)]).rejected
    assert len(list(Alike(decoder, [Sent(0, value)]).pieces)) == 1
