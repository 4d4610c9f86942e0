"""How long people wait for the larger commands: wall and CPU seconds of whole processes.

Each is run at two sizes in turns, so that the ratio says whether it grows faster than its input.

python -m benchmarks.bench_waits

The store of a million segments takes 4 GB of disk, and minutes to be filled.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.processes import measure
from driftwatch import Reference
from driftwatch.core.data.batch import batches_of
from driftwatch.core.windows.segments import Delivery, Segment
from driftwatch.core.windows.spec import WindowSpec
from driftwatch.ingest.accumulator import Accumulator
from driftwatch.profiling.build import profile_data
from driftwatch.stores.sqlite.memory import MemoryStore
from driftwatch.stores.sqlite.store import SQLiteStore

HOUR, DAY = 3600, 86_400
START = 1_767_225_600  # 1 January 2026
AT_ONCE = 5_000
WORDS = np.array([f"word{n}" for n in range(50)])


@dataclass(frozen=True, slots=True)
class Wait:
    """A command, and how much of what it reads.

    Attributes:
        name: What it is.
        size: How many columns, rows, features or segments.
        command: Arguments of ``driftwatch``.
    """

    name: str
    size: int
    command: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sizes:
    """A small and a large one of each.

    Attributes:
        rows: Of files of many columns.
        columns: To be profiled.
        features: To be compared.
        history: Rows of it.
        segments: In a store, of many monitors.
        own: Segments of one monitor; the second is how many each of the many has.
        days: That a history covers.
    """

    rows: int = 20_000
    columns: tuple[int, int] = (100, 1_000)
    features: tuple[int, int] = (50, 500)
    history: tuple[int, int] = (50_000, 500_000)
    segments: tuple[int, int] = (10_000, 1_000_000)
    own: tuple[int, int] = (1_000, 10_000)
    days: int = 30


QUICK = Sizes(2_000, (20, 200), (10, 100), (5_000, 20_000), (1_000, 20_000), (100, 1_000), 4)


def wide(path: Path, rows: int, columns: int, *, shift: float = 0.0) -> None:
    """Four columns of numbers to every one of texts."""
    rng = np.random.default_rng(columns)
    pq.write_table(
        pa.table(
            {
                f"c{n}": rng.normal(shift, 1 + shift, rows)
                if n % 5
                else WORDS[rng.integers(0, 50, rows)]
                for n in range(columns)
            }
        ),
        path,
    )


def history(path: Path, rows: int, days: int) -> None:
    """Some days of eight columns of numbers and two of texts."""
    rng = np.random.default_rng(rows)
    seconds = START + np.sort(rng.uniform(0, days * DAY, rows))
    columns = {f"x{n}": rng.normal(size=rows) for n in range(8)}
    texts = {f"t{n}": rng.choice(list("abcdefgh"), rows) for n in range(2)}
    at = pa.array((seconds * 1e6).astype(np.int64), pa.timestamp("us", "UTC"))
    pq.write_table(pa.table({"at": at, **columns, **texts}), path)


def one_segment() -> Segment:
    """50 rows of a column of numbers and one of categories, as a stream delivers them."""
    rng = np.random.default_rng(0)

    def rows(count: int) -> dict[str, object]:
        return {"x": rng.normal(size=count), "plan": rng.choice(["a", "b", "c"], count)}

    reference = Reference(profile_data(rows(5_000), reference=True))
    store, spec = MemoryStore(), WindowSpec.of("24h", "1h")
    feed = Accumulator(reference, spec, store, monitor="m", source="s", clock=lambda: START + HOUR)
    feed.add(next(batches_of(rows(50))), times=START + np.linspace(0, HOUR - 1, 50))
    feed.flush()
    feed.close()
    (stored,) = store.segments("m", width=HOUR, first=0, last=1 << 40)
    return stored.segment


def fill(path: Path, segments: int, own: int) -> None:
    """A store of hourly panes of many monitors, each with as many segments."""
    like = one_segment()
    newest = int(time.time()) // HOUR - 1
    with closing(SQLiteStore(path)) as store:
        for number in range(segments // own):
            for sequence, start in enumerate(range(newest - own + 1, newest + 1, AT_ONCE)):
                panes = range(start, min(start + AT_ONCE, newest + 1))
                some = tuple(
                    replace(like, pane=pane, earliest=pane * HOUR, latest=pane * HOUR + HOUR - 1.0)
                    for pane in panes
                )
                now = (newest + 1.0) * HOUR
                store.deliver(
                    Delivery(f"m{number}", "s", "e", sequence, some, sent_at=now), now=now
                )


def waits(folder: Path, sizes: Sizes) -> Iterator[Wait]:
    """Everything that is measured; its files are made on the way."""
    for columns in sizes.columns:
        file = f"wide{columns}.parquet"
        wide(folder / file, sizes.rows, columns)
        yield Wait("profile, columns", columns, ("profile", file, "-o", "wide.dwp"))
    for rows in sizes.history:
        file = f"history{rows}.parquet"
        history(folder / file, rows, sizes.days)
        command = ("replay", file, "--time", "at", "--ref-first", "20%")
        yield Wait(f"replay of {sizes.days} days, rows", rows, command)
    for features in sizes.features:
        before, after = (f"{side}{features}.parquet" for side in ("ref", "prod"))
        wide(folder / before, sizes.rows, features)
        wide(folder / after, sizes.rows, features, shift=0.3)
        command = ("check", "--ref", before, "--prod", after, "--no-save")
        yield Wait("check, features", features, command)
        page = (*command, "--output", "report.html")
        yield Wait("check with HTML, features", features, page)
    own = sizes.own[1]
    for segments in sizes.segments:
        file = f"store{segments}.db"
        fill(folder / file, segments, own)
        at = ("--store", file, "--monitor", "m0")
        yield Wait(f"report of one of {own:,}, segments of all", segments, ("report", *at))
        yield Wait(f"doctor of one of {own:,}, segments of all", segments, ("doctor", *at))
    for segments in sizes.own:
        file = f"own{segments}.db"
        fill(folder / file, segments, segments)
        at = ("--store", file, "--monitor", "m0")
        yield Wait("doctor, segments of the monitor", segments, ("doctor", *at))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="small sizes, nothing stored")
    parser.add_argument("--repeats", type=int, default=3)
    asked = parser.parse_args()
    sizes = QUICK if asked.quick else Sizes()
    environment = {**os.environ, "PYTHONPATH": str(Path.cwd()), "COLUMNS": "100"}
    found: list[dict[str, object]] = []
    with TemporaryDirectory() as name:
        folder = Path(name)
        planned = list(waits(folder, sizes))
        runs: dict[Wait, list[tuple[float, float]]] = {wait: [] for wait in planned}
        for _ in range(asked.repeats):
            for wait in planned:
                run = measure(
                    [sys.executable, "-m", "driftwatch", *wait.command],
                    timeout_seconds=1_800,
                    environment=environment,
                    folder=folder,
                )
                if run.timed_out or run.exit_code not in (0, 1, 2):  # 2: a store without reports
                    raise SystemExit(f"{' '.join(wait.command)}: {run.last_error}")
                runs[wait].append((run.seconds, run.cpu_seconds))
    smallest: dict[str, tuple[int, float]] = {}
    for wait in planned:
        wall, cpu = (statistics.median(column) for column in zip(*runs[wait], strict=True))
        size, base = smallest.setdefault(wait.name, (wait.size, cpu))
        beside = f"{cpu / base:6.2f} x the CPU for {wait.size / size:g} x as many"
        print(
            f"{wait.name:44} {wait.size:9,} {wall:7.2f} s {cpu:7.2f} s CPU"
            + (beside if wait.size != size else "")
        )
        found.append({**asdict(wait), "seconds": wall, "cpu_seconds": cpu, "ratio": cpu / base})
    if not asked.quick:
        target = Path(__file__).parent / "results" / "waits.json"
        target.write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
