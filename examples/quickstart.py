"""Ask whether this week's customers still look like the ones the model was trained on."""

from __future__ import annotations

import numpy as np

from driftwatch import Monitor
from driftwatch.simulation import mean_shift


def main() -> None:
    rng = np.random.default_rng(0)
    train = {
        "age": rng.normal(41, 11, 20_000),
        "income": rng.lognormal(10.4, 0.5, 20_000),
        "country": rng.choice(["FR", "DE", "ES"], 20_000, p=[0.5, 0.3, 0.2]),
    }
    this_week = {
        "age": mean_shift(rng.normal(41, 11, 5_000), intensity=0.6),
        "income": rng.lognormal(10.4, 0.5, 5_000),
        "country": rng.choice(["FR", "DE", "ES"], 5_000, p=[0.5, 0.3, 0.2]),
    }
    monitor = Monitor(reference_data=train, thresholds={"psi": 0.2, "ks_pvalue": 0.05})
    report = monitor.check(this_week)
    print(report.summary())
    print("drifted:", report.drifted_features)


if __name__ == "__main__":
    main()
