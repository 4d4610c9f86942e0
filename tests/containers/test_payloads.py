"""Ten shapes of request bodies are the same rows, through FastAPI, Flask and Kafka."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from fastapi import FastAPI, Request
from fastapi.testclient import TestClient
from flask import Flask, request

from driftwatch import Monitor
from driftwatch.config.kafka import KafkaConfig
from driftwatch.core.data.schema import Schema
from driftwatch.ingest.answers import row_values
from driftwatch.ingest.payloads import Payload
from driftwatch.integrations.capture import CaptureLimits
from driftwatch.integrations.fastapi import DriftMiddleware
from driftwatch.integrations.flask import DriftMiddleware as FlaskMiddleware
from driftwatch.integrations.kafka.messages.decoding import Decoder
from tests.containers.shapes import (
    DATA,
    NAMES,
    ROWS,
    SHAPES,
    as_records,
    assert_holds_all,
    below,
    bodies,
)


@pytest.fixture(scope="module")
def made() -> Monitor:
    return Monitor(DATA, score="risk")


@pytest.fixture
def monitor(made: Monitor) -> Iterator[Monitor]:
    with Monitor(made.reference.profile, score="risk") as fresh:
        yield fresh


@pytest.mark.parametrize("named", [False, True])
@pytest.mark.parametrize("shape", SHAPES)
def test_fastapi(monitor: Monitor, shape: str, named: bool) -> None:
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
        payload=SHAPES[shape].payload if named else "auto",
        limits=CaptureLimits(records=ROWS),
    )
    with TestClient(app) as client:
        for body, answer in bodies(shape):
            answers.append(answer)
            client.post("/predict", json=body)
    monitor.flush()
    assert dict(monitor.counters) == {}
    assert_holds_all(monitor)


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
        payload=SHAPES[shape].payload,
        limits=CaptureLimits(records=ROWS),
    )
    app.wsgi_app = watched  # type: ignore[method-assign]
    client = app.test_client()
    for body, answer in bodies(shape):
        answers.append(answer)
        with client.post("/predict", json=body) as answered:
            assert answered.get_data()
    watched.capture.flush(20)
    monitor.flush()
    assert dict(monitor.counters) == {}
    assert_holds_all(monitor)


@dataclass
class Sent:
    value: bytes
    offset: int = 0
    key: bytes | None = None
    timestamp: int = 1_767_268_800_000
    headers: tuple[tuple[str, bytes], ...] = ()


@pytest.mark.parametrize("named", [False, True])
@pytest.mark.parametrize("shape", SHAPES)
def test_kafka(made: Monitor, shape: str, named: bool) -> None:
    of = SHAPES[shape]
    config = KafkaConfig.model_validate(
        {
            "bootstrap": "b:1",
            "topics": ["t"],
            "features": below("request", of.features),
            "score": below("answer", of.score),
            "payload": of.payload if named else "auto",
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


class Model:
    """One that was trained on columns in another order than the data have."""

    feature_names_in_ = ("plan", "age")


def test_values_without_names_are_in_the_order_of_the_model() -> None:
    with Monitor(DATA, model=Model(), score="risk") as watched:
        schema = watched.reference.schema
    assert Payload.of(schema).rows([["pro", 31]]) == ([{"plan": "pro", "age": 31}], 1)
    with Monitor(DATA, features=["income", "age"], score="risk") as watched:
        schema = watched.reference.schema
    assert Payload.of(schema).rows([[1.5, 31]]) == ([{"income": 1.5, "age": 31}], 1)


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
