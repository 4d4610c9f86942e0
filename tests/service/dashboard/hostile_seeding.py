"""A collector whose names, categories, notes and versions somebody chose to hurt who reads them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from driftwatch.config.load import Config
from driftwatch.config.monitors import MonitorConfig
from driftwatch.core.data.times import to_utc
from driftwatch.core.windows.stored import StoredAction
from tests.hostile_names import HOSTILE
from tests.render.test_in_chromium import ATTACKS
from tests.service.dashboard.seeding import DAY, HOUR, NOW
from tests.small_stream import Clock

__all__ = ["ALL_FEATURES", "NAMES", "can_be_fed", "seed_hostile"]

_PATHS = (
    *("..", ".", "...", "../..", "/", "a/b", "a//b", "a\\b", "a?b#c", "a;b=c", "+ &="),
    *("%", "%2F", "%25", "%2E%2E", "ü", "😀", "user\u202egnp", "n" * 2_000),
    *("why", "f", "incidents", "favicon.ico"),
)
"""Names that mean something in addresses, or to who reads them."""


def _can_be_stored(name: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in name)


NAMES = tuple(filter(_can_be_stored, dict.fromkeys([*_PATHS, *ATTACKS, *HOSTILE])))
"""Names of monitors, of features, of versions, and of everything else."""
ALL_FEATURES = "every feature"
"""Name of the monitor that has a feature of each name."""
_CATEGORIES = np.array([*ATTACKS[:5], "\u202eabc", "half 🙂", "n" * 2_000], dtype=object)
_ROWS = 200


def can_be_fed(name: str, /) -> bool:
    """Whether a `Monitor` may be called so; of others a collector shows that they have no data."""
    return 1 <= len(name) <= 200 and name.isprintable()


def seed_hostile(folder: Path, /) -> Config:
    """A monitor of each name with two features, and one with a feature of each name."""
    small, large = NAMES[:2], NAMES
    begin = NOW - 40 * DAY
    for name, columns in (("small", small), ("large", large)):
        pd.DataFrame(_rows(columns, 1_000, begin, 24)).to_parquet(folder / f"{name}.parquet")
    common = {"store": "hostile.db", "window": "24h", "slide": "6h", "time": "at"}
    monitors = {
        name: {**common, "reference": "small.parquet"} for name in NAMES if can_be_fed(name)
    }
    monitors |= {name: common for name in NAMES if not can_be_fed(name)}
    monitors[ALL_FEATURES] = {**common, "reference": "large.parquet"}
    config = Config.model_validate({"folder": folder, "monitors": monitors})
    for name, monitor in config.monitors.items():
        if monitor.reference is not None:
            _fill(folder, name, monitor, large if name == ALL_FEATURES else small)
    return config


def _fill(folder: Path, name: str, config: MonitorConfig, columns: tuple[str, ...]) -> None:
    clock = Clock(NOW - DAY)
    monitor = config.monitor(name, folder=folder, source=name, clock=lambda: to_utc(clock.now))
    for number in range(3):
        clock.now = NOW - DAY + number * 12 * HOUR
        monitor.observe_many(
            _rows(columns, _ROWS, clock.now - 6 * HOUR, 6, moved=True), model_version=name
        )
        monitor.flush()
        monitor.evaluate()
    for incident in monitor.store.incidents(name, limit=1, open_only=True):
        for kind in ("note", "owner", "ack"):
            said = StoredAction(incident.number, kind, NOW, name, None, name)
            monitor.store.act(name, said)
    monitor.close()


def _rows(
    names: tuple[str, ...], many: int, start: float, hours: float, *, moved: bool = False
) -> dict[str, object]:
    """Rows whose columns are by turns texts and numbers."""
    rng = np.random.default_rng(7)
    shares = np.arange(1, 1 + len(_CATEGORIES))[:: -1 if moved else 1]
    rows: dict[str, object] = {}
    for place, name in enumerate(names):
        if place % 2:
            rows[name] = rng.normal(float(moved), 1, many)
        else:
            rows[name] = rng.choice(_CATEGORIES, many, p=shares / shares.sum())
    return rows | {"at": start + np.sort(rng.uniform(0, hours * HOUR, many))}
