"""Loans: a reference of thirty days, and twenty after it, of which the last eight drifted."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

__all__ = ["NOW", "SLIDE", "pieces", "reference", "write"]

NOW = datetime(2026, 11, 28, 12, 10, tzinfo=UTC).timestamp()
HOUR, DAY = 3_600.0, 86_400.0
SLIDE = 6 * HOUR
DAYS = 20
DRIFT_BEGAN = NOW - 8 * DAY
ROWS = 60
"""Rows an hour."""
REFERENCE_ROWS = 20_000

Rows = dict[str, Any]


def loans(rng: np.random.Generator, rows: int, *, moved: float = 0.0) -> Rows:
    """Rows of a small model of loans; what has moved is the debt, and who asks."""
    age = rng.normal(44, 11, rows).clip(18, 90).round()
    income = rng.lognormal(8, 0.4, rows).round(2)
    debt = rng.beta(2, 5, rows) + moved * 0.25
    shares = [0.55 - 0.3 * moved, 0.2 + 0.3 * moved, 0.15, 0.1]
    country = rng.choice(["DE", "FR", "IT", "ES"], rows, p=shares)
    paid = rng.random(rows) < 1 / (1 + np.exp(3 * debt - 2 + moved * rng.normal(0, 2, rows)))
    score = 1 / (1 + np.exp(3 * debt - 2))
    return {
        "age": np.where(rng.random(rows) < 0.02, np.nan, age),
        "income": income,
        "debt_ratio": debt,
        "country": country,
        "channel": rng.choice(["web", "branch", "phone"], rows, p=[0.6, 0.3, 0.1]),
        "returning": rng.random(rows) < 0.4,
        "score": score,
        "approved": np.where(score > 0.5, "yes", "no"),
        "paid": np.where(paid, "yes", "no"),
    }


def reference() -> Rows:
    rows = loans(np.random.default_rng(1), REFERENCE_ROWS)
    rows["at"] = NOW - (DAYS + 30) * DAY + np.arange(REFERENCE_ROWS) * (30 * DAY / REFERENCE_ROWS)
    return rows


def pieces() -> Iterator[tuple[float, Rows]]:
    """Six hours after six hours: when they end, and their rows."""
    rng = np.random.default_rng(2)
    start = (NOW - DAYS * DAY) // SLIDE * SLIDE
    while start < NOW:
        many = int(SLIDE / HOUR) * ROWS
        rows = loans(rng, many, moved=float(start > DRIFT_BEGAN))
        rows["at"] = start + np.sort(rng.uniform(0, SLIDE, many))
        until = min(start + SLIDE, NOW)
        come = rows["at"] < until
        yield until, {name: column[come] for name, column in rows.items()}
        start += SLIDE


def write(folder: Path, /) -> None:
    """Write ``reference.parquet`` and ``rows.parquet``, of rows until now."""
    pq.write_table(pa.table(reference()), folder / "reference.parquet")
    rows = pa.concat_tables([pa.table(rows) for _, rows in pieces()])
    pq.write_table(rows, folder / "rows.parquet")
