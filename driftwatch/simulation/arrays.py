"""One column of NumPy values or Python objects, and copies of it with some values changed."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from decimal import Decimal
from numbers import Integral, Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from driftwatch.core.data.schema import Kind
from driftwatch.simulation.arguments import Rows
from driftwatch.simulation.classes import Classes

__all__ = ["ArrayColumn", "integer_limits"]

_KINDS = {
    "f": Kind.NUMERIC,
    "i": Kind.NUMERIC,
    "u": Kind.NUMERIC,
    "b": Kind.BOOLEAN,
    "U": Kind.CATEGORICAL,
    "T": Kind.CATEGORICAL,
    "M": Kind.DATETIME,
}


@dataclass(frozen=True, slots=True)
class ArrayColumn:
    """A column of a NumPy array, or of Python objects.

    Every method that changes values returns a new array of the same length.

    Attributes:
        name: Its name, or its position where columns have no names.
        values: One dimension; never written to.
        kind: What the values are. Objects are looked at one by one.
        missing: True where a value is NaN, NaT, None or pandas.NA.
        integer: Whether all values are whole by type.
    """

    name: Hashable
    values: NDArray[Any]
    kind: Kind
    missing: NDArray[np.bool_]
    integer: bool

    @classmethod
    def of(cls, name: Hashable, values: NDArray[Any]) -> ArrayColumn:
        """Look at `values`; O(n), quick unless they are objects."""
        missing = _missing(values)
        if values.dtype.kind == "O":
            kind, integer = _kind_of_objects(list(values[~missing]))
        else:
            kind = _KINDS.get(values.dtype.kind, Kind.UNSUPPORTED)
            integer = values.dtype.kind in "iu"
        return cls(name, values, kind, missing, integer)

    def floats(self) -> NDArray[np.float64]:
        """The values as float64, NaN where missing."""
        numbers = np.full(self.values.shape, np.nan)
        numbers[~self.missing] = self.values[~self.missing].astype(np.float64)
        return numbers

    def with_floats(self, numbers: NDArray[np.float64]) -> NDArray[Any]:
        """Numbers in place of the values: of the same type if it is floating, else float64."""
        if self.values.dtype.kind == "O":
            return self._with_objects(numbers)
        if self.integer:
            return numbers
        with np.errstate(over="ignore"):
            return numbers.astype(self.values.dtype)

    def with_integers(self, numbers: NDArray[np.float64], *, widen: bool) -> NDArray[Any]:
        """Whole numbers in place of the values: as int64 if `widen`, else of the same type."""
        if self.values.dtype.kind == "O":
            return self._with_objects(numbers, int)
        return numbers.astype(np.int64 if widen else self.values.dtype)

    def limits(self) -> tuple[float, float]:
        """The least and the greatest float that the integer type holds."""
        return integer_limits("int64" if self.values.dtype.kind == "O" else self.values.dtype.name)

    def classes(self) -> Classes:
        """The distinct values, and which row holds which."""
        return Classes.of(self.values.tolist(), self.missing, self.name)

    def rearranged(self, rows: Rows) -> NDArray[Any]:
        """For each row the value of the row that `rows` names."""
        return self.values[rows]

    def with_text(self, rows: Rows, text: str) -> NDArray[Any]:
        """`text` in the given rows, in an array wide enough for it."""
        changed = self.values.astype(np.result_type(self.values.dtype, np.dtype(f"U{len(text)}")))
        changed[rows] = text
        return changed

    def without(self, rows: Rows) -> NDArray[Any]:
        """Missing in the given rows: NaN, NaT or None, as the type allows."""
        kind = self.values.dtype.kind
        if kind in "iu":
            changed = self.values.astype(np.float64)
        elif kind in "fcmMO":
            changed = self.values.copy()
        else:
            changed = self.values.astype(object)
        if kind in "iufc":
            changed[rows] = np.nan
        else:
            changed[rows] = np.array("NaT", dtype=self.values.dtype) if kind in "mM" else None
        return changed

    def _with_objects(self, numbers: NDArray[np.float64], number: type = float) -> NDArray[Any]:
        changed = self.values.copy()
        changed[~self.missing] = [number(value) for value in numbers[~self.missing].tolist()]
        return changed


def integer_limits(dtype: str) -> tuple[float, float]:
    """Return the least and the greatest float64 that fit the integer type of that name."""
    info = np.iinfo(dtype)
    top = float(info.max)
    # float(2**63 - 1) rounds up to 2**63, which int64 does not hold.
    return float(info.min), top if int(top) <= info.max else float(np.nextafter(top, 0.0))


def _missing(values: NDArray[Any]) -> NDArray[np.bool_]:
    if values.dtype.kind in "fc":
        return np.asarray(np.isnan(values))
    if values.dtype.kind in "mM":
        return np.asarray(np.isnat(values))
    if values.dtype.kind in ("O", "T"):
        return np.fromiter(map(_is_missing, values), dtype=np.bool_, count=values.size)
    return np.zeros(values.shape, dtype=np.bool_)


def _is_missing(value: object) -> bool:
    if value is None:
        return True
    try:
        return bool(value != value)  # noqa: PLR0124 - only NaN and NaT differ from themselves
    except (TypeError, ValueError):
        # pandas.NA has no truth value, and pandas is not to be imported to recognise it.
        return type(value).__name__ == "NAType"


def _kind_of_objects(present: list[object]) -> tuple[Kind, bool]:
    if not present:
        return Kind.EMPTY, False
    if all(isinstance(value, (bool, np.bool_)) for value in present):
        return Kind.BOOLEAN, False
    if all(isinstance(value, str) for value in present):
        return Kind.CATEGORICAL, False
    if all(isinstance(value, (Real, Decimal)) and not isinstance(value, bool) for value in present):
        return Kind.NUMERIC, all(isinstance(value, Integral) for value in present)
    return Kind.UNSUPPORTED, False
