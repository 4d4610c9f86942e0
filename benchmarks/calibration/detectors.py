"""E-detectors: how soon they alarm on drift, and how often without."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from benchmarks.calibration.sides import shift_of
from driftwatch.core.drift.sequential import ColumnDetector, PaneDetector
from driftwatch.core.statistics.variability import overdispersion

__all__ = ["delays", "null_alarms", "rhythm_alarms"]

RUN_LENGTH = 2160
ROWS = 500
REFERENCE = 100_000
_CUTS = np.arange(1, 16) / 16
_EDGES = ndtri(_CUTS)


def delays(*, distance: float, tolerance: float, runs: int, seed: int) -> list[int]:
    """Panes of 500 rows until the alarm, from the first pane with drift on."""
    rng = np.random.default_rng(seed)
    shares = _shares(shift_of(distance))
    found = []
    for _ in range(runs):
        detector = PaneDetector({"x": _detector(rng, tolerance)}, run_length=RUN_LENGTH)
        pane = 1
        while not detector.update({"x": rng.multinomial(ROWS, shares)}) and pane < 1_000:
            pane += 1
        found.append(pane)
    return found


def null_alarms(*, features: int, runs: int, seed: int) -> int:
    """Runs with an alarm of 2,160 panes without drift, tolerance 0."""
    rng = np.random.default_rng(seed)
    shares = np.full(16, 1 / 16)
    alarms = 0
    for _ in range(runs):
        columns = {str(i): _detector(rng, 0.0) for i in range(features)}
        detector = PaneDetector(columns, run_length=RUN_LENGTH)
        panes = rng.multinomial(ROWS, shares, (RUN_LENGTH, features))
        found = [bool(detector.update(dict(zip(columns, pane, strict=True)))) for pane in panes]
        alarms += any(found)
    return alarms


def rhythm_alarms(*, runs: int, seed: int, natural: bool) -> float:
    """Alarms in 90 days on a mean that follows the hour of the day by 0.1 sd."""
    rng = np.random.default_rng(seed)
    total = 0
    for _ in range(runs):
        shares = np.stack([_shares(shift) for shift in rng.normal(0, 0.1, 24)])
        history = np.concatenate([rng.multinomial(ROWS, shares) for _ in range(28)])
        phi = overdispersion(history, panes=168, ordered=True) if natural else 1.0
        column = _detector_of(history.sum(axis=0), 0.0, phi)
        detector = PaneDetector({"x": column}, run_length=RUN_LENGTH)
        for _day in range(90):
            for pane in rng.multinomial(ROWS, shares):
                total += bool(detector.update({"x": pane}))
    return total / runs


def _shares(shift: float) -> NDArray[np.float64]:
    return np.diff(ndtr(_EDGES - shift), prepend=0.0, append=1.0)


def _detector(rng: np.random.Generator, tolerance: float) -> ColumnDetector:
    return _detector_of(rng.multinomial(REFERENCE, np.full(16, 1 / 16)), tolerance, 1.0)


def _detector_of(counts: NDArray[np.int64], tolerance: float, phi: float) -> ColumnDetector:
    heights = np.cumsum(counts)[:-1] / counts.sum()
    cells = np.arange(16) <= np.arange(15)[:, None]
    labels = tuple(f"{share:.2f}" for share in _CUTS)
    return ColumnDetector(
        cells, heights, labels, rows=int(counts.sum()), tolerance=tolerance, overdispersion=phi
    )
