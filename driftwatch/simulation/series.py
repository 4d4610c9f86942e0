"""One column of a data frame, read and changed through narwhals."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from driftwatch.core.data.schema import Kind
from driftwatch.simulation.arguments import Rows
from driftwatch.simulation.arrays import integer_limits
from driftwatch.simulation.classes import Classes

if TYPE_CHECKING:
    import narwhals.stable.v2 as nw
else:
    try:
        import narwhals.stable.v2 as nw
    except ImportError:  # narwhals before 2.0
        import narwhals as nw

__all__ = ["SeriesColumn", "nw"]


@dataclass(frozen=True, slots=True)
class SeriesColumn:
    """A column of a pandas, polars or PyArrow container.

    Every method that changes values returns a new series with the index of the old one, and
    with its name where a series has one. Nulls stay null and NaN stays NaN; both count as missing.

    Attributes:
        name: Its name.
        series: The column; never written to.
        kind: What the values are.
        missing: True where a value is null or NaN.
        integer: Whether all values are whole by type.
    """

    name: Hashable
    series: nw.Series[Any]
    kind: Kind
    missing: NDArray[np.bool_]
    integer: bool

    @classmethod
    def of(cls, name: Hashable, series: nw.Series[Any]) -> SeriesColumn:
        """Look at `series`; O(n)."""
        dtype = series.dtype
        missing = np.array(series.is_null().to_numpy(), dtype=np.bool_)
        if _is_float(series):
            missing |= np.isnan(series.to_numpy().astype(np.float64))
        kind = Kind.EMPTY if dtype == nw.Unknown and missing.all() else _kind(dtype)
        # NumPy has no integers of 128 bits: they are numbers, but become floats.
        integer = str(dtype).startswith(("Int", "UInt")) and "128" not in str(dtype)
        return cls(name, series, kind, missing, integer)

    def floats(self) -> NDArray[np.float64]:
        """The values as float64, NaN where missing."""
        numbers = np.array(self._floating().to_numpy(), dtype=np.float64)
        numbers[self.missing] = np.nan
        return numbers

    def with_floats(self, numbers: NDArray[np.float64]) -> nw.Series[Any]:
        """Numbers in place of the values: of the same type if it is floating, else float64."""
        floating = self._floating()
        with np.errstate(over="ignore"):
            present = numbers[~self.missing].astype(str(floating.dtype).lower())
        return _scattered(floating, self._present(), present)

    def with_integers(self, numbers: NDArray[np.float64], *, widen: bool) -> nw.Series[Any]:
        """Whole numbers in place of the values: as int64 if `widen`, else of the same type."""
        target = self.series.cast(nw.Int64) if widen else self.series
        whole = numbers[~self.missing].astype(str(target.dtype).lower())
        return _scattered(target, self._present(), whole)

    def limits(self) -> tuple[float, float]:
        """The least and the greatest float that the integer type holds."""
        return integer_limits(str(self.series.dtype).lower())

    def classes(self) -> Classes:
        """The distinct values, and which row holds which."""
        return Classes.of(self.series.to_list(), self.missing, self.name)

    def rearranged(self, rows: Rows) -> nw.Series[Any]:
        """For each row the value of the row that `rows` names; the index stays."""
        taken: nw.Series[Any] = self.series[rows.tolist()]
        if not _is_pandas_like(self.series):
            return taken
        return _wrapped(taken.to_native().set_axis(self.series.to_native().index))

    def with_text(self, rows: Rows, text: str) -> nw.Series[Any]:
        """`text` in the given rows, in a column that knows it as a category if need be."""
        rows = np.sort(rows)  # polars 1.12 scatters in ascending order only
        words = [text] * rows.size
        if self.series.dtype not in (nw.Categorical, nw.Enum):
            return _scattered(self.series, rows, words)
        # A type may know a category that no row holds.
        known = dict.fromkeys([*self.series.cat.get_categories().to_list(), text])
        if _is_pandas_like(self.series):
            native = self.series.to_native().cat.set_categories(list(known))
            return _scattered(_wrapped(native), rows, words)
        changed = _scattered(self.series.cast(nw.String), rows, words)
        if self.series.dtype == nw.Enum:
            # In narwhals 1.20 an Enum takes no categories; the type of polars does.
            enum = type(self.series.to_native().dtype)
            return _wrapped(changed.to_native().cast(enum(list(known))))
        if _is_arrow(self.series):
            # narwhals knows one dictionary type; Arrow has one for each width of the keys.
            return _wrapped(changed.to_native().cast(self.series.to_native().type))
        return changed.cast(nw.Categorical)

    def without(self, rows: Rows) -> nw.Series[Any]:
        """Missing in the given rows, in a type that can say so."""
        gone = np.zeros(len(self.series), dtype=np.bool_)
        gone[rows] = True
        if _is_pandas_like(self.series):
            native = self.series.to_native()
            if str(native.dtype) == "bool":
                # pandas would answer with objects, which no library takes for booleans.
                native = native.astype("boolean")
            return _wrapped(native.mask(gone))
        if _is_arrow(self.series):
            return _taken(self.series.to_native(), np.arange(gone.size), gone)
        kept = self.series.is_null().scatter(np.arange(gone.size), ~gone).alias("stays")
        both = self.series.alias("value").to_frame().with_columns(kept)
        emptied = both.select(nw.when(nw.col("stays")).then(nw.col("value")))
        return emptied["value"].alias(self.series.name)

    def _floating(self) -> nw.Series[Any]:
        return self.series if _is_float(self.series) else self.series.cast(nw.Float64)

    def _present(self) -> Rows:
        return np.flatnonzero(~self.missing)


def _scattered(series: nw.Series[Any], rows: Rows, values: Any) -> nw.Series[Any]:
    """Return `series` with `values` in the given rows."""
    if not _is_arrow(series):
        return series.scatter(rows, values)
    import pyarrow as pa

    # narwhals 1.20 takes as values[rows] what it is to scatter into Arrow, not as values.
    native = series.to_native()
    both = pa.chunked_array([*native.chunks, pa.array(values, type=native.type)], native.type)
    sources = np.arange(len(native))
    sources[rows] = len(native) + np.arange(rows.size)
    return _taken(both, sources)


def _taken(native: Any, rows: Rows, gone: NDArray[np.bool_] | None = None) -> nw.Series[Any]:
    """Return the given rows of an Arrow column, null where `gone`."""
    import pyarrow as pa

    return _wrapped(native.take(pa.array(rows, mask=gone)))


def _kind(dtype: Any) -> Kind:
    if dtype.is_numeric() or dtype == nw.Decimal:
        return Kind.NUMERIC
    if dtype == nw.Boolean:
        return Kind.BOOLEAN
    if dtype in (nw.String, nw.Categorical, nw.Enum):
        return Kind.CATEGORICAL
    if dtype in (nw.Datetime, nw.Date):
        return Kind.DATETIME
    return Kind.UNSUPPORTED


def _is_float(series: nw.Series[Any]) -> bool:
    # narwhals 1.20 has no dtype.is_float().
    return str(series.dtype).startswith("Float")


def _is_pandas_like(series: nw.Series[Any]) -> bool:
    return bool(series.implementation.is_pandas_like())


def _is_arrow(series: nw.Series[Any]) -> bool:
    return bool(series.implementation.is_pyarrow())


def _wrapped(native: Any) -> nw.Series[Any]:
    return nw.from_native(native, series_only=True)
