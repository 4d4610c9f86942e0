"""One evaluated window in a few bytes a column: what lists, strips and lines over time are made of.

A report of 500 features has a megabyte of JSON. A page that shows 720 windows cannot read as many
of them, so each evaluation leaves a summary beside its report: a status a column, and six numbers
of the test that decided.
"""

from __future__ import annotations

import json
import math
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from driftwatch.core.reports.history import Cell
from driftwatch.core.reports.plain_values import number, pair
from driftwatch.core.reports.report import DriftReport
from driftwatch.core.reports.results import Levels, Status, from_iso, to_iso
from driftwatch.core.reports.runs import Since
from driftwatch.errors import MISREAD, DataError

__all__ = ["Column", "PackedSummary", "WindowSummary", "statuses_of"]

Numbers = npt.NDArray[np.float32]

_STATUSES = tuple(Status)
_PLACES = {status: place for place, status in enumerate(_STATUSES)}
_NO_TEST = 255
_NUMBERS = 6
"""Statistic, both ends of its interval, warning, critical, share of missing values."""
_LARGEST = float(np.finfo(np.float32).max)
_MOST_COLUMNS = 1 << 24
"""Bytes of all names, unpacked."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column that was tested.

    Attributes:
        name: Its name.
        kind: What its values are: ``numeric``, ``categorical`` ...
        role: What it is for: ``feature``, ``prediction``, ``score`` ...
    """

    name: str
    kind: str
    role: str


@dataclass(frozen=True, slots=True)
class PackedSummary:
    """A summary as a store keeps it.

    Attributes:
        facts: Status, times, counts and metrics of the whole window, as JSON.
        columns: Names, kinds and roles, as compressed JSON.
        cells: Two bytes a column: its status, and the test that decided.
        numbers: Six numbers of four bytes a column; None where they were not asked for.
    """

    facts: str
    columns: bytes
    cells: bytes
    numbers: bytes | None = None


@dataclass(frozen=True, slots=True, eq=False)
class WindowSummary:
    """What one report says, without tests that did not decide, distributions and sentences.

    Attributes:
        status: Of the window.
        start: When the window began, aware UTC; None of one that is counted in rows.
        end: When it ended.
        rows: Production rows.
        not_used: Rows that came meanwhile and could not be used.
        drifted: Columns in WARNING or CRITICAL, errors of the model excepted.
        undecided: Columns that more rows would decide, likewise.
        shown: The largest drift that is shown: the lower end of an interval in units of its
            warning threshold. It passes 1 when drift is shown, and not before.
        model_version: Version of the model, if known.
        reference: Content hash of the reference's data.
        since: Since when windows drift without a break.
        headline: The verdict as half a sentence.
        metrics: Metrics of the model that decide, by name.
        columns: What was tested, by name.
        cells: Two bytes a column.
        tests: Names of tests, by the numbers that cells have.
        numbers: Six numbers a column; None where they were not read.
        places: Where a column is, by its name.

    Example:
        >>> from driftwatch import Monitor
        >>> report = Monitor({"age": [*range(100)] * 10}).check({"age": [*range(50)] * 10})
        >>> summary = WindowSummary.unpacked(WindowSummary.of(report).packed())
        >>> summary.drifted, str(summary.status_of("age")), summary.cell("age").test
        (1, 'CRITICAL', 'ks')
    """

    status: Status
    start: datetime | None
    end: datetime | None
    rows: int
    not_used: int
    drifted: int
    undecided: int
    shown: float
    model_version: str | None
    reference: str
    since: Since | None
    headline: str
    metrics: Mapping[str, Cell]
    columns: tuple[Column, ...]
    cells: bytes = field(repr=False)
    tests: tuple[str, ...] = ()
    numbers: Numbers | None = field(repr=False, default=None)
    places: Mapping[str, int] = field(repr=False, default_factory=dict)

    @classmethod
    def of(cls, report: DriftReport, /) -> Self:
        """Summarise a report; about five microseconds a column."""
        features = sorted(report.features, key=lambda feature: feature.name)
        cells, tests = bytearray(), dict[str, int]()
        numbers = np.full((len(features), _NUMBERS), np.nan, np.float32)
        shown = 0.0
        for place, feature in enumerate(features):
            cell = Cell.of(feature)
            test = _NO_TEST
            if cell.test is not None and (cell.test in tests or len(tests) < _NO_TEST):
                test = tests.setdefault(cell.test, len(tests))
            cells += bytes((_PLACES[cell.status], test))
            low, high = cell.interval or (None, None)
            limits = cell.threshold
            for at, value in enumerate(
                (
                    cell.statistic,
                    low,
                    high,
                    None if limits is None else limits.warning,
                    None if limits is None else limits.critical,
                    feature.missing_current,
                )
            ):
                if value is not None:
                    numbers[place, at] = min(max(value, -_LARGEST), _LARGEST)
            if low is not None and limits is not None and limits.warning > 0:
                shown = max(shown, min(low / limits.warning, _LARGEST))
        window = report.window
        period = report.current_period if window is None else window.period
        performance = () if report.performance is None else report.performance.values()
        return cls(
            report.global_status,
            period.start,
            period.end,
            report.rows_current,
            sum(report.not_used.values()),
            sum(each.status.is_drift for each in features if not each.is_error),
            sum(each.status is Status.UNDECIDED for each in features if not each.is_error),
            shown,
            report.model_version,
            report.reference_data_hash,
            None if window is None else window.since,
            report.headline(),
            {each.name: Cell.of_metric(each) for each in performance if each.status is not None},
            tuple(Column(each.name, each.kind, each.role) for each in features),
            bytes(cells),
            tuple(tests),
            numbers,
            {each.name: place for place, each in enumerate(features)},
        )

    @property
    def tested(self) -> int:
        """Columns that were tested, errors of the model excepted."""
        return sum(column.role != "error" for column in self.columns)

    def status_of(self, name: str, /) -> Status | None:
        """What became of a column; None if it was not tested."""
        place = self.places.get(name)
        return None if place is None else _STATUSES[self.cells[2 * place]]

    def cell(self, name: str, /) -> Cell | None:
        """What the test that decided says of a column; None if it was not tested.

        Without numbers, where these were not read.
        """
        place = self.places.get(name)
        if place is None:
            return None
        status, test = _STATUSES[self.cells[2 * place]], self.cells[2 * place + 1]
        name_of_test = None if test == _NO_TEST else self.tests[test]
        if self.numbers is None:
            return Cell(status, name_of_test)
        statistic, low, high, warning, critical, _ = map(_known, self.numbers[place])
        return Cell(
            status,
            name_of_test,
            statistic,
            None if low is None or high is None else (low, high),
            None if warning is None or critical is None else Levels(warning, critical),
        )

    def missing(self, name: str, /) -> float | None:
        """Share of production rows without a value; None where it is not known."""
        place = self.places.get(name)
        if place is None or self.numbers is None:
            return None
        return _known(self.numbers[place, _NUMBERS - 1])

    def packed(self) -> PackedSummary:
        """For a store."""
        numbers = None if self.numbers is None else self.numbers.astype("<f4").tobytes()
        facts = {
            "status": self.status.value,
            "start": to_iso(self.start),
            "end": to_iso(self.end),
            "rows": self.rows,
            "not_used": self.not_used,
            "drifted": self.drifted,
            "undecided": self.undecided,
            "shown": self.shown,
            "model_version": self.model_version,
            "reference": self.reference,
            "since": None if self.since is None else self.since.to_dict(),
            "headline": self.headline,
            "tests": self.tests,
            "metrics": {name: _listed(cell) for name, cell in self.metrics.items()},
            "sums": [zlib.crc32(self.cells), zlib.crc32(numbers or b"")],
        }
        columns = [[column.name, column.kind, column.role] for column in self.columns]
        # Not as ASCII, where two halves of a character in a row are read as the whole of it.
        text = json.dumps(columns, separators=(",", ":"), ensure_ascii=False)
        return PackedSummary(
            json.dumps(facts, separators=(",", ":")),
            zlib.compress(text.encode(errors="surrogatepass"), 6),
            self.cells,
            numbers,
        )

    @classmethod
    def unpacked(cls, packed: PackedSummary, /) -> Self:
        """Read what `packed` made.

        Raises:
            DataError: If it is damaged.
        """
        try:
            columns, places = _columns(packed.columns, len(packed.cells) // 2)
            facts = json.loads(packed.facts)
            tests = tuple(map(str, facts["tests"]))
            _check_sums(packed, facts["sums"])
            _check_cells(packed.cells, len(tests))
            return cls(
                Status(facts["status"]),
                _aware(from_iso(facts["start"])),
                _aware(from_iso(facts["end"])),
                int(facts["rows"]),
                int(facts["not_used"]),
                int(facts["drifted"]),
                int(facts["undecided"]),
                float(facts["shown"]),
                None if facts["model_version"] is None else str(facts["model_version"]),
                str(facts["reference"]),
                _since(facts["since"]),
                str(facts["headline"]),
                {str(name): _cell(listed) for name, listed in facts["metrics"].items()},
                columns,
                packed.cells,
                tests,
                _array(packed.numbers, len(columns)),
                places,
            )
        except (*MISREAD, zlib.error) as error:
            raise DataError(f"the summary of a window is damaged: {error}", code="DW019") from error


def statuses_of(summary: WindowSummary, /) -> npt.NDArray[np.uint8]:
    """Of every column, in their order, the place of its status in `Status`."""
    return np.frombuffer(summary.cells, np.uint8)[::2]


def _known(value: np.float32) -> float | None:
    return None if math.isnan(value) else float(str(value))  # 0.05, not 0.05000000074505806


@lru_cache(maxsize=256)
def _columns(packed: bytes, many: int, /) -> tuple[tuple[Column, ...], Mapping[str, int]]:
    """Windows of one monitor have the same columns: they are read once.

    No more of them are kept than the rest of the summary has bytes for.
    """
    unpacker = zlib.decompressobj()
    text = unpacker.decompress(packed, _MOST_COLUMNS)
    if not unpacker.eof:
        raise ValueError("its columns are cut short, or too long")
    columns = tuple(Column(str(n), str(k), str(r)) for n, k, r in json.loads(text))
    if len(columns) != many:
        raise ValueError("it has not two bytes a column")
    return columns, {column.name: place for place, column in enumerate(columns)}


def _check_sums(packed: PackedSummary, sums: Any) -> None:
    """Of two bytes and six numbers no more could be told; columns have a sum of their own."""
    cells, numbers = sums
    is_sound = zlib.crc32(packed.cells) == cells
    if not is_sound or (packed.numbers is not None and zlib.crc32(packed.numbers) != numbers):
        raise ValueError("its bytes are not those that were stored")


def _check_cells(cells: bytes, tests: int) -> None:
    pairs = np.frombuffer(cells, np.uint8).reshape(-1, 2)
    unknown = (pairs[:, 1] >= tests) & (pairs[:, 1] != _NO_TEST)
    if (pairs[:, 0] >= len(_STATUSES)).any() or unknown.any():
        raise ValueError("it has a status or a test that is not known")


def _aware(at: datetime | None) -> datetime | None:
    if at is not None and at.tzinfo is None:
        raise ValueError("it has a time without a zone")
    return at


def _since(data: Any) -> Since | None:
    since = Since.from_dict(data)
    if since is not None:
        _aware(since.start)
    return since


def _array(data: bytes | None, columns: int) -> Numbers | None:
    if data is None or (columns and not data):  # they were not kept
        return None
    return np.frombuffer(data, "<f4").reshape(columns, _NUMBERS)


def _listed(cell: Cell) -> list[Any]:
    limits = None if cell.threshold is None else [cell.threshold.warning, cell.threshold.critical]
    interval = None if cell.interval is None else list(cell.interval)
    return [cell.status.value, cell.statistic, interval, limits, cell.reference]


def _cell(listed: Any) -> Cell:
    status, value, interval, limits, reference = listed
    levels = None if limits is None else Levels(float(limits[0]), float(limits[1]))
    return Cell(
        Status(status), "realised", number(value), pair(interval), levels, None, number(reference)
    )
