"""The classes of a column: its distinct values, numbered in the order they appear."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from driftwatch.errors import DataError
from driftwatch.simulation.arguments import Rows

__all__ = ["Classes"]


@dataclass(frozen=True, slots=True)
class Classes:
    """Which class each row holds.

    A row is given another class by copying the value of a row that holds it (`examples`), so
    labels of any type change without ever being converted.

    Attributes:
        values: The distinct values that are not missing, in order of first appearance.
        codes: For each row the position of its value in `values`, or -1 where it is missing.
    """

    values: tuple[Hashable, ...]
    codes: Rows

    @classmethod
    def of(cls, values: Sequence[Hashable], missing: NDArray[np.bool_], name: Hashable) -> Classes:
        """Number the values of the column `name`; O(n) time and memory."""
        known: dict[Hashable, int] = {}
        try:
            numbered = [
                -1 if gone else known.setdefault(value, len(known))
                for value, gone in zip(values, missing.tolist(), strict=True)
            ]
        except TypeError as error:
            raise DataError(
                f"column {name!r} holds values that are no labels ({error}); "
                "turn them into text or numbers first"
            ) from error
        return cls(tuple(known), np.asarray(numbered, dtype=np.int64))

    @property
    def counts(self) -> Rows:
        """Rows of each class."""
        return np.bincount(self.codes[self.codes >= 0], minlength=len(self.values))

    @property
    def present(self) -> Rows:
        """The rows that hold a class."""
        return np.flatnonzero(self.codes >= 0)

    @property
    def examples(self) -> Rows:
        """For each class the first row that holds it."""
        present = self.present
        return present[np.unique(self.codes[present], return_index=True)[1]]
