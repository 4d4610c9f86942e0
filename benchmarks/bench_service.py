"""Capture inside a service: CPU a request, the event loop, memory, and merging replicas.

    python -m benchmarks.bench_service                 # everything, some minutes
    python -m benchmarks.bench_service --only request,merge

CPU time of this process, medians; what is compared is measured in turns.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.parts import run_parts
from benchmarks.serving import merging, requests

RESULTS = Path(__file__).parent / "results" / "service.json"
PARTS: dict[str, Callable[[], Any]] = {
    "memory": lambda: requests.memory(1_000_000),
    "request": lambda: requests.cpu_a_request(25),
    "event_loop": lambda: requests.event_loop(5, 10.0),
    "merge_1000_replicas": lambda: merging.replicas(1_000, 5),
}

if __name__ == "__main__":
    run_parts(PARTS, RESULTS, __doc__)
