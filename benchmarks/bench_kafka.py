"""Throughput of a Kafka worker beside a bare consumer.

    python -m benchmarks.bench_kafka        # needs Java and Maven: it starts a broker

CPU time of this process, medians of five rounds; both are measured in turns. As ``driftwatch
worker`` does when it starts, numpy is kept from the slower of its two sorts where it would pick it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.parts import run_parts
from driftwatch.cli import choose_sort

RESULTS = Path(__file__).parent / "results" / "kafka.json"


def _throughput(features: str) -> Any:
    from benchmarks.kafka import throughput

    return throughput.compare(200_000, 5, getattr(throughput, features))


PARTS: dict[str, Callable[[], Any]] = {
    "floats": partial(_throughput, "floats"),
    "mixed": partial(_throughput, "mixed"),
}

if __name__ == "__main__":
    choose_sort()  # before numpy is imported
    run_parts(PARTS, RESULTS, __doc__)
