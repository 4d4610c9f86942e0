"""How much a back end of alerts that hangs or refuses holds up evaluations.

    python -m benchmarks.bench_alerts

A stream of 20 features that drifts for twelve hours of every day, evaluated every hour, with a
reminder every hour; the same without a back end, with one that hangs, and with none that listens.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.parts import run_parts

RESULTS = Path(__file__).parent / "results" / "alerts.json"


def _delay() -> Any:
    from benchmarks.alerting.delay import compare

    return compare()


PARTS: dict[str, Callable[[], Any]] = {"delay": _delay}

if __name__ == "__main__":
    run_parts(PARTS, RESULTS, __doc__)
