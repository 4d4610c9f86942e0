"""Arrow arrays as what their column is: every conversion, and every row accounted for."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from driftwatch import Column, Kind
from driftwatch.core.data.values import Categories, Missing, Numbers, Opaque, kind_of, typed_values

NUMERIC, DATETIME, BOOLEAN, CATEGORICAL = (
    Column("v", kind) for kind in (Kind.NUMERIC, Kind.DATETIME, Kind.BOOLEAN, Kind.CATEGORICAL)
)


def numbers(array: pa.Array, column: Column = NUMERIC) -> tuple[list[float], Missing]:
    found = typed_values(array, column)
    assert isinstance(found, Numbers)
    assert found.values.size + found.missing.total == len(array)
    return sorted(found.values.tolist()), found.missing


def categories(array: pa.Array, column: Column = CATEGORICAL) -> tuple[dict[str, int], Missing]:
    found = typed_values(array, column)
    assert isinstance(found, Categories)
    assert int(found.counts.sum()) + found.missing.total == len(array)
    return dict(zip(found.texts.to_pylist(), found.counts.tolist(), strict=True)), found.missing


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        (pa.array([1, None, 3], pa.int8()), [1, 3]),
        (pa.array([2**63], pa.uint64()), [2.0**63]),
        (pa.array([True, False, None]), [0, 1]),
        (pa.array(["1", " 2.5 ", "-3e2"]), [-300, 1, 2.5]),
        (pa.array(["7", "8"]).dictionary_encode(), [7, 8]),
        (pa.array([dt.timedelta(seconds=90)]), [90]),
        (pa.array([dt.time(0, 1)]), [60]),
        (pa.array([60], pa.time32("s")), [60]),
        (pa.array([1.5, 2.5], pa.float32()), [1.5, 2.5]),
        (pa.array([np.float16(1.5)], pa.float16()), [1.5]),
        (pa.array([1, 2, 3, 4])[1:3], [2, 3]),
        (pa.array([1.0, 2.0, 3.0, 4.0])[1:3], [2, 3]),
        (pa.array([], pa.float64()), []),
    ],
)
def test_numbers_of_every_type(array: pa.Array, expected: list[float]) -> None:
    assert numbers(array)[0] == expected


def test_text_that_is_no_number_is_invalid_and_special_ones_are_themselves() -> None:
    found, missing = numbers(pa.array(["1", "one", "NaN", "-inf", "Infinity", None, ""]))
    assert found == [1]
    assert missing.to_tuple() == (3, 0, 1, 1, 1)  # NaN and an empty text are no values


def test_what_cannot_be_a_number_is_invalid() -> None:
    assert numbers(pa.array([[1], None]))[1].to_tuple() == (1, 0, 0, 0, 1)


def test_integers_beyond_doubles_are_kept_aside() -> None:
    found = typed_values(pa.array([2**53 + 1, 5]), NUMERIC)
    assert isinstance(found, Numbers)
    assert found.beyond.tolist() == [2**53 + 1]


@pytest.mark.parametrize(
    "array",
    [
        pa.array([dt.datetime(2024, 1, 1, 12, tzinfo=dt.UTC)]),
        pa.array([dt.datetime(2024, 1, 1, 12)], pa.timestamp("ns")),  # noqa: DTZ001 - on purpose
        pa.array(["2024-01-01 12:00"]),
        pa.array(["2024-01-01T12:00:00Z"]),
        pa.array(["2024-01-01T14:00:00+02:00"]),
        pa.array(["2024-01-01T14:00+0200"]),
        pa.array(["2024-01-01T12:00:00.000"]).dictionary_encode(),
    ],
)
def test_one_instant_in_many_spellings(array: pa.Array) -> None:
    assert numbers(array, DATETIME)[0] == [1_704_110_400.0]


def test_dates_and_impossible_dates() -> None:
    assert numbers(pa.array([dt.date(1970, 1, 2)]), DATETIME)[0] == [86_400.0]
    assert numbers(pa.array([86_400_000], pa.date64()), DATETIME)[0] == [86_400.0]
    found, missing = numbers(pa.array(["1970-01-02", "2024-02-31", "soon", None]), DATETIME)
    assert found == [86_400.0]
    assert (missing.null, missing.invalid) == (1, 2)
    assert numbers(pa.array(["2024-02-31"]), DATETIME)[1].invalid == 1
    assert numbers(pa.array([1, 2]), DATETIME)[0] == [1.0, 2.0]  # seconds since 1970
    assert numbers(pa.array([True, False]), DATETIME)[1].invalid == 2


@pytest.mark.parametrize(
    ("array", "expected", "missing"),
    [
        (pa.array([True, False, True, None]), {"true": 2, "false": 1}, (1, 0)),
        (pa.array(["Yes", " no ", "t", "maybe", None]), {"true": 2, "false": 1}, (1, 1)),
        (pa.array([0, 1, 1]), {"true": 2, "false": 1}, (0, 0)),
        (pa.array([True, True]).dictionary_encode(), {"true": 2}, (0, 0)),
    ],
)
def test_truth_values(array: pa.Array, expected: dict[str, int], missing: tuple[int, int]) -> None:
    found, gone = categories(array, BOOLEAN)
    assert found == expected
    assert (gone.null, gone.invalid) == missing


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        (pa.array(["a", None, "a", "", "NA", " ", "-", "?"]), {"a": 2, "-": 1, "?": 1}),
        (pa.array([1, 2, 2]), {"1": 1, "2": 2}),
        (pa.array([True, True]), {"true": 2}),
        (pa.array([b"a", b"\xff"]), {"a": 1, "ff": 1}),
        (pa.array([b"a", b"b"], pa.large_binary()), {"a": 1, "b": 1}),
        (pa.array(["a", "b"], pa.string_view()), {"a": 1, "b": 1}),
        (pa.DictionaryArray.from_arrays([0, 1, None, 0], ["a", None]), {"a": 2}),
        (pa.DictionaryArray.from_arrays([1, 1], ["unused", "b"]), {"b": 2}),
        (pa.RunEndEncodedArray.from_arrays([2, 3], ["a", "b"]), {"a": 2, "b": 1}),
        (pa.array(["x", "y", "x"])[1:], {"y": 1, "x": 1}),
    ],
)
def test_categories_of_every_type(array: Any, expected: dict[str, int]) -> None:
    assert categories(array)[0] == expected


@pytest.mark.parametrize(
    ("dtype", "kind"),
    [
        (pa.null(), Kind.EMPTY),
        (pa.bool_(), Kind.BOOLEAN),
        (pa.decimal128(9, 2), Kind.NUMERIC),
        (pa.duration("s"), Kind.NUMERIC),
        (pa.timestamp("us", "Europe/Berlin"), Kind.DATETIME),
        (pa.binary(4), Kind.CATEGORICAL),
        (pa.dictionary(pa.int8(), pa.int64()), Kind.CATEGORICAL),
        (pa.dictionary(pa.int8(), pa.bool_()), Kind.BOOLEAN),
        (pa.run_end_encoded(pa.int32(), pa.float64()), Kind.NUMERIC),
        (pa.list_(pa.int8()), Kind.UNSUPPORTED),
        (pa.struct([("a", pa.int8())]), Kind.UNSUPPORTED),
        (pa.map_(pa.string(), pa.int8()), Kind.UNSUPPORTED),
    ],
)
def test_every_type_has_a_kind_by_itself(dtype: pa.DataType, kind: Kind) -> None:
    assert kind_of(dtype) is kind


def test_what_is_not_looked_at_is_opaque() -> None:
    found = typed_values(pa.array([[1], None]), Column("v", Kind.UNSUPPORTED))
    assert isinstance(found, Opaque)
    assert found.missing.null == 1


def test_extension_arrays_are_read_as_what_they_store() -> None:
    storage = pa.array([1.5, 2.5])

    class Metres(pa.ExtensionType):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__(pa.float64(), "test.metres")

        def __arrow_ext_serialize__(self) -> bytes:
            return b""

    array = pa.ExtensionArray.from_storage(Metres(), storage)
    assert kind_of(array.type) is Kind.NUMERIC
    assert numbers(array)[0] == [1.5, 2.5]
