"""A drift test of your own, beside those of DriftWatch: has the median moved?"""

from __future__ import annotations

import numpy as np

from driftwatch import Monitor
from driftwatch.core.data.schema import ORDERED
from driftwatch.core.drift.evidence import Evidence
from driftwatch.core.drift.sides import NumericSides, Sides
from driftwatch.core.reports.report import Levels
from driftwatch.core.statistics.kolmogorov import kolmogorov_critical, kolmogorov_p


class MedianMoved:
    """How far the reference's median is from being the median of the current rows."""

    name = "median_moved"
    kinds = ORDERED
    effect = Levels(0.05, 0.10)  # shares of rows

    def applies(self, sides: Sides, /) -> bool:
        return isinstance(sides, NumericSides)

    def __call__(self, sides: Sides, /, *, effect: Levels, level: float) -> Evidence:
        assert isinstance(sides, NumericSides)
        moved = abs(float(sides.after.at(sides.before.quantile(0.5))) - 0.5)
        low, high = max(0.0, moved - sides.error), moved + sides.error
        size = sides.n * sides.m / (sides.n + sides.m)
        return Evidence(
            method=self.name,
            statistic=moved,
            interval=(low, high),
            p_value=kolmogorov_p(low, size),  # a bound: this gap is no larger than the largest
            p_effect=effect.map(lambda share: kolmogorov_p(low, size, effect=share)),
            effect=effect,
            upper=high + kolmogorov_critical(0.05) / size**0.5,
            rows=(sides.n, sides.m),
        )


def main() -> None:
    rng = np.random.default_rng(0)
    monitor = Monitor(
        {"age": rng.normal(40, 9, 20_000)},
        tests=[MedianMoved()],
        thresholds={"median_moved": 0.05},  # named, so it decides
    )
    report = monitor.check({"age": rng.normal(43, 9, 20_000)})
    found = report.features[0].tests["median_moved"]
    assert report.drifted_features == ["age"]
    print(f"{report.global_status}: the median moved past {found.statistic:.1%} of the rows")


if __name__ == "__main__":
    main()
