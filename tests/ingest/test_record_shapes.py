"""Records of any shapes, one after the other: each value stays in its column and its row."""

from __future__ import annotations

import enum
import sys
import threading
from collections import Counter, defaultdict
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwatch import Column, Kind, Role, Schema
from driftwatch.ingest.known_columns import MOST_NEW_COLUMNS, KnownColumns
from driftwatch.ingest.record_buffer import RecordBuffer, TimedBatch
from driftwatch.ingest.record_shapes import MOST_SHAPES, RecordShapes

SCHEMA = Schema(
    (
        Column("x", Kind.NUMERIC),
        Column("c", Kind.CATEGORICAL),
        Column("score", Kind.NUMERIC, Role.SCORE),
        Column("label", Kind.NUMERIC, Role.LABEL),
    )
)


class Name(str, enum.Enum):  # noqa: UP042 - its own text is not its value, as a StrEnum's is
    X = "x"
    C = "c"
    LABEL = "label"
    NEW = "new"


def buffer(counted: Counter[str] | None = None) -> RecordBuffer:
    counts = counted if counted is not None else Counter[str]()
    return RecordBuffer(SCHEMA, lambda: 0.0, lambda why, rows: counts.update({why: rows}))


def put(into: RecordBuffer, record: Any, **said: Any) -> None:
    words = ("prediction", "score", "label", "id", "at", "model_version")
    into.append(record, *map(said.get, words))


names = st.sampled_from(["x", "c", "score", "label", "new", "other", 1, "1"])
records = st.lists(
    st.dictionaries(names, st.integers(0, 99) | st.sampled_from(["a", "b"]), max_size=5),
    min_size=1,
    max_size=12,
)


@given(records)
def test_values_stay_in_their_columns_whatever_the_shapes_of_the_others(
    found: list[dict[Any, Any]],
) -> None:
    waiting = buffer()
    for record in found:
        put(waiting, record)
    (taken,) = waiting.take()
    by_text = [{str(name): value for name, value in record.items()} for record in found]
    assert taken.batch.arrays.keys() >= {name for record in by_text for name in record}
    for name, array in taken.batch.arrays.items():
        assert array.to_pylist() == [record.get(name) for record in by_text], name


def test_a_record_that_has_score_and_label_is_as_one_with_which_they_are_passed() -> None:
    inside, beside = buffer(), buffer()
    for x in range(3):
        put(inside, {"label": x % 2, "x": x, "score": x / 3, "c": "a"})
        put(beside, {"x": x, "c": "a"}, score=x / 3, label=x % 2)
    (one,), (other,) = inside.take(), beside.take()
    assert one.batch.arrays.keys() == other.batch.arrays.keys()
    for name, array in one.batch.arrays.items():
        assert array.equals(other.batch.arrays[name])


@pytest.mark.parametrize("more", [(), (Name.LABEL,), (Name.NEW,)], ids=["plain", "label", "new"])
def test_names_that_are_members_of_an_enum_are_their_values(more: tuple[Name, ...]) -> None:
    waiting = buffer()
    put(waiting, dict.fromkeys((Name.X, Name.C, *more), 1))
    put(waiting, dict.fromkeys(("x", "c", *(name.value for name in more)), 2))
    put(waiting, dict.fromkeys((Name.X, Name.C, *more), 3))
    (found,) = waiting.take()
    for name in ("x", "c", *(name.value for name in more if name in SCHEMA.names)):
        assert found.batch.arrays[name].to_pylist() == [1, 2, 3]


def test_a_record_is_not_given_what_it_lacks() -> None:
    waiting = buffer()
    record: defaultdict[str, float] = defaultdict(float, x=1.0, new=2.0)
    put(waiting, record)
    assert record == {"x": 1.0, "new": 2.0}
    (found,) = waiting.take()
    assert found.batch.arrays["new"].to_pylist() == [2.0]
    assert "c" not in found.batch.arrays


def test_shapes_without_end_are_forgotten_and_the_plain_one_is_not() -> None:
    counted: Counter[str] = Counter()
    known = KnownColumns(SCHEMA, lambda why, rows: counted.update({why: rows}))
    shapes = RecordShapes(known)
    optional = [f"new {n}" for n in range(8)]
    for n in range(3 * MOST_SHAPES):
        chosen = [name for place, name in enumerate(optional) if n >> place & 1]
        shape, values = shapes.taken(dict.fromkeys(["x", *chosen], n))
        assert shape is not None
        assert set(shape.columns) == {"x", *chosen}
        assert values == (n,) * len(shape.columns)
    assert len(shapes._by_names) <= MOST_SHAPES
    assert frozenset(known.names) in shapes._by_names
    assert not counted


def test_names_that_are_not_looked_at_are_not_remembered() -> None:
    counted: Counter[str] = Counter()
    shapes = RecordShapes(KnownColumns(SCHEMA, lambda why, rows: counted.update({why: rows})))
    for n in range(MOST_NEW_COLUMNS + 50):
        shapes.taken({"x": 1.0, f"new {n}": n})
    long = {"x": 1.0, "n" * 100_000: 1}
    for _ in range(2):
        assert shapes.taken(long)[1] == (1.0,)
    assert counted == {"values_of_too_many_new_columns": 50 + 2}
    assert max(len(name) for names in shapes._by_names for name in names) < 200


def test_threads_do_not_mix_what_belongs_to_a_record() -> None:
    """Values, time and label of a record stay together while others are appended and taken."""
    waiting, done, ready = buffer(), threading.Event(), threading.Barrier(5)
    found: list[TimedBatch] = []
    each, threads = 3_000, 4

    def append(thread: int) -> None:
        ready.wait()
        for n in range(each):
            number = float(thread * each + n)
            record = {"x": number, "c": "a"} if n % 3 else {"x": number, "c": "a", "new": number}
            put(waiting, record, at=1e9 + number, label=number)

    def take() -> None:
        ready.wait()
        while not done.is_set():
            found.extend(waiting.take())
        found.extend(waiting.take())

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        taking = threading.Thread(target=take)
        appending = [threading.Thread(target=append, args=(n,)) for n in range(threads)]
        for thread in (taking, *appending):
            thread.start()
        for thread in appending:
            thread.join()
        done.set()
        taking.join()
    finally:
        sys.setswitchinterval(before)
    rows = []
    for taken in found:
        arrays = taken.batch.arrays
        for x, label, time in zip(
            arrays["x"].to_pylist(), arrays["label"].to_pylist(), taken.times.tolist(), strict=True
        ):
            assert x == label == time - 1e9
            rows.append(x)
    assert sorted(rows) == [float(n) for n in range(each * threads)]
