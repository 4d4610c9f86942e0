"""Throughput of a Kafka worker beside a bare consumer.

    python -m benchmarks.bench_kafka        # needs Java and Maven: it starts a broker

CPU time of this process, medians of five rounds; both are measured in turns.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.kafka import throughput
from benchmarks.parts import run_parts

RESULTS = Path(__file__).parent / "results" / "kafka.json"
PARTS: dict[str, Callable[[], Any]] = {"throughput": lambda: throughput.compare(200_000, 5)}

if __name__ == "__main__":
    run_parts(PARTS, RESULTS, __doc__)
