"""Records: anything may come, nothing is raised, everything is counted."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pydantic
import pytest

from driftwatch import Column, Kind, Role, Schema
from driftwatch.ingest.record_buffer import RecordBuffer

SCHEMA = Schema(
    (
        Column("x", Kind.NUMERIC),
        Column("c", Kind.CATEGORICAL),
        Column("yhat", Kind.NUMERIC, Role.PREDICTION),
        Column("ts", Kind.DATETIME, Role.TIME),
    )
)


def buffer(counted: Counter[str] | None = None) -> RecordBuffer:
    counts = counted if counted is not None else Counter[str]()

    def count(reason: str, rows: int) -> None:
        counts[reason] += rows

    return RecordBuffer(SCHEMA, lambda: 100.0, count)


def put(into: RecordBuffer, record: Any, **said: Any) -> None:
    into.append(
        record,
        said.get("prediction"),
        said.get("score"),
        said.get("label"),
        said.get("id"),
        said.get("at"),
        said.get("model_version"),
    )


def test_values_are_copied_out_at_once() -> None:
    waiting = buffer()
    record = {"x": 1.0, "c": "a"}
    put(waiting, record)
    record["x"] = 2.0
    put(waiting, record, prediction=0.5)
    (found,) = waiting.take()
    assert found.batch.arrays["x"].to_pylist() == [1.0, 2.0]
    assert found.batch.arrays["yhat"].to_pylist() == [None, 0.5]
    assert found.times.tolist() == [100.0, 100.0]
    assert waiting.waiting == 0


def test_missing_surplus_and_mixed_values() -> None:
    waiting = buffer()
    put(waiting, {"x": 1, "c": "a"})
    put(waiting, {"x": None})
    put(waiting, {"x": "twelve", "c": 3, "new": True})
    (found,) = waiting.take()
    assert found.batch.rows == 3
    assert found.batch.arrays["x"].to_pylist() == [1, None, "twelve"]
    assert found.batch.arrays["c"].to_pylist() == ["a", None, 3]
    assert found.batch.arrays["new"].to_pylist() == [None, None, True]


class Model(pydantic.BaseModel):
    x: float
    c: str


class Row(NamedTuple):
    x: float
    c: str


@dataclass
class Data:
    x: float
    c: str


class Raising(pydantic.BaseModel):
    def model_dump(self, **_: Any) -> Any:
        raise ZeroDivisionError


@pytest.mark.parametrize(
    "make",
    [
        Model,
        Row,
        Data,
        SimpleNamespace,
        lambda **values: pd.Series(values),
        lambda **values: pd.Series({**values, "more": 1}),
        lambda **values: OrderedDict(values),
    ],
)
def test_objects_that_applications_have_for_a_record(make: Callable[..., Any]) -> None:
    counted: Counter[str] = Counter()
    waiting = buffer(counted)
    put(waiting, make(x=1.5, c="a"))
    (found,) = waiting.take()
    assert found.batch.arrays["x"].to_pylist() == [1.5]
    assert found.batch.arrays["c"].to_pylist() == ["a"]
    assert counted == {}


def test_a_record_that_raises_is_none_and_breaks_nothing() -> None:
    counted: Counter[str] = Counter()
    waiting = buffer(counted)
    put(waiting, Raising())
    assert list(waiting.take()) == []
    assert counted == {"not_a_record": 1}


def test_what_is_no_record_is_counted() -> None:
    counted: Counter[str] = Counter()
    waiting = buffer(counted)
    for thing in (None, 5, "text", [1.0, 2.0]):
        put(waiting, thing)
    put(waiting, {"x": 1.0, "c": "a"}, score=0.5, label=1)
    (found,) = waiting.take()
    assert found.batch.rows == 1
    assert counted == {"not_a_record": 4, "score_without_a_column": 1, "label_without_a_column": 1}


def test_times_of_every_kind() -> None:
    waiting = buffer()
    at = datetime(2026, 1, 1, tzinfo=UTC)
    naive = at.replace(tzinfo=None)
    for time in (at, at.timestamp(), naive, "2026-01-01", None, object()):
        put(waiting, {"x": 1.0, "c": "a"}, at=time)
    (found,) = waiting.take()
    assert found.times[:3].tolist() == [at.timestamp()] * 3
    assert found.times[4] == 100.0
    assert np.isnan(found.times[5])
    put(waiting, {"x": 1.0, "c": "a"}, at=at)
    (found,) = waiting.take()
    assert found.times.tolist() == [at.timestamp()]


def test_versions_are_kept_apart() -> None:
    waiting = buffer()
    for version in ("v1", "v2", None, "v1"):
        put(waiting, {"x": 1.0, "c": "a"}, model_version=version)
    assert {f.model_version: f.batch.rows for f in waiting.take()} == {"v1": 2, "v2": 1, None: 1}
    assert list(waiting.take()) == []


def test_the_oldest_go_first() -> None:
    counts = Counter[str]()
    waiting = buffer(counts)
    for x in range(10):
        put(waiting, {"x": float(x), "c": "a"})
    waiting.drop_surplus(4)
    assert counts == {"dropped_unsketched": 6}
    (found,) = waiting.take()
    assert found.batch.arrays["x"].to_pylist() == [6.0, 7.0, 8.0, 9.0]
    put(waiting, {"x": 1.0, "c": "a"})
    waiting.clear()
    assert waiting.waiting == 0


def test_a_version_that_is_not_a_number_is_none() -> None:
    waiting = buffer()
    for version in (float("nan"), None, "1"):
        put(waiting, {"x": 1.0, "c": "a"}, model_version=version)
    found = {each.model_version: each.batch.rows for each in waiting.take()}
    assert found == {None: 2, "1": 1}
