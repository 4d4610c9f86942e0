"""A data set read once, its rows sketched by the stretch that they belong to."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import numpy as np

from driftwatch.core.data.batch import Batch
from driftwatch.core.profiles.profile import Profile
from driftwatch.core.profiles.reference import Reference
from driftwatch.errors import ConfigError
from driftwatch.profiling.rows import Progress, batches_in
from driftwatch.profiling.stretches import MOST_STRETCHES, Cut

__all__ = ["profiles_by_stretch"]


def profiles_by_stretch(
    reference: Reference, data: Any, cut: Cut, /, *, progress: Progress | None = None
) -> dict[Any, Profile]:
    """Sketch the rows of every stretch in the columns and cells of a reference.

    A column that the rows are cut by, or of their times, is none of the data's where the reference
    does not have it.

    Args:
        reference: The reference.
        data: As for `profile_like`.
        cut: How to cut.
        progress: Called after every batch.

    Returns:
        A profile for every stretch that has a row, by its key and in order.

    Raises:
        ConfigError: If there are more than `MOST_STRETCHES`.
        DataError: If the data cannot be read.
        UnknownColumnError: If the data lack the column that they are cut by.
    """
    wanted = set(reference.profile.columns) | ({cut.column} if cut.column else set())
    parts = _Parts(reference, cut)
    batches = batches_in(data, wanted)
    try:
        with ThreadPoolExecutor(os.cpu_count(), thread_name_prefix="driftwatch") as pool:
            for batch in batches:
                tasks = parts.tasks(batch)
                for done in [pool.submit(task) for task in tasks]:
                    done.result()
                if progress is not None:
                    progress(batch.rows, batch.size_bytes)
    finally:
        batches.close()
    return {key: parts.profiles[key] for key in cut.order(parts.profiles)}


class _Parts:
    """The profiles of the stretches, as far as the data have been read."""

    def __init__(self, reference: Reference, cut: Cut) -> None:
        self.profiles: dict[Any, Profile] = {}
        self._reference = reference
        self._cut = cut
        self._columns: Batch | None = None
        self._told: dict[Any, Batch] = {}

    def tasks(self, batch: Batch) -> list[Callable[[], None]]:
        """The work of a batch; no two of the tasks touch the same state."""
        if not batch.rows or self._columns is None:
            # The first batch of a file may tell of columns that are not read, and so are in no
            # other: which there are is part of every stretch.
            self._columns = self._without(batch.take(np.arange(0)))
        tasks: list[Callable[[], None]] = []
        for key, members in self._cut.parts(batch) if batch.rows else ():
            profile = self._profile(key)
            rows = batch if members.size == batch.rows else batch.take(members)
            tasks += profile.tasks(self._without(rows))
        return tasks

    def _profile(self, key: Any) -> Profile:
        profile = self.profiles.get(key)
        if profile is None:
            if len(self.profiles) == MOST_STRETCHES:
                raise ConfigError(
                    f"{self._cut.words} makes more than {MOST_STRETCHES:,} stretches: choose "
                    "longer ones, or a column of fewer values"
                )
            profile = self.profiles[key] = self._reference.new_profile()
        if self._columns is not None and self._told.get(key) is not self._columns:
            profile.update(self._columns)
            self._told[key] = self._columns
        return profile

    def _without(self, batch: Batch) -> Batch:
        """The batch without what only says which rows belong together."""
        left_out = (self._cut.beside - self._reference.profile.columns.keys()) & batch.arrays.keys()
        if not left_out:
            return batch
        arrays = {name: array for name, array in batch.arrays.items() if name not in left_out}
        return replace(batch, arrays=arrays)
