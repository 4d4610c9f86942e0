"""Data in buckets of S3, read from a server of this machine."""

from __future__ import annotations

import gzip
import io
import lzma
import socket
import zipfile
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from driftwatch import Monitor
from driftwatch.cli.app import run
from driftwatch.errors import DataError
from driftwatch.profiling import remote_files
from driftwatch.profiling.build import profile_data
from driftwatch.profiling.files import find_files
from tests.remote.conftest import KEY, SECRET, Web
from tests.small_files import ROWS, csv, json_lines, parquet

S3 = Callable[[str, bytes], None]


def zipped() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("x.csv", csv())
    return file.getvalue()


WRITTEN: dict[str, Callable[[], bytes]] = {
    "a.parquet": parquet,
    "a.csv": csv,
    "a b ü.csv.gz": lambda: gzip.compress(csv()),
    "a.jsonl": json_lines,
    "a.jsonl.xz": lambda: lzma.compress(json_lines()),
    "a.parquet.gz": lambda: gzip.compress(parquet()),
    "a.zip": zipped,
    "a.dwp": lambda: profile_data(ROWS).to_bytes(),
}


@pytest.mark.parametrize("name", WRITTEN)
def test_every_format_is_read_from_a_bucket(name: str, s3: S3) -> None:
    s3(f"formats/in/{name}", WRITTEN[name]())
    monitor = Monitor(f"s3://formats/in/{name}")
    assert monitor.reference.profile.content_hash == profile_data(ROWS).content_hash
    assert monitor.check(f"s3://formats/in/{name}").has_drift() is False


def test_folders_and_patterns_are_listed(s3: S3) -> None:
    for part in range(3):
        s3(f"listed/data/year=202{part}/day-{part}.csv", csv())
    s3("listed/data/_SUCCESS", b"")
    s3("listed/data/.hidden.csv", b"not,read\n1,2\n")

    def names(url: str) -> list[str]:
        return [str(path).removeprefix("s3://listed/data/") for path in find_files(url).paths]

    whole = [f"year=202{part}/day-{part}.csv" for part in range(3)]
    assert names("s3://listed/data") == names("s3://listed/data/") == whole
    assert names("s3://listed/data/**/*.csv") == names("s3://listed/data/*/day-*.csv") == whole
    assert names("s3://listed/data/year=2021/day-?.csv") == whole[1:2]
    assert names("s3a://listed/data/**/day-[02].csv") == [whole[0], whole[2]]
    found = profile_data("s3://listed/data")
    assert (found.rows, list(found.columns)) == (720, ["age", "plan", "year"])


def test_a_large_file_is_read_some_row_groups_at_a_time(
    s3: S3, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = io.BytesIO()
    rows = {"n": list(range(40_000))}
    pq.write_table(pa.table(rows), file, row_group_size=1000)
    s3("large/a.parquet", file.getvalue())
    monkeypatch.setattr("driftwatch.profiling.parquet._READ_AHEAD", 20_000)
    files = find_files("s3://large/a.parquet")
    batches = list(files.batches())
    values = [value for batch in batches for value in batch.arrays["n"].to_pylist()]
    assert values == rows["n"]
    assert len(batches) > 10
    read = sum(batch.size_bytes for batch in batches)
    assert abs(read - files.size_bytes) < len(batches)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("s3://missing-bucket/a.csv", "s3://missing-bucket/a.csv: no such bucket"),
        ("s3://there/b.csv", "s3://there/b.csv: no such file"),
        ("s3://there/b-*.csv", r"s3://there/b-\*.csv: no such file"),
        ("s3://there/empty", "s3://there/empty: no data file in this folder"),
        ("s3:///a.csv", "must look like s3://bucket/path"),
        ("s3://AKIA:word@there/a.csv", "credentials come from the environment"),
    ],
)
def test_what_is_not_there_is_one_clear_error(url: str, said: str, s3: S3) -> None:
    s3("there/a.csv", csv())
    s3("there/empty/README.md", b"")
    with pytest.raises(DataError, match=said) as caught:
        profile_data(url)
    assert "word" not in str(caught.value)


def test_a_server_that_is_away_and_one_that_hangs_are_errors_in_time(
    s3: S3, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote_files, "SILENT_SECONDS", 1)
    monkeypatch.setattr(remote_files, "_ATTEMPTS", 1)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")
        with pytest.raises(DataError, match=r"s3://away/a\.csv: the server cannot be reached"):
            find_files("s3://away/a.csv")
    with pytest.raises(DataError, match=r"s3://away/a\.csv: the server cannot be reached"):
        find_files("s3://away/a.csv")


def test_access_that_is_denied_says_where_credentials_come_from(
    monkeypatch: pytest.MonkeyPatch, s3: S3, web: Web
) -> None:
    web.key = "a query that no client sends"
    monkeypatch.setenv("AWS_ENDPOINT_URL", web.url(""))
    with pytest.raises(DataError, match=r"access denied; cred.* AWS_ACCESS_KEY_ID") as e:
        find_files("s3://closed/a.csv")
    assert KEY not in str(e.value)
    assert SECRET not in str(e.value)


def test_commands_take_what_is_in_a_bucket(
    s3: S3, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    hours = [f"2026-01-0{1 + n // 100}T{n % 24:02}:00:00" for n in range(240)]
    timed = ["ts,age", *(f"{at},{age}" for at, age in zip(hours, ROWS["age"], strict=True)), ""]
    s3("fed/train.csv", "\n".join(timed).encode())
    s3("fed/day/a.csv", "\n".join(timed).encode())
    s3("fed/day/b.csv", "\n".join(timed[:100]).encode())
    (tmp_path / "driftwatch.toml").write_text(
        '[monitors.m]\nreference = "s3://fed/train.csv"\ntime = "ts"\nstore = "m.db"\n', "utf-8"
    )
    assert run(["check", "--ref", "s3://fed/train.csv", "--prod", "s3://fed/day"]) in (0, 1, 3)
    assert run(["profile", "s3://fed/day/*.csv", "-o", "day.dwp"]) == 0
    assert run(["config", "check"]) == 0
    assert run(["ingest", "s3://fed/day"]) == 0
    told = capsys.readouterr().err
    assert "s3://fed/day/a.csv: 240 rows taken in" in told
    assert "s3://fed/day/b.csv: 99 rows taken in" in told
    assert run(["ingest", "s3://fed/day"]) == 0
    assert capsys.readouterr().err.count("taken in before, nothing changed") == 2
    replay = ["replay", "s3://fed/train.csv", "--ref-first", "50%", "--time", "ts"]
    assert run([*replay, "--window", "1d", "--slide", "1h"]) in (0, 1)
    capsys.readouterr()
    assert run(["watch", "s3://fed/day", "--once"]) == 2
    assert "watch follows files of this machine" in capsys.readouterr().err
