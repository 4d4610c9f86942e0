"""Payloads by name: those of the shape are read, and all others refused; bounded by rows."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwatch.config.kafka import KafkaConfig
from driftwatch.errors import ConfigError
from driftwatch.ingest.json_paths import Each, JsonPath
from driftwatch.ingest.payloads import OtherPayloadError, Payload, Rows, Shape
from driftwatch.ingest.record_paths import RecordPaths

NAMES = ("age", "plan")
RECORDS = [{"age": 31, "plan": "pro"}, {"age": 40, "plan": "free"}]
VALUES = [[31, "pro"], [40, "free"]]
COLUMNS = {"age": [31, 40], "plan": ["pro", "free"]}
TENSORS = [
    {"name": "age", "shape": [2, 1], "datatype": "INT64", "data": [31, 40]},
    {"name": "plan", "shape": [2], "datatype": "BYTES", "data": ["pro", "free"]},
]
SPLIT = {"columns": ["plan", "age"], "data": [["pro", 31], ["free", 40]]}
NDARRAY = {"names": ["plan", "age"], "ndarray": [["pro", 31], ["free", 40]]}
BOXED = [{"age": [31], "plan": ["pro"]}, {"age": [40], "plan": ["free"]}]

DOCUMENTS: list[tuple[Any, set[str]]] = [
    (RECORDS[0], {"record"}),
    (RECORDS, {"records"}),
    (COLUMNS, {"columns", "record"}),
    (VALUES, {"rows"}),
    ({"dataframe_split": SPLIT}, {"dataframe_split"}),
    (SPLIT, {"dataframe_split"}),
    ({"dataframe_split": {"data": VALUES}}, {"dataframe_split"}),
    ({"dataframe_records": RECORDS}, {"dataframe_records"}),
    ({"inputs": COLUMNS}, {"inputs"}),
    ({"inputs": VALUES}, {"inputs"}),
    ({"inputs": {"age": [[31], [40]], "plan": [["pro"], ["free"]]}}, {"inputs"}),
    ({"instances": RECORDS}, {"instances"}),
    ({"instances": BOXED}, {"instances"}),
    ({"instances": VALUES}, {"instances"}),
    ({"instances": COLUMNS}, {"instances"}),
    (TENSORS, {"tensors"}),
    ({"inputs": TENSORS}, {"tensors"}),
    (
        {"inputs": [{"name": "x", "shape": [2, 2], "data": [31, "pro", 40, "free"]}]},
        {"tensors"},
    ),
    ({"data": NDARRAY}, {"ndarray"}),
    (NDARRAY, {"ndarray"}),
    ({"data": {"ndarray": VALUES}}, {"ndarray"}),
]  # fmt: skip


@pytest.mark.parametrize(("document", "words"), DOCUMENTS)
@pytest.mark.parametrize("shape", list(Shape))
def test_a_document_is_read_as_what_it_is_named(
    document: Any, words: set[str], shape: Shape
) -> None:
    payload = Payload(NAMES, shape=shape)
    if shape.value in words | {"auto"}:
        rows = payload.rows(document)
        if "record" in words and (shape is Shape.RECORD or document is RECORDS[0]):
            assert rows is None
        else:
            assert rows == (RECORDS, 2)
    else:
        with pytest.raises(OtherPayloadError):
            payload.rows(document)


@pytest.mark.parametrize("word", ["column", "", None, 5, "AUTO"])
def test_another_word_is_an_error_that_lists_them(word: Any) -> None:
    with pytest.raises(ConfigError, match="payload must be one of auto, record, records, columns"):
        Shape.of(word)
    if isinstance(word, str):
        with pytest.raises(ConfigError, match="payload must be one of auto, record, records"):
            KafkaConfig.model_validate({"bootstrap": "b:1", "topics": ["t"], "payload": word})


def test_a_wildcard_finds_rows_and_no_tables() -> None:
    path = JsonPath.of("rows[*]")
    for shape in Shape:
        if shape.value in ("auto", "record", "records", "rows"):
            RecordPaths(path, payload=Payload(NAMES, shape=shape))
            continue
        with pytest.raises(ConfigError, match="wildcard"):
            RecordPaths(path, payload=Payload(NAMES, shape=shape))
        with pytest.raises(ConfigError, match="wildcard"):
            KafkaConfig.model_validate(
                {"bootstrap": "b:1", "topics": ["t"], "features": "rows[*]", "payload": shape.value}
            )


def test_what_a_wildcard_finds_is_a_row_each() -> None:
    three = Each([RECORDS[0], VALUES[1], 5])
    assert Payload(NAMES).rows(three) == ([RECORDS[0], RECORDS[1], None], 3)
    assert Payload(NAMES, shape=Shape.RECORDS).rows(three) == ([RECORDS[0], None, None], 3)
    assert Payload(NAMES, shape=Shape.ROWS).rows(three) == ([None, RECORDS[1], None], 3)
    # Two values for two features: two rows of one value each, and not one row.
    assert Payload(NAMES).rows(Each([31, "pro"])) == ([None, None], 2)
    assert Payload(("age",)).rows(Each([31, None])) == ([{"age": 31}, None], 2)


MANY = 50_000


@pytest.mark.parametrize(
    "document",
    [
        [RECORDS[0]] * MANY,
        {"age": [31] * MANY, "plan": ["pro"] * MANY},
        [[31, "pro"]] * MANY,
        {"dataframe_split": {"columns": ["age", "plan"], "data": [[31, "pro"]] * MANY}},
        {"data": {"ndarray": [[31, "pro"]] * MANY}},
        {"inputs": [{"name": "x", "shape": [MANY, 2], "data": [31, "pro"] * MANY}]},
        {
            "inputs": [
                {"name": "age", "shape": [MANY], "data": [31] * MANY},
                {"name": "plan", "shape": [MANY, 1], "data": ["pro"] * MANY},
            ]
        },
        Each([[31, "pro"]] * MANY),
    ],
    ids=["records", "columns", "rows", "split", "ndarray", "tensor", "tensors", "wildcard"],
)
def test_only_so_many_rows_are_made(document: Any) -> None:
    assert Payload(NAMES, most=3).rows(document) == ([RECORDS[0]] * 3, MANY)


@pytest.mark.parametrize(
    "shape",
    [
        [1 << 31],
        [1 << 31, 1 << 31],
        [3],
        [0],
        [0, 10**9],
        [10**9, 0],
        [],
        [2, 2],
        [1 << 31] * 8,
    ],
)
@pytest.mark.parametrize("data", [[], [5], [5, 6], [[5], [6]]])
def test_a_shape_that_its_data_do_not_have_makes_no_rows(shape: list[int], data: Any) -> None:
    for names in (("x",), ("x", "y"), NAMES):
        rows = Payload(names).rows([{"name": "x", "shape": shape, "data": data}])
        assert rows is not None
        assert rows.total <= 1
        assert [row for row in rows.made if row is not None] in ([], [{"x": 5}])


@pytest.mark.parametrize("shape", [[-1], [True], [1.0], ["2"], [10**30], [1] * 9, None, {"a": 1}])
def test_what_has_no_shape_is_no_tensor(shape: Any) -> None:
    tensor = {"name": "age", "shape": shape, "data": [31]}
    assert Payload(NAMES).rows([tensor]) == ([tensor], 1)
    with pytest.raises(OtherPayloadError):
        Payload(NAMES, shape=Shape.TENSORS).rows([tensor])


@pytest.mark.parametrize("word", ["inputs", "data", "instances"])
def test_words_below_each_other_without_end_are_no_error(word: str) -> None:
    text = f'{{"{word}":' * 900 + "5" + "}" * 900
    document = json.loads(text)
    assert sys.getrecursionlimit() <= 3_000
    assert Payload(NAMES).rows(document) is not None


WORDS = [
    *("age", "plan", "inputs", "instances", "data", "columns", "dataframe_split", "rows"),
    *("names", "ndarray", "shape", "name", "dataframe_records"),
]
ANYTHING = st.recursive(
    st.none() | st.integers(-3, 9) | st.sampled_from(["age", "pro"]),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=4)
    ),
    max_leaves=30,
)


@given(ANYTHING, st.sampled_from(list(Shape)), st.integers(1, 3))
def test_anything_is_rows_or_none_or_refused(document: Any, shape: Shape, most: int) -> None:
    payload = Payload(NAMES, shape=shape, most=most)
    try:
        rows = payload.rows(document)
    except OtherPayloadError:
        assert shape is not Shape.AUTO
        return
    if rows is not None:
        assert isinstance(rows, Rows)
        assert len(rows.made) == min(most, rows.total)
        assert all(row is None or isinstance(row, dict) for row in rows.made)
