from __future__ import annotations

import numpy as np

from driftwatch import Monitor
from driftwatch.profiling.build import profile_data
from driftwatch.render import render


def test_a_profile_of_a_hundred_numeric_features_is_small_on_disk() -> None:
    rng = np.random.default_rng(0)
    data = {f"feature_{i}": rng.lognormal(size=30_000) for i in range(100)}
    assert len(profile_data(data).to_bytes()) <= 3_000_000


def test_the_page_of_a_hundred_features_is_small_and_draws_them_all() -> None:
    rng = np.random.default_rng(0)
    data = {f"feature_{i}": rng.lognormal(size=5_000) for i in range(100)}
    page = render(Monitor(data).check(data), "html")
    assert len(page.encode()) <= 500_000
    assert page.count("<svg class=plot ") == 100
