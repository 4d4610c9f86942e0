from __future__ import annotations

import bz2
import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from driftwatch import Kind, Monitor, Profile
from driftwatch.errors import DataError
from driftwatch.profiling.build import profile_data
from driftwatch.profiling.files import find_files

ROWS: dict[str, list[Any]] = {
    "age": [31, 44, 27, 58] * 50,
    "town": ["Łódź", "São Paulo", "東京", "a, b"] * 50,
    "rate": [0.5, 1.25, 2.0, 4.75] * 50,
}
HEADER = "age,town,rate\n"


def as_csv(rows: dict[str, list[Any]], delimiter: str = ",") -> str:
    lines = [delimiter.join(rows)]
    for values in zip(*rows.values(), strict=True):
        quoted = [f'"{v}"' if isinstance(v, str) else str(v) for v in values]
        lines.append(delimiter.join(quoted))
    return "\n".join(lines) + "\n"


def as_json_lines(rows: dict[str, list[Any]]) -> str:
    records = [dict(zip(rows, values, strict=True)) for values in zip(*rows.values(), strict=True)]
    return "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)


def parquet(path: Path) -> None:
    pq.write_table(pa.table(ROWS), path)


WRITERS: dict[str, Callable[[Path], Any]] = {
    "a.parquet": parquet,
    "a.csv": lambda path: path.write_text(as_csv(ROWS), "utf-8"),
    "a.tsv": lambda path: path.write_text(as_csv(ROWS, "\t"), "utf-8"),
    "a.jsonl": lambda path: path.write_text(as_json_lines(ROWS), "utf-8"),
    "a.csv.gz": lambda path: path.write_bytes(gzip.compress(as_csv(ROWS).encode())),
    "a.jsonl.bz2": lambda path: path.write_bytes(bz2.compress(as_json_lines(ROWS).encode())),
    "bom.csv": lambda path: path.write_text("\ufeff" + as_csv(ROWS), "utf-8"),
    "crlf.csv": lambda path: path.write_bytes(as_csv(ROWS).replace("\n", "\r\n").encode()),
}


@pytest.mark.parametrize("name", WRITERS)
def test_the_same_rows_hash_alike_in_every_format(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    WRITERS[name](path)
    found = profile_data(path)
    assert found.content_hash == profile_data(ROWS).content_hash
    assert found.rows == 200
    assert [column.kind for column in found.schema] == [
        Kind.NUMERIC,
        Kind.CATEGORICAL,
        Kind.NUMERIC,
    ]


def test_several_files_a_folder_and_a_glob_are_one_data_set(tmp_path: Path) -> None:
    for part in range(3):
        (tmp_path / f"part-{part}.csv").write_text(as_csv(ROWS), "utf-8")
    (tmp_path / ".hidden.csv").write_text("not,read\n1,2\n", "utf-8")
    (tmp_path / "_SUCCESS").write_text("", "utf-8")
    hashes = {
        profile_data(tmp_path).content_hash,
        profile_data(str(tmp_path / "part-*.csv")).content_hash,
        profile_data([tmp_path / f"part-{part}.csv" for part in (2, 0, 1)]).content_hash,
    }
    assert len(hashes) == 1
    assert profile_data(tmp_path).rows == 600


def test_quoted_headers_and_line_breaks_inside_values(tmp_path: Path) -> None:
    path = tmp_path / "quoted.csv"
    path.write_text('"a, b","c"\n"x\ny",1\n"x\ny",2\n', "utf-8")
    found = profile_data(path)
    assert list(found.columns) == ["a, b", "c"]
    categories = found["a, b"].categories
    assert categories is not None
    assert categories.frequencies is not None
    assert categories.frequencies.counts == {"x\ny": 2}


def test_words_late_in_a_column_of_numbers_are_counted_as_unreadable(tmp_path: Path) -> None:
    path = tmp_path / "late.csv"
    path.write_text("n\n" + "1\n" * 300_000 + "n/a please\n" * 3, "utf-8")
    column = profile_data(path)["n"]
    assert column.column.kind is Kind.NUMERIC
    assert (column.count, column.missing.invalid) == (300_000, 3)


def test_empty_fields_are_missing(tmp_path: Path) -> None:
    path = tmp_path / "gaps.csv"
    path.write_text("n,c\n1,a\n,\n3,b\n", "utf-8")
    found = profile_data(path)
    assert [found[name].missing.null for name in ("n", "c")] == [1, 1]


def test_records_of_other_shapes_and_types_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "mixed.jsonl"
    path.write_text('{"a": 1}\n{"a": "two", "b": 3}\n\n{"b": {"deep": 1}}\n', "utf-8")
    found = profile_data(path)
    assert found.rows == 3
    assert found["a"].missing.null == 1


def test_nested_columns_are_reported_and_the_rest_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "nested.jsonl"
    path.write_text('{"a": 1, "deep": {"x": 1}}\n{"a": 2, "deep": {"x": 2}}\n' * 60, "utf-8")
    report = Monitor(path).check(path)
    assert "not supported" in report.skipped["deep"]
    assert list(report.feature_drift()) == ["a"]


def test_a_file_with_a_header_only_has_columns_and_no_rows(tmp_path: Path) -> None:
    path = tmp_path / "none.csv"
    path.write_text(HEADER, "utf-8")
    found = profile_data(path)
    assert found.rows == 0
    assert list(found.columns) == ["age", "town", "rate"]


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("empty.csv", b"", "empty"),
        ("ragged.csv", b"a,b\n1,2\n3\n", "Expected 2 columns"),
        ("twice.csv", b"a,a\n1,2\n", "two columns are called 'a'"),
        ("broken.parquet", b"PAR1 this is no parquet file PAR1", "broken.parquet"),
        ("broken.csv.gz", b"this is not gzip", "broken.csv.gz"),
        ("broken.jsonl", b'{"a": 1}\n{"a": \n', "line 2"),
        ("list.jsonl", b"[1, 2]\n", "an array of records must hold objects"),
        ("latin.csv", "n\ncaf\xe9\n".encode("latin-1"), "latin.csv"),
        ("what.xlsx", b"PK", "unknown format .xlsx"),
        ("noise.dwp", b"\0\1\2", "noise.dwp"),
    ],
)
def test_a_bad_file_is_one_clear_error(
    name: str, content: bytes, says: str, tmp_path: Path
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(DataError) as caught:
        Monitor(path)
    assert says in str(caught.value)
    assert name in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_parquet_file_cut_short_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "cut.parquet"
    parquet(path)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(DataError, match=r"cut\.parquet"):
        profile_data(path)


def test_what_is_not_there_is_an_error(tmp_path: Path) -> None:
    for spec in (tmp_path / "no.csv", tmp_path / "no-*.csv"):
        with pytest.raises(DataError, match="no such file"):
            find_files(spec)
    for name in ("y" * 70_000, f"{tmp_path}/{'y' * 300}", "~nobody-of-that-name/a.csv"):
        with pytest.raises(DataError, match="cannot be looked for: "):
            find_files(name)
    with pytest.raises(DataError, match="no data file in this folder"):
        find_files(tmp_path)
    with pytest.raises(DataError, match="no file was named"):
        find_files([])


def test_formats_are_not_mixed(tmp_path: Path) -> None:
    parquet(tmp_path / "a.parquet")
    (tmp_path / "b.csv").write_text(HEADER, "utf-8")
    with pytest.raises(DataError, match="csv, parquet"):
        find_files(tmp_path)


def test_a_saved_profile_stands_for_its_rows(tmp_path: Path) -> None:
    path = tmp_path / "a.dwp"
    path.write_bytes(profile_data(ROWS, reference=True).to_bytes())
    report = Monitor(path).check(ROWS)
    assert report.reference_data_hash == report.production_data_hash
    assert Profile.from_bytes(path.read_bytes()).rows == 200
    with pytest.raises(DataError, match="its rows are not in it"):
        profile_data(path)


def test_only_the_columns_that_are_wanted_are_read(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    parquet(path)
    batches = list(find_files(path).batches({"age"}))
    assert set(batches[0].arrays) == {"age", "town", "rate"}  # announced
    assert [set(batch.arrays) for batch in batches[1:]] == [{"age"}]


def test_progress_adds_up_to_the_rows_and_about_the_bytes(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    parquet(path)
    seen: list[tuple[int, int]] = []
    profile_data(path, progress=lambda rows, size: seen.append((rows, size)))
    assert sum(rows for rows, _ in seen) == 200
    assert sum(size for _, size in seen) == pytest.approx(path.stat().st_size, rel=0.01)
