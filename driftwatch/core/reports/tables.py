"""A report as a table: one row a feature, or one row a test."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from driftwatch.core.data.frames import table_of_rows
from driftwatch.core.reports.results import DriftResult, FeatureDrift, Levels

if TYPE_CHECKING:
    import pyarrow as pa

    from driftwatch.core.reports.report import DriftReport

__all__ = ["FEATURE_COLUMNS", "TEST_COLUMNS", "feature_rows", "report_table", "test_rows"]

_RESULT = {
    "statistic": "number",
    "interval_low": "number",
    "interval_high": "number",
    "threshold_warning": "number",
    "threshold_critical": "number",
    "p_value": "number",
    "p_adjusted": "number",
    "p_effect_warning": "number",
    "p_effect_critical": "number",
    "level": "number",
    "rows_needed": "count",
}
FEATURE_COLUMNS: Mapping[str, str] = {
    "feature": "text",
    "kind": "text",
    "role": "text",
    "status": "text",
    "test": "text",
    **_RESULT,
    "missing_reference": "number",
    "missing_production": "number",
    "mean_reference": "number",
    "mean_production": "number",
    "std_reference": "number",
    "std_production": "number",
    "importance": "number",
    "follows": "text",
    "explanation": "text",
}
"""Columns of the table with one row a feature, and what they hold."""
TEST_COLUMNS: Mapping[str, str] = {
    "feature": "text",
    "test": "text",
    "gates": "truth",
    "status": "text",
    **_RESULT,
    "confidence_low": "number",
    "confidence_high": "number",
}
"""Columns of the table with one row a test, and what they hold."""


def report_table(report: DriftReport, /, *, tests: bool) -> pa.Table:
    """The report as a table, features in its order; a computed error is a feature here, too."""
    if tests:
        return table_of_rows(test_rows(report), TEST_COLUMNS)
    return table_of_rows(feature_rows(report), FEATURE_COLUMNS)


def feature_rows(report: DriftReport, /) -> Iterator[dict[str, Any]]:
    """One row a feature, with the test that decided it."""
    for feature in report.features:
        yield _feature_row(feature)


def test_rows(report: DriftReport, /) -> Iterator[dict[str, Any]]:
    """One row a test of every feature."""
    for feature in report.features:
        for name, result in feature.tests.items():
            low, high = result.confidence_interval or (None, None)
            yield {
                "feature": feature.name,
                "test": name,
                "gates": result.gates,
                "status": None if result.status is None else result.status.value,
                **_result(result),
                "confidence_low": low,
                "confidence_high": high,
            }


def _feature_row(feature: FeatureDrift) -> dict[str, Any]:
    before, after = feature.summary_reference, feature.summary_current
    return {
        "feature": feature.name,
        "kind": feature.kind,
        "role": feature.role,
        "status": feature.status.value,
        "test": feature.primary_test,
        **({} if feature.primary is None else _result(feature.primary)),
        "missing_reference": feature.missing_reference,
        "missing_production": feature.missing_current,
        "mean_reference": None if before is None else before.mean,
        "mean_production": None if after is None else after.mean,
        "std_reference": None if before is None else before.std,
        "std_production": None if after is None else after.std,
        "importance": feature.importance,
        "follows": feature.follows,
        "explanation": feature.explanation,
    }


def _result(result: DriftResult) -> dict[str, Any]:
    low, high = result.interval or (None, None)
    return {
        "statistic": result.statistic,
        "interval_low": low,
        "interval_high": high,
        **_levels("threshold", result.threshold),
        "p_value": result.p_value,
        "p_adjusted": result.p_adjusted,
        **_levels("p_effect", result.p_effect),
        "level": result.level,
        "rows_needed": result.rows_needed,
    }


def _levels(name: str, levels: Levels | None) -> dict[str, float | None]:
    return {
        f"{name}_warning": None if levels is None else levels.warning,
        f"{name}_critical": None if levels is None else levels.critical,
    }
