"""How quick and how large the dashboard's pages are, and how large the collector that makes them.

    python -m benchmarks.bench_dashboard            # 200 monitors; 500 features x 720 windows

A collector of 200 monitors (ten columns each, a day of panes, 720 evaluated windows), and one of a
monitor of 500 columns with 720 evaluated windows, is started as a process. Once it has evaluated
what is due, each page is asked for once cold and then some twenty times: seconds until the first
byte, bytes of the page as it is sent, and the resident memory of the collector when all pages have
been asked for. Windows but the newest are written as summaries, as an evaluation leaves them; the
newest report is a real one.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.parts import run_parts
from benchmarks.serving.dashboard import pages_of_a_fleet

RESULTS = Path(__file__).parent / "results" / "dashboard.json"
PARTS: dict[str, Callable[[], Any]] = {
    "fleet_of_200": lambda: pages_of_a_fleet(200, 10, 720),
    "monitor_of_500_features": lambda: pages_of_a_fleet(1, 500, 720),
}

if __name__ == "__main__":
    run_parts(PARTS, RESULTS, __doc__)
