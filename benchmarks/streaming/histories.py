"""Replays: of real streams with known changes, of shuffled copies, and of ten million rows."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from driftwatch.core.data.declared import DeclaredColumns
from driftwatch.core.data.durations import parse_length
from driftwatch.core.drift.policy import Policy
from driftwatch.core.reports.report import Status
from driftwatch.core.reports.timeline import Timeline
from driftwatch.core.statistics.budget import AlarmBudget
from driftwatch.core.windows.spec import WindowSpec
from driftwatch.evaluation.rules import EvaluationRules
from driftwatch.profiling.build import profile_like
from driftwatch.profiling.references import ReferenceOptions, build_reference
from driftwatch.profiling.rows import DataSlice
from driftwatch.streams.replay import replay

DATA = Path(__file__).parents[3] / "shared" / "data" / "parquet"


@dataclass(frozen=True)
class History:
    """A stream, how it is cut, and what is known of it."""

    name: str
    window: str
    slide: str
    changes: tuple[int, ...]
    roles: dict[str, str]
    budget: str
    reference_rows: int | None = None  # None: the first fifth
    note: str = ""
    dropped: tuple[str, ...] = field(default=())
    shuffle: bool = True


HISTORIES = (
    History("elec2", "1344 rows", "48 rows", (17_424,), {"class": "label"}, "1 per 30d"),
    # Months and seasons that a part of a year has not seen are drift by themselves.
    History(
        "bike_sharing",
        "56d",
        "1d",
        (8_645,),
        {"dteday": "time"},
        "1 per 365d",
        6_951,
        "without months and seasons",
        dropped=("mnth", "season"),
    ),
    History(
        "bike_sharing",
        "56d",
        "1d",
        (8_645,),
        {"dteday": "time"},
        "1 per 365d",
        6_951,
        "without anything that says the date",
        dropped=("yr", "instant", "mnth", "season"),
        shuffle=False,
    ),
    History("pedestrians_covid", "364d", "7d", (1_018,), {"ds": "time"}, "1 per 365d"),
    History(
        "pedestrians_covid",
        "28d",
        "7d",
        (1_018,),
        {"ds": "time"},
        "1 per 365d",
        note="28 rows a window",
        shuffle=False,
    ),
    History(
        "nab_machine_temperature",
        "7d",
        "6h",
        (2_126, 3_703, 16_057, 19_232),
        {"in_anomaly_window": "label"},
        "1 per 90d",
        2_125,
        "reference: the ordinary first part",
    ),
    History(
        "nab_cpu_asg",
        "7d",
        "1d",
        (16_551,),
        {"in_anomaly_window": "label"},
        "1 per 90d",
        16_551,
        "reference: the ordinary first part",
    ),
    History(
        "nab_nyc_taxi",
        "14d",
        "1d",
        (5_839, 7_080, 8_423, 8_731, 9_977),
        {"in_anomaly_window": "label"},
        "1 per 90d",
        2_688,
        "reference: the ordinary first part",
    ),
)


def timeline_of(
    history: History, data: pd.DataFrame, *, changes: tuple[int, ...], first: int
) -> Timeline:
    spec = WindowSpec.of(history.window, history.slide)
    options = ReferenceOptions(
        DeclaredColumns.of(roles=history.roles),
        pane=parse_length(history.slide),
    )
    reference = build_reference(DataSlice(data, 0, first), options)
    every = timedelta(hours=1) if spec.by_rows else spec.slide
    budget = AlarmBudget.of(history.budget, every=every)
    rules = EvaluationRules(Policy.of(None, budget=budget), run_length=budget.run_length)
    return replay(
        DataSlice(data, first),
        reference,
        spec,
        rules=rules,
        changes=list(changes),
    )


def real() -> Iterator[dict[str, Any]]:
    """Every stream as it is: delays in panes, and alarms before the first change."""
    for history in HISTORIES:
        data = _load(history)
        first = history.reference_rows or len(data) // 5
        timeline = timeline_of(history, data, changes=history.changes, first=first)
        changed = timeline.changes[0].pane
        yield {
            "history": f"{history.name} {history.note}".strip(),
            "window": timeline.window,
            "panes": timeline.panes,
            "delays": [
                "on already" if change.ongoing else change.delay for change in timeline.changes
            ],
            "episodes_before": sum(e.first.pane < changed for e in timeline.episodes),
            "episodes": len(timeline.episodes),
        }


def shuffled(copies: int) -> Iterator[dict[str, Any]]:
    """The same rows in random order: nothing to find; then with D = 0.15 put in half-way."""
    for history in HISTORIES:
        if not history.shuffle:
            continue
        quiet = {"WARNING": 0, "CRITICAL": 0}
        found, delays = 0, []
        for seed in range(copies):
            data, column = _shuffled(history, seed)
            first = len(data) // 5
            timeline = timeline_of(history, data, changes=(), first=first)
            quiet["WARNING"] += timeline.count(Status.WARNING)
            quiet["CRITICAL"] += timeline.count(Status.CRITICAL)
            half = len(data) * 3 // 5
            timeline = timeline_of(
                history, _injected(data, column, half), changes=(half,), first=first
            )
            change = timeline.changes[0]
            delays.append(change.delay)
            found += change.delay is not None and change.delay < timeline.panes
        yield {
            "history": history.name,
            "copies": copies,
            "windows": quiet,
            "injected_in": column,
            "found_within_a_window": found,
            "delays": delays,
        }


def _load(history: History) -> pd.DataFrame:
    return pd.read_parquet(DATA / f"{history.name}.parquet").drop(columns=list(history.dropped))


def _shuffled(history: History, seed: int) -> tuple[pd.DataFrame, str]:
    """Rows in random order under the times as they were; and the column to drift."""
    data = _load(history).drop(columns=["yr", "instant", "date", "day"], errors="ignore")
    time = [name for name, role in history.roles.items() if role == "time"]
    time += [name for name in ("timestamp",) if name in data]
    rest = data.drop(columns=time)
    order = np.random.default_rng(seed).permutation(len(data))
    mixed = rest.iloc[order].reset_index(drop=True)
    for name in time:
        mixed[name] = data[name].to_numpy()
    column = {"elec2": "nswdemand", "bike_sharing": "hum", "pedestrians_covid": "y"}
    return mixed, column.get(history.name, "value")


def _injected(data: pd.DataFrame, column: str, start: int) -> pd.DataFrame:
    """From `start` on, 15 % of the values are moved to the top of the range: KS 0.15."""
    data = data.copy()
    rng = np.random.default_rng(0)
    values = data[column].to_numpy(dtype=float).copy()
    top = np.quantile(values, 0.999)
    chosen = (np.arange(len(data)) >= start) & (rng.uniform(size=len(data)) < 0.15)
    values[chosen] = top
    data[column] = values
    return data


def ten_million(rows: int = 10_000_000) -> dict[str, Any]:
    """A month of rows in daily panes against the batch path on the same rows; CPU time."""
    rng = np.random.default_rng(0)
    start = np.datetime64("2026-01-01", "us")
    seconds = np.linspace(0, 28 * 86_400 - 1, rows)
    data: dict[str, Any] = {"ts": start + (seconds * 1e6).astype("timedelta64[us]")}
    data |= {f"x{i}": rng.normal(size=rows) for i in range(10)}
    history = {name: values[: rows // 10] for name, values in data.items()}
    reference = build_reference(history, ReferenceOptions(DeclaredColumns.of(roles={"ts": "time"})))
    ratios = []
    for _ in range(3):
        begun = time.process_time()
        timeline = replay(data, reference, WindowSpec.of("7d", "1d"))
        middle = time.process_time()
        profile_like(reference, data)
        ended = time.process_time()
        ratios.append((ended - middle) / (middle - begun))
    return {
        "rows": rows,
        "windows": len(timeline.moments),
        "rows_per_second": rows / (middle - begun),
        "ratios_to_batch": ratios,
        "ratio": float(np.median(ratios)),
    }
