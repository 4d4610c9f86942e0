"""A replica for the test with a million records; it may be killed at any moment.

Every chunk of its records carries a model version of its own, by which the test knows it
again in the collector's store. The log says which chunks were begun and which were
acknowledged. Its network doubles requests, loses answers, and sends in any order.
"""

from __future__ import annotations

import os
import random
import sys
from pathlib import Path
from typing import Any

import numpy as np

from driftwatch import Monitor
from driftwatch.stores.remote.client import CollectorClient
from driftwatch.stores.remote.spool import Spool
from driftwatch.transport.client import Answer

ROWS = 5_000
NAMES = Spool.names
POST = CollectorClient.post


def chunk_of(replica: int, number: int) -> dict[str, Any]:
    rng = np.random.default_rng([replica, number])
    return {
        "x": rng.integers(0, 1_000, ROWS),
        "y": rng.normal(5, 2, ROWS),
        "c": rng.choice(["a", "b", "c"], ROWS),
    }


def shuffled(spool: Spool) -> list[str]:
    names = NAMES(spool)
    random.shuffle(names)
    return names


def unreliable(client: CollectorClient, path: str, body: bytes, **how: Any) -> Answer:
    answer = POST(client, path, body, **how)
    chance = random.random()  # noqa: S311 - to vary
    if chance < 0.2:
        return POST(client, path, body, **how)
    return Answer(0, reason="answer lost") if chance < 0.3 else answer


def main(url: str, folder: Path, replica: int, chunks: int, now: float) -> None:
    setattr(Spool, "names", shuffled)  # noqa: B010 - not for types to know
    setattr(CollectorClient, "post", unreliable)  # noqa: B010
    log = folder / f"replica-{replica}.log"
    begun = {line.split()[1] for line in log.read_text().splitlines()} if log.exists() else set()
    monitor = Monitor(
        folder / "reference.dwp",
        name="scores",
        window="24h",
        slide="1h",  # a pane has few versions
        store=url,
        spool=folder / f"spool-{replica}",
        source=f"replica-{replica}",
    )
    with log.open("a") as file:

        def note(word: str, number: int) -> None:
            file.write(f"{word} {number}\n")
            file.flush()
            os.fsync(file.fileno())

        for number in range(chunks):
            if str(number) in begun:
                continue
            note("begun", number)
            version = f"{replica}-{number}"
            monitor.observe_many(
                chunk_of(replica, number), at=now - 3600 * (20 - number // 3), model_version=version
            )
            if monitor.stream.flush() == ROWS:
                note("acknowledged", number)
    monitor.flush()
    monitor.close()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]), float(sys.argv[5]))
