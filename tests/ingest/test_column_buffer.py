"""Records taken together make the batches that they would make one at a time, or none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from driftwatch import Column, Kind, Role, Schema
from driftwatch.core.data.outcomes import OutcomeColumns, Task
from driftwatch.ingest.column_buffer import ColumnBuffer
from driftwatch.ingest.column_layout import Layout
from driftwatch.ingest.known_columns import MOST_NEW_COLUMNS, KnownColumns
from driftwatch.ingest.record_buffer import RecordBuffer

SCHEMA = Schema(
    (
        Column("x", Kind.NUMERIC),
        Column("n", Kind.NUMERIC),
        Column("c", Kind.CATEGORICAL),
        Column("b", Kind.BOOLEAN),
        Column("yhat", Kind.NUMERIC, Role.PREDICTION),
        Column("ts", Kind.DATETIME, Role.TIME),
    )
)


@dataclass
class Given:
    records: Sequence[dict[str, Any]]
    by_role: dict[str, list[Any]] = field(default_factory=dict)

    @property
    def times(self) -> np.ndarray[Any, np.dtype[np.float64]]:
        return np.arange(len(self.records), dtype=np.float64)

    @property
    def pieces(self) -> list[Sequence[dict[str, Any]]]:
        return [self.records[start : start + 3] for start in range(0, len(self.records), 3)]


def columns(counted: Counter[str] | None = None) -> ColumnBuffer:
    counts = counted if counted is not None else Counter[str]()
    return ColumnBuffer(KnownColumns(SCHEMA, lambda why, rows: counts.update({why: rows})))


def one_at_a_time(found: Sequence[Given], counted: Counter[str]) -> RecordBuffer:
    buffer = RecordBuffer(SCHEMA, lambda: 0.0, lambda why, rows: counted.update({why: rows}))
    for block in found:
        for place, record in enumerate(block.records):
            words = ("prediction", "score", "label", "id", "at", "model_version")
            said = {w: block.by_role[w][place] if w in block.by_role else None for w in words}
            said["at"] = float(block.times[place])
            buffer.append(record, *said.values())
    return buffer


def content(batch: Any) -> dict[str, Any]:
    known = {name: array for name, array in batch.arrays.items() if name in SCHEMA.names}
    return {
        "known": {name: (str(array.type), array.to_pylist()) for name, array in known.items()},
        "new": {name: str(a.type) for name, a in batch.arrays.items() if name not in known},
    }


floats = st.floats(allow_infinity=False)
integers = st.integers(-(1 << 70), 1 << 70) | st.integers(-3, 3)
plain = {
    "x": floats,
    "n": st.integers(-9, 9),
    "c": st.sampled_from(["a", "b"]),
    "b": st.booleans(),
}
odd = st.one_of(st.none(), floats, integers, st.booleans(), st.text(max_size=3), st.just([1]))
said = {
    "prediction": floats | st.none(),
    "label": st.integers(0, 1) | st.none(),
    "model_version": st.sampled_from(["1", None]),
}


@st.composite
def blocks(draw: st.DrawFn) -> list[Given]:
    """Blocks of records most of which are alike."""
    kinds = dict(plain)
    for name in draw(st.sets(st.sampled_from(sorted(plain)), max_size=2)):
        kinds[name] = draw(
            st.sampled_from([odd, odd, floats | st.integers(-5, 5), st.none() | kinds[name]])
        )
    if draw(st.booleans()):
        kinds["new"] = draw(st.sampled_from([st.text(max_size=2), floats, st.just({"a": 1})]))
    if draw(st.booleans()):
        kinds["ts"] = st.just("2026-01-01T00:00:00")
    words = {w: said[w] for w in draw(st.sets(st.sampled_from(sorted(said))))}
    found = []
    for _ in range(draw(st.integers(1, 3))):
        records = draw(st.lists(st.fixed_dictionaries(kinds), min_size=1, max_size=7))
        size = len(records)
        found.append(
            Given(
                records,
                {w: draw(st.lists(v, min_size=size, max_size=size)) for w, v in words.items()},
            )
        )
    return found


@settings(max_examples=400)
@given(blocks())
def test_what_is_taken_together_is_as_if_it_came_one_at_a_time(given_blocks: list[Given]) -> None:
    counted: Counter[str] = Counter()
    together = columns(counted)
    taken = [block for block in given_blocks if together.append(block)]
    event(f"{len(taken)} of {len(given_blocks)} blocks taken")
    assert together.waiting == sum(len(block.records) for block in taken)
    batches = list(together.take())
    assert together.waiting == 0
    expected: Counter[str] = Counter()
    found = list(one_at_a_time(taken, expected).take())
    assert len(batches) == len(found)
    for mine, other in zip(batches, found, strict=True):
        assert mine.batch.rows == other.batch.rows
        assert content(mine.batch) == content(other.batch)
        assert mine.times.tolist() == other.times.tolist()
        assert mine.model_version == other.model_version
    assert +counted == +expected


@pytest.mark.parametrize(
    "records",
    [
        [{"x": 1.5, "c": "a"}, {"x": 1.5}],
        [{"x": 1.5}, {"c": "a"}],
        [{"x": 1.5, "new": 1}, {"x": 1.5, "c": "a"}],
        [{"x": True}, {"x": 1.5}],
        [{"x": "1"}, {"x": 1.5}],
        [{"x": 1 << 53}],
        [{"x": 1.5, "new": [1]}],
        [{"c": "a"}, {"c": 1}],
        [{"c": ["a"]}],
        [{"c": "\ud800"}],
        [{"unknown": 1}],
        [5],
    ],
)
def test_what_is_odd_is_refused_and_leaves_nothing(records: list[Any]) -> None:
    counted: Counter[str] = Counter()
    buffer = columns(counted)
    alike = Given([{"x": 0.5, "c": "b"}], {"model_version": ["1"]})
    assert not buffer.append(Given(records))
    assert buffer.append(alike)
    assert not buffer.append(Given(records))
    assert not buffer.append(Given([{"x": 0.5, "c": "b"}], {"model_version": ["2"]}))
    assert not buffer.append(Given([{"x": 0.5, "c": "b"}], {"model_version": [["1"]]}))
    assert not buffer.append(Given([]))
    (found,) = buffer.take()
    assert (found.batch.rows, found.model_version) == (1, "1")
    assert not counted


def test_as_usual_means_taken_together() -> None:
    """The law above would hold of a buffer that refuses everything."""
    buffer = columns()
    usual = [
        Given([{"x": 0.5, "n": 1, "c": "a", "b": True}] * 5, {"prediction": [0.5] * 5}),
        Given([{"x": None, "n": 1.5, "c": None, "b": None}] * 5, {"prediction": [None] * 5}),
        Given([{"x": 3, "n": 4, "c": "b", "b": False}] * 5),
    ]
    assert [buffer.append(block) for block in usual] == [True] * 3
    (found,) = buffer.take()
    types = {name: str(array.type) for name, array in found.batch.arrays.items()}
    assert types == {"x": "double", "n": "double", "c": "string", "b": "bool", "yhat": "double"}
    assert found.batch.arrays["yhat"].null_count == 10


def test_names_that_are_not_looked_at_are_counted() -> None:
    counted: Counter[str] = Counter()
    buffer = columns(counted)
    record = {"x": 0.5} | {f"new {n}": n for n in range(MOST_NEW_COLUMNS + 50)}
    assert buffer.append(Given([record] * 4))
    assert buffer.append(Given([record] * 2))
    (found,) = buffer.take()
    assert (
        len(found.batch.arrays) == 1 + MOST_NEW_COLUMNS + 1
    )  # and the prediction that is not there
    assert counted == {"values_of_too_many_new_columns": 6 * 50}


def test_an_error_of_ours_is_counted_and_stops_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    counted: Counter[str] = Counter()
    buffer = columns(counted)
    alike = Given([{"x": 0.5, "c": "b"}] * 3)
    assert buffer.append(alike)
    with monkeypatch.context() as broken:
        broken.setattr("driftwatch.ingest.column_layout._numbers", None)
        assert list(buffer.take()) == []
    assert counted == {"not_usable": 3}
    assert buffer.append(alike)
    assert [found.batch.rows for found in buffer.take()] == [3]


def test_integers_and_then_floats_are_taken_together_in_numeric_columns_only() -> None:
    buffer = columns()
    assert buffer.append(Given([{"x": 1, "c": 1 << 60}] * 3))
    assert not buffer.append(Given([{"x": 1.5, "c": 1.5}] * 3))
    assert buffer.append(Given([{"x": 1.5, "c": 1 << 60}] * 3))
    (found,) = buffer.take()
    assert str(found.batch.arrays["x"].type) == "double"
    assert found.batch.arrays["c"].to_pylist() == [1 << 60] * 6


def test_versions_that_look_alike_are_told_apart() -> None:
    buffer = columns()
    assert not buffer.append(Given([{"x": 0.5}] * 2, {"model_version": [1, True]}))
    nan = float("nan")
    assert not buffer.append(Given([{"x": 0.5}] * 2, {"model_version": [nan, nan]}))
    assert buffer.append(Given([{"x": 0.5}], {"model_version": [1]}))
    assert not buffer.append(Given([{"x": 0.5}], {"model_version": [1.0]}))


def test_what_cannot_be_put_together_is_given_block_by_block(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    buffer = columns()
    for _ in range(2):
        assert buffer.append(Given([{"x": None, "c": "b"}] * 3))
    whole = Layout.whole

    def too_large(self: Any, blocks: Any, types: Any) -> Any:
        if len(blocks) > 1:
            raise ValueError("offset overflow")
        return whole(self, blocks, types)

    monkeypatch.setattr(Layout, "whole", too_large)
    assert [found.batch.rows for found in buffer.take()] == [3, 3]


def test_values_beside_some_records_leave_those_in_the_others() -> None:
    """Predictions passed with every other record, and in the rest: none is lost."""
    records = [{"x": float(i), "yhat": 0.5} if i % 2 else {"x": float(i)} for i in range(6)]
    beside = [None if i % 2 else 0.25 for i in range(6)]
    mixed = Given(records, {"prediction": beside})
    alike = Given(
        [{"x": float(i), "yhat": 0.5} for i in range(6)], {"prediction": [None, 0.25] * 3}
    )
    for given_, expected in ((mixed, [0.25, 0.5] * 3), (alike, [0.5, 0.25] * 3)):
        assert not columns().append(given_)  # unlike each other: one at a time
        (taken,) = one_at_a_time([given_], Counter()).take()
        assert taken.batch.arrays["yhat"].to_pylist() == expected


def test_scores_of_several_classes_are_put_into_their_columns() -> None:
    outcomes = OutcomeColumns(
        Task.MULTICLASS, "y", scores=("pa", "pb", "pc"), classes=("a", "b", "c")
    )
    schema = Schema(
        (
            Column("x", Kind.NUMERIC),
            *(Column(name, Kind.NUMERIC, Role.SCORE) for name in outcomes.scores),
            Column("y", Kind.CATEGORICAL, Role.LABEL),
        )
    )
    counted = Counter[str]()
    known = KnownColumns(schema, lambda why, rows: counted.update({why: rows}), outcomes=outcomes)
    score: list[Any] = [[0.1, 0.2, 0.7], {"a": 1.0}, "much", None]
    assert not ColumnBuffer(known).append(Given([{"x": 1.0}] * 4, {"score": score}))
    spread, left = known.by_class(score)
    assert spread == {
        "pa": [0.1, 1.0, None, None],
        "pb": [0.2, None, None, None],
        "pc": [0.7, None, None, None],
    }
    assert left == [None, None, "much", None]
