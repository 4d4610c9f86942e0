"""scouter-ml 0.25.0: a PSI profile of the reference by its Rust profiler, and production's drift.

Default bins, the deciles of the reference, from frames of Polars; texts are named as categories.
It accepts no missing values. The verdict is its server's, so there is none here.
"""

# The library is absent from the environment of the type checker.
# mypy: disable-error-code="import-not-found"

from __future__ import annotations

import json
import sys
from typing import Any

import polars as pl
from scouter.drift import Drifter, PsiDriftConfig

from benchmarks.peers.polars_frames import read


def main() -> None:
    reference, production, *more = sys.argv[1:]
    frame = read(reference)
    texts = [name for name, kind in frame.schema.items() if kind == pl.String]
    config = PsiDriftConfig(categorical_features=texts)
    drifter = Drifter()
    profile = drifter.create_drift_profile(frame, config)
    before = frame.height
    del frame  # the profile is all that is needed of it
    current = read(production)
    drift = drifter.compute_drift(current, profile)
    columns: dict[str, dict[str, Any]] = {n: {"psi": psi} for n, psi in drift.features.items()}
    if more == ["cut-points"]:
        for name in columns.keys() - set(texts):
            limits = {each.upper_limit for each in profile.features[name].bins}
            cuts = sorted(limits - {float("inf")})
            columns[name] |= {"cut_points": cuts, "closed": "right"}
    print(json.dumps({"rows": [before, current.height], "columns": columns}))


if __name__ == "__main__":
    main()
