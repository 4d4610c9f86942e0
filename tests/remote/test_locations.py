"""Which texts are paths, which are URLs, and what of them is shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from driftwatch import Monitor
from driftwatch.errors import DataError
from driftwatch.profiling.build import profile_data
from driftwatch.profiling.files import find_files
from driftwatch.profiling.locations import is_url, shown_url
from tests.small_files import ROWS, csv


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("train.parquet", "train.parquet"),
        ("day-?.csv", "day-?.csv"),
        ("HTTPS://me:word@h:8/a/b.csv?k=word#word", "https://h:8/a/b.csv?…"),
        ("https://me:wo/rd@h/a.csv", "https://h/a.csv"),
        ("https://h:8/scope/@x/a.csv", "https://h:8/scope/@x/a.csv"),
        ("s3://b/day-?.csv", "s3://b/day-?.csv"),
        ("s3://b/a.csv?X-Amz-Signature=word", "s3://b/a.csv?…"),
        ("gs://key:word@b/a.csv", "gs://b/a.csv"),
        ("ftp://me:word@h/a.csv?word", "ftp://h/a.csv?…"),
    ],
)
def test_what_is_shown_of_a_url_has_no_secret(url: str, shown: str) -> None:
    assert shown_url(url) == shown


def test_file_urls_are_paths_and_path_objects_are_never_urls(tmp_path: Path) -> None:
    path = tmp_path / "a b.csv"
    path.write_bytes(csv())
    url = path.as_uri()
    assert "%20" in url
    assert find_files(url).paths == find_files(url.replace("file:", "FILE:")).paths == (path,)
    assert profile_data(tmp_path.as_uri()).rows == 240
    assert find_files(f"file://localhost{tmp_path}/*.csv").paths == (path,)
    assert not is_url(Path("s3://bucket/a.csv"))
    with pytest.raises(DataError, match=r"s3:/bucket/a\.csv: no such file"):
        find_files(Path("s3://bucket/a.csv"))
    with pytest.raises(DataError, match="a file of this machine is written file:///folder/name"):
        find_files("file://elsewhere/a.csv")


@pytest.mark.parametrize("url", ["sftp://me:word@h/a.csv", "htps://h/a.csv?word=word"])
def test_other_urls_are_refused_with_those_that_are_known(url: str) -> None:
    with pytest.raises(DataError, match="known: file://, gs://, http://, https://, s3://") as e:
        Monitor(url)
    assert "word" not in str(e.value)


def test_near_schemes_are_suggested() -> None:
    with pytest.raises(DataError, match="did you mean 'https'"):
        Monitor(["htps://h/a.csv"])
    with pytest.raises(DataError, match="is no URL"):
        find_files("https:///a.csv")
    with pytest.raises(DataError, match="is no URL"):
        find_files("https://h:port/a.csv")


def test_paths_and_urls_may_be_mixed(tmp_path: Path) -> None:
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_bytes(csv())
    both = [str(tmp_path / "a.csv"), (tmp_path / "b.csv").as_uri()]
    assert profile_data(both).rows == 2 * len(ROWS["age"])
