"""A day of traffic through a monitor, with a drift at noon; then the same as a replay.

python examples/stream.py
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np

from driftwatch import Monitor


def main() -> None:
    rng = np.random.default_rng(0)
    train = {
        "age": rng.normal(41, 11, 20_000).round(1),
        "plan": rng.choice(["free", "pro"], 20_000),
    }
    now = datetime(2026, 1, 1, tzinfo=UTC)
    clock = [now]
    with Monitor(train, window="6h", slide="1h", clock=lambda: clock[0]) as monitor:
        for minute in range(24 * 60):
            clock[0] = now + timedelta(minutes=minute)
            moved = 8 if minute >= 12 * 60 else 0
            for _ in range(10):
                record = {"age": round(rng.normal(41 + moved, 11), 1), "plan": "free"}
                record["plan"] = "pro" if rng.uniform() < 0.5 else "free"
                monitor.observe(record)
            if minute % 60 == 59:
                result = monitor.evaluate()
                if result is not None and result.event is not None and result.report is not None:
                    print(f"{clock[0]:%H:%M} alarm {result.event}")
                    print(result.report.summary())
        print(monitor.check().headline())


if __name__ == "__main__":
    main()
