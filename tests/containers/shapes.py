"""Ten shapes of request bodies, and more, which all hold the same rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from driftwatch import Monitor, Status

ROWS = 800
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
    """How rows stand in a body, and scores in its answer.

    Attributes:
        body: The body of some rows.
        payload: The word for it.
        features: Where the features stand in it.
        answer: What a service answers with their scores.
        score: Where these stand in that.
    """

    body: Callable[[list[Row]], Any]
    payload: str
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
    "list of records": Shape(as_records, "records"),
    "columns": Shape(
        as_columns, "columns", answer=lambda risks: [[risk] for risk in risks], score="$"
    ),
    "columns of pandas": Shape(
        lambda rows: {
            name: {str(row): value for row, value in enumerate(column)}
            for name, column in as_columns(rows).items()
        },
        "columns",
    ),
    "rows of values": Shape(lambda rows: [list(row) for row in rows], "rows"),
    "dataframe_split": Shape(
        lambda rows: {"dataframe_split": {"columns": list(NAMES), "data": [list(r) for r in rows]}},
        "dataframe_split",
        answer=lambda risks: {"predictions": risks},
        score="$",
    ),
    "dataframe_records": Shape(
        lambda rows: {"dataframe_records": as_records(rows)}, "dataframe_records"
    ),
    "inputs by column": Shape(lambda rows: {"inputs": as_columns(rows)}, "inputs"),
    "instances": Shape(
        lambda rows: {"signature_name": "s", "instances": [list(row) for row in rows]},
        "instances",
        answer=lambda risks: {"predictions": [[risk] for risk in risks]},
        score="$.predictions",
    ),
    "tensors": Shape(
        tensors,
        "tensors",
        answer=lambda risks: {
            "outputs": [{"name": "risk", "shape": [len(risks)], "datatype": "FP64", "data": risks}]
        },
        score="$",
    ),
    "names and ndarray": Shape(
        lambda rows: {"data": {"names": list(NAMES), "ndarray": [list(row) for row in rows]}},
        "ndarray",
        answer=lambda risks: {"data": [{"risk": risk} for risk in risks]},
        score="$.data",
    ),
    "names and tensor": Shape(
        lambda rows: {
            "data": {
                "names": list(NAMES),
                "tensor": {"shape": [len(rows), 3], "values": [v for row in rows for v in row]},
            }
        },
        "ndarray",
        answer=lambda risks: {"data": {"tensor": {"shape": [len(risks), 1], "values": risks}}},
        score="$",
    ),
    "nested": Shape(
        lambda rows: {"body": {"x": {"rows": as_records(rows)}}}, "records", "$.body.x.rows"
    ),
    "values below wildcards": Shape(
        lambda rows: {"batches": [{"rows": [{"x": list(row)}]} for row in rows]},
        "rows",
        "batches[*].rows[0].x",
        answer=lambda risks: {"probabilities": [[1 - risk, risk] for risk in risks]},
        score="probabilities[*][-1]",
    ),
    "one record": Shape(
        lambda rows: as_records(rows)[0],
        "record",
        answer=lambda risks: [[{"risk": risks[0]}]],
        score="$",
    ),
}


def below(word: str, path: str) -> str:
    """A path that begins at a member of a document."""
    return f"{word}.{path}".replace(".$", "")


def bodies(shape: str) -> Iterator[tuple[Any, Any]]:
    """Requests and their answers."""
    each = 1 if shape == "one record" else EACH
    for start in range(0, ROWS, each):
        part = {name: column[start : start + each] for name, column in DATA.items()}
        rows = list(zip(*(part[name] for name in NAMES), strict=True))
        yield SHAPES[shape].body(rows), SHAPES[shape].answer(part["risk"])


def assert_holds_all(monitor: Monitor) -> None:
    """All rows are there, with all their values and scores, and nothing has drifted."""
    report = monitor.check()
    assert report.rows_current == ROWS
    assert {f.name: f.missing_current for f in report.features} == dict.fromkeys(DATA, 0.0)
    assert report.schema_changes == ()
    assert report.global_status in (Status.OK, Status.UNDECIDED)
    assert report.drifted_features == []
