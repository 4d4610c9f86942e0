"""Profiles of a thousand replicas into one."""

from __future__ import annotations

import statistics
import time
from typing import Any

import numpy as np

from driftwatch import Monitor, Profile
from driftwatch.core.data.batch import batches_of

_ROWS = 10_000


def replicas(count: int, repeats: int) -> dict[str, Any]:
    """CPU seconds to merge profiles of 20 features and 10,000 rows, from bytes and decoded.

    100 different ones, again and again: what is merged does not depend on what was before.
    """
    rng = np.random.default_rng(0)

    def rows(size: int) -> dict[str, Any]:
        data: dict[str, Any] = {f"x{place}": rng.normal(size=size) for place in range(18)}
        return data | {f"c{place}": rng.choice(list("abcdefgh"), size) for place in range(2)}

    reference = Monitor(rows(50_000)).reference
    made = []
    for _ in range(100):
        profile = reference.new_profile()
        for batch in batches_of(rows(_ROWS)):
            profile.update(batch)
        made.append(profile.to_bytes())
    sent = [made[place % 100] for place in range(count)]
    whole, merging = [], []
    for _ in range(repeats):
        start = time.process_time()
        decoded = [Profile.from_bytes(body) for body in sent]
        middle = time.process_time()
        merged = reference.new_profile()
        for profile in decoded:
            merged.merge(profile)
        whole.append(time.process_time() - start)
        merging.append(time.process_time() - middle)
        if merged.rows != count * _ROWS:
            raise RuntimeError(f"{merged.rows} rows")
    return {
        "profiles": count,
        "bytes_each": len(made[0]),
        "from_bytes_s": statistics.median(whole),
        "decoded_s": statistics.median(merging),
    }
