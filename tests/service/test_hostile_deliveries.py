"""No delivery may crash the collector, whatever it holds. Run in a child, which may die."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

CHILD = """
import hashlib, random, resource, sys
from pathlib import Path
import numpy as np
from driftwatch import Reference
from driftwatch.config.load import load_config
from driftwatch.core.data.batch import batches_of
from driftwatch.core.windows.delivery_codec import delivery_to_bytes
from driftwatch.core.windows.segments import Delivery, Segment
from driftwatch.profiling.build import profile_data
from driftwatch.service.api.intake import Refused, take_in
from driftwatch.service.watched import WatchedMonitors

folder, seed, rounds = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
rng, chance = np.random.default_rng(seed), random.Random(seed)
data = {"x": rng.normal(size=4000), "c": rng.choice(list("abc"), 4000)}
reference = Reference(profile_data(data, reference=True))
(folder / "r.dwp").write_bytes(reference.profile.to_bytes())
(folder / "driftwatch.toml").write_text(
    'store = "s.db"\\n[monitors.m]\\nreference = "r.dwp"\\nwindow = "6h"\\nslide = "1h"\\n'
)
monitors = WatchedMonitors(load_config(folder / "driftwatch.toml"))
profile = reference.new_profile()
for batch in batches_of(data):
    profile.update(batch)
body = profile.to_bytes()

def seal(data):
    return data[:-32] + hashlib.sha256(data[:-32]).digest()

def mutated(good):
    data = bytearray(good)
    for _ in range(chance.choice([1, 1, 2, 8])):
        kind, at = chance.randrange(4), chance.randrange(len(data))
        if kind == 0: data[at] ^= 1 << chance.randrange(8)
        elif kind == 1: data[at] = chance.choice([0, 1, 127, 128, 255])
        elif kind == 2: data[at:at + 4] = chance.randbytes(4)
        else: del data[at:at + chance.randrange(1, 64)]
    return bytes(data)

def framed(inside, sequence):
    pane = 1_700_000_000 // 3600
    segment = Segment(pane, 3600, 4000, inside, 0, pane * 3600, pane * 3600 + 60, reference.id)
    return delivery_to_bytes(Delivery("m", "pod", "e", sequence, (segment,), {"late": 1}))

start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
taken = refused = 0
for turn in range(rounds):
    if turn % 3 == 0: sent = seal(mutated(framed(body, turn)))
    elif turn % 3 == 1: sent = framed(seal(mutated(body)), turn)
    else: sent = mutated(framed(body, turn))
    try:
        take_in(sent, monitors, clock=lambda: 1.7e9)
        taken += 1
    except Refused as error:
        assert 400 <= error.status < 500
        refused += 1
watched = monitors.get("m")
watched.monitor.evaluator.check()  # what was taken can be used
monitors.close()
print(taken, refused, round((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - start) / 1024, 1))
"""


def fuzz(folder: Path, seed: int, rounds: int) -> tuple[int, int, float]:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", CHILD, str(folder), str(seed), str(rounds)],
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
    )
    assert done.returncode == 0, f"exit {done.returncode}: {done.stderr[-2000:]}"
    taken, refused, grown = done.stdout.split()
    return int(taken), int(refused), float(grown)


def test_mutated_deliveries_are_refused_or_sound(tmp_path: Path) -> None:
    taken, refused, grown = fuzz(tmp_path, 0, 300)
    assert taken + refused == 300
    assert refused > 150
    assert taken >= 5
    assert grown < 80


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 6))
def test_thousands_of_mutated_deliveries_are_refused_or_sound(tmp_path: Path, seed: int) -> None:
    taken, refused, grown = fuzz(tmp_path, seed, 2_000)
    assert taken + refused == 2_000
    assert grown < 80
