"""The same rows from every kind of file that people have, header, marks and all."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow import feather

from driftwatch import Kind, Monitor, Profile
from driftwatch.core.data.declared import DeclaredColumns
from driftwatch.errors import ConfigError, DataError
from driftwatch.profiling.build import profile_data
from driftwatch.profiling.delimited import CsvFormat
from driftwatch.profiling.files import find_files

HEADERS = [
    "00",
    "007",
    "true",
    "0.10",
    "NA",
    "1e5",
    "2024-01-01",
    " x ",
    "12:00",
    "nan",
    "",
    "größe",
]


def names_of(path: Path) -> list[str]:
    return list(profile_data(path).columns)


def test_headers_are_texts_and_stay_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(",".join(HEADERS) + "\n" + ",".join("1" * len(HEADERS)) + "\n", "utf-8")
    assert names_of(path) == HEADERS


def test_a_header_with_a_line_break(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('a,"two\nlines","say ""x"""\n1,2,3\n', "utf-8")
    profile = profile_data(path)
    assert list(profile.columns) == ["a", "two\nlines", 'say "x"']
    assert profile.rows == 1


ROWS = [(float(i) / 8, i % 7, "ab"[i % 2]) for i in range(400)]


def plain(mark: str = ",", comma: bool = False, before: str = "", end: str = "\n") -> str:
    lines = [mark.join(("x", "n", "c"))]
    lines += [
        mark.join((str(x).replace(".", "," if comma else "."), str(n), c)) for x, n, c in ROWS
    ]
    return before + end.join(lines) + end


def expected() -> Profile:
    x, n, c = zip(*ROWS, strict=True)
    return profile_data({"x": np.array(x), "n": np.array(n), "c": list(c)})


WRITTEN: dict[str, Callable[[], bytes]] = {
    "comma": lambda: plain().encode(),
    "semicolon": lambda: plain(";").encode(),
    "tab": lambda: plain("\t").encode(),
    "bar": lambda: plain("|").encode(),
    "semicolon and decimal comma": lambda: plain(";", comma=True).encode(),
    "Windows": lambda: plain(end="\r\n").encode("utf-8-sig"),
    "comment": lambda: plain(before="# made by a tool, v2\n\n").encode(),
    "blank lines": lambda: plain(before="\n\n\n").encode(),
    "UTF-16": lambda: plain().encode("utf-16"),
    "UTF-16 with semicolons": lambda: plain(";", comma=True).encode("utf-16"),
}


@pytest.mark.parametrize("how", WRITTEN)
def test_how_a_file_is_written_is_noticed(how: str, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(WRITTEN[how]())
    assert profile_data(path).content_hash == expected().content_hash


COMPRESSED: dict[str, Callable[[bytes], bytes]] = {
    "gz": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
}


@pytest.mark.parametrize("suffix", [*COMPRESSED, "zip"])
@pytest.mark.parametrize("format_", ["csv", "jsonl"])
def test_compressed_files(suffix: str, format_: str, tmp_path: Path) -> None:
    text = plain() if format_ == "csv" else records_as_lines()
    path = tmp_path / f"a.{format_}.{suffix}"
    if suffix == "zip":
        path = tmp_path / f"a.{format_}.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(f"a.{format_}", text)
    else:
        write = COMPRESSED[suffix]
        path.write_bytes(write(text.encode()))
    assert profile_data(path).content_hash == expected().content_hash


def records_as_lines() -> str:
    return "\n".join(json.dumps({"x": x, "n": n, "c": c}) for x, n, c in ROWS)


COLUMNS: dict[str, tuple[object, ...]] = dict(zip("xnc", zip(*ROWS, strict=True), strict=True))
DOCUMENTS: dict[str, Callable[[], str]] = {
    "lines": records_as_lines,
    "array": lambda: json.dumps([{"x": x, "n": n, "c": c} for x, n, c in ROWS]),
    "pretty array": lambda: json.dumps([{"x": x, "n": n, "c": c} for x, n, c in ROWS], indent=2),
    "columns": lambda: json.dumps(
        {name: list(column) for name, column in COLUMNS.items()}, indent=1
    ),
}


@pytest.mark.parametrize("how", DOCUMENTS)
def test_json_documents(how: str, tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(DOCUMENTS[how]())
    assert profile_data(path).content_hash == expected().content_hash


@pytest.mark.parametrize("suffix", ["arrow", "feather", "ipc"])
@pytest.mark.parametrize("stream", [False, True])
def test_files_of_arrow(suffix: str, stream: bool, tmp_path: Path) -> None:
    table = pa.table({name: list(column) for name, column in COLUMNS.items()})
    path = tmp_path / f"a.{suffix}"
    if suffix == "feather":
        feather.write_feather(table, str(path))
    else:
        make = pa.ipc.new_stream if stream else pa.ipc.new_file
        with make(str(path), table.schema) as writer:
            writer.write_table(table)
    assert profile_data(path).content_hash == expected().content_hash


def test_a_compressed_arrow_file(tmp_path: Path) -> None:
    table = pa.table({name: list(column) for name, column in COLUMNS.items()})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    (tmp_path / "a.arrow.gz").write_bytes(gzip.compress(bytes(sink.getvalue())))
    assert profile_data(tmp_path / "a.arrow.gz").content_hash == expected().content_hash


def test_not_a_number_in_json_lines_is_one_missing_value(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    lines = ['{"x": NaN, "c": "a"}', '{"x": 1.5, "c": 3}', '{"x": -Infinity, "c": "b"}'] * 100
    path.write_text("\n".join(lines))
    column = profile_data(path)["x"]
    assert column.rows == 300
    assert (column.count, column.missing.negative_infinity) == (100, 100)
    assert column.missing.nan + column.missing.null == 100


def test_empty_lines_of_one_column_are_rows_without_a_value(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("x\n1\n\n3\n\n5\n")
    column = profile_data(path)["x"]
    assert (column.rows, column.missing.null) == (5, 2)


@pytest.mark.parametrize(
    ("content", "given"),
    [
        ("x;y\n1,5;a\n2,5;b\n", CsvFormat(delimiter=";", decimal=",")),
        ("x y\n1.5 a\n2.5 b\n", CsvFormat(delimiter=" ")),
        ("x,y\n1.5,a\n2.5,b\n", CsvFormat(encoding="latin-1")),
    ],
)
def test_how_a_file_is_written_may_be_said(content: str, given: CsvFormat, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(content, "latin-1")
    profile = profile_data(find_files(path, csv=given))
    assert profile["x"].column.kind is Kind.NUMERIC
    assert profile["x"].count == 2
    assert profile["y"].rows == 2


def test_further_words_for_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("x\n1\n-\n3\n?\n")
    column = profile_data(find_files(path, csv=CsvFormat(null=("-", "?"))))["x"]
    assert (column.count, column.missing.null) == (2, 2)


def test_another_encoding_says_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes("größe\n1\n".encode("latin-1"))
    with pytest.raises(DataError, match=r"is no UTF-8 from byte 2 on; .*--encoding latin-1"):
        profile_data(path)
    found = profile_data(find_files(path, csv=CsvFormat(encoding="latin-1")))
    assert list(found.columns) == ["größe"]


@pytest.mark.parametrize(
    "wrong",
    [{"delimiter": ""}, {"delimiter": ";;"}, {"delimiter": "\n"}, {"decimal": "x"},
     {"decimal": ",", "delimiter": ","}, {"encoding": "no such"}],
)  # fmt: skip
def test_what_cannot_be_is_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(ConfigError):
        CsvFormat(**wrong)  # type: ignore[arg-type]


def test_thousands_are_no_decimals_and_addresses_no_numbers(tmp_path: Path) -> None:
    path = tmp_path / "a.tsv"
    path.write_text("a\tb\n" + "".join(f"{n:,}\tx\n" for n in range(1_000, 9_000, 20)))
    assert "such as" in profile_data(path).schema["a"].note
    path = tmp_path / "b.csv"
    late = [str(n) for n in range(30)] + [f"{n},5" for n in range(300)]
    path.write_text(
        "a;ip\n" + "".join(f"{v};192.168.100.{200 + n % 50}\n" for n, v in enumerate(late))
    )
    profile = profile_data(path)
    assert (profile["a"].column.kind, profile["a"].count) == (Kind.NUMERIC, 330)
    assert profile["ip"].column.kind is Kind.CATEGORICAL


def test_one_odd_line_hides_no_delimiter(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("a;b\n1;2\n3;4;\n" + "5;6\n" * 30)
    with pytest.raises(DataError, match=r"Expected 2 columns, got 3"):
        profile_data(path)
    path.write_text("a;b\n1,2\n3\n4;5;6\n")
    with pytest.raises(DataError, match=r"'a;b' is no header .*--delimiter ';'"):
        profile_data(path)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv.xz", b"no xz"),
        ("a.csv.xz", lzma.compress(b"a\n1\n")[:-9]),
        ("a.csv.zip", b"PK no zip"),
        ("a.tsv", b"a\tb\n" + b"x" * 200_000 + b"\t1\n"),
        ("a.csv", b"a,b\n" + b"1,2\n" * 80_000 + b"\xff,3\n"),
    ],
)
def test_errors_of_readers_are_ours(name: str, content: bytes, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    try:
        profile_data(tmp_path / name)
    except DataError as error:
        assert name in str(error)  # noqa: PT017
    else:
        assert name == "a.tsv"  # a long text is a text


@pytest.mark.parametrize("encoding", ["hex", "rot13", "base64", "idna", "punycode"])
def test_what_is_no_encoding_of_text_is_refused(encoding: str) -> None:
    with pytest.raises(ConfigError, match="no encoding is called"):
        CsvFormat(encoding=encoding)


def test_days_in_json_are_texts_in_every_block(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    days = ["2024-01-01", "2024-01-02"] * 50
    path.write_text("\n".join(json.dumps({"v": day}) for day in days))
    declared = DeclaredColumns.of(None, kinds={"v": "categorical"})
    found, expected = (profile_data(data, declared) for data in (path, {"v": days}))
    assert found.content_hash == expected.content_hash


def test_the_same_rows_as_csv_and_typed_are_no_change_of_type(tmp_path: Path) -> None:
    codes = ["1", "2", "3"] * 200
    (tmp_path / "a.csv").write_text("v,w\n" + "".join(f"{code},1.5\n" for code in codes))
    monitor = Monitor(tmp_path / "a.csv")
    assert monitor.check({"v": codes, "w": [1.5] * 600}).schema_changes == ()
    words = monitor.check({"v": ["a", "b", "c"] * 200, "w": [1.5] * 600})
    assert [change.change for change in words.schema_changes] == ["type_changed"]


@pytest.mark.parametrize("format_", ["parquet", "csv"])
def test_columns_that_stand_in_the_folders(format_: str, tmp_path: Path) -> None:
    for year in (2024, 2025):
        for plan in ("free", "pro%2Fteam", "__HIVE_DEFAULT_PARTITION__"):
            folder = tmp_path / "data" / f"year={year}" / f"plan={plan}"
            folder.mkdir(parents=True)
            table = pa.table({"x": [1.5, 2.5, 3.5]})
            if format_ == "parquet":
                pq.write_table(table, folder / "a.parquet")
            else:
                (folder / "a.csv").write_text("x\n1.5\n2.5\n3.5\n")
    profile = profile_data(tmp_path / "data")
    assert {name: column.column.kind for name, column in profile.columns.items()} == {
        "x": Kind.NUMERIC, "year": Kind.NUMERIC, "plan": Kind.CATEGORICAL,
    }  # fmt: skip
    plans = profile["plan"].categories
    assert plans is not None
    assert plans.frequencies is not None
    assert plans.frequencies.counts == {"free": 6, "pro/team": 6}
    assert profile["plan"].missing.null == 6
    report = Monitor(tmp_path / "data").check(tmp_path / "data")
    assert report.schema_changes == ()


@pytest.mark.parametrize("header", ["x,y", "x,y\n", "\n# made by hand\nx,y", "sep=,\nx,y"])
def test_a_file_may_end_with_its_header(header: str, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(header)
    profile = profile_data(tmp_path / "a.csv")
    assert list(profile.columns) == ["x", "y"]
    assert profile.rows == 0


@pytest.mark.parametrize("line", ["sep=;", "SEP=;", '"sep=;"', "\ufeffsep=;"])
def test_the_line_in_which_excel_says_the_delimiter(line: str, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(f"{line}\r\nx;y\r\n" + "1,5;a\r\n" * 9, newline="")
    profile = profile_data(tmp_path / "a.csv")
    assert list(profile.columns) == ["x", "y"]
    assert (profile["x"].column.kind, profile["x"].count) == (Kind.NUMERIC, 9)


@pytest.mark.parametrize("suffix", ["", ".gz"])
@pytest.mark.parametrize("end", ["", "\n"])
def test_a_quote_that_is_never_closed_swallows_no_rows_in_silence(
    end: str, suffix: str, tmp_path: Path
) -> None:
    rows = "".join(f"{n},x\n" for n in range(300))
    path = tmp_path / f"a.csv{suffix}"

    def write(text: str) -> None:
        path.write_bytes(gzip.compress(text.encode()) if suffix else text.encode())

    write(f'a,b\n{rows}7,"open\n{rows}8,x{end}')
    with pytest.raises(DataError, match=r"a quote in column 'b' is never closed, so that 30\d"):
        profile_data(path)
    write(f'a,b\n{rows}7,"two\nlines\n"{end}')
    assert profile_data(path)["b"].count == 301


@pytest.mark.parametrize("name", ["a.jsonl", "a.json"])
def test_json_of_another_encoding_says_what_to_do(name: str, tmp_path: Path) -> None:
    rows = [json.dumps({"x": word}, ensure_ascii=False) for word in ["plain", "größe"] * 50]
    text = "[" + ",".join(rows) + "]" if name == "a.json" else "\n".join(rows)
    (tmp_path / name).write_bytes(text.encode("latin-1"))
    with pytest.raises(DataError, match=r"not JSON: .*; JSON is UTF-8: convert the file"):
        profile_data(tmp_path / name)
    (tmp_path / name).write_bytes(text.encode())
    assert profile_data(tmp_path / name)["x"].count == 100


def test_text_of_two_bytes_a_character_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes("x,y\n1,2\n".encode("utf-16-le"))
    with pytest.raises(DataError, match=r"is no UTF-8; .*--encoding utf-16-le"):
        profile_data(tmp_path / "a.csv")
    files = find_files(tmp_path / "a.csv", csv=CsvFormat(encoding="utf-16-le"))
    assert list(profile_data(files).columns) == ["x", "y"]


def in_folders(name: str, values: list[str], root: Path) -> Path:
    for value in values:
        folder = root / f"{name}={value}"
        folder.mkdir(parents=True)
        pq.write_table(pa.table({"x": [1.5, 2.5] * 50}), folder / "a.parquet")
    return root


def test_what_stands_in_folders_is_one_type_in_all_of_them(tmp_path: Path) -> None:
    months = in_folders("month", [f"{n:02}" for n in range(1, 13)], tmp_path / "months")
    monitor = Monitor(str(months))
    assert monitor.reference.schema["month"].kind is Kind.NUMERIC
    for one in ("month=01", "month=12"):
        assert monitor.check(str(months / one)).schema_changes == ()
    codes = in_folders("zip", ["02134", "10115", "99999"], tmp_path / "codes")
    column = profile_data(str(codes))["zip"]
    assert column.column.kind is Kind.CATEGORICAL
    assert column.categories is not None
    assert column.categories.frequencies is not None
    assert column.categories.frequencies.counts == {"02134": 100, "10115": 100, "99999": 100}


@pytest.mark.parametrize(
    ("type_", "binary"), [(pa.string(), pa.binary()), (pa.large_string(), pa.large_binary())]
)
@pytest.mark.parametrize("suffix", ["parquet", "arrow", "in memory"])
def test_one_text_of_another_encoding_is_one_odd_value(
    type_: pa.DataType, binary: pa.DataType, suffix: str, tmp_path: Path
) -> None:
    good = [b"pro", b"free", None] * 100
    paths: list[Any] = [tmp_path / f"{number}.{suffix}" for number in range(2)]
    tables = []
    for path, values in zip(paths, (good, [*good, "größe".encode("latin-1")]), strict=True):
        texts = pa.Array.from_buffers(type_, len(values), pa.array(values, binary).buffers())
        table = pa.table({"v": texts, "n": pa.array(range(len(values)))})
        tables.append(table)
        if suffix == "parquet":
            pq.write_table(table, path)
        elif suffix == "arrow":
            feather.write_feather(table, str(path), compression="uncompressed")
    paths = tables if suffix == "in memory" else paths
    column = profile_data(paths[1])["v"]
    assert column.categories is not None
    assert column.categories.frequencies is not None
    assert column.categories.frequencies.counts == {"pro": 100, "free": 100, "6772f6df65": 1}
    report = Monitor(paths[0]).check(paths[1])
    assert report.rows_current == 301
    assert report.schema_changes == ()
    assert "v" not in report.drifted_features


@pytest.mark.parametrize("orient", ["columns", "records", "list"])
def test_a_frame_as_pandas_writes_it_to_json_is_its_rows(orient: str, tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"x": [1.5, 2.5, None] * 100, "plan": ["pro", "free", "team"] * 100})
    path = tmp_path / "frame.json"
    if orient == "list":
        path.write_text(json.dumps(frame.replace({np.nan: None}).to_dict("list")))
    else:
        frame.to_json(path, orient=orient)
    profile = profile_data(path)
    assert profile.rows == 300
    assert {name: column.count for name, column in profile.columns.items()} == {
        "x": 200,
        "plan": 300,
    }


def test_an_object_of_objects_by_other_names_is_one_record(tmp_path: Path) -> None:
    path = tmp_path / "one.json"
    path.write_text('{"home": {"zip": 1},\n "work": {"zip": 2}}')
    assert profile_data(path).rows == 1
