from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from driftwatch.core.reports.report import (
    DatasetDrift,
    Distribution,
    DriftReport,
    DriftResult,
    FeatureDrift,
    Levels,
    Period,
    SchemaChange,
    Status,
)

METHODS = (
    "ks",
    "psi",
    "wasserstein",
    "chi2",
    "jensen_shannon",
    "hellinger",
    "tvd",
    "missing",
    "unseen",
)


def bell(cells: int, shift: float) -> tuple[float, ...]:
    weights = [math.exp(-0.5 * (6 * (i + 0.5) / cells - 3 - shift) ** 2) for i in range(cells)]
    return tuple(weight / sum(weights) for weight in weights)


def numeric(cells: int = 30) -> Distribution:
    edges = tuple(-3 + 6 * i / cells + 0.0123456789 for i in range(cells + 1))
    return Distribution(bell(cells, 0), bell(cells, 1), edges=edges)


def categorical(cells: int = 30) -> Distribution:
    labels = tuple(f"some category {i}" for i in range(cells))
    return Distribution(bell(cells, 0), bell(cells, 1), labels=labels)


def feature(name: str, status: Status, **changes: Any) -> FeatureDrift:
    drifted = status.is_drift
    tests = {
        method: DriftResult(
            method=method,
            statistic=0.31234567,
            interval=(0.30123456, 0.32345678),
            confidence_interval=(0.28123456, 0.34345678),
            p_value=0.0 if drifted else 0.43211,
            p_effect=Levels(1.23456e-18, 3.456789e-9) if drifted else Levels(0.31, 0.99),
            threshold=Levels(0.05, 0.1),
            level=0.05,
            gates=method == "ks",
            status=status if method == "ks" else None,
            rows_needed=18_250 if status is Status.UNDECIDED and method == "ks" else None,
            details={"source": "grid", "cells": 30},
        )
        for method in METHODS
    }
    fields: dict[str, Any] = {
        "name": name,
        "kind": "numeric",
        "role": "feature",
        "status": status,
        "primary_test": "ks",
        "missing_reference": 0.001,
        "missing_current": 0.031,
        "explanation": f"The median of {name[:40]} rose from 36,300 to 54,200, by 0.8 IQR.",
        "importance": 0.125,
        "tests": tests,
        "distribution": numeric(),
    }
    return FeatureDrift(**(fields | changes))


def report_of(*features: FeatureDrift, **changes: Any) -> DriftReport:
    fields: dict[str, Any] = {
        "monitor": "credit risk",
        "global_status": max(
            (f.status for f in features),
            key=lambda status: status.severity,
            default=Status.INSUFFICIENT_DATA,
        ),
        "features": features,
        "created_at": datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC),
        "rows_reference": 100_000,
        "rows_current": 12_400,
        "reference_data_hash": "9f2c" * 16,
        "production_data_hash": "17ab" * 16,
        "dataset": DatasetDrift(0.4, 0.55, 1.2e-20),
        "reference_period": Period(
            datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 28, 23, 59, tzinfo=UTC)
        ),
        "model_version": "2.4.1",
        "policy": {"level": 0.05, "thresholds": {"ks": [0.05, 0.1]}},
    }
    return DriftReport(**(fields | changes))


@pytest.fixture
def make_feature() -> Callable[..., FeatureDrift]:
    return feature


@pytest.fixture
def make_report() -> Callable[..., DriftReport]:
    return report_of


@pytest.fixture
def report() -> DriftReport:
    """Every status, in an order that is not worst first."""
    return report_of(
        feature("age", Status.OK),
        feature("income", Status.CRITICAL),
        feature("tenure", Status.UNDECIDED),
        feature("gone", Status.INSUFFICIENT_DATA, distribution=None, tests={}, primary_test=None),
        feature("country", Status.WARNING, kind="categorical", distribution=categorical(5)),
        skipped={"invoice_no": "looks like an id: 99.8% of values are distinct"},
        schema_changes=(
            SchemaChange("zip", "type_changed", "int64", "string", Status.WARNING),
            SchemaChange("fax", "missing_column", "string", None, Status.CRITICAL),
            SchemaChange("note", "new_column", None, "string", Status.OK),
        ),
    )


@pytest.fixture
def hostile_names() -> list[str]:
    return [
        "<script>alert('x')</script>\"><img src=x onerror=alert(1)>",
        "\x1b[31mred\x1b]0;title\x07 \x9b2Jclear \x00\x08\x85next\r\n::error::line",
        "user\u202egnp.exe\u2066\u200b\ufeff\ud800\ufffe",
        "a|b `c` <d> @team #12 [x](javascript:y) https://evil.example www.evil.example",
        "long" * 2500,
        "",
        "[bold red]markup[/] :smile: 100%,x:y",
    ]


@pytest.fixture
def hostile(hostile_names: list[str]) -> DriftReport:
    """Somebody chose the names and categories of this report to hurt its readers."""
    statuses = [Status.CRITICAL, Status.WARNING, Status.UNDECIDED, Status.OK]
    bars = Distribution(
        tuple(0.1 for _ in hostile_names),
        tuple(0.05 for _ in hostile_names),
        labels=tuple(hostile_names),
    )
    return report_of(
        *(
            feature(
                name,
                statuses[index % 4],
                explanation=f"{name} grew",
                distribution=bars,
                kind=name,
                role=name,
            )
            for index, name in enumerate(hostile_names)
        ),
        monitor=hostile_names[0] + hostile_names[1],
        skipped={name + "!": name for name in hostile_names},
        schema_changes=tuple(
            SchemaChange(name, change, name, name, Status.WARNING)
            for name in hostile_names
            for change in ("missing_column", "new_column", "type_changed")
        ),
        reference_data_hash=hostile_names[2],
        model_version=hostile_names[0],
        policy={hostile_names[0]: hostile_names, "x": {hostile_names[1]: 1}},
    )


@pytest.fixture
def hundred() -> DriftReport:
    statuses = {**dict.fromkeys(range(5), Status.CRITICAL), 5: Status.UNDECIDED}
    return report_of(
        *(
            feature(
                f"feature_{i:02d}_of_the_customer",
                statuses.get(i, Status.OK),
                distribution=categorical() if i % 2 else numeric(),
            )
            for i in range(100)
        )
    )
