"""Data in buckets of Google Cloud Storage, read from a server of this machine."""

from __future__ import annotations

import gzip
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from driftwatch import Monitor
from driftwatch.errors import DataError
from driftwatch.profiling import remote_files
from driftwatch.profiling.build import profile_data
from driftwatch.profiling.files import find_files
from tests.remote import gcs_server
from tests.small_files import ROWS, csv, parquet


@pytest.fixture
def gcs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder whose folders are buckets."""
    command = [sys.executable, gcs_server.__file__, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", f"127.0.0.1:{server.stdout.readline().strip()}")
        try:
            yield tmp_path
        finally:
            server.kill()


@pytest.mark.parametrize("name", ["a.parquet", "a.csv", "a b.csv.gz"])
def test_files_are_read_from_a_bucket(name: str, gcs: Path) -> None:
    (gcs / "data").mkdir()
    body = {"a.parquet": parquet(), "a.csv": csv(), "a b.csv.gz": gzip.compress(csv())}[name]
    (gcs / "data" / name).write_bytes(body)
    monitor = Monitor(f"gs://data/{name}")
    assert monitor.reference.profile.content_hash == profile_data(ROWS).content_hash
    assert find_files(f"gs://data/{name}").size_bytes == len(body)


def test_folders_and_patterns_are_listed(gcs: Path) -> None:
    (gcs / "data" / "in").mkdir(parents=True)
    for part in range(3):
        (gcs / "data" / "in" / f"day-{part}.csv").write_bytes(csv())
    assert profile_data("gs://data/in").rows == 3 * 240
    found = find_files("gs://data/in/day-[12].csv").paths
    assert [*map(str, found)] == ["gs://data/in/day-1.csv", "gs://data/in/day-2.csv"]
    with pytest.raises(DataError, match=r"gs://data/in/none\.csv: no such file"):
        find_files("gs://data/in/none.csv")


def test_without_credentials_the_error_says_where_they_come_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("STORAGE_EMULATOR_HOST", raising=False)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "none.json"))
    monkeypatch.setattr(remote_files, "SILENT_SECONDS", 1)
    with pytest.raises(DataError, match=r"gs://data/a\.csv: access denied; .*GOOGLE_APPLICATION"):
        find_files("gs://data/a.csv")
