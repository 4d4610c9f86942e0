"""One collector for many monitors: ready how soon, how large, and how quick while it evaluates.

    python -m benchmarks.bench_collector_fleet                 # 30 monitors, 90 days; some minutes

The history is as housekeeping leaves it: 35 days of panes of an hour, then panes of a day, each
with ten thousand rows in ten columns. It is served twice: with nothing evaluated yet, and when
everything was evaluated before. Health is asked for all the while.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.parts import run_parts
from benchmarks.serving.fleet import fleet

RESULTS = Path(__file__).parent / "results" / "collector_fleet.json"
PARTS: dict[str, Callable[[], Any]] = {"fleet_30_monitors_90_days": lambda: fleet(30, 90)}

if __name__ == "__main__":
    run_parts(PARTS, RESULTS, __doc__)
