"""What is watched in the soak, and where everything of it lies."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from driftwatch import Monitor

__all__ = ["PARTITIONS", "PLANS", "STREAM", "TOPIC", "WEB", "Places", "a_row", "configure"]

WEB, STREAM = "web", "stream"
"""Names of the monitors: of the service, kept by the collector; of Kafka, in a file."""
WINDOW, SLIDE, LATENESS, FLUSH_EVERY = "1m", "10s", "5s", "2s"
TOPIC, PARTITIONS = "predictions", 4
PLANS = ("free", "pro", "team")


@dataclass(frozen=True, slots=True)
class Places:
    """Where everything of a soak lies.

    Attributes:
        folder: All of it.
    """

    folder: Path

    @property
    def disk(self) -> Path:
        """The disk that can be full: stores and spool."""
        return self.folder / "disk"

    @property
    def collector_store(self) -> Path:
        return self.disk / "collector.db"

    @property
    def stream_store(self) -> Path:
        return self.disk / "stream.db"

    @property
    def spool(self) -> Path:
        return self.disk / "spool"

    @property
    def notes(self) -> Path:
        return self.folder / "notes"

    @property
    def logs(self) -> Path:
        return self.folder / "logs"

    @property
    def gone(self) -> Path:
        """Stores that were taken away from under the processes."""
        return self.folder / "gone"

    @property
    def reference(self) -> Path:
        return self.folder / "reference.dwp"

    @property
    def collector_config(self) -> Path:
        return self.folder / "collector.toml"

    @property
    def stream_config(self) -> Path:
        return self.folder / "stream.toml"

    def make(self) -> None:
        for folder in (self.disk, self.notes, self.logs, self.gone, self.spool):
            folder.mkdir(parents=True)

    def for_the_service(self, url: str) -> str:
        """What the service is told, as JSON."""
        return json.dumps(
            {
                "url": url,
                "spool": str(self.spool),
                "notes": str(self.notes),
                "reference": str(self.reference),
            }
        )


def a_row(rng: random.Random) -> dict[str, Any]:
    """Features of one row of traffic."""
    return {"x": float(rng.randrange(1_000)), "plan": rng.choice(PLANS)}


def configure(places: Places, bootstrap: str, /) -> None:
    """Write the reference, and the configurations of the collector and of Kafka's workers."""
    rng = np.random.default_rng(1)
    data = {
        "x": rng.integers(0, 1_000, 4_000).astype(float),
        "plan": rng.choice(PLANS, 4_000),
        "yhat": rng.integers(0, 1_000, 4_000) / 1_000,
    }
    with Monitor(data, prediction="yhat") as monitor:
        places.reference.write_bytes(monitor.reference.profile.to_bytes())
    common = (
        f'reference = "{places.reference.name}"\nprediction = "yhat"\nwindow = "{WINDOW}"\n'
        f'slide = "{SLIDE}"\nlateness = "{LATENESS}"\nflush_every = "{FLUSH_EVERY}"\nevery = "1s"\n'
        'idle_after = "10s"\n'
    )
    places.collector_config.write_text(
        "[service]\nrequests_per_minute = 10000000\n"
        f'[monitors.{WEB}]\nstore = "disk/{places.collector_store.name}"\n{common}',
        "utf-8",
    )
    places.stream_config.write_text(
        f'[monitors.{STREAM}]\nstore = "disk/{places.stream_store.name}"\n{common}'
        f'[monitors.{STREAM}.kafka]\nbootstrap = "{bootstrap}"\ntopics = ["{TOPIC}"]\n'
        'features = "$.inputs"\nprediction = "$.yhat"\nat = "$.ts"\nsession_seconds = 3\n',
        "utf-8",
    )
