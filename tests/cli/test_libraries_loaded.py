"""What checking files does not load: importing it takes longer than checking small ones."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from tests.small_files import parquet

CHECK = """
import sys
from driftwatch.cli import main
try:
    main()
finally:
    print(*sys.modules, file=sys.stderr)
"""


def checked(path: Path) -> tuple[int, set[str]]:
    """Exit code of checking a file against itself, and the modules that are loaded then."""
    done = subprocess.run(
        [sys.executable, "-c", CHECK, "check", "--ref", path, "--prod", path, "--no-save"],
        capture_output=True,
        text=True,
        check=False,
        cwd=path.parent,
    )
    modules = set(done.stderr.splitlines()[-1].split())
    assert "driftwatch.cli.commands.check" in modules, done.stderr
    return done.returncode, modules


@pytest.fixture(scope="module")
def rows() -> pa.Table:
    pytest.importorskip("pandas")
    rng = np.random.default_rng(0)
    count = 300_000  # more than are kept to find out what the columns are
    second = np.datetime64("2026-01-01T00:00:00")
    times = pa.array(second + rng.integers(0, 10**6, count).astype("timedelta64[s]"))
    return pa.table(
        {
            "amount": rng.normal(size=count),
            "age": pa.array(rng.integers(18, 90, count), mask=rng.random(count) < 0.1),
            "plan": rng.choice(["free", "team", "pro"], count),
            "paid": rng.choice(["true", "false"], count),
            "at": times,
            "text_of_at": pa.array(times.cast(pa.string())),
            "comma": pa.array(
                [f"{value:.2f}".replace(".", ",") for value in rng.normal(size=count)]
            ),
        }
    )


@pytest.mark.parametrize("format_", ["parquet", "csv"])
def test_checking_files_loads_no_pandas(rows: pa.Table, format_: str, tmp_path: Path) -> None:
    path = tmp_path / f"rows.{format_}"
    if format_ == "csv":
        pa.csv.write_csv(rows, path, pa.csv.WriteOptions(delimiter=";"))
    else:
        pq.write_table(rows, path)
    code, modules = checked(path)

    assert code == 0
    assert "pandas" not in modules


def test_checking_files_loads_no_validators_and_no_more_of_numpy(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    path.write_bytes(parquet())
    late = {"pydantic", "numpy.f2py", "numpy.ma", "pyarrow.compute", "rich.console"}
    late |= {"driftwatch.stores.sqlite.database", "driftwatch.streams.observed"}

    _, modules = checked(path)

    assert sorted(late & modules) == []
