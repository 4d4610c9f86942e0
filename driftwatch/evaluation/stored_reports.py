"""Reports that a store has kept, read again."""

from __future__ import annotations

import orjson

from driftwatch.core.reports.report import DriftReport
from driftwatch.core.windows.stored import StoredReport
from driftwatch.errors import DataError

__all__ = ["report_of"]


def report_of(stored: StoredReport, /) -> DriftReport:
    """Read a report as the store gave it.

    Raises:
        DataError: If it is damaged, or of a schema that is not known here.
    """
    try:
        return DriftReport.from_dict(orjson.loads(stored.body))
    except (orjson.JSONDecodeError, DataError) as error:
        why = str(error) if isinstance(error, DataError) else "it is damaged"
        raise DataError(
            f"the stored report of pane {stored.pane} cannot be read: {why}", code="DW019"
        ) from error
