"""Ten shapes of request bodies are the same rows, through FastAPI, Flask and Kafka."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from fastapi import FastAPI, Request
from fastapi.testclient import TestClient
from flask import Flask, request

from driftwatch import Monitor, Status
from driftwatch.config.kafka import KafkaConfig
from driftwatch.core.data.schema import Schema
from driftwatch.ingest.answers import row_values
from driftwatch.ingest.payloads import Payload
from driftwatch.integrations.capture import CaptureLimits
from driftwatch.integrations.fastapi import DriftMiddleware
from driftwatch.integrations.flask import DriftMiddleware as FlaskMiddleware
from driftwatch.integrations.kafka.messages.decoding import Decoder

ROWS = 3_200
EACH = 8
NAMES = ("age", "income", "plan")

RNG = np.random.default_rng(3)
DATA: dict[str, Any] = {
    "age": RNG.integers(18, 80, ROWS).tolist(),
    "income": RNG.lognormal(8, 0.4, ROWS).round(2).tolist(),
    "plan": RNG.choice(["free", "pro", "team"], ROWS).tolist(),
    "risk": RNG.uniform(size=ROWS).round(4).tolist(),
}
Row = tuple[Any, ...]


@dataclass(frozen=True)
class Shape:
    """How rows stand in a body, and scores in its answer."""

    body: Callable[[list[Row]], Any]
    features: str = "$"
    answer: Callable[[list[float]], Any] = lambda risks: {"risk": risks}
    score: str = "$.risk"


def tensors(rows: list[Row]) -> dict[str, Any]:
    types = ("INT64", "FP64", "BYTES")
    return {
        "inputs": [
            {"name": name, "shape": [len(rows), 1], "datatype": of, "data": list(column)}
            for name, of, column in zip(NAMES, types, zip(*rows, strict=True), strict=True)
        ]
    }


def as_records(rows: list[Row]) -> list[dict[str, Any]]:
    return [dict(zip(NAMES, row, strict=True)) for row in rows]


def as_columns(rows: list[Row]) -> dict[str, list[Any]]:
    return {name: list(c) for name, c in zip(NAMES, zip(*rows, strict=True), strict=True)}


SHAPES: dict[str, Shape] = {
    "list of records": Shape(as_records),
    "columns": Shape(as_columns, answer=lambda risks: [[risk] for risk in risks], score="$"),
    "rows of values": Shape(lambda rows: [list(row) for row in rows]),
    "dataframe_split": Shape(
        lambda rows: {"dataframe_split": {"columns": list(NAMES), "data": [list(r) for r in rows]}},
        answer=lambda risks: {"predictions": risks},
        score="$",
    ),
    "dataframe_records": Shape(lambda rows: {"dataframe_records": as_records(rows)}),
    "inputs by column": Shape(lambda rows: {"inputs": as_columns(rows)}),
    "instances": Shape(
        lambda rows: {"signature_name": "s", "instances": [list(row) for row in rows]},
        answer=lambda risks: {"predictions": [[risk] for risk in risks]},
        score="$.predictions",
    ),
    "tensors": Shape(
        tensors,
        answer=lambda risks: {
            "outputs": [{"name": "risk", "shape": [len(risks)], "datatype": "FP64", "data": risks}]
        },
        score="$",
    ),
    "names and ndarray": Shape(
        lambda rows: {"data": {"names": list(NAMES), "ndarray": [list(row) for row in rows]}},
        answer=lambda risks: {"data": [{"risk": risk} for risk in risks]},
        score="$.data",
    ),
    "nested": Shape(lambda rows: {"body": {"x": {"rows": as_records(rows)}}}, "$.body.x.rows"),
    "one record": Shape(
        lambda rows: as_records(rows)[0], answer=lambda risks: [[{"risk": risks[0]}]], score="$"
    ),
}


def bodies(shape: str) -> Iterator[tuple[Any, Any]]:
    """Requests and their answers."""
    each = 1 if shape == "one record" else EACH
    for start in range(0, ROWS, each):
        part = {name: column[start : start + each] for name, column in DATA.items()}
        rows = list(zip(*(part[name] for name in NAMES), strict=True))
        yield SHAPES[shape].body(rows), SHAPES[shape].answer(part["risk"])


@pytest.fixture(scope="module")
def made() -> Monitor:
    return Monitor(DATA, score="risk")


@pytest.fixture
def monitor(made: Monitor) -> Iterator[Monitor]:
    with Monitor(made.reference.profile, score="risk") as fresh:
        yield fresh


def check(monitor: Monitor) -> None:
    monitor.flush()
    report = monitor.check()
    assert dict(monitor.counters) == {}
    assert report.rows_current == ROWS
    assert {f.name: f.missing_current for f in report.features} == dict.fromkeys(DATA, 0.0)
    assert report.schema_changes == ()
    assert report.global_status in (Status.OK, Status.UNDECIDED)
    assert report.drifted_features == []


@pytest.mark.parametrize("shape", SHAPES)
def test_fastapi(monitor: Monitor, shape: str) -> None:
    app = FastAPI()
    answers: list[Any] = []

    @app.post("/predict")
    async def predict(asked: Request) -> Any:
        await asked.json()
        return answers[-1]

    app.add_middleware(
        DriftMiddleware,
        monitor=monitor,
        features=SHAPES[shape].features,
        score=SHAPES[shape].score,
        limits=CaptureLimits(records=ROWS),
    )
    with TestClient(app) as client:
        for body, answer in bodies(shape):
            answers.append(answer)
            client.post("/predict", json=body)
    check(monitor)


@pytest.mark.parametrize("shape", SHAPES)
def test_flask(monitor: Monitor, shape: str) -> None:
    app = Flask("test")
    answers: list[Any] = []

    @app.post("/predict")
    def predict() -> Any:
        request.get_json()
        return json.dumps(answers[-1]), 200, {"Content-Type": "application/json"}

    watched = FlaskMiddleware(
        app.wsgi_app,
        monitor,
        features=SHAPES[shape].features,
        score=SHAPES[shape].score,
        limits=CaptureLimits(records=ROWS),
    )
    app.wsgi_app = watched  # type: ignore[method-assign]
    client = app.test_client()
    for body, answer in bodies(shape):
        answers.append(answer)
        with client.post("/predict", json=body) as answered:
            assert answered.get_data()
    watched.capture.flush(20)
    check(monitor)


@dataclass
class Sent:
    value: bytes
    offset: int = 0
    key: bytes | None = None
    timestamp: int = 1_767_268_800_000
    headers: tuple[tuple[str, bytes], ...] = ()


@pytest.mark.parametrize("shape", SHAPES)
def test_kafka(made: Monitor, shape: str) -> None:
    of = SHAPES[shape]
    config = KafkaConfig.model_validate(
        {
            "bootstrap": "b:1",
            "topics": ["t"],
            "features": of.features.replace("$", "$.request", 1),
            "score": of.score.replace("$", "$.answer", 1),
            "at": "record",
        }
    )
    decoder = Decoder(config, made.reference.schema)
    messages = [
        Sent(json.dumps({"request": body, "answer": answer}).encode())
        for body, answer in bodies(shape)
    ]
    records: list[dict[str, Any]] = []
    scores: list[Any] = []
    while messages:
        block = decoder.decode_all(messages)
        assert block.rejected == []
        records += map(dict, block.records)
        scores += block.by_role["score"]
        messages = messages[block.read :]
    assert records == as_records(list(zip(*(DATA[name] for name in NAMES), strict=True)))
    assert scores == DATA["risk"]


PAYLOAD = Payload(NAMES)


@pytest.mark.parametrize(
    "document",
    [
        {"age": 31, "income": 1.0, "plan": "pro"},
        {"age": [31, 40], "income": 1.0, "plan": "pro"},
        {"age": [31], "income": [1.0, 2.0], "plan": ["a"]},
        {"age": 31, "inputs": [1, 2], "data": [3]},
        {"something": 1},
        {"inputs": 5},
        {},
        5,
        "text",
        None,
    ],
)
def test_what_is_not_many_records(document: Any) -> None:
    assert PAYLOAD.rows(document) is None


@pytest.mark.parametrize(
    "document",
    [[1, 2], [[1], [2]], [None], {"inputs": [{"name": "age", "shape": [2], "data": []}]}, ["a"]],
)
def test_what_has_no_such_rows_gives_none_of_them(document: Any) -> None:
    rows = PAYLOAD.rows(document)
    assert rows is not None
    assert not any(rows.made)


def test_features_that_are_lists_are_no_columns() -> None:
    payload = Payload(("vector", "age"), frozenset({"vector"}))
    assert payload.rows({"vector": [1, 2], "age": 3}) is None
    assert payload.rows({"vector": [[1, 2], [3, 4]], "age": [3, 4]}) == (
        [{"vector": [1, 2], "age": 3}, {"vector": [3, 4], "age": 4}],
        2,
    )


def test_without_names_only_records_are_known() -> None:
    assert Payload.of(Schema(())).rows({"age": [1, 2]}) is None
    assert Payload.of(Schema(())).rows([{"age": 1}, 2]) == ([{"age": 1}, None], 2)


def test_answers_that_are_not_as_many_are_counted(monitor: Monitor) -> None:
    app = FastAPI()

    @app.post("/predict")
    async def predict(asked: Request) -> Any:
        await asked.json()
        return {"risk": [0.1]}

    app.add_middleware(DriftMiddleware, monitor=monitor, features="$", score="$.risk")
    with TestClient(app) as client:
        client.post("/predict", json=as_records([(31, 1.0, "pro"), (32, 2.0, "free")]))
    monitor.flush()
    assert dict(monitor.counters) == {"predictions_do_not_match": 2}
    assert monitor.check().rows_current == 2


def test_lists_beside_the_features_take_no_row_with_them() -> None:
    document = {"tags": ["v2"], "age": [1, 2], "income": [1.0, 2.0], "plan": ["a", "b"]}
    rows = PAYLOAD.rows(document)
    assert rows is not None
    assert [row["age"] for row in rows.made] == [1, 2]
    tensors_of_two = {
        "inputs": [
            {"name": "age", "shape": [1], "data": [31]},
            {"name": "plan", "shape": [3], "data": ["a", "b", "c"]},
        ]
    }
    assert PAYLOAD.rows(tensors_of_two) == ([None] * 3, 3)  # each is counted


def test_a_list_of_one_record_may_be_answered_by_one_value() -> None:
    assert row_values({"prediction": 0.3}, 1) == [0.3]
    assert row_values(0.3, 1) == [0.3]
    assert row_values(0.3, 2) is None
