"""The project called ``driftwatch`` on PyPI, 0.4.0, which is another one: its ``Monitor``.

Default detectors: PSI of numbers over the deciles of the reference, drift from 0.2; chi-squared of
texts with the reference as expectation, p < 0.05. Its command does the same, after Typer and rich
were loaded, and reads no JSON lines.
"""

# The checkout of the type checker is not this library, and pandas has no types.
# mypy: ignore-errors

from __future__ import annotations

import json
import sys

import numpy as np

from benchmarks.peers.pandas_frames import read_frame
from driftwatch import Monitor

DECILES = np.linspace(0, 100, 11)


def main() -> None:
    reference, production, *more = sys.argv[1:]
    before, after = read_frame(reference), read_frame(production)
    columns = {}
    for result in Monitor(reference_data=before).check(after).feature_results:
        measure = "psi" if result.method == "psi" else "chi2_of_expected"
        column = {"drift": bool(result.has_drift), measure: float(result.score)}
        if measure == "psi" and more == ["cut-points"]:
            # As its detector does; values beyond those of the reference fall out of its bins.
            cuts = np.unique(np.percentile(before[result.feature_name], DECILES))[1:-1]
            column |= {"cut_points": cuts.tolist(), "closed": "left"}
        columns[result.feature_name] = column
    print(json.dumps({"rows": [len(before), len(after)], "columns": columns}))


if __name__ == "__main__":
    main()
