"""Zip archives: what is in one says what it is; compressed files of every format."""

from __future__ import annotations

import gzip
import io
import lzma
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import feather

from driftwatch import Monitor, Profile, Reference
from driftwatch.errors import DataError
from driftwatch.ingest.file_feeder import FileFeeder
from driftwatch.profiling.build import profile_data
from driftwatch.profiling.files import find_files
from tests.small_files import ROWS, csv, json_lines, parquet


def arrow() -> bytes:
    file = io.BytesIO()
    feather.write_feather(pa.table(ROWS), file, compression="uncompressed")
    return file.getvalue()


WRITTEN: dict[str, Callable[[], bytes]] = {
    "x.csv": csv,
    "x.csv.gz": lambda: gzip.compress(csv()),
    "x.jsonl": json_lines,
    "x.jsonl.xz": lambda: lzma.compress(json_lines()),
    "x.parquet": parquet,
    "x.parquet.gz": lambda: gzip.compress(parquet()),
    "x.feather": arrow,
}


def archive(path: Path, members: Mapping[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, body in members.items():
            file.writestr(name, body)
    return path


@pytest.mark.parametrize("name", WRITTEN)
def test_an_archive_is_what_is_in_it(name: str, tmp_path: Path) -> None:
    path = archive(
        tmp_path / "data.zip",
        {"__MACOSX/._x.csv": b"\0", "docs/": b"", ".DS_Store": b"\0", name: WRITTEN[name]()},
    )
    assert profile_data(path).content_hash == profile_data(ROWS).content_hash


@pytest.mark.parametrize("name", WRITTEN)
def test_every_format_is_read_compressed(name: str, tmp_path: Path) -> None:
    path = tmp_path / f"{name.removesuffix('.gz').removesuffix('.xz')}.gz"
    path.write_bytes(gzip.compress(WRITTEN[name.removesuffix(".gz").removesuffix(".xz")]()))
    assert profile_data(path).content_hash == profile_data(ROWS).content_hash


def test_the_name_in_an_archive_beats_that_of_the_archive(tmp_path: Path) -> None:
    path = archive(tmp_path / "data.csv.zip", {"x.parquet": parquet()})
    assert find_files(path).format == "parquet"


def test_an_archive_whose_only_file_says_nothing_is_what_it_is_called(tmp_path: Path) -> None:
    path = archive(tmp_path / "data.csv.zip", {"export": csv()})
    assert profile_data(path).content_hash == profile_data(ROWS).content_hash


def test_several_files_in_an_archive_are_one_data_set_like_those_of_a_folder(
    tmp_path: Path,
) -> None:
    members = {"year=2026/b.csv": csv(), "year=2025/a.csv": csv(), "README.md": b"# of the data"}
    found = profile_data(archive(tmp_path / "data.zip", members))
    assert found.rows == 2 * len(ROWS["age"])
    assert list(found.columns) == ["age", "plan", "year"]


def test_how_far_an_archive_was_read_adds_up_to_its_size(tmp_path: Path) -> None:
    path = archive(tmp_path / "two.zip", {"a.csv": csv(), "b.csv": csv()})
    read = sum(batch.size_bytes for batch in find_files(path).batches())
    assert 0 < read <= path.stat().st_size


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ({"a.csv": b"x\n1\n", "b.jsonl": b"{}"}, "an archive of csv and jsonl files; unpack it"),
        ({"a.png": b"x", "b.png": b"x"}, "no data file in this archive"),
        ({"a.png": b"x"}, "no data file in this archive"),
        ({}, "no data file in this archive"),
        ({"a.csv": b"x,x\n1,2\n", "b.csv": b"y\n1\n"}, r"data\.zip \(a\.csv\): two columns are"),
    ],
)
def test_an_archive_that_cannot_be_read_is_one_clear_error(
    members: dict[str, bytes], said: str, tmp_path: Path
) -> None:
    path = archive(tmp_path / "data.zip", members)
    with pytest.raises(DataError, match=said) as caught:
        profile_data(path)
    assert str(path) in str(caught.value)


def test_what_is_no_archive_is_one_clear_error(tmp_path: Path) -> None:
    path = tmp_path / "data.zip"
    path.write_bytes(b"not an archive")
    with pytest.raises(DataError, match=r"data\.zip: File is not a zip file"):
        profile_data(path)


def test_a_profile_is_read_compressed_and_from_an_archive(tmp_path: Path) -> None:
    body = profile_data(ROWS).to_bytes()
    zipped = archive(tmp_path / "a.zip", {"ref.dwp": body})
    packed = tmp_path / "ref.dwp.gz"
    packed.write_bytes(gzip.compress(body))
    expected = Reference(Profile.from_bytes(body)).id
    assert [Monitor(path).reference.id for path in (zipped, packed)] == [expected, expected]


def test_all_rows_of_an_archive_are_taken_in_once(tmp_path: Path) -> None:
    path = archive(tmp_path / "two.zip", {"a.csv": csv(), "b.csv": csv()})
    with Monitor(ROWS, window="100 rows", slide="100 rows", store=tmp_path / "a.db") as monitor:
        monitor.stream.adopt_reference()
        feeder = FileFeeder(
            monitor.store, monitor.reference, monitor.spec, monitor="m", clock=lambda: 1e9
        )
        first, second = feeder.ingest(path), feeder.ingest(path)
    assert (first.rows, first.known) == (480, False)
    assert (second.rows, second.known) == (0, True)
