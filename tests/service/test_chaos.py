"""A million records through four replicas that are killed, and a collector that is, too."""

from __future__ import annotations

import contextlib
import random
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import pytest

from driftwatch import Profile, Reference
from driftwatch.core.data.batch import batches_of
from driftwatch.profiling.build import profile_data
from driftwatch.stores.remote.client import CollectorClient
from driftwatch.stores.remote.sender import Sender
from driftwatch.stores.remote.spool import Spool
from tests.service.conftest import Collector
from tests.service.replica import ROWS, chunk_of

REPLICAS = 4
CHUNKS = 50
REPLICA_KILLS = 16
COLLECTOR_EVERY = 4


class World:
    """Replicas and a collector as processes; both are killed now and then."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder = folder
        self.now = time.time()
        self.collector = Collector(folder)
        self.kills = self.collector_kills = 0
        self._rng = random.Random(seed)  # noqa: S311 - to vary
        self._waiting = threading.Event()
        self._running: dict[int, subprocess.Popen[bytes]] = {}

    def run(self) -> None:
        """Let all replicas finish, over and over again where they are killed."""
        try:
            self.collector.start()
            for number in range(REPLICAS):
                self._begin(number)
            while self._running:
                self._waiting.wait(self._rng.uniform(0.1, 0.6))
                if self.kills < REPLICA_KILLS:
                    self._kill()
                for number in list(self._running):
                    self._look_after(number)
            for folder in self.folder.glob("spool-*/*/"):  # what the killed ones have left
                client = CollectorClient(self.collector.url)
                assert Sender(client, Spool(folder), mine="").finish(60)
        finally:
            for process in self._running.values():
                process.kill()
                process.wait()
            self.collector.end(kill=True)

    def _begin(self, number: int) -> None:
        what = [self.collector.url, self.folder, number, CHUNKS, self.now]
        self._running[number] = subprocess.Popen(
            [sys.executable, "-m", "tests.service.replica", *map(str, what)],
            stderr=subprocess.DEVNULL,
        )

    def _kill(self) -> None:
        self._running[self._rng.choice(list(self._running))].kill()
        self.kills += 1
        if self.kills % COLLECTOR_EVERY == 0:
            self.collector.end(kill=True)
            self.collector_kills += 1
            self.collector.start()

    def _look_after(self, number: int) -> None:
        code = self._running[number].poll()
        if code == 0:
            del self._running[number]
        elif code is not None:
            self._begin(number)

    def noted(self, word: str) -> set[str]:
        """Chunks of which the replicas' logs say something."""
        return {
            f"{number}-{line.split()[1]}"
            for number in range(REPLICAS)
            for line in (self.folder / f"replica-{number}.log").read_text().splitlines()
            if line.startswith(word)
        }

    def stored(self) -> list[tuple[str, int, bytes]]:
        """Model version, which is the chunk, rows and profile of every stored segment."""
        with contextlib.closing(sqlite3.connect(self.folder / "collector.db")) as db:
            return db.execute("SELECT model_version, rows, body FROM segments").fetchall()


def assert_same(merged: Profile, expected: Profile) -> None:
    assert merged.rows == expected.rows
    assert merged.content_hash == expected.content_hash
    assert merged["c"].to_sections() == expected["c"].to_sections()  # counts, exactly
    for name, exact in (("x", True), ("y", False)):
        left, right = merged[name].numbers, expected[name].numbers
        assert left is not None
        assert right is not None
        mine, theirs = left.moments, right.moments
        assert mine.total == (theirs.total if exact else pytest.approx(theirs.total, rel=1e-12))
        assert (mine.count, mine.minimum, mine.maximum) == (
            theirs.count,
            theirs.minimum,
            theirs.maximum,
        )


@pytest.mark.slow
def test_everything_acknowledged_arrives_once(tmp_path: Path) -> None:
    reference = Reference(profile_data(chunk_of(99, 0), reference=True))
    (tmp_path / "reference.dwp").write_bytes(reference.profile.to_bytes())
    (tmp_path / "driftwatch.toml").write_text(
        'store = "collector.db"\n[service]\nrequests_per_minute = 10000000\n'
        '[monitors.scores]\nreference = "reference.dwp"\nwindow = "24h"\nslide = "1h"\n'
        'every = "1s"\n',
        "utf-8",
    )
    world = World(tmp_path, 11)
    world.run()
    assert world.kills >= REPLICA_KILLS // 2
    assert world.collector_kills >= 1

    rows = Counter[str]()
    merged, expected = reference.new_profile(), reference.new_profile()
    for version, count, body in world.stored():
        rows[version] += count
        merged.merge(Profile.from_bytes(body))
    begun = world.noted("begun")
    assert set(rows.values()) == {ROWS}  # nothing twice, nothing in part
    assert world.noted("acknowledged") <= rows.keys() <= begun  # nothing lost or made up
    assert len(begun) == REPLICAS * CHUNKS
    assert len(rows) >= len(begun) - world.kills
    for version in rows:
        owner, chunk = map(int, version.split("-"))
        for batch in batches_of(chunk_of(owner, chunk)):
            expected.update(batch)
    assert_same(merged, expected)
