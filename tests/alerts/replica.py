"""One replica of the simulated month: takes its share of every hour's rows, and evaluates.

It goes on from where its notes on disk say, so that it can be killed at any moment.
"""

from __future__ import annotations

import json
import os
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from driftwatch import Monitor
from driftwatch.alerts.message import Message
from driftwatch.alerts.settings import Alerts

FEATURES = 20
ROWS = 60
START = datetime(2026, 1, 1, tzinfo=UTC)
ABRUPT, GRADUAL, RECURRING = (120, 192), (288, 432), (528, 600)


def shift(hour: int) -> float:
    """How far the first feature is off, in standard deviations."""
    if ABRUPT[0] <= hour < ABRUPT[1]:
        return 1.5
    if GRADUAL[0] <= hour < GRADUAL[1]:
        return 1.5 * min(1.0, (hour - GRADUAL[0]) / 72)
    if RECURRING[0] <= hour < RECURRING[1]:
        return 1.5
    return 0.0


class File:
    """A back end that appends to a file, and fails now and then."""

    name = "file"

    def __init__(self, path: Path) -> None:
        self._path = path
        self._calls = 0

    def send(self, message: Message) -> None:
        self._calls += 1
        if self._calls % 3 == 1:
            raise ConnectionError("not now")
        line = json.dumps([message.key, message.kind, message.at.isoformat(), message.text])
        with self._path.open("a") as file:
            file.write(line + "\n")
            file.flush()
            os.fsync(file.fileno())


def rows_of(hour: int, replica: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng([7, hour, replica])
    data = rng.normal(size=(FEATURES, ROWS))
    data[0] += shift(hour)
    data[1] += shift(hour) / 2
    return {f"f{number}": column for number, column in enumerate(data)}


def main(folder: Path, replica: int) -> None:
    rng = np.random.default_rng(1)
    reference = {f"f{n}": rng.normal(size=20_000) for n in range(FEATURES)}
    now = [START]
    notes = folder / f"replica-{replica}"
    done = int(notes.read_text()) if notes.exists() else 0
    alerts = Alerts([File(folder / "told")], no_data=None)
    monitor = Monitor(
        reference,
        name="m",
        window="24h",
        slide="1h",
        clock=lambda: now[0],
        store=folder / "m.db",
        source=f"replica-{replica}",
        alerts=alerts,
    )
    with monitor:
        while True:
            hour = int((folder / "hour").read_text() or -1)
            if hour < 0:
                break
            now[0] = START + timedelta(hours=hour)
            if done < hour:
                for each in range(done, hour):
                    at = START + timedelta(hours=each, minutes=30)
                    monitor.observe_many(rows_of(each, replica), at=at)
                monitor.flush()
                notes.with_suffix(".new").write_text(str(hour))
                notes.with_suffix(".new").replace(notes)
                done = hour
            monitor.evaluate()
            time.sleep(0.01)
        monitor.evaluator.sinks.finish(30)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
