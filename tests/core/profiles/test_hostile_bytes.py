"""No byte string may crash, hang or bloat the process. Run in a child, which may die."""

from __future__ import annotations

import subprocess
import sys

import pytest

CHILD = """
import hashlib, random, resource, sys
import numpy as np
from driftwatch import Profile
from driftwatch.core.data.batch import Batch
from driftwatch.errors import DriftWatchError
from driftwatch import Reference
from driftwatch.core.data.declared import DeclaredColumns
from driftwatch.profiling.build import profile_data
from driftwatch.profiling.second_pass import count_panes, measure_dependence

seed, rounds = int(sys.argv[1]), int(sys.argv[2])
rng, chance = np.random.default_rng(seed), random.Random(seed)
n = 20_000
data = {
    "ts": np.datetime64("2024-01-01T00:00") + np.arange(n).astype("timedelta64[m]"),
    "x": rng.normal(size=n), "few": rng.integers(0, 9, n).astype(float),
    "c": rng.choice(list("abcdef"), n), "wide": [f"v{i % 12_000}" for i in range(n)],
    "b": rng.random(n) < 0.5,
}
columns = DeclaredColumns.of(["x", "few", "c", "wide", "b"], roles={"ts": "time"})
profile = profile_data(data, columns)
count_panes(profile, data, time="ts", width=3600)
measure_dependence(profile, data, columns=["x", "few", "c"])
good = profile.to_bytes()
start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
accepted = refused = 0
for turn in range(rounds):
    data = bytearray(good)
    for _ in range(chance.choice([1, 1, 2, 8])):
        kind = chance.randrange(4)
        at = chance.randrange(len(data))
        if kind == 0: data[at] ^= 1 << chance.randrange(8)
        elif kind == 1: data[at] = chance.choice([0, 1, 127, 128, 255])
        elif kind == 2: data[at:at + 4] = chance.randbytes(4)
        else: del data[at:at + chance.randrange(1, 64)]
    if turn % 2: data[-32:] = hashlib.sha256(bytes(data[:-32])).digest()
    try:
        found = Profile.from_bytes(bytes(data))
        for column in found.columns.values():
            if column.numbers is not None and column.numbers.count:
                column.numbers.cdf().quantile([0.1, 0.5])
        found.content_hash, found.period
        reference = Reference(found)
        for column in reference.columns.values():
            column.natural(24), column.bins
        reference.frame
        again = Profile.from_bytes(found.to_bytes())
        again.merge(found)
        accepted += 1
    except DriftWatchError:
        refused += 1
grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - start) / 1024
print(accepted, refused, round(grown, 1))
"""


def fuzz(seed: int, rounds: int) -> tuple[int, int, float]:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", CHILD, str(seed), str(rounds)],
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
    )
    assert done.returncode == 0, f"exit {done.returncode}: {done.stderr[-2000:]}"
    accepted, refused, grown = done.stdout.split()
    return int(accepted), int(refused), float(grown)


def test_mutated_profiles_are_refused_or_sound() -> None:
    accepted, refused, grown = fuzz(0, 150)
    assert accepted + refused == 150
    assert refused > 75
    assert grown < 50


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 11))
def test_a_thousand_mutated_profiles_are_refused_or_sound(seed: int) -> None:
    accepted, refused, grown = fuzz(seed, 1000)
    assert accepted + refused == 1000
    assert grown < 50
