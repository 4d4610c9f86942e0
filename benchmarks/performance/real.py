"""Real predictions with labels: the truth files, random halves, and labels that were shuffled."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from driftwatch import Monitor
from driftwatch.core.reports.report import DriftReport

__all__ = ["DATA", "checked", "controls", "shuffled_labels", "truth_files"]

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
_NAMES = ("acs_employment_ma", "mlb_forecasts")
_SAME = {"brier": "brier", "log_loss": "logloss_clip1e15"}
_OF_PREDICTIONS = ("accuracy", "precision", "recall", "f1")


def _load(name: str) -> tuple[pa.Table, pa.Table, dict[str, Any]]:
    truth = json.loads((DATA / "truth" / f"{name}.json").read_text("utf-8"))
    table = pq.read_table(DATA / "parquet" / f"{name}.parquet")
    if name == "mlb_forecasts":  # one game of 15,748 was a tie; the truth files count it as lost
        column = table.schema.get_field_index("prob1_outcome")
        table = table.set_column(column, "prob1_outcome", pc.floor(table["prob1_outcome"]))
    return table, pq.read_table(DATA / "splits" / f"{name}.parquet"), truth["splits"]


def _monitor(rows: pa.Table, spec: dict[str, str]) -> Monitor:
    return Monitor(
        rows,
        prediction=spec.get("yhat"),
        score=spec["p"],
        label=spec["y"],
    )


def checked(table: pa.Table, sides: np.ndarray, spec: dict[str, str]) -> DriftReport:
    """The report of a split."""
    before, after = (table.take(pa.array(np.flatnonzero(sides == side))) for side in (1, 2))
    return _monitor(before, spec).check(after)


def truth_files() -> Iterator[dict[str, Any]]:
    """How far the realised metrics are from the truth files, relative to these."""
    for name in _NAMES:
        table, splits, truth = _load(name)
        for split, facts in truth.items():
            expected = facts.get("model_performance")
            if not expected:
                continue
            report = checked(table, splits[split].to_numpy(), expected["spec"])
            performance = report.performance
            assert performance is not None  # noqa: S101
            exact = {**_SAME, **{metric: metric for metric in _OF_PREDICTIONS}}
            off = ranking = 0.0
            for side in ("reference", "production"):
                for metric, key in exact.items():
                    got = getattr(performance[metric], side)
                    off = max(off, abs(got / expected[side][key] - 1))
                got = getattr(performance["roc_auc"], side)
                ranking = max(ranking, abs(got - expected[side]["auc"]))
            yield {
                "data": name, "split": split, "kind": facts["kind"], "off": off,
                "auc_off": ranking, "performance": performance.status.value,
                "drift_types": ",".join(report.drift_types) or "none",
            }  # fmt: skip


def controls(shuffles: int = 5) -> Iterator[dict[str, Any]]:
    """Random halves of the rows: nothing has changed."""
    for name in _NAMES:
        table, _, truth = _load(name)
        spec = next(
            f["model_performance"]["spec"] for f in truth.values() if "model_performance" in f
        )
        rng = np.random.default_rng(15)
        for run in range(shuffles):
            report = checked(table, rng.integers(1, 3, table.num_rows), spec)
            assert report.performance is not None  # noqa: S101
            yield {
                "data": name, "control": run, "performance": report.performance.status.value,
                "drift_types": ",".join(report.drift_types) or "none",
            }  # fmt: skip


def shuffled_labels(rows: int = 20_000) -> Iterator[dict[str, Any]]:
    """A model whose AUC is .92, and labels that belong to other rows."""
    rng = np.random.default_rng(92)

    def draw(*, shuffle: bool) -> dict[str, Any]:
        labels = rng.random(rows) < 0.5
        values = rng.normal(size=(rows, 5)) + np.where(labels, 0.9935, -0.9935)[:, None] / np.sqrt(
            5
        )
        scores = 1 / (1 + np.exp(-2 * 0.9935 / np.sqrt(5) * values.sum(axis=1)))
        frame: dict[str, Any] = {f"x{i}": values[:, i] for i in range(5)}
        known = rng.permutation(labels) if shuffle else labels
        return {**frame, "p": scores, "says": (scores > 0.5).astype(int), "y": known.astype(int)}

    monitor = Monitor(draw(shuffle=False), prediction="says", score="p", label="y")
    report = monitor.check(draw(shuffle=True))
    assert report.performance is not None  # noqa: S101
    yield {
        "auc_before": report.performance["roc_auc"].reference,
        "auc_after": report.performance["roc_auc"].production,
        "performance": report.performance.status.value,
        "features": report.part_status("feature").value,
        "predictions": report.part_status("prediction").value,
        "report": report.global_status.value,
    }
