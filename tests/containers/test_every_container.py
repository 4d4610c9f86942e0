"""One column, the same values: whichever way they come, in any order, in any pieces."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import math
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fastapi import FastAPI, Request
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from driftwatch import Monitor
from driftwatch.config.kafka import KafkaConfig
from driftwatch.core.data.batch import batches_of
from driftwatch.core.data.declared import DeclaredColumns
from driftwatch.core.profiles.profile import Profile
from driftwatch.core.profiles.reference import Reference
from driftwatch.core.subject import Subject
from driftwatch.core.windows.spec import WindowSpec
from driftwatch.evaluation.reference_in_use import ReferenceInUse
from driftwatch.integrations.capture import CaptureLimits
from driftwatch.integrations.fastapi import DriftMiddleware
from driftwatch.integrations.kafka.messages.decoding import Decoder
from driftwatch.integrations.kafka.partitions.feed import PartitionFeed, Target
from driftwatch.profiling.build import profile_data, profile_like
from driftwatch.stores.sqlite.memory import MemoryStore

RNG = np.random.default_rng(11)
SENT_AT = 1_767_268_800.0
DAY = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
GOOD: dict[str, list[Any]] = {
    "numbers": RNG.normal(10, 3, 400).tolist(),
    "truths": RNG.choice([True, False], 400).tolist(),
    "names": RNG.choice(["free", "pro", "team", "-"], 400).tolist(),
    "times": [(DAY + dt.timedelta(minutes=row)).isoformat() for row in range(400)],
}
COMMON = [None, "", "NA", " n/a ", "null", "None", "\\N", "(null)", "NaN", "unknown", "1,234", "🎈"]
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "numbers": st.one_of(
        st.floats(allow_subnormal=False),
        st.integers(-(2**40), 2**40),
        st.integers(2**53 - 2, 2**63 - 1),
        st.booleans(),
        st.sampled_from([*COMMON, "-", "?", "1.5", " 2 ", "1e3", "12 kg", "inf", "True", "0x1"]),
    ),
    "truths": st.one_of(
        st.booleans(),
        st.sampled_from([*COMMON, 0, 1, 1.0, 2, "true", "NO", "yes", "1", "0.0", "1.00", "?", "2"]),
    ),
    "names": st.one_of(
        st.sampled_from([*COMMON, "free", " pro", "-", "?", "True", "nan nan"]),
        st.integers(-9, 9),
        st.booleans(),
        st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=5).map(str.strip),
    ),
    "times": st.one_of(
        st.datetimes(dt.datetime(1990, 1, 1), dt.datetime(2090, 1, 1)).map(dt.datetime.isoformat),  # noqa: DTZ001
        st.integers(946_684_800, 4_102_444_800),
        st.sampled_from([*COMMON, "-", "?", "2026-01-31", "2026-01-31T12:00:00+02:00", "later"]),
    ),
}


def spelled(value: Any) -> str:
    """As a file of texts has it."""
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)


def csv_of(values: list[Any]) -> str:
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, quoting=csv.QUOTE_ALL)
    writer.writerow(["v", "w"])
    writer.writerows([spelled(value), "x"] for value in values)
    return buffer.getvalue()


def lines_of(values: list[Any]) -> str:
    return "".join(json.dumps({"v": value, "w": "x"}) + "\n" for value in values)


def written(name: str, text: str, folder: Path) -> Path:
    path = folder / name
    path.write_text(text, "utf-8", newline="")
    return path


def parquet_of(values: list[Any], folder: Path, each: int) -> Path:
    path = folder / "v.parquet"
    texts = [None if value is None else spelled(value) for value in values]
    pq.write_table(pa.table({"v": pa.array(texts, pa.string())}), path, row_group_size=each)
    return path


def chunks_of(values: list[Any], each: int) -> pa.Table:
    """Texts in pieces."""
    texts = [None if value is None else spelled(value) for value in values]
    pieces = [texts[start : start + each] for start in range(0, len(texts), each)]
    return pa.table({"v": pa.chunked_array(pieces or [[]], pa.large_string())})


Way = Callable[[list[Any], Path, int], Any]
WAYS: dict[str, Way] = {
    "list": lambda values, _, __: {"v": values},
    "records": lambda values, _, __: [{"v": value} for value in values],
    "pandas": lambda values, _, __: pd.DataFrame({"v": pd.Series(values, dtype=object)}),
    "polars": lambda values, _, __: pl.DataFrame({"v": pl.Series(values, dtype=pl.Object)}),
    "arrow": lambda values, _, each: chunks_of(values, each),
    "dictionary": lambda values, _, each: pa.table(
        {"v": chunks_of(values, each)["v"].dictionary_encode()}
    ),
    "parquet": parquet_of,
    "CSV": lambda values, folder, _: written("v.csv", csv_of(values), folder),
    "JSON lines": lambda values, folder, _: written("v.jsonl", lines_of(values), folder),
    "JSON": lambda values, folder, _: written(
        "v.json", json.dumps([{"v": value} for value in values]), folder
    ),
}


def facts(profile: Profile) -> tuple[Any, ...]:
    column = profile["v"]
    missing = column.missing
    lost = (missing.null + missing.nan, missing.positive_infinity, missing.negative_infinity)
    return (column.column.kind, column.rows, *lost, missing.invalid, column.content_hash())


@pytest.fixture(scope="module")
def references() -> Mapping[str, Reference]:
    kinds = {"names": "categorical", "truths": "boolean", "numbers": "numeric", "times": "datetime"}
    return {
        of: Reference(profile_data({"v": v}, DeclaredColumns.of(["v"], kinds={"v": kinds[of]})))
        for of, v in GOOD.items()
    }


Case = tuple[str, list[Any], int, str]


@st.composite
def cases(draw: st.DrawFn, ways: list[str]) -> Case:
    of = draw(st.sampled_from(list(VALUES)))
    values = draw(st.lists(VALUES[of], min_size=1, max_size=40))
    return of, values, draw(st.integers(1, len(values))), draw(st.sampled_from(ways))


def expected(reference: Reference, values: list[Any]) -> tuple[Any, ...]:
    """Every value read by itself."""
    profile = reference.new_profile()
    for value in values:
        for batch in batches_of({"v": [value]}):
            profile.update(batch)
    return facts(profile)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(case=cases(list(WAYS)))
def test_data_at_once(references: Mapping[str, Reference], case: Case) -> None:
    of, values, each, way = case
    with tempfile.TemporaryDirectory() as folder:
        found = profile_like(references[of], WAYS[way](values, Path(folder), each))
    assert facts(found) == expected(references[of], values)


def stored(store: MemoryStore, monitor: str, reference: Reference) -> Profile:
    """What a stream stored."""
    profile = reference.new_profile()
    for segment in store.segments(monitor, width=60, first=0, last=1 << 40):
        profile.merge(Profile.from_bytes(segment.segment.body))
    return profile


def observed(reference: Reference, values: list[Any], each: int) -> Profile:
    store = MemoryStore()
    with Monitor(reference.profile, window="1h", slide="1m", store=store) as monitor:
        for number, value in enumerate(values, 1):
            monitor.observe({"v": value})
            if number % each == 0:
                monitor.flush()
        monitor.flush()
        return stored(store, "default", reference)


def served(reference: Reference, values: list[Any], each: int) -> Profile:
    store = MemoryStore()
    app = FastAPI()

    @app.post("/predict")
    async def predict(asked: Request) -> dict[str, int]:
        await asked.body()
        return {}

    with Monitor(reference.profile, window="1h", slide="1m", store=store) as monitor:
        app.add_middleware(
            DriftMiddleware, monitor=monitor, features="$", limits=CaptureLimits(records=1_000)
        )
        with TestClient(app) as client:
            for start in range(0, len(values), each):
                rows = [{"v": value} for value in values[start : start + each]]
                body = rows[0] if len(rows) == 1 else rows
                client.post("/predict", content=json.dumps(body))
        monitor.flush()
        assert dict(monitor.counters) == {}
        return stored(store, "default", reference)


class Sent:
    """A message of a topic."""

    key = None
    headers = ()
    timestamp = int(SENT_AT * 1000)

    def __init__(self, value: bytes, offset: int) -> None:
        self.value, self.offset = value, offset


def consumed(reference: Reference, values: list[Any], each: int) -> Profile:
    settings = {"bootstrap": "b:1", "topics": ["t"], "features": "$"}
    decoder = Decoder(KafkaConfig.model_validate(settings), reference.schema)
    store = MemoryStore()
    in_use = ReferenceInUse(Subject(reference, "m"), store)
    target = Target(store, in_use, WindowSpec.of("1h", "1m"), "m", lambda: SENT_AT)
    feed = PartitionFeed(target, "t/0", decoder)
    messages = [Sent(json.dumps({"v": value}).encode(), at) for at, value in enumerate(values)]
    for start in range(0, len(messages), each):
        assert feed.take(messages[start : start + each])
        feed.flush()
    assert not feed.rejected
    return stored(store, "m", reference)


STREAMS: dict[str, Callable[[Reference, list[Any], int], Profile]] = {
    "observe": observed,
    "middleware": served,
    "Kafka": consumed,
}


@pytest.mark.parametrize("stream", STREAMS)
def test_streams(references: Mapping[str, Reference], stream: str) -> None:
    @settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(case=cases([stream]))
    def law(case: Case) -> None:
        of, values, each, way = case
        found = STREAMS[way](references[of], values, each)
        assert facts(found) == expected(references[of], values)

    law()


NUMBERS = st.lists(
    st.one_of(st.none(), st.floats(-1e6, 1e6), st.integers(-(2**40), 2**40), st.just(math.nan)),
    min_size=1,
    max_size=40,
)


def typed(values: list[Any]) -> Iterator[Any]:
    """Containers that hold numbers and nothing else."""
    floats = [math.nan if value is None else float(value) for value in values]
    yield {"v": np.array(floats)}
    yield pd.DataFrame({"v": floats})
    yield pd.DataFrame({"v": pd.array(values, dtype="Float64")})
    yield pl.DataFrame({"v": pl.Series(values, dtype=pl.Float64, strict=False)})
    yield pa.table({"v": pa.array([None if v is None else float(v) for v in values], pa.float64())})


@settings(max_examples=100, deadline=None)
@given(values=NUMBERS)
def test_columns_of_numbers(references: Mapping[str, Reference], values: list[Any]) -> None:
    for data in typed(values):
        found = profile_like(references["numbers"], data)
        assert facts(found) == expected(references["numbers"], values)


@st.composite
def whole_columns(draw: st.DrawFn) -> list[Any]:
    """A column that may be a reference: one kind of values, some odd ones, in any order."""
    good = draw(st.sampled_from(list(GOOD)))
    odd = draw(st.lists(st.sampled_from(COMMON), max_size=150))
    seed = draw(st.integers(0, 9))
    column = [*GOOD[good][:300], *odd]
    return [column[place] for place in np.random.default_rng(seed).permutation(len(column))]


@pytest.mark.parametrize("examples", [15, pytest.param(100, marks=pytest.mark.slow)])
def test_what_a_column_is(examples: int) -> None:
    @settings(max_examples=examples, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(values=whole_columns(), each=st.integers(1, 330))
    def law(values: list[Any], each: int) -> None:
        is_the_same_every_way(values, each)

    law()


def is_the_same_every_way(values: list[Any], each: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        found = {
            way: profile_data(make(values, Path(folder), each))
            for way, make in WAYS.items()
            # Texts of typed data are no numbers, by themselves: these are numbers as texts.
            if not (isinstance(values[0], float) and way in ("arrow", "dictionary", "parquet"))
        }
    said = {(facts(profile), profile["v"].column.role) for profile in found.values()}
    assert len(said) == 1, {way: facts(profile)[:-1] for way, profile in found.items()}
