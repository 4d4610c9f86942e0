"""Streams whose concept changes while their inputs stay as they are: river's generators."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier

from driftwatch import Monitor

__all__ = ["concept_drift"]

_ROWS = 10_000


def _take(stream: Any, rows: int) -> tuple[np.ndarray, np.ndarray]:
    pairs = list(stream.take(rows))
    return (
        np.array([list(map(float, x.values())) for x, _ in pairs]),
        np.array([int(y) for _, y in pairs]),
    )


def _streams(seed: int) -> Iterator[tuple[str, Any, Any, Any]]:
    """Name, the old concept twice (two seeds), and the new one."""
    from river.datasets import synth

    yield (
        "SEA",
        synth.SEA(variant=0, noise=0.1, seed=seed),
        synth.SEA(variant=0, noise=0.1, seed=seed + 1),
        synth.SEA(variant=2, noise=0.1, seed=seed + 2),
    )
    yield (
        "Agrawal",
        synth.Agrawal(classification_function=0, perturbation=0.05, seed=seed),
        synth.Agrawal(classification_function=0, perturbation=0.05, seed=seed + 1),
        synth.Agrawal(classification_function=2, perturbation=0.05, seed=seed + 2),
    )


def _hyperplane(seed: int) -> tuple[str, list[tuple[np.ndarray, np.ndarray]]]:
    """A rotating hyperplane: the inputs of river's generator, labels by weights that rotate."""
    from river.datasets import synth

    sides = []
    for number in range(3):
        stream = synth.Hyperplane(
            seed=seed + number, n_features=10, n_drift_features=0, noise_percentage=0.0
        )
        inputs, _ = _take(stream, _ROWS)
        weights = np.linspace(0, 1, 10) if number < 2 else np.linspace(1, 0, 10)
        labels = (inputs @ weights >= 0.5 * weights.sum()).astype(int)
        noise = np.random.default_rng(seed + number).random(_ROWS) < 0.05
        sides.append((inputs, np.where(noise, 1 - labels, labels)))
    return "Hyperplane", sides


def concept_drift(*, runs: int) -> Iterator[dict[str, Any]]:
    """Statuses of the parts where nothing changed, and where only the concept did."""
    for run in range(runs):
        seed = 100 * run + 1
        cases = [
            (name, [_take(stream, _ROWS) for stream in streams])
            for name, *streams in _streams(seed)
        ]
        for name, (old, same, new) in [*cases, _hyperplane(seed)]:
            train = slice(0, _ROWS // 2)
            model = HistGradientBoostingClassifier(random_state=seed, max_iter=60)
            model.fit(old[0][train], old[1][train])

            def frame(side: tuple[np.ndarray, np.ndarray], model: Any = model) -> dict[str, Any]:
                inputs, labels = side
                scores = model.predict_proba(inputs)[:, 1]
                columns = {f"x{i}": inputs[:, i] for i in range(inputs.shape[1])}
                return {**columns, "p": scores, "says": (scores >= 0.5).astype(int), "y": labels}

            held = (old[0][_ROWS // 2 :], old[1][_ROWS // 2 :])
            monitor = Monitor(frame(held), prediction="says", score="p", label="y")
            for what, side in (("same", same), ("new concept", new)):
                report = monitor.check(frame(side))
                assert report.performance is not None  # noqa: S101
                yield {
                    "stream": name, "run": run, "production": what,
                    "features": report.part_status("feature").value,
                    "predictions": report.part_status("prediction").value,
                    "performance": report.performance.status.value,
                    "accuracy": report.performance["accuracy"].production,
                }  # fmt: skip
