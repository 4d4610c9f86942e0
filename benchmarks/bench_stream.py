"""Streams: records a second, slides of a window, memory, and replays.

    python -m benchmarks.bench_stream                 # everything, about half an hour
    python -m benchmarks.bench_stream --only rates,slide

CPU time of this process, medians of five; what is compared is measured in turns. Needs the real
data sets (``shared/data`` beside the repository) for the replays of real streams.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.parts import run_parts
from benchmarks.streaming import histories, rates, sliding

RESULTS = Path(__file__).parent / "results" / "stream.json"
PARTS: dict[str, Callable[[], Any]] = {
    "observe_10_floats": lambda: rates.observe_numbers(5),
    "observe_8_floats_2_texts": lambda: rates.observe_mixed(5),
    "observe_many": lambda: rates.observe_many(5),
    "slide": lambda: sliding.slide(400),
    "state": sliding.state,
    "endless_rows": lambda: sliding.endless(100_000_000),
    "endless_profiles": lambda: sliding.absorbed(10_000),
    "replay_real": lambda: list(histories.real()),
    "replay_shuffled": lambda: list(histories.shuffled(3)),
    "replay_ten_million": histories.ten_million,
}

if __name__ == "__main__":
    run_parts(PARTS, RESULTS, __doc__)
