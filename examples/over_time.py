"""See in which week which feature began to drift, and keep the monitor in a file."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

from driftwatch import Monitor
from driftwatch.simulation import mean_shift


def main() -> None:
    rng = np.random.default_rng(0)
    train = {
        "age": rng.normal(41, 11, 20_000),
        "country": rng.choice(["FR", "DE", "ES"], 20_000, p=[0.5, 0.3, 0.2]),
    }
    rows = 24_000
    age = rng.normal(41, 11, rows)
    age[14_000:] = mean_shift(age[14_000:], intensity=0.5)
    history = {
        "ts": np.datetime64("2026-01-05T00:00") + np.arange(rows) * np.timedelta64(5, "m"),
        "age": age,
        "country": rng.choice(["FR", "DE", "ES"], rows, p=[0.5, 0.3, 0.2]),
    }
    monitor = Monitor(train, name="churn", thresholds={"psi": 0.2, "ks": 0.1})
    result = monitor.over_time(history, time="ts", by="week")
    print(result)
    with tempfile.TemporaryDirectory() as folder:
        result.save_html(Path(folder) / "over_time.html")
        monitor.save(Path(folder) / "churn.dwp")
        again = Monitor.load(Path(folder) / "churn.dwp")
    print(again.check(history)["age"])
    table = result.to_frame(library="pyarrow")
    print(table.select(["window", "feature", "status", "statistic"]).slice(0, 4).to_pylist())


if __name__ == "__main__":
    main()
