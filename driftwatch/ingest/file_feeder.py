"""Files into a stored window: whole files once each, growing files from where they stood."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from driftwatch.core.data.batch import Batch, table_of
from driftwatch.core.data.json_text import NotJSONError, json_value
from driftwatch.core.data.schema import Role
from driftwatch.core.profiles.reference import Reference
from driftwatch.core.windows.segments import CursorMove, Outcome
from driftwatch.core.windows.spec import WindowSpec
from driftwatch.errors import ConfigError, DataError
from driftwatch.ingest.accumulator import Accumulator
from driftwatch.ingest.whole_rows import end_of_rows
from driftwatch.profiling.delimited import (
    CsvFormat,
    CsvLayout,
    NoHeaderError,
    layout_of,
    rows_of_block,
)
from driftwatch.profiling.files import DataFiles, find_files
from driftwatch.profiling.locations import Location, RemoteFile
from driftwatch.profiling.opened import COMPRESSED, LONGEST_LINE
from driftwatch.profiling.rows import Progress
from driftwatch.protocols import Store

__all__ = ["FileFeeder", "Ingested"]

_ALWAYS = 250_000_000_000
_BLOCK = 8 << 20


@dataclass(frozen=True, slots=True)
class Ingested:
    """What became of a file.

    Attributes:
        path: The file.
        rows: Rows that are in the store now and were not before.
        known: Whether the very same content had been taken in before.
        counters: Rows that were not used, by reason.
    """

    path: Location
    rows: int
    known: bool = False
    counters: dict[str, int] = field(default_factory=dict)


class FileFeeder:
    """Feeds files to a monitor's store, each row once however often it is asked to.

    Args:
        store: The monitor's store.
        reference: Whose columns and cells rows are counted in.
        spec: How the stream is cut; rows of files are never too late.
        monitor: Name of the monitor.
        clock: Seconds since 1970.
        time: Name of the time column; that of the reference if not given.
        csv: How CSV files are written, where that is not to be noticed.
    """

    def __init__(
        self,
        store: Store,
        reference: Reference,
        spec: WindowSpec,
        /,
        *,
        monitor: str,
        clock: Callable[[], float],
        time: str | None = None,
        csv: CsvFormat | None = None,
    ) -> None:
        self._csv = csv
        self._store = store
        self._reference = reference
        self._spec = spec if spec.by_rows else replace(spec, lateness=_ALWAYS)
        self._monitor = monitor
        self._clock = clock
        self._time = time or next((c.name for c in reference.schema if c.role is Role.TIME), None)
        self._layouts: dict[Path, CsvLayout] = {}
        self._bad: Counter[str] = Counter()
        if self._time is None and not spec.by_rows:
            raise ConfigError(
                'rows of files need a time column to be cut by; name it (time = "COLUMN", '
                "--time COLUMN) or give the window in rows",
                code="DW024",
            )

    def ingest(self, path: Location, /, *, progress: Progress | None = None) -> Ingested:
        """Feed a whole file of rows, once for all times: known by the hash of its bytes.

        A file elsewhere is copied first: the rows that are taken in are those of the hash.

        Raises:
            DataError: If it cannot be read; nothing of it is stored then.
            StoreError: If the store cannot take it.
        """
        try:
            return self._ingest(path, progress)
        finally:
            if isinstance(path, RemoteFile):
                path.release()

    def _ingest(self, path: Location, progress: Progress | None) -> Ingested:
        content = _hash_of(path.copy() if isinstance(path, RemoteFile) else path)
        files = find_files(path, csv=self._csv)
        done = f"the whole of {content}"
        if self._store.cursor(self._monitor, done):
            return Ingested(path, 0, known=True)
        feed = self._accumulator("files", None if self._spec.by_rows else content)
        wanted = {*self._reference.profile.columns, *([self._time] if self._time else [])}
        rows = 0
        for batch in files.batches(wanted):
            self._check_time(batch, path)
            feed.add(batch, time_column=self._time)
            rows += batch.rows
            if progress is not None:
                progress(batch.rows, batch.size_bytes)
        counters = feed.tally.counts()
        outcome = feed.deliver(CursorMove(done, 0, 1))
        feed.close()
        if outcome is not Outcome.STORED:  # another process has just taken in the same file
            return Ingested(path, 0, known=True)
        return Ingested(path, rows - sum(counters.values()), counters=counters)

    def follow(self, path: Path, /) -> Ingested:
        """Feed the whole rows that a growing CSV or JSON-lines file has got since last time.

        Where the file stood is kept in the store, in the same step as its rows. A file that
        has become shorter was begun anew and is read from its start. Lines that cannot be
        read are counted and passed over.

        Raises:
            DataError: If the file cannot be read, or is of another format.
            StoreError: If the store cannot take it; the next call reads the same lines again.
        """
        files = find_files(path, csv=self._csv)
        if files.format not in ("csv", "tsv", "jsonl") or path.suffix.lower() in COMPRESSED:
            raise DataError(
                f"{path}: only plain CSV and JSON lines can be followed as they grow", code="DW014"
            )
        try:
            size = path.stat().st_size
        except OSError as error:
            raise DataError(f"{path}: {error.strerror or error}", code="DW013") from error
        rows, counters = 0, Counter[str]()
        start = self._store.cursor(self._monitor, f"file {path.resolve()}")
        position = 0 if size < start else start
        while position < size:
            end, taken = self._follow_block(path, files, start, position)
            if end == position:
                return Ingested(path, rows, taken.known and not rows, dict(counters))
            rows, start, position = rows + taken.rows, end, end
            counters.update(taken.counters)
        return Ingested(path, rows, counters=dict(counters))

    def _follow_block(
        self, path: Path, files: DataFiles, start: int, position: int
    ) -> tuple[int, Ingested]:
        """Feed the next whole rows of a growing file.

        Args:
            path: The file.
            files: The same, as it was found.
            start: Where the file stood, as the store has it.
            position: Where to read from.

        Returns:
            Where the file stands then, and what became of the rows.
        """
        block = _block_of(path, position)
        if b"\n" not in block:
            return position, Ingested(path, 0)
        begin = 0
        try:
            layout = self._layout(path, files, position)
        except NoHeaderError:  # it has not been written yet
            return position, Ingested(path, 0)
        if layout is not None and position == 0:
            begin = _end_of_lines(block, layout.before)
        rest = block[begin:]
        end, is_row = (rest.rfind(b"\n") + 1, True) if layout is None else end_of_rows(rest)
        if not end:
            return position, Ingested(path, 0)
        self._bad = Counter()
        feed = self._accumulator("followed files", None)
        rows = 0
        if not is_row:
            self._bad["unreadable_lines"] = 1
        for batch in self._parsed(rest[:end], layout) if is_row else ():
            self._check_time(batch, path)
            feed.add(batch, time_column=self._time)
            rows += batch.rows
        for reason, count in self._bad.items():
            feed.tally.count(reason, count)
        counters = feed.tally.counts()
        end += position + begin
        move = CursorMove(f"file {path.resolve()}", start, end)
        outcome = feed.deliver(move)
        feed.close()
        if outcome is not Outcome.STORED:  # another process follows the same file
            return position, Ingested(path, 0, known=True)
        used = rows - sum(counters.values()) + sum(self._bad.values())
        return end, Ingested(path, used, counters=counters)

    def _layout(self, path: Path, files: DataFiles, position: int) -> CsvLayout | None:
        """How a file is written; None for JSON lines."""
        if files.format == "jsonl":
            return None
        if position == 0:
            self._layouts.pop(path, None)
        if path not in self._layouts:
            usual = "\t" if files.format == "tsv" else ","
            self._layouts[path] = layout_of(path, files.csv, usual)
            if self._layouts[path].encoding.startswith("utf-16"):
                raise DataError(
                    f"{path}: a file that grows must be UTF-8, or one byte a character",
                    code="DW012",
                )
        return self._layouts[path]

    def _parsed(self, block: bytes, layout: CsvLayout | None) -> Iterator[Batch]:
        if layout is None:
            yield from _json_rows(block, self._bad)
        elif block.strip():
            yield rows_of_block(block, layout, self._bad)

    def _check_time(self, batch: Batch, path: Location) -> None:
        by_time = not self._spec.by_rows and batch.rows
        if by_time and self._time is not None and self._time not in batch.arrays:
            raise DataError(
                f"{path} has no column {self._time!r} to tell the time by", code="DW020"
            )

    def _accumulator(self, source: str, epoch: str | None) -> Accumulator:
        return Accumulator(
            self._reference,
            self._spec,
            self._store,
            monitor=self._monitor,
            source=source,
            clock=self._clock,
            epoch=epoch,
        )


def _block_of(path: Path, position: int) -> bytes:
    """Some megabytes of a file from a position on, or more if no line ends in them.

    Raises:
        DataError: If it cannot be read, or a line is longer than any may be.
    """
    try:
        with path.open("rb") as file:
            file.seek(position)
            block = file.read(_BLOCK)
            while b"\n" not in block and (more := file.read(_BLOCK)):
                block += more
                if len(block) > LONGEST_LINE:
                    raise DataError(
                        f"{path}: the line at byte {position} has more than {LONGEST_LINE:,} bytes"
                    )
    except OSError as error:
        raise DataError(f"{path}: {error.strerror or error}", code="DW013") from error
    return block


def _end_of_lines(block: bytes, lines: int) -> int:
    end = 0
    for _ in range(lines):
        end = block.find(b"\n", end) + 1 or len(block)
    return end


def _hash_of(path: Path) -> str:
    digest = hashlib.blake2b(digest_size=16)
    try:
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    except OSError as error:
        raise DataError(f"{path}: {error.strerror or error}", code="DW013") from error
    return digest.hexdigest()


def _json_rows(block: bytes, bad: Counter[str]) -> Iterator[Batch]:
    records: list[dict[str, Any]] = []
    for line in block.split(b"\n"):
        if not line.strip():
            continue
        try:
            record = json_value(line)
        except NotJSONError:
            record = None
        if isinstance(record, dict):
            records.append(record)
        else:
            bad["unreadable_lines"] += 1
    if records:
        for batch in table_of(records).combine_chunks().to_batches():
            yield Batch.of_arrow(batch)
