"""A sink of your own: every result of a stream goes to it, in order, until it has taken it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np

from driftwatch import Monitor
from driftwatch.core.windows.evaluation_record import Result


class Printer:
    name = "printer"

    def emit(self, result: Result, /) -> None:
        if result.report is not None and result.event is not None:
            print(f"{result.event}: {result.report.headline()}")


def main() -> None:
    rng = np.random.default_rng(0)
    now = datetime(2026, 1, 1, tzinfo=UTC)
    monitor = Monitor(
        {"age": rng.normal(40, 9, 20_000)},
        window="6h",
        clock=lambda: now,
        sinks=[Printer()],
    )
    for hour in range(12):
        now = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=hour)
        drifted = 25.0 if hour >= 6 else 0.0
        monitor.observe_many({"age": rng.normal(40 + drifted, 9, 2_000)}, at=now)
        monitor.evaluate()
    assert monitor.evaluator.sinks.finish(10)
    monitor.close()


if __name__ == "__main__":
    main()
