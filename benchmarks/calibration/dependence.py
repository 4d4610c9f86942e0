"""Dependence drift: false alarms and power, one pair of twenty columns."""

from __future__ import annotations

import numpy as np

from driftwatch import Column, Kind, Profile, Schema
from driftwatch.core.data.batch import Batch, batches_of
from driftwatch.core.data.privacy import ValueGuard
from driftwatch.core.drift.dependence import dependence_drift
from driftwatch.core.profiles.scores import ScoreSpec
from driftwatch.core.sketches.cross import CrossMoments, FourthMoments

__all__ = ["rejections"]

COLUMNS = 20
_NAMES = [f"x{i}" for i in range(COLUMNS)]
_SCHEMA = Schema(tuple(Column(name, Kind.NUMERIC) for name in _NAMES))


def rejections(
    *,
    runs: int,
    seed: int,
    change: float = 0.0,
    shift: float = 0.0,
    n: int = 20_000,
    m: int = 2_000,
) -> float:
    """Share of runs in which "no dependence changed" is rejected at 5 %.

    Args:
        runs: Repetitions, each with a reference of its own.
        seed: Of everything.
        change: Of the correlation of one pair, which is 0.3 in the reference.
        shift: Of every fourth column's mean, in standard deviations.
        n: Rows of the reference.
        m: Rows of the current side.
    """
    rng = np.random.default_rng(seed)
    columns = {column.name: column for column in _SCHEMA}
    guard = ValueGuard()
    rejected = 0
    for _ in range(runs):
        before = _batch(rng, n, 0.3, 0.0)
        profile = Profile(_SCHEMA)
        profile.update(before)
        spec = ScoreSpec.of(profile.columns, _NAMES)
        size = len(spec.dimensions)
        reference, current = FourthMoments(size, spec.id), CrossMoments(size, spec.id)
        reference.update(spec.scores(before, columns, guard))
        current.update(spec.scores(_batch(rng, m, 0.3 + change, shift), columns, guard))
        found = dependence_drift(spec, reference, current)
        rejected += found is not None and found.p_value <= 0.05
    return rejected / runs


def _batch(rng: np.random.Generator, rows: int, correlation: float, shift: float) -> Batch:
    values = rng.normal(size=(rows, COLUMNS))
    values[:, 1] = correlation * values[:, 0] + np.sqrt(1 - correlation**2) * values[:, 1]
    values[:, ::4] += shift
    return next(batches_of({name: values[:, i] for i, name in enumerate(_NAMES)}, rows=rows))
