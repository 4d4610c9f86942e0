"""Rows into the sketches of a profile, on all cores: batch after batch, or column by column."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from queue import SimpleQueue

from driftwatch.core.data.batch import Batch
from driftwatch.core.profiles.feeding import column_tasks
from driftwatch.core.profiles.profile import Profile
from driftwatch.core.profiles.seen_types import type_name
from driftwatch.profiling.parquet_columns import ParquetColumns
from driftwatch.profiling.row_sample import ColumnSample
from driftwatch.profiling.rows import Progress

__all__ = ["feed", "feed_columns"]


def feed(profile: Profile, batches: Iterable[Batch], progress: Progress | None, /) -> None:
    """Sketch batch after batch; while one is sketched the next is read."""
    with _pool() as pool:
        running: list[Future[None]] = []
        for batch in batches:
            _finish(running)
            running = [pool.submit(task) for task in profile.tasks(batch)]
            if progress is not None:
                progress(batch.rows, batch.size_bytes)
        _finish(running)


def feed_columns(
    profile: Profile,
    columns: ParquetColumns,
    progress: Progress | None,
    sample: ColumnSample | None = None,
    /,
) -> None:
    """Sketch the rows of files column by column, as many at a time as there are cores.

    Args:
        profile: Is changed; does not look at rows as a whole.
        columns: The files.
        progress: Called with a share of the rows and bytes after each batch of a column.
        sample: Keeps some values of each column.

    Raises:
        DataError: If a file cannot be read.
    """
    _note_columns(profile, columns)
    stopped = threading.Event()
    events: SimpleQueue[int | Future[None]] = SimpleQueue()  # rows, or a column that is done
    told = _Shares(columns.rows, columns.size_bytes, progress)

    def read(name: str) -> Iterator[Batch]:
        if stopped.is_set():
            return
        batches = columns.batches(name)
        for batch in batches if sample is None else sample.watching(name, batches):
            yield batch
            events.put(batch.rows)
            if stopped.is_set():
                return

    tasks = column_tasks(profile, columns.rows, read)
    # What takes longest comes first, so that the cores are done at about the same time.
    longest = sorted(tasks, key=lambda name: not profile.columns[name].column.kind.is_ordered)
    with _pool() as pool:
        running = [pool.submit(tasks[name]) for name in longest]
        for future in running:
            future.add_done_callback(events.put)
        try:
            left = len(running)
            while left:
                event = events.get()
                if isinstance(event, int):
                    told.add(event / len(running))
                elif event.exception() is not None:
                    break
                else:
                    left -= 1
        finally:
            stopped.set()
        _finish(running)


def _note_columns(profile: Profile, columns: ParquetColumns) -> None:
    """Let a profile know of all columns that the files have, of others than its own too."""
    for announced, rows in columns.announced():
        profile.update(announced)
        for name in announced.arrays.keys() - profile.columns.keys():
            profile.seen.add(name, type_name(announced.arrays[name].type), rows)


class _Shares:
    """Tells of rows and bytes by whole numbers that add up to all there are."""

    def __init__(self, rows: int, size_bytes: int, progress: Progress | None) -> None:
        self._all = rows, size_bytes
        self._progress = progress
        self._done = 0.0
        self._told = 0, 0

    def add(self, rows: float) -> None:
        self._done += rows
        share = min(1.0, (self._done + 0.5) / max(1, self._all[0]))
        now = int(self._all[0] * share), int(self._all[1] * share)
        before, self._told = self._told, now
        if self._progress is not None and now[0] > before[0]:
            self._progress(now[0] - before[0], now[1] - before[1])


def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(os.cpu_count(), thread_name_prefix="driftwatch")


def _finish(running: list[Future[None]]) -> None:
    wait(running)
    for future in running:
        future.result()
